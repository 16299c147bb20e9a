/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers for recognition tests: the model of the build tree, and recorded speech (alsa-utils' spoken channel names). If one is
 * missing, the test says so and is skipped. */
#ifndef TESTS_UNIT_ENGINE_READY_H
#define TESTS_UNIT_ENGINE_READY_H

#include <stddef.h>
#include <stdint.h>

#include "tragus.h"

/* Exits with 77 if there is none, and fails if it cannot be opened. */
tragus_model *ready_model(void);
/* With the language model of the build tree beside it. */
tragus_model *ready_model_with_words(void);

/* Appends a recording at 16 kHz, then silence with a trace of noise. name: "Front_Center", ... */
struct ready_sound {
    int16_t *pcm;
    size_t n;
};
void ready_append_recording(struct ready_sound *s, const char *name);
void ready_append_quiet(struct ready_sound *s, unsigned ms);
void ready_append_noise(struct ready_sound *s, unsigned ms, int amplitude);
void ready_sound_done(struct ready_sound *s);

tragus_grammar *ready_grammar(tragus_model *m, const char *text);

#endif
