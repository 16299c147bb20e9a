/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/tree.h: what the parsers of templates build their trees with. */
#ifndef TRAGUS_GRAMMAR_TREE_H
#define TRAGUS_GRAMMAR_TREE_H

#include "grammar/template.h"

#include <string.h>

enum { GRAMMAR_DEEPEST_GROUP = 64 };

struct grammar_items { /* a sequence under construction */
    struct grammar_item **items;
    size_t n, size;
};

struct grammar_cursor { /* where a parser is in its template */
    struct grammar_parser *parser;
    const uint32_t *chars;
    size_t n, at;
    unsigned depth; /* of groups */
};

#define GRAMMAR_NO_SIGN UINT32_MAX /* ends the whole template */

static inline uint32_t grammar_sign_at(const struct grammar_cursor *c, size_t at) {
    return at < c->n ? c->chars[at] : GRAMMAR_NO_SIGN;
}

static inline bool grammar_is_in(uint32_t c, const char *signs) {
    return c != 0 && c < 0x80 && strchr(signs, (int)c);
}

/* Parses what is in ( ) or [ ], at whose opening sign the cursor is, with parse_group, which stops at the closing sign. Returns
 * NULL after an error. */
struct grammar_item *grammar_tree_bracketed(struct grammar_cursor *c, bool optional,
                                            struct grammar_item *(*parse_group)(struct grammar_cursor *c, uint32_t close));

/* Records the first mistake of a template. Returns NULL. */
struct grammar_item *grammar_tree_fail(struct grammar_parser *p, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct grammar_item *grammar_tree_item(struct grammar_parser *p, enum grammar_item_kind kind, size_t offset);

/* Returns an item with these items inside. */
struct grammar_item *grammar_tree_group(struct grammar_parser *p, enum grammar_item_kind kind, size_t offset,
                                        const struct grammar_items *s);

/* Returns the only item, or a group of the items. */
struct grammar_item *grammar_tree_one(struct grammar_parser *p, enum grammar_item_kind kind, size_t offset,
                                      const struct grammar_items *s);

/* Returns an OUTPUT that has the body inside; the caller fills in what it gives. */
struct grammar_item *grammar_tree_output(struct grammar_parser *p, struct grammar_item *body, size_t offset);

void grammar_tree_push(struct grammar_parser *p, struct grammar_items *s, struct grammar_item *item);

/* Returns an item that may be said or not. */
struct grammar_item *grammar_tree_optional(struct grammar_parser *p, struct grammar_item *body, size_t offset);

/* Adds an item of a notation in which blanks only separate: with a border before it, unless it is the first one. */
void grammar_tree_push_word(struct grammar_parser *p, struct grammar_items *s, struct grammar_item *item);

/* Adds the items of a text without special signs, behind the items that are there. continues: another item follows without a blank.
 * chars is borrowed as long as the tree. */
void grammar_tree_text(struct grammar_parser *p, struct grammar_items *out, const uint32_t *chars, size_t n, size_t offset,
                       bool continues);

/* Returns them as one item. */
struct grammar_item *grammar_tree_text_item(struct grammar_parser *p, const uint32_t *chars, size_t n, size_t offset);

/* Notes a part that is left out, if it is the first one. */
void grammar_tree_warn(struct grammar_parser *p, size_t offset, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Returns the text without the blanks at its ends. */
char *grammar_tree_name(struct grammar_parser *p, const uint32_t *chars, size_t n);

/* Returns whether a name is a range of numbers, "from..to" or "from..to,step". */
bool grammar_tree_is_range(const char *name);

#endif
