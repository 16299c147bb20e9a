/* SPDX-License-Identifier: Apache-2.0 */
/* lm/mix.h: makes one language model of two, without the texts that they were made from.
 *
 * Linear interpolation (Jelinek and Mercer, 1980): an n-gram of either model gets the weighted sum of its probabilities in both,
 * by back-off where a model does not have it. What the contexts have left is computed anew, so probabilities add up to 1 again, and
 * the result is one back-off model (static interpolation: Stolcke, 2002).
 */
#ifndef TRAGUS_LM_MIX_H
#define TRAGUS_LM_MIX_H

#include "lm/tables.h"

/* The probability of a sentence's words (in lower case, separated by blanks) and of its end by each model, for lm_mix_weight. */
struct lm_mix_sample {
    double base, own;
};

/* Appends the samples of a sentence to an array with room for its words and one more. Words that neither model has give none.
 * Returns their number. */
size_t lm_mix_samples(const struct lm_tables *base, const struct lm_tables *own, const char *sentence, struct lm_mix_sample *to);

/* The weight of `own`, between 0.05 and 0.5, with which the samples are most likely (expectation maximisation; Dempster, Laird and
 * Rubin, 1977). They must not have trained either model. */
double lm_mix_weight(const struct lm_mix_sample *samples, size_t n);

/* Mixes two models; own_weight: of the second, above 0 and below 1. Both are changed and can then only be freed. Returns -E2BIG if
 * there are more than LM_MAX_WORDS words, or -ENOMEM. Free *ret with lm_tables_done. */
int lm_mix(struct lm_tables *base, struct lm_tables *own, double own_weight, struct lm_tables *ret, tragus_error *reterr);

#endif
