/* SPDX-License-Identifier: Apache-2.0 */
/* audio/loudest.h: chooses, of several channels, the one in which speech stands out most. */
#ifndef TRAGUS_AUDIO_LOUDEST_H
#define TRAGUS_AUDIO_LOUDEST_H

struct audio_loudest;

/* channels: 2..AUDIO_MOST_CHANNELS. first: the channel to begin with, from 0 on; 0 if there is none of that number. Returns NULL
 * when out of memory. */
struct audio_loudest *audio_loudest_new(unsigned channels, unsigned rate, unsigned first);
unsigned audio_loudest_chosen(const struct audio_loudest *l); /* from 0 on */
void audio_loudest_free(struct audio_loudest *l);

/* Takes one frame, full scale 1.0; returns the sample of the chosen channel. The choice depends on the frames so far alone. */
float audio_loudest_push(struct audio_loudest *l, const float frame[]);

#endif
