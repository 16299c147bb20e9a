/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/correct.h: texts that a text with typing errors probably means. */
#ifndef TRAGUS_GRAMMAR_CORRECT_H
#define TRAGUS_GRAMMAR_CORRECT_H

#include "grammar/input.h"

enum {
    GRAMMAR_MOST_CORRECTED = 4, /* words of a text */
    GRAMMAR_MOST_MEANT = 3,     /* known words for one of them */
};

struct grammar_correction {
    struct grammar_pool *pool;
    struct grammar_input input;
    struct grammar_unknown {
        uint32_t start, end; /* in characters of the input */
        struct {
            const char *word;
            size_t distance;
        } meant[GRAMMAR_MOST_MEANT]; /* the nearest first */
        size_t n;
    } unknown[GRAMMAR_MOST_CORRECTED];
    size_t n, next, n_texts;
};

/* Finds the words of a text that are in no sentence of the grammar, and the known words that they may be meant to be: with the same
 * first letter, and one letter wrong, of eight letters or more two. Shorter words than four letters and those with digits are left
 * alone. What is found is in `pool`. */
void grammar_correct_begin(struct grammar_correction *c, const struct grammar *g, struct grammar_pool *pool,
                           const struct grammar_input *input);

/* Returns the next corrected text, or NULL. */
const char *grammar_correct_next(struct grammar_correction *c);

#endif
