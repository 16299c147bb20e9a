/* SPDX-License-Identifier: Apache-2.0 */
/* lm/tables.h: a language model under construction, as tables of n-grams with their costs. Made by lm/train.c from text or by
 * lm/arpa.c from a file, written by lm/write.c. Needs memory and time; not for the threads of sound. */
#ifndef TRAGUS_LM_TABLES_H
#define TRAGUS_LM_TABLES_H

#include "base/error.h"
#include "lm/lm.h"

#include <stddef.h>
#include <stdint.h>

struct lm_single {
    float cost, weight; /* -ln of the probability, and of the back-off weight */
};

struct lm_pair {
    uint32_t key; /* first symbol << 16 | second */
    struct lm_single is;
};

struct lm_triple {
    uint64_t key; /* first << 32 | second << 16 | third */
    float cost;
};

struct lm_tables {
    char **words; /* spellings, ascending by bytes; owned */
    uint32_t n_words;
    struct lm_single *singles; /* by symbol: n_words + LM_N_SPECIAL_SYMBOLS */
    struct lm_pair *pairs;     /* ascending by key */
    size_t n_pairs;
    struct lm_triple *triples; /* ascending by key; the pairs of their first two and of their last two symbols exist */
    size_t n_triples;
};

void lm_tables_done(struct lm_tables *t);

/* The pair with this key, or NULL. */
const struct lm_pair *lm_tables_pair(const struct lm_tables *t, uint32_t key);

/* Takes the tables out of a file. Returns 0 or -ENOMEM. */
int lm_tables_from(struct lm_tables *ret, const struct lm *lm);

/* Writes a file that lm_open reads. passport: text, one `key: value` a line. Every word must have a pronunciation in the lexicon,
 * or one that it can guess. */
int lm_tables_write(const struct lm_tables *t, const struct lexicon *lexicon, const char *path, const char *passport,
                    tragus_error *reterr);

#endif
