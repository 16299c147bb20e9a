/* SPDX-License-Identifier: Apache-2.0 */
/* lm/vocabulary.h: numbers and counts the words of a text. Private to the room. */
#ifndef TRAGUS_LM_VOCABULARY_H
#define TRAGUS_LM_VOCABULARY_H

#include "lm/tables.h"

#include <stdbool.h>

#define LM_VOCABULARY_FULL UINT32_MAX

struct lm_vocabulary_word {
    char *spelling;
    uint32_t n;      /* how often it occurs */
    double weighted; /* the same, by the weights of its texts */
};

struct lm_vocabulary { /* zero-initialise */
    struct lm_vocabulary_word *words;
    uint32_t n_words, size_words;
    uint32_t *slots; /* hash table of word numbers + 1, 0: free */
    uint32_t n_slots;
};

void lm_vocabulary_done(struct lm_vocabulary *v);

/* The number of a word, which is added if it is new; LM_VOCABULARY_FULL when out of memory. */
uint32_t lm_vocabulary_number(struct lm_vocabulary *v, const char *word, size_t len);
void lm_vocabulary_count(struct lm_vocabulary *v, uint32_t number, double weight);

/* Chooses the words of a model: the most frequent ones by weight, sorted into ret->words. *ret_symbols: by number, the word's
 * symbol, or UINT16_MAX; free it. usable: whether a word that occurs n times may be in the model; NULL: every word. Returns -EINVAL
 * if no word is left. */
int lm_vocabulary_choose(const struct lm_vocabulary *v, uint32_t max_words,
                         bool (*usable)(void *user, const char *word, uint32_t n), void *user, struct lm_tables *ret,
                         uint16_t **ret_symbols);

#endif
