/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/matcher.h: matches a text with the trees of templates by token passing. */
#ifndef TRAGUS_GRAMMAR_MATCHER_H
#define TRAGUS_GRAMMAR_MATCHER_H

#include "grammar/input.h"

struct grammar_fill { /* the value of a slot, or of a list that fills none; the newest first */
    const struct grammar_fill *before;
    const struct grammar_item *item;
    const struct grammar_entry *entry; /* NULL: digits or a wildcard */
    tragus_value number;               /* of digits */
    uint32_t start, end;               /* in characters of the input */
    uint64_t hash;                     /* of this fill and those before it */
};

enum grammar_gap {
    GRAMMAR_GAP_NONE, /* the next letter continues the word */
    GRAMMAR_GAP_MUST, /* a word border must come before the next letter */
    GRAMMAR_GAP_MAY,
};

struct grammar_token {
    uint32_t at; /* characters consumed */
    enum grammar_gap gap;
    uint32_t n_literal; /* how many of them matched literal text */
    uint32_t origin;    /* index of the token it came from, in the set that entered the item */
    const struct grammar_fill *fills;
};

struct grammar_tokens {
    struct grammar_token *items; /* in the order in which the alternatives are written */
    size_t n, size;
    uint32_t *table; /* index into items + 1; only for large sets */
    size_t n_table;
};

struct grammar_matcher {
    struct grammar_pool *pool;    /* for one template: may be released after it */
    struct grammar_pool *lasting; /* for the whole input: the memos */
    const struct grammar_input *input;
    const struct grammar_block *block; /* block of the template */
    bool ignore_whitespace;
    struct grammar_list_memo *memos; /* matches of lists by position, shared by all templates */
    size_t n_memos, size_memos;
    uint32_t *buckets;
    size_t n_buckets;
    uint64_t work; /* tokens passed; above a limit matching fails with -E2BIG */
};

void grammar_matcher_init(struct grammar_matcher *m, struct grammar_pool *pool, struct grammar_pool *lasting,
                          const struct grammar_input *input, bool ignore_whitespace);

/* Returns the tokens that have consumed the whole input. */
struct grammar_tokens grammar_match_template(struct grammar_matcher *m, const struct grammar_template *t);

/* Returns whether item matches exactly the characters from..to (whole words). */
bool grammar_match_part(struct grammar_matcher *m, const struct grammar_item *item, uint32_t from, uint32_t to);

#endif
