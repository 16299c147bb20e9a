/* SPDX-License-Identifier: Apache-2.0 */
/* The model of confidence: its curves and the logistic function. */
#include "base/fixed.h"
#include "decoder/state.h"

const char *const decoder_feature_names[DECODER_N_FEATURES] = {
    "loss",    "sum",   "gap",  "word_gap",  "before",         "after",        "window",
    "entropy", "peak",  "word", "gap_ratio", "word_gap_ratio", "window_ratio", "word_ratio",
    "margin",  "exact", "wide", "doubt",     "worst_doubt"};

int32_t decoder_curve_at(const struct decoder_curve *c, int32_t x_q8) {
    if (c->n == 0)
        return 0;
    uint32_t i = 0;
    while (i < c->n && c->x_q8[i] <= x_q8)
        i++;
    if (i == 0 || i == c->n)
        return c->y_q8[i == 0 ? 0 : c->n - 1];
    int64_t rise = (int64_t)c->y_q8[i] - c->y_q8[i - 1], run = (int64_t)c->x_q8[i] - c->x_q8[i - 1];
    return c->y_q8[i - 1] + (int32_t)(rise * ((int64_t)x_q8 - c->x_q8[i - 1]) / run);
}

/* 1 / (1 + exp(-x)) for x = -8, -7.5 .. 8, times 2^15, rounded. */
#define LOGISTIC_MAX_Q8 ((int64_t)8 * 256)
static const uint16_t logistic_q15[33] = {11,    18,    30,    49,    81,    133,   219,   360,   589,   961,   1554,
                                          2486,  3906,  5978,  8813,  12371, 16384, 20397, 23955, 26790, 28862, 30282,
                                          31214, 31807, 32179, 32408, 32549, 32635, 32687, 32719, 32738, 32750, 32757};

uint16_t decoder_logistic(int32_t logit_q8) {
    /* 0..4095; 128 between two table entries */
    uint32_t at = (uint32_t)(base_clamp(logit_q8, -LOGISTIC_MAX_Q8, LOGISTIC_MAX_Q8 - 1) + LOGISTIC_MAX_Q8);
    uint32_t low = logistic_q15[at / 128], high = logistic_q15[at / 128 + 1];
    return (uint16_t)(low + ((high - low) * (at % 128) + 64) / 128);
}
