/* SPDX-License-Identifier: Apache-2.0 */
/* Grammars for typed text: parses, replaced lists, diagnostics. They need no model. */
#include "tragus.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char lights[] = "language: en\n"
                             "intents:\n"
                             "  TurnOn:\n"
                             "    data:\n"
                             "      - sentences: [\"turn on [the] {lamp}\"]\n"
                             "        slots: {domain: light}\n"
                             "  Dim:\n"
                             "    data:\n"
                             "      - sentences: [\"dim [the] {lamp} to {0..100:brightness} percent\"]\n"
                             "lists:\n"
                             "  lamp:\n"
                             "    values:\n"
                             "      - in: \"desk (lamp|light)\"\n"
                             "        out: desk\n"
                             "      - ceiling\n";

/* Options with the languages of the source tree. */
static const tragus_grammar_options *languages(void) {
    static tragus_grammar_options o;
    static char path[4096];
    const char *top = getenv("abs_top_srcdir");
    snprintf(path, sizeof(path), "%s/models", top ? top : ".");
    tragus_grammar_options_init(&o);
    o.models_path = path;
    return &o;
}

static tragus_grammar *load(const char *text) {
    tragus_grammar *g = NULL;
    tragus_error e = {0};
    if (tragus_grammar_load_texts(&g, NULL, languages(), &(tragus_text){"lights.yaml", "hassil", text, strlen(text)}, 1, NULL, &e) <
        0)
        fail_msg("%s:%d: %s", e.file, e.line, e.text);
    return g;
}

static int count(tragus_grammar *g, const char *text) {
    tragus_match *m = NULL;
    int n = tragus_match_text(&m, g, text, NULL, 0, 10);
    tragus_match_free(m);
    return n;
}

static const tragus_slot *find(const tragus_reading *r, const char *name) {
    for (size_t i = 0; i < r->n_slots; i++)
        if (strcmp(r->slots[i].name, name) == 0)
            return &r->slots[i];
    return NULL;
}

static void a_sentence_is_read(void **state) {
    (void)state;
    tragus_grammar *g = load(lights);
    tragus_match *m;
    assert_int_equal(tragus_match_text(&m, g, "Dim the desk light to 40 percent", NULL, 0, 10), 1);
    const tragus_reading *r = tragus_match_reading(m, 0);
    assert_non_null(r);
    assert_null(tragus_match_reading(m, 1));
    assert_string_equal(r->intent, "Dim");
    assert_int_equal(r->n_slots, 2);
    assert_string_equal(find(r, "lamp")->value.text, "desk");
    assert_string_equal(find(r, "lamp")->text, "desk light");
    assert_int_equal(find(r, "brightness")->value.type, TRAGUS_INTEGER);
    assert_int_equal(find(r, "brightness")->value.integer, 40);
    tragus_grammar_unref(g); /* a match holds its own references */
    assert_string_equal(r->intent, "Dim");
    tragus_match_free(m);
}

static void fixed_slots_have_no_words(void **state) {
    (void)state;
    tragus_grammar *g = load(lights);
    tragus_match *m;
    assert_int_equal(tragus_match_text(&m, g, "turn on ceiling", NULL, 0, 10), 1);
    const tragus_slot *domain = find(tragus_match_reading(m, 0), "domain");
    assert_non_null(domain);
    assert_string_equal(domain->value.text, "light");
    assert_string_equal(domain->text, "");
    tragus_match_free(m);
    tragus_grammar_unref(g);
}

static void what_is_not_in_the_grammar_has_no_reading(void **state) {
    (void)state;
    tragus_grammar *g = load(lights);
    assert_int_equal(count(g, "turn on the kettle"), 0);
    assert_int_equal(count(g, ""), 0);
    assert_int_equal(count(g, "dim the ceiling to 101 percent"), 0);
    tragus_grammar_unref(g);
}

static void lists_are_replaced_in_new_grammars_only(void **state) {
    (void)state;
    static const tragus_list_value first[] = {{.in = "kettle"}, {.in = "(tea|coffee) machine", .out = "machine"}};
    static const tragus_list_value second[] = {{.in = "fan"}};
    tragus_grammar *g = load(lights), *with_first = NULL, *with_second = NULL;
    assert_int_equal(tragus_grammar_with_list(&with_first, g, "lamp", first, 2, NULL, NULL), 0);
    assert_int_equal(tragus_grammar_with_list(&with_second, with_first, "lamp", second, 1, NULL, NULL), 0);
    assert_int_equal(count(g, "turn on the ceiling"), 1);
    assert_int_equal(count(g, "turn on the kettle"), 0);
    assert_int_equal(count(with_first, "turn on the coffee machine"), 1);
    assert_int_equal(count(with_first, "turn on the fan"), 0);
    assert_int_equal(count(with_second, "turn on the fan"), 1);
    assert_int_equal(count(with_second, "turn on the kettle"), 0);
    tragus_grammar_unref(g);
    tragus_grammar_unref(with_first);
    assert_int_equal(count(with_second, "turn on fan"), 1);
    tragus_grammar_unref(with_second);
}

static void sisters_do_not_see_each_others_lists(void **state) {
    (void)state;
    static const char text[] = "language: en\nintents:\n  A:\n    data:\n      - sentences: [\"go to {area}\", \"call {name}\"]\n";
    static const tragus_list_value area[] = {{.in = "kitchen"}}, name[] = {{.in = "bob"}};
    tragus_grammar *g = load(text), *with_area = NULL, *with_name = NULL, *with_both = NULL;
    assert_int_equal(tragus_grammar_with_list(&with_area, g, "area", area, 1, NULL, NULL), 0);
    assert_int_equal(tragus_grammar_with_list(&with_name, g, "name", name, 1, NULL, NULL), 0);
    assert_int_equal(tragus_grammar_with_list(&with_both, with_area, "name", name, 1, NULL, NULL), 0);
    assert_int_equal(count(with_name, "call bob"), 1);
    assert_int_equal(count(with_name, "go to kitchen"), 0);
    assert_int_equal(count(with_area, "go to kitchen"), 1);
    assert_int_equal(count(with_area, "call bob"), 0);
    assert_int_equal(count(with_both, "go to kitchen"), 1);
    assert_int_equal(count(with_both, "call bob"), 1);
    tragus_grammar_unref(g);
    tragus_grammar_unref(with_area);
    tragus_grammar_unref(with_name);
    tragus_grammar_unref(with_both);
}

static void a_list_that_no_sentence_uses_is_refused(void **state) {
    (void)state;
    static const char text[] = "language: en\nintents:\n  A:\n    data:\n      - sentences: [\"go to <place>\"]\n"
                               "expansion_rules:\n  place: \"[the] {area}\"\n  unused: \"{floor}\"\n"
                               "lists:\n  colour:\n    values: [red]\n";
    static const tragus_list_value values[] = {{.in = "kitchen"}};
    tragus_grammar *g = load(text), *other = NULL, *third = NULL;
    tragus_error e = {0};
    tragus_diagnostics d = {0};
    assert_int_equal(tragus_grammar_with_list(&other, g, "areas", values, 1, NULL, &e), -ESRCH);
    assert_non_null(strstr(e.text, "did you mean {area}?"));
    assert_int_equal(tragus_grammar_with_list(&other, g, "floor", values, 1, NULL, &e), -ESRCH);
    assert_non_null(strstr(e.text, "{floor}"));
    assert_int_equal(tragus_grammar_with_list(&other, g, "", values, 1, NULL, &e), -EINVAL);
    assert_null(other);
    assert_int_equal(tragus_grammar_with_list(&other, g, "area", values, 1, &d, &e), 0); /* a template waits for it */
    assert_int_equal(d.n_items, 0);
    assert_int_equal(count(other, "go to the kitchen"), 1);
    assert_int_equal(tragus_grammar_with_list(&third, other, "colour", values, 1, &d, &e), 0); /* a file defines it */
    assert_int_equal(d.n_items, 1);
    assert_non_null(strstr(d.items[0].text, "no sentence uses the list {colour}"));
    tragus_diagnostics_done(&d);
    tragus_grammar_unref(third);
    tragus_grammar_unref(other);
    tragus_grammar_unref(g);
}

/* Only what the list brought: not the mistakes that the grammar had before. */
static void values_that_cannot_be_used_are_told(void **state) {
    (void)state;
    static const char text[] =
        "language: en\nintents:\n  A:\n    data:\n      - sentences: [stop, \"go to {area}\", \"turn (on\", \"call {name}\"]\n";
    static const tragus_list_value values[] = {
        {.in = "kitchen"}, {.in = "(hall"}, {.in = "caf\xe9"}, {.in = "!!!"}, {.in = "attic"}};
    tragus_grammar *g = load(text), *other = NULL, *third = NULL;
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    assert_int_equal(tragus_grammar_with_list(&other, g, "area", values, 5, &d, &e), 0);
    assert_int_equal(d.n_items, 3);
    for (size_t i = 0; i < d.n_items; i++) {
        assert_int_equal(d.items[i].severity, TRAGUS_WARNING);
        assert_string_equal(d.items[i].file, "{area}");
        assert_in_range(d.items[i].line, 2, 4);
        assert_non_null(strstr(d.items[i].text, "left out"));
    }
    assert_int_equal(count(other, "go to attic"), 1);
    assert_int_equal(count(other, "go to kitchen"), 1);
    tragus_diagnostics_done(&d);
    assert_int_equal(tragus_grammar_with_list(&third, other, "name", values, 1, &d, &e), 0);
    assert_int_equal(d.n_items, 0);
    tragus_grammar_unref(third);
    tragus_grammar_unref(other);
    tragus_grammar_unref(g);
}

static void mistakes_are_reported_with_their_place(void **state) {
    (void)state;
    static const char wrong[] = "language: en\n"
                                "intents:\n"
                                "  A:\n"
                                "    data:\n"
                                "      - sentences:\n"
                                "          - \"turn on {lamb}\"\n"
                                "          - \"turn (on\"\n";
    tragus_grammar *g = NULL;
    tragus_error e = {0};
    tragus_diagnostics d = {0};
    assert_true(tragus_grammar_load_texts(&g, NULL, languages(), &(tragus_text){"wrong.yaml", "hassil", wrong, strlen(wrong)}, 1,
                                          &d, &e) < 0);
    assert_null(g);
    assert_string_equal(e.file, "wrong.yaml");
    assert_true(e.line > 0 && e.text[0] != '\0' && e.code < 0);
    size_t n_errors = 0;
    for (size_t i = 0; i < d.n_items; i++) {
        assert_string_equal(d.items[i].file, "wrong.yaml");
        assert_in_range(d.items[i].line, 6, 7);
        n_errors += d.items[i].severity == 3;
    }
    assert_true(n_errors >= 1);
    tragus_diagnostics_done(&d);
    assert_null(d.items);
}

static void nonsense_is_refused(void **state) {
    (void)state;
    tragus_grammar *g = load(lights), *other = NULL;
    tragus_match *m = NULL;
    tragus_error e = {0};
    static const tragus_list_value without_in[] = {{.out = "x"}};
    assert_int_equal(tragus_grammar_load(&other, NULL, NULL, NULL, 0, NULL, NULL), -EINVAL);
    assert_true(tragus_grammar_load(&other, NULL, NULL, (const char *[]){"/nowhere/x.yaml"}, 1, NULL, &e) < 0);
    assert_true(e.text[0]);
    assert_int_equal(tragus_match_text(&m, g, NULL, NULL, 0, 1), -EINVAL);
    assert_int_equal(tragus_match_text(&m, NULL, "x", NULL, 0, 1), -EINVAL);
    assert_int_equal(tragus_grammar_with_list(&other, g, "lamp", without_in, 1, NULL, NULL), -EINVAL);
    assert_int_equal(tragus_grammar_with_list(&other, g, "lamp", NULL, 1, NULL, NULL), -EINVAL);
    assert_null(other);
    tragus_match_free(NULL);
    tragus_diagnostics_done(NULL);
    assert_null(tragus_grammar_unref(NULL));
    tragus_grammar_unref(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sentence_is_read),
        cmocka_unit_test(fixed_slots_have_no_words),
        cmocka_unit_test(what_is_not_in_the_grammar_has_no_reading),
        cmocka_unit_test(lists_are_replaced_in_new_grammars_only),
        cmocka_unit_test(sisters_do_not_see_each_others_lists),
        cmocka_unit_test(a_list_that_no_sentence_uses_is_refused),
        cmocka_unit_test(values_that_cannot_be_used_are_told),
        cmocka_unit_test(mistakes_are_reported_with_their_place),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
