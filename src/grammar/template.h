/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/template.h: parses one template to a tree. */
#ifndef TRAGUS_GRAMMAR_TEMPLATE_H
#define TRAGUS_GRAMMAR_TEMPLATE_H

#include "base/buffer.h"
#include "grammar/item.h"

struct grammar_pool;
struct grammar_language;

struct grammar_parser {
    struct grammar_pool *pool;
    const struct grammar_language *language; /* NULL: digits and symbols match only if typed, not if spoken */
    struct base_buffer scratch;              /* freed by the owner of the parser */
    bool after_list, before_list;            /* whether a list stands directly before and behind the text that is parsed */
    unsigned n_nested;                       /* texts of the language inside each other */
    uint32_t error_offset;                   /* of the first error, in characters */
    char error[160];
    uint32_t warning_offset; /* of the first part that is left out */
    char warning[160];       /* why it is; the caller empties it before */
};

/* Parses a template; the tree is in the pool, names are unresolved. Returns NULL if parser->error says what is wrong and how to fix
 * it. */
struct grammar_item *grammar_template_parse(struct grammar_parser *parser, const char *text, size_t len);

/* Returns the tree of a number's words, or NULL if the language cannot say it. */
struct grammar_item *grammar_template_number(struct grammar_parser *parser, const char *digits);
struct grammar_item *grammar_template_ordinal(struct grammar_parser *parser, const char *digits); /* "third" */
/* The same with each digit in words ("one oh five"). */
struct grammar_item *grammar_template_digits(struct grammar_parser *parser, const char *digits);

/* Returns whether a list value is a template; if not, every sign in it is literal. */
bool grammar_template_is_one(const char *text);

/* Returns the tree of a plain text, in which all signs are literal. */
struct grammar_item *grammar_template_plain(struct grammar_parser *parser, const char *text, size_t len);

#endif
