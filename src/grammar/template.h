/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/template.h: one template string to its tree. */
#ifndef TRAGUS_GRAMMAR_TEMPLATE_H
#define TRAGUS_GRAMMAR_TEMPLATE_H

#include "base/buffer.h"
#include "grammar/item.h"

struct grammar_pool;
struct grammar_language;

struct grammar_parser {
    struct grammar_pool *pool;
    const struct grammar_language *language; /* NULL: digits and symbols are only typed, never spoken */
    struct base_buffer scratch;              /* freed by who made the parser */
    uint32_t error_offset;                   /* of the first error, in characters */
    char error[160];
};

/* The tree, in the pool, names unresolved. NULL: parser->error says what is wrong and how to mend it. */
struct grammar_item *grammar_template_parse(struct grammar_parser *parser, const char *text, size_t len);

/* The tree of the words of a number, NULL when the language does not say it. */
struct grammar_item *grammar_template_number(struct grammar_parser *parser, const char *digits);

/* Whether a list value is a template at all; else every sign in it stands for itself. */
bool grammar_template_is_one(const char *text);

/* The tree of a plain text, in which no sign has a meaning. */
struct grammar_item *grammar_template_plain(struct grammar_parser *parser, const char *text, size_t len);

#endif
