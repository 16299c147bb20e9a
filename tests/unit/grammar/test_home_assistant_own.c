/* SPDX-License-Identifier: Apache-2.0 */
/* Our own English grammar for Home Assistant, data/grammars/home-assistant-en.yaml: how many of Home Assistant's test sentences it
 * understands with the same intent and slots, and sentences of our own in a home with many kinds of names.
 */
#include "home_assistant.h"

/* Pinned: change these only on purpose. The log has the others. All were left out because other talk contains them too often: seven
 * of one word ("skip"), a name alone, which would switch on whatever is mentioned, and a name and a color alone ("bedroom red").
 * What is understood but not accepted needs free text.
 */
enum {
    SENTENCES = 1110,
    TYPED = 1100,
    SPOKEN = 1100,
    ACCEPTED = 1078,
    OWN_SENTENCES = 62,
    OWN_ACCEPTED = 60,
    SKIPPED_BESIDE_FREE_WORDS = 5, /* of 2,000 random sentences: two skip words after a sentence with free words */
};

static void open_own(struct suite *s, tragus_diagnostics *d) {
    const char *top = getenv("abs_top_srcdir");
    char path[1024];
    tragus_error error;
    snprintf(s->homes, sizeof s->homes, "%s/tests/data/home-assistant", top ? top : ".");
    snprintf(path, sizeof path, "%s/data/grammars/home-assistant-en.yaml", top ? top : ".");
    assert_int_equal(english_builder(&s->b), 0);
    if (grammar_builder_add_path(s->b, path, d, &error) < 0)
        fail_msg("%s:%d: %s", error.file, error.line, error.text);
}

/* Without names the file compiles without errors and warnings, and its sentences about no thing in particular are understood. */
static void loads_without_names(void **state) {
    (void)state;
    struct suite s = {.sentences = 0};
    tragus_diagnostics d = {0};
    tragus_error error;
    open_own(&s, &d);
    if (grammar_compile(&s.grammar, s.b, &d, &error) < 0)
        fail_msg("%s:%d: %s", error.file, error.line, error.text);
    for (size_t i = 0; i < d.n_items; i++)
        if (d.items[i].severity > TRAGUS_NOTE)
            fail_msg("line %d: %s", d.items[i].line, d.items[i].text);
    struct grammar_match *m = NULL;
    assert_int_equal(grammar_match(&m, s.grammar, "set a timer for five minutes", NULL, 0, 1), 1);
    grammar_match_free(m);
    grammar_diagnostics_done(&d);
    suite_done(&s);
}

static void home_assistants_sentences(void **state) {
    (void)state;
    char folder[512];
    struct suite s = {.sentences = 0};
    if (!suite_find(folder, sizeof folder))
        skip();
    open_own(&s, NULL);
    suite_run_home_assistant(&s, folder);
    suite_done(&s);
    assert_int_equal(s.sentences, SENTENCES);
    assert_int_equal(s.typed, TYPED);
    assert_int_equal(s.spoken, SPOKEN);
    assert_int_equal(s.accepted, ACCEPTED);
    assert_int_equal(s.unwritten, 0);
}

/* Prints and counts the sentences of one word. */
static int single_words(const struct grammar_acceptor *w) {
    int n = 0;
    for (uint32_t i = w->first_arc[w->start]; i < w->first_arc[w->start + 1]; i++)
        if (w->is_final[w->arcs[i].to]) {
            print_message("\"%s\" is a sentence\n", w->words[w->arcs[i].word]);
            n++;
        }
    return n;
}

static void own_sentences(void **state) {
    (void)state;
    char sentences[1200];
    struct suite s = {.sentences = 0};
    open_own(&s, NULL);
    snprintf(sentences, sizeof sentences, "%s/sentences.jsonl", s.homes);
    suite_run(&s, sentences);
    int unmatched = suite_unmatched_walks(&s, 2000), single = single_words(grammar_acceptor(s.grammar));
    suite_done(&s);
    assert_int_equal(s.sentences, OWN_SENTENCES);
    assert_int_equal(s.typed, OWN_SENTENCES);
    assert_int_equal(s.spoken, OWN_SENTENCES);
    assert_int_equal(s.accepted, OWN_ACCEPTED);
    assert_int_equal(unmatched, SKIPPED_BESIDE_FREE_WORDS);
    assert_int_equal(s.unwritten, 0);
    assert_int_equal(single, 1); /* "nevermind" */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(loads_without_names), cmocka_unit_test(home_assistants_sentences),
                                       cmocka_unit_test(own_sentences)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
