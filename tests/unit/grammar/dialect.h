/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/grammar/dialect.h: compares what a grammar in another dialect gives with what it should. */
#ifndef TRAGUS_TESTS_GRAMMAR_DIALECT_H
#define TRAGUS_TESTS_GRAMMAR_DIALECT_H

#include "make.h"

#include <errno.h>

struct text { /* a file in memory; name NULL: none */
    const char *name, *text;
};

struct sentence {
    const char *typed;
    const char *reading; /* as `reading` gives it */
    const char *written; /* the text of the reading; NULL: not compared */
};

struct mistake {
    int severity, line, column;
    const char *says; /* part of the message */
};

/* Compiles texts in the order in which they stand. Returns 0 or the error of reading or compiling. */
static inline int load_texts(struct grammar **ret, const struct text *texts, tragus_diagnostics *d, tragus_error *e) {
    struct grammar_builder *b;
    int r = 0;
    assert_int_equal(english_builder(&b), 0);
    for (; r == 0 && texts->name; texts++)
        r = grammar_builder_add_text(b, texts->name, NULL, texts->text, strlen(texts->text), d, e);
    if (r == 0)
        r = grammar_compile(ret, b, d, e);
    grammar_builder_free(b);
    return r;
}

static inline const char *text_of(const struct grammar *g, const char *typed) {
    static char out[512];
    struct grammar_match *m = NULL;
    assert_true(grammar_match(&m, g, typed, NULL, 0, 1) > 0);
    snprintf(out, sizeof out, "%s", grammar_match_reading(m, 0)->text);
    grammar_match_free(m);
    return out;
}

static inline void compare_sentences(const struct grammar *g, const struct sentence *sentences, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const struct sentence *s = &sentences[i];
        const char *found = reading(g, s->typed);
        if (strcmp(found, s->reading) != 0)
            fail_msg("%s: %s, not %s", s->typed, found, s->reading);
        if (s->written && strcmp(text_of(g, s->typed), s->written) != 0)
            fail_msg("%s: %s, not %s", s->typed, text_of(g, s->typed), s->written);
    }
}

/* Loads one text without a single diagnostic, and compares its sentences. */
static inline void compare_grammar(const char *name, const char *text, const struct sentence *sentences, size_t n) {
    const struct text texts[] = {{name, text}, {NULL, NULL}};
    struct grammar *g = NULL;
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    if (load_texts(&g, texts, &d, &e) < 0)
        fail_msg("%d:%d: %s", e.line, e.column, e.text);
    for (size_t i = 0; i < d.n_items; i++)
        fail_msg("%d:%d: %s", d.items[i].line, d.items[i].column, d.items[i].text);
    compare_sentences(g, sentences, n);
    grammar_free(g);
}

/* Each mistake is reported at its place, there are no others, and `works` is understood all the same. */
static inline void compare_mistakes(const char *name, const char *text, const struct mistake *mistakes, size_t n,
                                    const char *works) {
    const struct text texts[] = {{name, text}, {NULL, NULL}};
    struct grammar *g = NULL;
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    assert_int_equal(load_texts(&g, texts, &d, &e), 0);
    for (size_t i = 0; i < d.n_items; i++)
        print_message("%d:%d [%d] %s\n", d.items[i].line, d.items[i].column, (int)d.items[i].severity, d.items[i].text);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < d.n_items && !(strstr(d.items[k].text, mistakes[i].says) && (int)d.items[k].severity == mistakes[i].severity &&
                                  d.items[k].line == mistakes[i].line && d.items[k].column == mistakes[i].column))
            k++;
        if (k == d.n_items)
            fail_msg("not said at %d:%d: %s", mistakes[i].line, mistakes[i].column, mistakes[i].says);
    }
    assert_int_equal(d.n_items, n);
    assert_true(matches(g, works));
    grammar_diagnostics_done(&d);
    grammar_free(g);
}

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
