/* SPDX-License-Identifier: Apache-2.0 */
/* decoder/evidence.h: how well a path fits the rows, as a few numbers, and the confidence that follows from them.
 *
 * An average over a sentence hides one word that was not said. So most of these numbers judge the worst place of a kind: a gap
 * between two phones, a window of 180 ms, the sound before and after the sentence. Losses are nats below the greedy path, that is,
 * below what any sequence of phones could get in the same rows.
 *
 * The confidence is a generalised additive model (Hastie and Tibshirani, 1990): a curve of straight pieces for each number gives a
 * value; the sum of these values is the logarithm of the odds that the sentence was said. The curves belong to the network and lie
 * in its passport; models/training/confidence/fit.py fits them.
 */
#ifndef TRAGUS_DECODER_EVIDENCE_H
#define TRAGUS_DECODER_EVIDENCE_H

#include <stdint.h>

enum decoder_feature {                   /* all in Q8 */
                       DECODER_LOSS,     /* nats per phone below the filler, and a phone's share of the logarithm of the number of
                                            sentences */
                       DECODER_SUM,      /* nats by which all phones together are above one nat a phone of loss; at most 120 */
                       DECODER_GAP,      /* nats lost in the worst gap between two phones */
                       DECODER_WORD_GAP, /* in the worst gap between two words */
                       DECODER_BEFORE,   /* in the 400 ms before the first phone */
                       DECODER_AFTER,    /* in the 400 ms after the last */
                       DECODER_WINDOW,   /* in the worst 180 ms */
                       DECODER_ENTROPY,  /* mean entropy of the rows where the phones peak, nats */
                       DECODER_PEAK,     /* mean of -ln of the phones' posteriors there */
                       DECODER_MARGIN,   /* nats above the best sentence with another meaning; at most DECODER_RIVAL_LIMIT */
                       DECODER_N_FEATURES
};

/* Names of the features, as in the passport. */
extern const char *const decoder_feature_names[DECODER_N_FEATURES];

#define DECODER_MAX_POINTS 8

struct decoder_curve { /* straight pieces between points, constant outside; no points: 0 */
    uint32_t n;
    int32_t x_q8[DECODER_MAX_POINTS], y_q8[DECODER_MAX_POINTS]; /* x ascending, |y| < 2^20 */
};

struct decoder_scorecard {
    int32_t bias_q8;
    struct decoder_curve curves[DECODER_N_FEATURES];
};

int32_t decoder_curve_at(const struct decoder_curve *c, int32_t x_q8);

/* 1 / (1 + exp(-logit)) in Q15, never 0 nor 1. */
uint16_t decoder_logistic(int32_t logit_q8);

#endif
