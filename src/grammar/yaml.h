/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/yaml.h: a YAML document as a tree with positions, read through libyaml. */
#ifndef TRAGUS_GRAMMAR_YAML_H
#define TRAGUS_GRAMMAR_YAML_H

#include "grammar/diagnostic.h"

#include <stdbool.h>
#include <stddef.h>

struct grammar_pool;

enum grammar_yaml_kind { GRAMMAR_YAML_SCALAR, GRAMMAR_YAML_SEQUENCE, GRAMMAR_YAML_MAPPING };

struct grammar_yaml {
    enum grammar_yaml_kind kind;
    struct grammar_position position; /* of the first character, behind a quote */
    const char *text;                 /* SCALAR */
    bool plain;                       /* SCALAR without quotes: may be a number, a truth value or null */
    size_t n;                         /* SEQUENCE: items; MAPPING: pairs */
    struct grammar_yaml **items;
    struct grammar_yaml **keys; /* MAPPING: scalars */
};

/* The document in the pool; NULL: an error was reported, or the text holds no document (then no error). May leave the pool's run;
 * *ret_parser then names what grammar_yaml_abandon must free. */
struct grammar_yaml_parser;
struct grammar_yaml *grammar_yaml_read(struct grammar_pool *pool, const char *file, const char *text, size_t len,
                                       struct grammar_report *report, struct grammar_yaml_parser **ret_parser);
void grammar_yaml_abandon(struct grammar_yaml_parser **parser);

/* The value of a key, NULL: not there. */
struct grammar_yaml *grammar_yaml_get(const struct grammar_yaml *mapping, const char *key);

bool grammar_yaml_is_null(const struct grammar_yaml *y);
/* The value of a plain scalar true/false or an integer. False: it is something else. */
bool grammar_yaml_boolean(const struct grammar_yaml *y, bool *ret);
bool grammar_yaml_integer(const struct grammar_yaml *y, long long *ret);

#endif
