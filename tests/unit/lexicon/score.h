/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/lexicon/score.h: measures guesses against a dictionary of words that were not in the training data. */
#ifndef TRAGUS_TESTS_LEXICON_SCORE_H
#define TRAGUS_TESTS_LEXICON_SCORE_H

#include "lexicon/g2p.h"

struct score {
    unsigned n_words, wrong_words;   /* the first guess is not in the dictionary */
    unsigned either_wrong_words;     /* nor is the second guess */
    unsigned n_second;               /* words that have a second guess */
    unsigned n_phones, wrong_phones; /* the length of the nearest variant, and the edits to it */
};

/* Guesses every word of a CMUdict-like file. names: of the phones, [1..n]. Returns 0 or a negative errno. */
int score_dictionary(struct score *ret, const struct g2p *g, const char *const names[], unsigned n_phones, const char *path,
                     tragus_error *reterr);

#endif
