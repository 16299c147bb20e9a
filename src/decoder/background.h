/* SPDX-License-Identifier: Apache-2.0 */
/* decoder/background.h: compares a sentence that is about to be reported with any other words of the language.
 *
 * A grammar finds its nearest sentence in whatever is said: "set timer for six hour" in "that's the six". So the rows of the
 * sentence, and those 400 ms before and after it, are decoded once more, with the words of a language model in place of the grammar
 * (a background model, as in keyword spotting: Rohlicek, Russell, Roukos and Gish, 1989). How much better the sound fits these
 * other words, and how likely they are, becomes part of the sentence's confidence. This happens only a few times an hour, because
 * the evidence of the path alone has rejected most other speech before.
 */
#ifndef TRAGUS_DECODER_BACKGROUND_H
#define TRAGUS_DECODER_BACKGROUND_H

#include "decoder/decoder.h"

struct decoder_background;
struct decoder_path;

/* Places what one thread needs. words: the graph of graph_words_graph, which must outlive it; o: the options of decoders that it is
 * asked about. Called twice, see base/arena.h; returns NULL while counting. */
struct decoder_background *decoder_background_place(struct base_arena *a, const struct graph *words, unsigned n_labels,
                                                    const struct decoder_options *o);

/* Compares the words of r, on a path of d, with the best other words. Returns false if that cannot be told. Never allocates; takes
 * about a hundredth of the time that the words took to say, on one core of a PC.
 *   ret_gain_q8  nats by which the sound fits the other words better
 *   ret_lead_q8  the same, less what the language model takes for the words of both */
bool decoder_background_compare(struct decoder_background *b, const struct decoder *d, const struct decoder_path *path,
                                const struct listener_result *r, int32_t *ret_gain_q8, int32_t *ret_lead_q8);

void decoder_background_wipe(struct decoder_background *b); /* forgets the sound; takes NULL */

#endif
