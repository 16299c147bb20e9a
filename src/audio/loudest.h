/* SPDX-License-Identifier: Apache-2.0 */
/* audio/loudest.h: chooses, of several channels, the one in which speech stands out most. */
#ifndef TRAGUS_AUDIO_LOUDEST_H
#define TRAGUS_AUDIO_LOUDEST_H

struct audio_loudest;

/* channels: 2..AUDIO_MOST_CHANNELS. Returns NULL when out of memory. */
struct audio_loudest *audio_loudest_new(unsigned channels, unsigned rate);
void audio_loudest_free(struct audio_loudest *l);

/* Takes one frame, full scale 1.0; returns the sample of the chosen channel. The choice depends on the frames so far alone. */
float audio_loudest_push(struct audio_loudest *l, const float frame[]);

#endif
