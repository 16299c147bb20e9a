/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/match.h: a match while it is made. Private to match.c, reading.c and rank.c. */
#ifndef TRAGUS_GRAMMAR_MATCH_H
#define TRAGUS_GRAMMAR_MATCH_H

#include "grammar/matcher.h"

enum { GRAMMAR_MOST_READINGS = 1000 }; /* before ranking */

struct grammar_candidate {
    struct grammar_reading reading;
    bool has_name;
    uint32_t n_name, n_wildcards, n_literal, n_wild; /* n_wild: characters of wildcards, or of what no list has */
    size_t order;
    struct grammar_input input; /* what the template matched: without skip words, if they were left out */
    size_t token;               /* index of its token among those that the template gives */
};

struct grammar_match {
    struct grammar_pool pool;
    struct grammar_candidate *candidates;
    size_t n, size;
};

struct grammar_match_job {
    const struct grammar *g;
    struct grammar_match *match;
    struct grammar_pool work;
    struct grammar_costs costs;
    struct grammar_match_options options;
    const char *typed;
    bool fills_unmatched;       /* words that no list has may stand in the place of a list */
    const char *corrected;      /* NULL: the text is as typed */
    struct grammar_input input; /* the whole text */
    const char *text;           /* its normalised form */
    bool too_long;
};

/* Adds the reading that a token of a template gives, unless the context forbids it. in: what the template matched; order: the
 * number of the template; index: of the token among those that the template gives. */
void grammar_add_reading(struct grammar_match_job *j, const struct grammar_input *in, size_t order,
                         const struct grammar_token *token, size_t index);

/* Returns the `out` text of a sentence; {slot} in it is replaced by the value of the slot. */
const char *grammar_reading_output(const struct grammar_match_job *j, const char *out, const struct grammar_reading *r);

/* Puts the best readings first, and drops those that say the same as a better one, or that are more than max_readings. */
void grammar_rank(struct grammar_match *match, size_t max_readings);

#endif
