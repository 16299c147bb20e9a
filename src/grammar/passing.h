/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/passing.h: what the files of the matcher share. Private to matcher.c, matcher_lists.c and tokens.c. */
#ifndef TRAGUS_GRAMMAR_PASSING_H
#define TRAGUS_GRAMMAR_PASSING_H

#include "grammar/matcher.h"

enum { GRAMMAR_MOST_TOKENS = 512 }; /* in one set; later tokens are dropped */

/* Adds a token to a set, unless an equal one is there: one with as many characters, the same gap, origin and fills. */
void grammar_tokens_add(struct grammar_matcher *m, struct grammar_tokens *set, struct grammar_token t);

/* Adds the tokens of the last step to `out`, with the origins of the tokens that entered the whole item in place of their own. */
void grammar_tokens_settle(struct grammar_matcher *m, const struct grammar_tokens *in, const struct grammar_tokens *last,
                           struct grammar_tokens *out);

/* Sorts by origin (below n_origins), stably: the results of the first token come first. */
void grammar_tokens_order(struct grammar_matcher *m, struct grammar_tokens *set, size_t n_origins);

/* Returns a fill behind those of a token, in the pool of the template. */
const struct grammar_fill *grammar_fill_new(struct grammar_matcher *m, const struct grammar_token *t, struct grammar_fill fill);

/* Passes a set of tokens through an item. Tokens of out get origin = their index in `in`. */
void grammar_pass(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                  struct grammar_tokens *out);
void grammar_pass_list(struct grammar_matcher *m, const struct grammar_item *item, const struct grammar_tokens *in,
                       struct grammar_tokens *out);

/* Skips the border that the gap requires. Returns false if there is none. */
bool grammar_cross_gap(const struct grammar_matcher *m, struct grammar_token *t);

/* People put a blank before free text and numbers where a script has none ("เป็น 24 องศา"). Returns false at the end of the text. */
bool grammar_skip_blank(const struct grammar_matcher *m, struct grammar_token *t);

/* Whether one of the characters around a position is of a script without blanks between words. */
bool grammar_has_no_blank(const struct grammar_matcher *m, uint32_t before, uint32_t behind);

#endif
