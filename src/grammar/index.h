/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/index.h: finds the entries of a long list that can begin with the letters of a text, without trying all of them. */
#ifndef TRAGUS_GRAMMAR_INDEX_H
#define TRAGUS_GRAMMAR_INDEX_H

#include "grammar/compiled.h"

struct grammar_index;

/* Makes an index in `pool`, or returns NULL if there are too few entries for one to pay. */
const struct grammar_index *grammar_index_build(struct grammar_pool *pool, struct grammar_pool *scratch,
                                                const struct grammar_entry entries[], size_t n);

enum { GRAMMAR_INDEX_LETTERS = 3 }; /* that count */

struct grammar_index_search {
    struct {
        const uint32_t *at, *end; /* entries that may match, ascending */
    } parts[1 + GRAMMAR_INDEX_LETTERS];
};

/* Begins a search for the entries that can match at the n folded characters, of which the first is no blank. */
void grammar_index_begin(struct grammar_index_search *s, const struct grammar_index *index, const uint32_t *chars, size_t n);

/* Gets the number of the next entry, in the order of the list. Returns false if no other can match. */
bool grammar_index_next(struct grammar_index_search *s, size_t *ret);

#endif
