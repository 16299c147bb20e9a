/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on compiling and matching through the public interface, cancellation, and threads that compile and match at once. */
#include "base/clock.h"
#include "engine/engine.h"
#include "ready.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const char expansive[] =
    "language: en\n"
    "expansion_rules: {a: \"[a] [b] [c] [d]\", b: \"<a> <a> <a> <a>\", c: \"<b> <b> <b> <b>\", d: \"<c> <c> <c> <c>\", e: \"<d> "
    "<d> "
    "<d> <d>\"}\n"
    "intents: {X: {data: [{sentences: [\"<e> x0\", \"<e> x1\", \"<e> x2\", \"<e> x3\", \"<e> x4\", \"<e> x5\", \"<e> x6\", "
    "\"<e> x7\"]}]}}\n";

static const char lamps[] =
    "language: en\nsentences: ['turn (on|off) [the] {lamp}', 'dim {lamp} to {0..100:n} percent', 'frobnicate it']\n"
    "lists: {lamp: {values: ['desk lamp', 'wi-fi box', \"Zorkblat's lights\"]}}\n";

static int load(tragus_grammar **ret, tragus_model *m, const tragus_grammar_options *o, const char *text, tragus_error *e) {
    return tragus_grammar_load_texts(ret, m, o, &(tragus_text){"home.yaml", NULL, text, strlen(text)}, 1, NULL, e);
}

static void options_limit_compiling(void **state) {
    (void)state;
    tragus_model *m = ready_model();
    tragus_grammar *g = NULL;
    tragus_grammar_options o;
    tragus_error e = {0};
    tragus_grammar_options_init(&o);
    assert_int_equal(o.max_cpu_ms, 0);
    o.max_cpu_ms = 50;
    uint64_t start = base_clock_thread_cpu_ns();
    assert_int_equal(load(&g, m, &o, expansive, &e), -ETIME);
    assert_true(base_clock_thread_cpu_ns() - start < 500000000);
    assert_int_equal(e.code, -ETIME);
    assert_string_equal(e.file, "home.yaml");
    assert_int_equal(e.line, 3);
    assert_non_null(strstr(e.text, "<e> x"));
    tragus_grammar_options_init(&o);
    o.max_bytes = 2 << 20;
    assert_int_equal(load(&g, m, &o, expansive, &e), -E2BIG);
    assert_int_equal(e.line, 3);
    assert_non_null(strstr(e.text, "<e> x"));
    o.max_bytes = 1; /* a program built before the limits existed: the fields after its options are not read */
    o.size_bytes = offsetof(tragus_grammar_options, max_cpu_ms);
    assert_int_equal(load(&g, m, &o, lamps, &e), 0);
    tragus_grammar_unref(g);
    tragus_model_unref(m);
}

/* A megabyte of words that are not in the dictionary. */
static char *unknown_words(void) {
    enum { SIZE = 1000000 };
    char *text = malloc(SIZE + 1);
    uint32_t seed = 1;
    assert_non_null(text);
    for (size_t i = 0; i < SIZE; i++) {
        seed = seed * 1664525 + 1013904223;
        text[i] = i % 9 == 8 ? '\n' : (char)('a' + (seed >> 16) % 26);
    }
    text[SIZE] = '\0';
    return text;
}

static void guessing_is_limited(void **state) {
    (void)state;
    tragus_model *m = ready_model();
    tragus_grammar *g = NULL;
    tragus_grammar_options o;
    tragus_error e = {0};
    char *text = unknown_words();
    tragus_grammar_options_init(&o);
    o.max_cpu_ms = 1500; /* by then it is guessing pronunciations */
    uint64_t start = base_clock_thread_cpu_ns();
    assert_int_equal(tragus_grammar_load_texts(&g, m, &o, &(tragus_text){"words.txt", "list", text, strlen(text)}, 1, NULL, &e),
                     -ETIME);
    assert_true(base_clock_thread_cpu_ns() - start < 2500000000);
    assert_string_equal(e.file, "words.txt");
    free(text);
    tragus_model_unref(m);
}

static void few_guesses_are_listed(void **state) {
    (void)state;
    tragus_model *m = ready_model();
    tragus_grammar *g = NULL;
    tragus_diagnostics d = {0};
    char *text = unknown_words();
    assert_int_equal(tragus_grammar_load_texts(&g, m, NULL, &(tragus_text){"words.txt", "list", text, 9 * 500}, 1, &d, NULL), 0);
    assert_int_equal(d.n_items, 101);
    assert_non_null(strstr(d.items[100].text, " more words are in no dictionary"));
    tragus_diagnostics_done(&d);
    tragus_grammar_unref(g);
    tragus_model_unref(m);
    free(text);
}

static void *cancel(void *budget) {
    nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
    base_budget_cancel(budget);
    return NULL;
}

static void another_thread_cancels(void **state) {
    (void)state;
    tragus_model *m = ready_model();
    tragus_grammar *g = NULL;
    tragus_error e = {0};
    struct base_budget budget;
    pthread_t thread;
    char *text = unknown_words();
    const tragus_text one = {"words.txt", "list", text, strlen(text)};
    base_budget_init(&budget, 60000, 0);
    assert_int_equal(pthread_create(&thread, NULL, cancel, &budget), 0);
    assert_int_equal(engine_grammar_load(&g, m, NULL, NULL, 0, &one, 1, NULL, NULL, &budget, &e), -ECANCELED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(e.code, -ECANCELED);
    free(text);
    tragus_model_unref(m);
}

static void lists_and_texts_have_budgets(void **state) {
    (void)state;
    tragus_grammar *g = NULL, *larger = NULL;
    tragus_match *match = NULL;
    tragus_error e = {0};
    tragus_error error = {0};
    struct base_budget budget;
    assert_int_equal(load(&g, NULL, NULL, "language: en\nsentences: ['turn on {name}', go]\n", &e), 0);
    static tragus_list_value values[20000];
    for (size_t i = 0; i < 20000; i++)
        values[i].in = "[big] (red|blue) lamp";
    base_budget_init(&budget, 0, 1 << 20);
    assert_int_equal(engine_grammar_with_list(&larger, g, "name", values, 20000, NULL, &budget, &e), -E2BIG);
    assert_string_equal(e.file, "name");
    base_budget_init(&budget, 5000, 64 << 20);
    assert_int_equal(engine_grammar_with_list(&larger, g, "name", values, 100, NULL, &budget, &e), 0);
    base_budget_init(&budget, 5000, 64 << 20);
    assert_int_equal(engine_match_text(&match, larger, "turn on blue lamp", NULL, 0, 1, &budget, &error), 1);
    tragus_match_free(match);
    base_budget_init(&budget, 0, 100);
    assert_int_equal(engine_match_text(&match, larger, "turn on blue lamp", NULL, 0, 1, &budget, &error), -E2BIG);
    assert_int_equal(error.code, -E2BIG);
    tragus_grammar_unref(larger);
    tragus_grammar_unref(g);
}

/* --- threads: with ThreadSanitizer this reveals data shared between compilations --- */

struct compilation {
    tragus_model *model;
    uint32_t n_arcs;
    int result;
};

static void *compile_some(void *data) {
    struct compilation *c = data;
    for (int i = 0; i < 5 && c->result == 0; i++) {
        tragus_grammar *g = NULL;
        struct base_budget budget;
        const tragus_text text = {"lamps.yaml", NULL, lamps, sizeof(lamps) - 1};
        base_budget_init(&budget, 20000, 64 << 20);
        c->result = engine_grammar_load(&g, c->model, NULL, NULL, 0, &text, 1, NULL, NULL, &budget, NULL);
        if (c->result == 0)
            c->n_arcs = engine_grammar_graph(g)->n_arcs;
        tragus_grammar_unref(g);
    }
    return NULL;
}

static void *match_some(void *data) {
    tragus_grammar *g = data;
    intptr_t n = 0;
    for (int i = 0; i < 200; i++) {
        tragus_match *match = NULL;
        n += tragus_match_text(&match, g, i % 2 ? "dim desk lamp to 20 percent" : "turn off the wi-fi box", NULL, 0, 2);
        tragus_match_free(match);
    }
    return (void *)n;
}

static void threads_compile_and_match(void **state) {
    (void)state;
    tragus_model *m = ready_model();
    tragus_grammar *g = NULL, *derived = NULL;
    struct compilation c[2] = {{.model = m}, {.model = m}};
    pthread_t threads[3];
    void *n_matches;
    assert_int_equal(load(&g, m, NULL, lamps, NULL), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, compile_some, &c[i]), 0);
    assert_int_equal(pthread_create(&threads[2], NULL, match_some, g), 0);
    assert_int_equal(tragus_grammar_with_list(&derived, g, "lamp", &(tragus_list_value){.in = "torch"}, 1, NULL, NULL), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], &n_matches), 0);
    assert_int_equal((intptr_t)n_matches, 200);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(c[i].result, 0);
        assert_int_equal(c[i].n_arcs, engine_grammar_graph(g)->n_arcs);
    }
    tragus_grammar_unref(derived);
    tragus_grammar_unref(g);
    tragus_model_unref(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_limit_compiling),      cmocka_unit_test(guessing_is_limited),
        cmocka_unit_test(few_guesses_are_listed),       cmocka_unit_test(another_thread_cancels),
        cmocka_unit_test(lists_and_texts_have_budgets), cmocka_unit_test(threads_compile_and_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
