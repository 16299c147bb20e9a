/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/matcher.h: matches a text with the trees of templates by token passing. */
#ifndef TRAGUS_GRAMMAR_MATCHER_H
#define TRAGUS_GRAMMAR_MATCHER_H

#include "grammar/input.h"
#include "grammar/wild.h"

struct grammar_fill { /* the value of a slot, or of a list that fills none; the newest first */
    const struct grammar_fill *before;
    const struct grammar_item *item;
    const struct grammar_entry *entry; /* NULL: digits, a wildcard or an OUTPUT */
    const struct grammar_fill *inside; /* of the lists in the entry, in `lasting`; NULL: there are none */
    tragus_value value;                /* of digits, of an OUTPUT, and of an entry that gives its text as written */
    uint32_t start, end;               /* in characters of the input */
    bool unmatched;                    /* the list has no such value */
    uint8_t n_unmatched;               /* of this fill and those before it */
    uint64_t hash;                     /* of this fill and those before it */
};

/* What a token's way through the template looks like as written: the newest piece first. */
struct grammar_written {
    const struct grammar_written *before;
    const uint32_t *chars; /* n of them, or: */
    uint32_t n;
    const char *text;                     /* a value as the file has it, or: */
    const struct grammar_written *inside; /* the pieces of a value that is a template */
    const struct grammar_wild *wild;      /* chars are free text; NULL: they stay as they are */
    const tragus_value *value;            /* what the piece stands for, if that is more than its text; NULL: nothing */
};

enum grammar_gap {
    GRAMMAR_GAP_NONE, /* the next letter continues the word */
    GRAMMAR_GAP_MUST, /* a word border must come before the next letter */
    GRAMMAR_GAP_MAY,
    GRAMMAR_GAP_VALUE, /* MAY behind a value, because people glue what follows or do not: a border in the template makes it SOFT,
                          not MUST */
    GRAMMAR_GAP_SOFT,  /* MAY, and stays so at a border in the template */
};

struct grammar_token {
    uint32_t at; /* characters consumed */
    enum grammar_gap gap;
    uint32_t n_literal; /* how many of them matched literal text of the template; values of lists do not count, as in hassil */
    uint32_t origin;    /* index of the token it came from, in the set that entered the item */
    const struct grammar_fill *fills;
    const struct grammar_written *written; /* NULL unless the matcher notes it; equal tokens keep that of the first */
};

struct grammar_tokens {
    struct grammar_token *items; /* in the order in which the alternatives are written */
    size_t n, size;
    uint32_t *table; /* index into items + 1; only for large sets */
    size_t n_table;
};

struct grammar_matcher {
    struct grammar_pool *pool;    /* for one template: may be released after it */
    struct grammar_pool *lasting; /* for the whole input: the memos, what they note, and values */
    const struct grammar_input *input;
    const struct grammar_block *block; /* block of the template */
    bool ignore_whitespace;
    /* Set by the caller after grammar_matcher_init: */
    bool fills_unmatched;            /* words that no list has may stand in the place of a list */
    const struct grammar_wild *wild; /* how free text is written; NULL: as it was said */
    bool notes_written;              /* notes are in `lasting` */
    struct grammar_list_memo *memos; /* matches of lists by position, shared by all templates */
    bool of_block;                   /* the values being matched hold a list whose values the block chooses from */
    size_t n_memos, size_memos;
    uint32_t *buckets;
    size_t n_buckets;
    uint64_t work; /* tokens passed; above a limit matching fails with -E2BIG */
};

void grammar_matcher_init(struct grammar_matcher *m, struct grammar_pool *pool, struct grammar_pool *lasting,
                          const struct grammar_input *input, bool ignore_whitespace);

/* Returns the tokens that have consumed the whole input. */
struct grammar_tokens grammar_match_template(struct grammar_matcher *m, const struct grammar_template *t);

/* Add to what a token has noted, if the matcher notes it: a piece (whose `before` is ignored), an item as its file spells it, a
 * blank. */
void grammar_note(const struct grammar_matcher *m, const struct grammar_written *piece, struct grammar_token *t);
void grammar_note_item(const struct grammar_matcher *m, const struct grammar_item *item, struct grammar_token *t);
void grammar_note_blank(const struct grammar_matcher *m, struct grammar_token *t);

/* Returns the sentence of a token as the user's files spell it, in `pool`. The matcher must have noted it. */
const char *grammar_written_text(struct grammar_pool *pool, const struct grammar_written *w);

/* Returns the value that an OUTPUT gives for the pieces inside it, in `pool`. */
tragus_value grammar_output_value(struct grammar_pool *pool, const struct grammar_item *item, const struct grammar_written *inside);

/* Returns the tokens of all ways in which item matches from a character on, at the beginning of a word. */
struct grammar_tokens grammar_match_from(struct grammar_matcher *m, const struct grammar_item *item, uint32_t from);

#endif
