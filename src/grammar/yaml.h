/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/yaml.h: reads a YAML document with libyaml as a tree with positions. */
#ifndef TRAGUS_GRAMMAR_YAML_H
#define TRAGUS_GRAMMAR_YAML_H

#include "grammar/diagnostic.h"

#include <stdbool.h>
#include <stddef.h>

struct grammar_pool;

enum grammar_yaml_kind { GRAMMAR_YAML_SCALAR, GRAMMAR_YAML_SEQUENCE, GRAMMAR_YAML_MAPPING };

struct grammar_yaml {
    enum grammar_yaml_kind kind;
    struct grammar_position position; /* of the first character, after an opening quote */
    const char *text;                 /* SCALAR */
    bool plain;                       /* SCALAR without quotes: may be a number, a truth value or null */
    size_t n;                         /* SEQUENCE: items; MAPPING: pairs */
    struct grammar_yaml **items;
    struct grammar_yaml **keys; /* MAPPING: scalars */
};

/* Reads a document; the tree is in the pool. Returns NULL after reporting an error, or without an error if the text has no
 * document. May leave the pool's run; then *ret_parser must be freed with grammar_yaml_abandon. */
struct grammar_yaml_parser;
struct grammar_yaml *grammar_yaml_read(struct grammar_pool *pool, const char *file, const char *text, size_t len,
                                       struct grammar_report *report, struct grammar_yaml_parser **ret_parser);
void grammar_yaml_abandon(struct grammar_yaml_parser **parser);

/* Returns the value of a key, or NULL. */
struct grammar_yaml *grammar_yaml_get(const struct grammar_yaml *mapping, const char *key);

bool grammar_yaml_is_null(const struct grammar_yaml *y);
/* Gets the value of a plain scalar true/false or an integer. Returns false if it is something else. */
bool grammar_yaml_boolean(const struct grammar_yaml *y, bool *ret);
bool grammar_yaml_integer(const struct grammar_yaml *y, long long *ret);

#endif
