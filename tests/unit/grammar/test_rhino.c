/* SPDX-License-Identifier: Apache-2.0 */
/* Tests contexts of Picovoice's Rhino: intents, slots, texts, and the messages for mistakes. */
#include "dialect.h"

static const char oven[] = "context:\n"
                           "  expressions:\n"
                           "    bake:\n"
                           "      - \"@start [bread, (a, the) $cake:what] (@polite)\"\n"
                           "      - 'heat to $pv.TwoDigitInteger:degrees (degrees (now, soon))'\n"
                           "    fan:\n"
                           "      - fan at $pv.Percent:speed\n"
                           "      - \"[$side, both] fans (off)\"\n"
                           "      - rack $pv.SingleDigitOrdinal:rack from below\n"
                           "      - day $pv.TwoDigitOrdinal:day\n"
                           "      - programme $pv.Alphabetic:letter $pv.SingleDigitInteger:digit\n"
                           "      - code $pv.Alphanumeric:sign\n"
                           "  slots:\n"
                           "    cake:\n"
                           "      - cheese cake\n"
                           "      - Black Forest (1)\n"
                           "    side: [left, right]\n"
                           "  macros:\n"
                           "    start:\n"
                           "      - \"[bake, make] (me)\"\n"
                           "      - prepare\n"
                           "    polite: [please]\n";

static const struct sentence oven_sentences[] = {
    {"make me the cheese cake please", "bake|what=cheese cake", "make me the cheese cake please"},
    {"prepare bread", "bake|", NULL},
    {"bake a black forest one", "bake|what=Black Forest (1)", NULL},
    {"bread", "-", NULL},
    {"heat to ninety nine degrees soon", "bake|degrees=99", "heat to 99 degrees soon"},
    {"heat to 7", "bake|degrees=7", NULL},
    {"heat to 100", "-", NULL},
    {"heat to 50 now", "-", NULL},
    {"fan at fifty percent", "fan|speed=50%", "fan at 50%"},
    {"fan at 50%", "fan|speed=50%", NULL},
    {"fan at fifty", "-", NULL},
    {"right fans off", "fan|side=right", NULL},
    {"both fans", "fan|", NULL},
    {"rack third from below", "fan|rack=3", "rack third from below"},
    {"rack tenth from below", "-", NULL},
    {"day twenty first", "fan|day=21", NULL},
    {"programme b five", "fan|letter=B,digit=5", "programme B 5"},
    {"code seven", "fan|sign=7", NULL},
};

static void intents_slots_and_texts(void **state) {
    (void)state;
    compare_grammar("oven.yml", oven, oven_sentences, LENGTH(oven_sentences));
    compare_grammar("home", oven, oven_sentences, LENGTH(oven_sentences));
}

static void values_set_by_a_program(void **state) {
    (void)state;
    const struct grammar_list_value values[] = {{.in = "apple pie", .out = "pie.apple"}};
    struct grammar_builder *b;
    struct grammar *g = NULL;
    assert_int_equal(english_builder(&b), 0);
    assert_int_equal(grammar_builder_set_list(b, "cake", values, 1, NULL, NULL), 0);
    assert_int_equal(grammar_builder_add_text(b, "oven.yml", NULL, oven, strlen(oven), NULL, NULL), 0);
    assert_int_equal(grammar_compile(&g, b, NULL, NULL), 0);
    assert_string_equal(reading(g, "bake the apple pie"), "bake|what=pie.apple");
    assert_string_equal(reading(g, "bake the cheese cake"), "-");
    grammar_free(g);
    grammar_builder_free(b);
}

static void mistakes(void **state) {
    (void)state;
    static const char text[] = "context:\n"
                               "  expressions:\n"
                               "    ok:\n"
                               "      - fine\n"
                               "      - 'a (b'\n"
                               "      - 'ä [b'\n"
                               "      - 'a ) b'\n"
                               "      - 'a, b'\n"
                               "      - 'a [b, , c]'\n"
                               "      - 'a ()'\n"
                               "      - 'a $'\n"
                               "      - 'a $b:'\n"
                               "      - 'a $missing:x'\n"
                               "      - 'a $pv.Number:x'\n"
                               "      - 'a @nothing'\n"
                               "      - 'a @loop'\n"
                               "      - [a, b]\n"
                               "    none: words\n"
                               "  slots: words\n"
                               "  macros:\n"
                               "    loop: ['b @loop']\n"
                               "  extra: 1\n";
    static const struct mistake expected[] = {
        {2, 5, 12, "( is not closed; add )"},
        {2, 6, 12, "[ is not closed; add ]"},
        {2, 7, 12, ") closes nothing"},
        {2, 8, 11, "a comma separates phrases"},
        {2, 9, 15, "a phrase is missing here"},
        {2, 10, 13, "a phrase is missing here"},
        {2, 11, 12, "$ needs the name of a slot"},
        {2, 12, 12, "$ needs the name of a slot"},
        {2, 13, 10, "list $missing is not defined; write its values under slots"},
        {2, 14, 12, "known are SingleDigitInteger"},
        {2, 15, 12, "@nothing is not defined; write its phrases under macros"},
        {2, 21, 15, "uses itself"},
        {2, 16, 12, "which has a mistake"},
        {2, 17, 9, "put it in quotes"},
        {2, 18, 5, "none must be a list"},
        {2, 19, 10, "slots must be a map"},
        {2, 22, 3, "key \"extra\" is not known in a context"},
    };
    compare_mistakes("a.yaml", text, expected, LENGTH(expected), "fine");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intents_slots_and_texts),
        cmocka_unit_test(values_set_by_a_program),
        cmocka_unit_test(mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
