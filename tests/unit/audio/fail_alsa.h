/* SPDX-License-Identifier: Apache-2.0 */
/* Makes calls of src/audio into alsa-lib fail. Link with -Wl,--wrap for each of them ($(fail_alsa_wrap) in tests/unit/audio): calls
 * inside alsa-lib are not counted and do not fail. */
#ifndef TESTS_UNIT_AUDIO_FAIL_ALSA_H
#define TESTS_UNIT_AUDIO_FAIL_ALSA_H

#include <stdbool.h>

/* Nothing fails; counts calls from now on. */
void fail_alsa_never(void);
/* The n-th call from now on (the first is 1) fails with this negative errno. 0: snd_pcm_avail and snd_pcm_readi give no frames;
 * other functions do not fail. */
void fail_alsa_call(unsigned n, int error);
/* Each call of this function fails, until fail_alsa_never. Functions add up, at most four. */
void fail_alsa_function(const char *name, int error);

unsigned fail_alsa_n_calls(void);
unsigned fail_alsa_n_failed(void);
int fail_alsa_n_open(void); /* PCMs that were opened and not closed */

#endif
