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

#include <stdbool.h>
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
                       DECODER_WORD,     /* nats lost in the worst word, divided by one more than its phones */
                       /* GAP, WORD_GAP, WINDOW and WORD, divided by half a nat more than PEAK: where the phones are clear, a small
                          loss means more */
                       DECODER_GAP_RATIO,
                       DECODER_WORD_GAP_RATIO,
                       DECODER_WINDOW_RATIO,
                       DECODER_WORD_RATIO,
                       DECODER_MARGIN, /* nats above the best sentence with another meaning; at most DECODER_RIVAL_LIMIT */
                       DECODER_EXACT,  /* of a sentence with free words: nats lost in its exact words, and 6 more, divided by their
                                          phones; otherwise 0 */
                       DECODER_WIDE,  /* in the worst 600 ms; 0 of a spotted phrase, and of a sentence with free words, which may be
                                         unknown ones */
                       DECODER_DOUBT, /* nats by which the verifier (doubt.c) doubts all pairs of phones together; at most 120; 0
                                         without a verifier and of a spotted phrase; pairs with a free word do not count */
                       DECODER_WORST_DOUBT, /* the worst pair */
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

#define DECODER_MAX_LABELS 64

struct decoder_bar { /* what a phrase needs to be reported */
    struct decoder_scorecard scorecard;
    struct decoder_curve least; /* by the rarity of its phones: the logit at which other talk gives a false alarm in twenty hours */
};

struct decoder_spotting {
    struct decoder_bar soon;     /* at once, whatever follows */
    struct decoder_curve missed; /* percent of the calls in a quiet room that are missed, by the logit that `alone` asks for */
    struct decoder_bar alone;    /* 300 ms later, if nothing follows: it may then be less clear, because few words stand alone */
    int32_t rarity_q8[DECODER_MAX_LABELS]; /* of each phone: -ln of its share of all phones in speech */
    int32_t slope_q8;                      /* nats by which false alarms grow rarer per nat of the logit */
    int32_t rarer_q8;                      /* nats by which they are to be rarer than that */
    bool any;                              /* reports every candidate, for measurements */
};

/* The logit that a phrase of this rarity must have. */
int32_t decoder_least_logit(const struct decoder_spotting *s, const struct decoder_bar *b, int32_t rarity_q8);

int32_t decoder_curve_at(const struct decoder_curve *c, int32_t x_q8);

/* The natural logarithm of n in Q8; 0 for n = 0. Approximates the logarithm of the mantissa linearly, with an error of at most
 * 0.06. */
int32_t decoder_ln_q8(uint32_t n);

/* 1 / (1 + exp(-logit)) in Q15, never 0 nor 1. */
uint16_t decoder_logistic(int32_t logit_q8);

#endif
