/* SPDX-License-Identifier: Apache-2.0 */
/* audio/decimate.h: converts sound at a multiple of 16 kHz to 16 kHz. */
#ifndef TRAGUS_AUDIO_DECIMATE_H
#define TRAGUS_AUDIO_DECIMATE_H

#include <stddef.h>

struct audio_decimator;

/* factor: 2..24. A piece has at most max_n samples. Returns NULL when out of memory. */
struct audio_decimator *audio_decimator_new(unsigned factor, size_t max_n);
void audio_decimator_free(struct audio_decimator *d); /* zeroes the sound it holds */

/* Output sample i corresponds to input sample i * factor. Returns the number of samples, at most n / factor + 1. */
size_t audio_decimator_push(struct audio_decimator *d, const float *in, size_t n, float *out);
/* End of the sound: returns the remaining samples, at most audio_decimator_held, and resets the decimator. */
size_t audio_decimator_flush(struct audio_decimator *d, float *out);
size_t audio_decimator_held(const struct audio_decimator *d);

#endif
