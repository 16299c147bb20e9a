/* SPDX-License-Identifier: Apache-2.0 */
/* audio/decimate.h: sound at a multiple of 16 kHz to 16 kHz. */
#ifndef TRAGUS_AUDIO_DECIMATE_H
#define TRAGUS_AUDIO_DECIMATE_H

#include <stddef.h>

struct audio_decimator;

/* factor: 2..16. NULL: out of memory. Pieces have at most max_n samples. */
struct audio_decimator *audio_decimator_new(unsigned factor, size_t max_n);
void audio_decimator_free(struct audio_decimator *d); /* zeroes the sound it holds */

/* Sample i of the output stands for sample i * factor of the input; returns how many came out, at most n / factor + 1. */
size_t audio_decimator_push(struct audio_decimator *d, const float *in, size_t n, float *out);
/* End of the sound: what is still held, at most audio_decimator_held; then as new. */
size_t audio_decimator_flush(struct audio_decimator *d, float *out);
size_t audio_decimator_held(const struct audio_decimator *d);

#endif
