/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/tree.h: what the parsers of templates build their trees with. */
#ifndef TRAGUS_GRAMMAR_TREE_H
#define TRAGUS_GRAMMAR_TREE_H

#include "grammar/template.h"

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

/* Records the first mistake of a template. Returns NULL. */
struct grammar_item *grammar_tree_fail(struct grammar_parser *p, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct grammar_item *grammar_tree_item(struct grammar_parser *p, enum grammar_item_kind kind, size_t offset);

/* Returns an item with these items inside. */
struct grammar_item *grammar_tree_group(struct grammar_parser *p, enum grammar_item_kind kind, size_t offset,
                                        const struct grammar_items *s);

void grammar_tree_push(struct grammar_parser *p, struct grammar_items *s, struct grammar_item *item);

/* Returns an item that may be said or not. */
struct grammar_item *grammar_tree_optional(struct grammar_parser *p, struct grammar_item *body, size_t offset);

/* Adds the items of a text without special signs. chars is borrowed as long as the tree. */
void grammar_tree_text(struct grammar_parser *p, struct grammar_items *out, const uint32_t *chars, size_t n, size_t offset);

/* Returns whether a name is a range of numbers, "from..to" or "from..to,step". */
bool grammar_tree_is_range(const char *name);

#endif
