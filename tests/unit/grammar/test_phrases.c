/* SPDX-License-Identifier: Apache-2.0 */
/* Tests grammars without intents from other recognisers: lists of phrases as Vosk takes them, and the sentences of wyoming-vosk. */
#include "dialect.h"

static const struct sentence array_sentences[] = {
    {"Turn on the light", "|", "turn on the light"},
    {"it is a b c", "|", "it is (a) [b {c}"},
    {"call 12", "|", "call 12"},
    {"call twelve", "|", "call 12"},
    {"turn on the light turn on the light", "-", NULL},
    {"unk", "-", NULL},
};

static void list_of_phrases(void **state) {
    (void)state;
    static const char *const names[] = {"words.json", "words.txt", "home"};
    static const char array[] = "[\"turn on the light\", \"it is (a) [b {c}\",\n \"call 12\"]\n";
    for (size_t i = 0; i < LENGTH(names); i++)
        compare_grammar(names[i], array, array_sentences, LENGTH(array_sentences));
}

static void mistakes_in_phrases(void **state) {
    (void)state;
    static const struct mistake expected[] = {
        {1, 1, 11, "[unk] is not needed"},
        {2, 2, 2, "must be a text in quotes"},
    };
    compare_mistakes("words.json", "[\"fine\", \"[unk]\",\n {\"a\": 1}, \"ok\"]\n", expected, LENGTH(expected), "fine");
    /* A section of a plain list is no array. */
    static const struct sentence section[] = {{"turn on", "Light|", NULL}};
    compare_grammar("home", "[Light]\nturn on\n", section, 1);
}

static const char spells[] = "sentences:\n"
                             "  - plain sentence\n"
                             "  - in: lou moss\n"
                             "    out: turn on all the lights\n"
                             "  - in: [\"paint <the> {colour}\", '{colour} <the> please']\n"
                             "    out: \"make it {colour}\"\n"
                             "  - \"switch (on|off) {device}\"\n"
                             "lists:\n"
                             "  colour: [red, Blue]\n"
                             "  device:\n"
                             "    values: [{in: tv, out: living room tv}]\n"
                             "expansion_rules:\n"
                             "  the: \"[the|my] wall\"\n";

static const struct sentence spells_sentences[] = {
    {"plain sentence", "|", "plain sentence"},
    {"lou moss", "|", "turn on all the lights"},
    {"paint my wall blue", "|colour=Blue", "make it Blue"},
    {"red wall please", "|colour=red", "make it red"},
    {"switch on tv", "|device=living room tv", "switch on tv"},
};

static void sentences_with_outputs(void **state) {
    (void)state;
    compare_grammar("en.yaml", spells, spells_sentences, LENGTH(spells_sentences));
}

static void mistakes_in_sentences(void **state) {
    (void)state;
    static const char text[] = "sentences:\n"
                               "  - fine\n"
                               "  - [the] lamp\n";
    struct grammar *g = NULL;
    const struct text broken[] = {{"en.yaml", text}, {NULL, NULL}};
    tragus_error e = {0};
    assert_int_equal(load_texts(&g, broken, NULL, &e), -EINVAL); /* YAML itself refuses it */
    assert_int_equal(e.line, 3);
    static const char quotes[] = "sentences:\n"
                                 "  - fine\n"
                                 "  - in: [{a: b}]\n"
                                 "    out: x\n"
                                 "no_correct_patterns: ['x.*']\n"
                                 "unknown_text: what\n"
                                 "expansion_rules:\n"
                                 "  the: [the|my]\n";
    static const struct mistake expected[] = {
        {2, 3, 10, "put it in quotes"},
        {2, 5, 1, "no_correct_patterns is left out"},
        {2, 6, 1, "unknown_text is left out"},
        {2, 8, 8, "put it in quotes"},
    };
    compare_mistakes("en.yaml", quotes, expected, LENGTH(expected), "fine");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_of_phrases),
        cmocka_unit_test(mistakes_in_phrases),
        cmocka_unit_test(sentences_with_outputs),
        cmocka_unit_test(mistakes_in_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
