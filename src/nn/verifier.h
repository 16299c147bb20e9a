/* SPDX-License-Identifier: Apache-2.0 */
/* nn/verifier.h: a second look at a sentence: whether one of its phones really follows another in the sound.
 *
 * A network trained with CTC outputs a phone for a step or two and the blank around it, so its posteriors tell little of short
 * sounds that it leaves out: the "the" of "turn on the lamp" may be lost in blanks, and the sentence without it fits nearly as
 * well. The last layer before them knows more. The network writes a projection of it with each row of posteriors, the sketch, and
 * the verifier looks at the sketches around two neighbouring phones and between them. It is trained on alignments of what was said
 * and of sentences that differ from it by a word (models/training/verifier). Confidence from hidden layers: Li et al., 2021, arXiv
 * 2010.11428; two stages, of which the second decides rarely: Gruenstein et al., 2017, arXiv 1712.03603.
 *
 * A model file has a verifier if its program has an operation SKETCH (nn/nn.h) and a section "verifier":
 *   u32 words: version 1, n_channels (of the sketch), reach, n_hidden, n_second
 *   int32 tables[rows][n_hidden]: n_labels rows for the phone before (0: the beginning), n_labels for the phone after (0: the end),
 *       NN_VERIFIER_GAPS for the rows between them, twice NN_VERIFIER_LENGTHS for the two phones, and three times
 * NN_VERIFIER_LOSSES for the two phones and the gap int32 multiplier[n_hidden], u8 shift[n_hidden] int32 bias[n_second], int32
 * multiplier[n_second], u8 shift[n_second] int32 bias, int32 multiplier, u32 shift zeros up to a multiple of 64 bytes int8 in
 * [-127, 127]: first[n_inputs][n_hidden] and second[n_hidden][n_second], packed as nn/kernels/kernels.h defines, and last[n_second]
 *
 * What is computed:
 *   x        the sketches of the rows from `reach` before to `reach` after the middle of the phone before; those of the phone
 * after; the mean of those between the phones, rounded; their sum, divided by 8 and rounded, at most 127 hidden   requantise(sum of
 * the tables' rows + x first), as a ReLU second   requantise(bias + hidden second), as a ReLU logit    round_shift((bias + second
 * last) * multiplier, shift), Q8, clamped to int16
 */
#ifndef TRAGUS_NN_VERIFIER_H
#define TRAGUS_NN_VERIFIER_H

#include "nn/nn.h"

#define NN_VERIFIER_GAPS 16u
#define NN_VERIFIER_LENGTHS 8u
#define NN_VERIFIER_LOSSES 16u
#define NN_VERIFIER_MAX_REACH 4u
#define NN_VERIFIER_MAX_INPUTS ((2 * (2 * NN_VERIFIER_MAX_REACH + 1) + 2) * NN_MAX_SKETCH)

struct nn_verifier; /* of a model; as long as it */

struct nn_verifier_phone {
    uint32_t label;  /* 0: the beginning or the end of the sentence */
    uint32_t n_rows; /* in which it sounds, at least 1 */
    int32_t loss_q8; /* nats below the best label, in the row where it is the least */
};

struct nn_verifier_pair { /* what is looked at; the caller fills it */
    struct nn_verifier_phone before, after;
    uint32_t n_gap;                                /* rows between the phones */
    int32_t gap_loss_q8;                           /* nats of the blank below the best label in them */
    int32_t gap[NN_MAX_SKETCH];                    /* sum of their sketches */
    _Alignas(64) int8_t x[NN_VERIFIER_MAX_INPUTS]; /* first 2 * reach + 1 sketches around each phone; zeros where there is no row */
};

/* NULL: the model has none. */
const struct nn_verifier *nn_model_verifier(const struct nn_model *m);
unsigned nn_verifier_reach(const struct nn_verifier *v);
unsigned nn_verifier_n_channels(const struct nn_verifier *v);

/* The logarithm of the odds that the phones follow each other, Q8. Fills the rest of p->x. */
int32_t nn_verifier_logit(const struct nn_verifier *v, struct nn_verifier_pair *p);

#endif
