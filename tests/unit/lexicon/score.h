/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/lexicon/score.h: how good guesses are, counted against a dictionary of words that the model has never seen. */
#ifndef TRAGUS_TESTS_LEXICON_SCORE_H
#define TRAGUS_TESTS_LEXICON_SCORE_H

#include "lexicon/g2p.h"

struct score {
    unsigned n_words, wrong_words;   /* the first guess is no variant of the dictionary's */
    unsigned either_wrong_words;     /* nor is the second */
    unsigned n_second;               /* words that have a second guess */
    unsigned n_phones, wrong_phones; /* edits to the nearest variant, and its length */
};

/* Guesses every word of a CMUdict-like file. names: of the phones, [1..n]. 0 or a negative errno. */
int score_dictionary(struct score *ret, const struct g2p *g, const char *const names[], unsigned n_phones, const char *path,
                     tragus_error *reterr);

#endif
