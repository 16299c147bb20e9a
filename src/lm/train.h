/* SPDX-License-Identifier: Apache-2.0 */
/* lm/train.h: makes a language model from text.
 *
 * Interpolated modified Kneser-Ney smoothing (Chen and Goodman, 1999). Each source of text has a weight, with which its counts are
 * multiplied after the discount was chosen by the true count; so a large source on one subject need not outweigh the others.
 * Pruning keeps the n-grams whose loss costs most likelihood (weighted difference: Seymore and Rosenfeld, 1996).
 */
#ifndef TRAGUS_LM_TRAIN_H
#define TRAGUS_LM_TRAIN_H

#include "lm/tables.h"

#include <stdbool.h>

struct lm_trainer; /* holds all text that was added, four bytes a word */

struct lm_limits {
    uint32_t max_words; /* the most frequent; at most LM_MAX_WORDS */
    size_t max_pairs, max_triples;
};

int lm_trainer_new(struct lm_trainer **ret);
void lm_trainer_free(struct lm_trainer *t); /* takes NULL */

/* What is added from here on counts `weight` times; > 0. At most 255 times. */
int lm_trainer_source(struct lm_trainer *t, double weight, tragus_error *reterr);

/* Adds a sentence: words in lower case, separated by blanks. A word longer than LM_MAX_WORD_BYTES or with digits counts as unknown.
 * Returns 0 or -ENOMEM. */
int lm_trainer_add(struct lm_trainer *t, const char *sentence);

size_t lm_trainer_n_words(const struct lm_trainer *t); /* words of text so far */

/* Makes the tables; the trainer can then only be freed. usable: whether a word that occurs n times may be in the model; NULL: every
 * word. Returns -EINVAL if there is no text. Free *ret with lm_tables_done. */
int lm_trainer_finish(struct lm_trainer *t, const struct lm_limits *limits,
                      bool (*usable)(void *user, const char *word, uint32_t n), void *user, struct lm_tables *ret,
                      tragus_error *reterr);

#endif
