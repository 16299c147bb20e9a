/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/grammar/make.h: compiles a grammar from a text in one call. */
#ifndef TRAGUS_TESTS_GRAMMAR_MAKE_H
#define TRAGUS_TESTS_GRAMMAR_MAKE_H

#include "builder.h"
#include "grammar/grammar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static inline struct grammar *make_grammar(const char *text) {
    struct grammar_builder *b;
    struct grammar *g = NULL;
    tragus_error error = {0};
    assert_int_equal(english_builder(&b), 0);
    if (grammar_builder_add_text(b, "test", NULL, text, strlen(text), NULL, &error) < 0 || grammar_compile(&g, b, NULL, &error) < 0)
        fail_msg("%d:%d: %s", error.line, error.column, error.text);
    grammar_builder_free(b); /* before the grammar is used, because it must not need the builder */
    return g;
}

/* Returns the best reading as "intent|slot=value,slot=value", "-" if there is none. */
static inline const char *reading_in(const struct grammar *g, const char *text, const tragus_context context[], size_t n_context) {
    static char out[512];
    struct grammar_match *m = NULL;
    int n = grammar_match(&m, g, text, context, n_context, 4);
    if (n <= 0) {
        grammar_match_free(m);
        return n < 0 ? "error" : "-";
    }
    const struct grammar_reading *r = grammar_match_reading(m, 0);
    size_t len = (size_t)snprintf(out, sizeof out, "%s|", r->intent);
    for (size_t i = 0; i < r->n_slots; i++)
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s=%s", i ? "," : "", r->slots[i].name, r->slots[i].value.text);
    grammar_match_free(m);
    return out;
}

static inline const char *reading(const struct grammar *g, const char *text) {
    return reading_in(g, text, NULL, 0);
}

static inline int matches(const struct grammar *g, const char *text) {
    return strcmp(reading(g, text), "-") != 0;
}

#endif
