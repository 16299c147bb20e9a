/* SPDX-License-Identifier: Apache-2.0 */
/* Tests budgets for reading, compiling and matching: work that exceeds them fails and names the most expensive template; other work
 * gives the same results as without a budget. */
#include "make.h"

#include "base/budget.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* 1024 optional words in a row, in line 5 and the lines after it. */
static const char expansive[] = "language: en\n"
                                "expansion_rules: {a: '[a] [b] [c] [d]', b: '<a> <a> <a> <a>', c: '<b> <b> <b> <b>', d: '<c> <c> "
                                "<c> <c>', e: '<d> <d> <d> <d>'}\n"
                                "sentences:\n"
                                "  - turn on the light\n"
                                "  - <e> x0\n  - <e> x1\n  - <e> x2\n  - <e> x3\n  - <e> x4\n  - <e> x5\n  - <e> x6\n  - <e> x7\n";

static int compile(const char *text, struct base_budget *budget, struct grammar **ret, tragus_diagnostics *d, tragus_error *e) {
    struct grammar_builder *b;
    assert_int_equal(english_builder(&b), 0);
    grammar_builder_set_budget(b, budget);
    base_budget_start(budget);
    int r = grammar_builder_add_text(b, "home.yaml", "hassil", text, strlen(text), d, e);
    if (r == 0)
        r = grammar_compile(ret, b, d, e);
    grammar_builder_free(b);
    return r;
}

static void time_is_limited(void **state) {
    (void)state;
    struct base_budget budget;
    struct grammar *g = NULL;
    tragus_error e = {0};
    tragus_diagnostics d = {0};
    base_budget_init(&budget, 50, 0);
    uint64_t start = base_clock_thread_cpu_ns();
    assert_int_equal(compile(expansive, &budget, &g, &d, &e), -ETIME);
    assert_true(base_clock_thread_cpu_ns() - start < 500000000);
    assert_null(g);
    assert_int_equal(e.code, -ETIME);
    assert_string_equal(e.file, "home.yaml");
    assert_in_range(e.line, 5, 12);
    assert_int_equal(e.column, 5);
    assert_non_null(strstr(e.text, "50 ms"));
    assert_non_null(strstr(e.text, "<e> x"));
    assert_int_equal(d.n_items, 1);
    assert_int_equal(d.items[0].severity, TRAGUS_ERROR);
    assert_string_equal(d.items[0].text, e.text);
    grammar_diagnostics_done(&d);
    assert_int_equal(budget.used_bytes, 0); /* abandoned work was freed */
}

static void memory_is_limited(void **state) {
    (void)state;
    struct base_budget budget;
    struct grammar *g = NULL;
    tragus_error e = {0};
    base_budget_init(&budget, 0, 4 << 20);
    assert_int_equal(compile(expansive, &budget, &g, NULL, &e), -E2BIG);
    assert_int_equal(e.code, -E2BIG);
    assert_in_range(e.line, 5, 12);
    assert_non_null(strstr(e.text, "4096 KB"));
    assert_non_null(strstr(e.text, "<e> x"));
}

/* Names the list, not the short template that uses it. */
static void list_is_named(void **state) {
    (void)state;
    struct base_budget budget;
    struct grammar *g = NULL;
    tragus_error e = {0};
    base_budget_init(&budget, 0, 300 << 10);
    assert_int_equal(compile("language: en\nsentences: ['count {n:n}', 'go']\nlists:\n  n: {range: {from: 0, to: 19999}}\n",
                             &budget, &g, NULL, &e),
                     -E2BIG);
    assert_int_equal(e.line, 4);
    assert_non_null(strstr(e.text, ": n"));
}

/* Skip words cost twice before and twice after each sentence. */
static void skip_words_are_named(void **state) {
    (void)state;
    enum { SIZE = 300000 };
    struct base_budget budget;
    tragus_error e = {0};
    struct grammar *g = NULL;
    char *text = malloc(SIZE);
    assert_non_null(text);
    size_t len = (size_t)snprintf(text, SIZE, "sentences: [go now]\nskip_words: [x");
    for (int i = 0; len < SIZE - 20; i++)
        len += (size_t)snprintf(text + len, SIZE - len, ", word%d", i);
    snprintf(text + len, SIZE - len, "]\n");
    base_budget_init(&budget, 0, 24 << 20);
    assert_int_equal(compile(text, &budget, &g, NULL, &e), -E2BIG);
    assert_int_equal(e.line, 2);
    assert_non_null(strstr(e.text, "skip_words"));
    free(text);
}

static void reading_is_limited(void **state) {
    (void)state;
    struct base_budget budget;
    tragus_error e = {0};
    struct grammar *g = NULL;
    size_t n = 2000000;
    char *text = malloc(n + 1);
    assert_non_null(text);
    strcpy(text, "sentences: [");
    for (size_t i = strlen(text); i < n; i += 2)
        memcpy(text + i, "a,", 2);
    memcpy(text + n - 1, "]", 2);
    base_budget_init(&budget, 0, 20 << 20); /* a node of YAML is much larger than two bytes */
    assert_int_equal(compile(text, &budget, &g, NULL, &e), -E2BIG);
    assert_string_equal(e.file, "home.yaml");
    base_budget_init(&budget, 5, 0);
    assert_int_equal(compile(text, &budget, &g, NULL, &e), -ETIME);
    assert_string_equal(e.file, "home.yaml");
    free(text);
}

static void *cancel(void *budget) {
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    base_budget_cancel(budget);
    return NULL;
}

static void another_thread_cancels(void **state) {
    (void)state;
    struct base_budget budget;
    struct grammar *g = NULL;
    tragus_error e = {0};
    pthread_t thread;
    base_budget_init(&budget, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, cancel, &budget), 0);
    assert_int_equal(compile(expansive, &budget, &g, NULL, &e), -ECANCELED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(e.text, "compiling was cancelled");
}

static void large_budget_changes_nothing(void **state) {
    (void)state;
    static const char text[] = "language: en\nsentences: ['(turn|switch) on [the] {lamp}', 'dim to {0..100:n}[%]']\n"
                               "lists: {lamp: {values: ['desk lamp', 'wi-fi box']}}\n";
    struct base_budget budget;
    struct grammar *limited = NULL, *free_one = make_grammar(text);
    base_budget_init(&budget, 60000, 64 << 20);
    assert_int_equal(compile(text, &budget, &limited, NULL, NULL), 0);
    const struct grammar_acceptor *v = grammar_acceptor(limited), *w = grammar_acceptor(free_one);
    assert_int_equal(v->n_states, w->n_states);
    assert_int_equal(v->n_words, w->n_words);
    assert_int_equal(v->n_arcs, w->n_arcs);
    assert_memory_equal(v->arcs, w->arcs, v->n_arcs * sizeof *v->arcs);
    grammar_free(limited);
    grammar_free(free_one);
}

/* Thousands of templates with free text, and a text that matches each in many ways. */
static struct grammar *free_text(void) {
    static char text[400000];
    size_t len = (size_t)snprintf(text, sizeof text, "language: en\nlists: {w: {wildcard: true}}\nsentences:\n");
    for (int i = 0; len < sizeof text - 100; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "  - '{w:a} %c {w:b} %c {w:c}'\n", 'a' + i % 7, 'a' + i / 7 % 7);
    return make_grammar(text);
}

static void matching_is_limited(void **state) {
    (void)state;
    struct grammar *g = free_text();
    struct grammar_match *m = NULL;
    struct base_budget budget;
    tragus_error e = {0};
    char text[121];
    for (size_t i = 0; i < 120; i++)
        text[i] = i % 2 ? ' ' : (char)('a' + i * i / 3 % 7);
    text[119] = '\0';
    base_budget_init(&budget, 20, 0);
    base_budget_start(&budget);
    uint64_t start = base_clock_thread_cpu_ns();
    assert_int_equal(grammar_match_within(&m, g, text, NULL, 0, 5, &budget, &e), -ETIME);
    assert_true(base_clock_thread_cpu_ns() - start < 500000000);
    assert_string_equal(e.file, "test");
    assert_true(e.line > 3);
    assert_non_null(strstr(e.text, "matching takes more than 20 ms"));
    base_budget_init(&budget, 0, 100000);
    base_budget_start(&budget);
    assert_int_equal(grammar_match_within(&m, g, text, NULL, 0, 5, &budget, &e), -E2BIG);
    static char longer[5000];
    memset(longer, 'a', sizeof longer - 1);
    assert_int_equal(grammar_match_within(&m, g, longer, NULL, 0, 5, NULL, &e), -E2BIG);
    assert_non_null(strstr(e.text, "make it shorter"));
    base_budget_init(&budget, 0, 0);
    base_budget_cancel(&budget);
    base_budget_start(&budget);
    assert_int_equal(grammar_match_within(&m, g, text, NULL, 0, 5, &budget, &e), -ECANCELED);
    grammar_free(g);
}

/* Home Assistant's names are set again with every change, for as long as a daemon runs. */
static void lists_can_be_replaced_for_ever(void **state) {
    (void)state;
    enum { VALUES = 500, TIMES = 3000, BYTES = 200 };
    static char text[BYTES];
    struct grammar_list_value values[VALUES];
    struct grammar_builder *b;
    struct grammar *g = NULL;
    tragus_error e = {0};
    memset(text, 'a', BYTES - 1);
    text[50] = text[100] = text[150] = ' ';
    for (size_t i = 0; i < VALUES; i++)
        values[i] = (struct grammar_list_value){.in = text};
    assert_int_equal(english_builder(&b), 0);
    assert_int_equal(grammar_builder_add_text(b, "test", "list", "turn on {name}\n", 15, NULL, &e), 0);
    for (int i = 0; i < TIMES; i++) /* 300 MB of text, more than a builder may keep */
        if (grammar_builder_set_list(b, "name", values, VALUES, NULL, &e) < 0)
            fail_msg("the %d. time: %s", i + 1, e.text);
    assert_int_equal(grammar_compile(&g, b, NULL, &e), 0);
    grammar_free(g);
    grammar_builder_free(b);
}

/* A list that cannot be replaced stays as it was. */
static void refused_list_changes_nothing(void **state) {
    (void)state;
    enum { VALUES = 20000 };
    struct grammar_list_value *values = calloc(VALUES, sizeof *values), lamp = {.in = "desk lamp"};
    struct base_budget budget;
    struct grammar_builder *b;
    struct grammar *g = NULL;
    struct grammar_match *m = NULL;
    tragus_error e = {0};
    assert_non_null(values);
    for (size_t i = 0; i < VALUES; i++)
        values[i] = (struct grammar_list_value){.in = "another lamp"};
    assert_int_equal(english_builder(&b), 0);
    assert_int_equal(grammar_builder_add_text(b, "test", "list", "turn on {name}\n", 15, NULL, &e), 0);
    assert_int_equal(grammar_builder_set_list(b, "name", &lamp, 1, NULL, &e), 0);
    base_budget_init(&budget, 0, 100000);
    base_budget_start(&budget);
    grammar_builder_set_budget(b, &budget);
    assert_int_equal(grammar_builder_set_list(b, "name", values, VALUES, NULL, &e), -E2BIG);
    grammar_builder_set_budget(b, NULL);
    assert_int_equal(grammar_compile(&g, b, NULL, &e), 0);
    assert_int_equal(grammar_match(&m, g, "turn on desk lamp", NULL, 0, 1), 1);
    grammar_match_free(m);
    grammar_free(g);
    grammar_builder_free(b);
    free(values);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_limited),
        cmocka_unit_test(memory_is_limited),
        cmocka_unit_test(list_is_named),
        cmocka_unit_test(skip_words_are_named),
        cmocka_unit_test(reading_is_limited),
        cmocka_unit_test(another_thread_cancels),
        cmocka_unit_test(large_budget_changes_nothing),
        cmocka_unit_test(matching_is_limited),
        cmocka_unit_test(lists_can_be_replaced_for_ever),
        cmocka_unit_test(refused_list_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
