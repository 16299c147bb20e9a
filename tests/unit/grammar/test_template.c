/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the template language: what each construct matches, typed and in words, and what it does not match. */
#include "make.h"

struct expectation {
    const char *template, *text;
    int matches;
};

static const struct expectation expectations[] = {
    /* optional, alternatives, pieces of words */
    {"turn on [the] light[s]", "turn on light", 1},
    {"turn on [the] light[s]", "Turn on the LIGHTS", 1},
    {"turn on [the] light[s]", "turn on light s", 0},
    {"turn(ed|ing) off", "turning off", 1},
    {"turn(ed|ing) off", "turn ing off", 0},
    {"[a|b] c", "c", 1},
    {"[a|b] c", "b c", 1},
    {"[a|b] c", "a b c", 0},
    {"left|right", "right", 1},
    {"[küchen]licht", "Küchenlicht", 1},
    {"[küchen]licht", "küchen licht", 0},
    {"ÉTÉ", "été", 1},
    {"straße", "strasse", 1},
    {"straße", "STRASSE", 1},
    {"straße", "strase", 0},
    /* white space is just a border */
    {"a [b] c", "a c", 1},
    {"a [b] c", "ac", 0},
    {"a [b] c", "a \t  b c ", 1},
    {"a( |-)b", "a b", 1},
    {"a( |-)b", "a-b", 1},
    {"a( |-)b", "ab", 0},
    {"5( |-)minute timer", "5 minute timer", 1},
    {"5( |-)minute timer", "5-minute timer", 1},
    {"5( |-)minute timer", "five minute timer", 1},
    {"5( |-)minute timer", "5minute timer", 0},
    {"up to date", "up-to-date", 1},
    {"up-to-date", "up to date", 1},
    {"up-to-date", "up-to-date", 1},
    {"wi-fi", "wifi", 1},
    {"wi-fi", "wi fi", 1},
    /* permutations */
    {"turn (on;the light)", "turn on the light", 1},
    {"turn (on;the light)", "turn the light on", 1},
    {"turn (on;the light)", "turn on", 0},
    {"turn (on;the light)", "turnon the light", 0},
    {"(a;b)", "ab", 0},
    {"((a|b);c;d)", "d b c", 1},
    {"((a|b);c;d)", "d b b", 0},
    /* escapes */
    {"say \\(hello\\) \\[x\\]", "say (hello) [x]", 1},
    {"a\\|b", "a|b", 1},
    /* punctuation of the input */
    {"what time is it", "What time is it?", 1},
    {"what time is it", "¿what, time is: it!", 1},
    {"what time is it?", "what time is it", 1},
    {"it's on", "it\xE2\x80\x99s on", 1},
    {"turn on the A.C.", "turn on the a.c.", 1},
    {"turn on the A.C.", "turn on the A.C", 1},
    /* numbers and signs, typed and spoken */
    {"1 minute", "one minute", 1},
    {"1 minute", "1 minute", 1},
    {"21 minutes", "twenty-one minutes", 1},
    {"21 minutes", "twenty one minutes", 1},
    {"21 minutes", "twenty minutes", 0},
    {"50% volume", "fifty percent volume", 1},
    {"50% volume", "50% volume", 1},
    {"50% volume", "50 percent volume", 1},
    {"20.5°", "twenty point five degrees", 1},
    {"20.5°", "twenty and a half degrees", 1},
    {"1/2 an hour", "half an hour", 1},
    {"the 1st floor", "the first floor", 1},
    {"the 13th of May", "the thirteenth of may", 1},
    {"the 21st of May", "the twenty first of may", 1},
    {"the 21st of May", "the twenty-first of may", 1},
    {"the 21st of May", "the 21st of may", 1},
    {"the 21st of May", "the twenty of may", 0},
    {"the 22nd of May", "the twenty second of may", 1},
    {"the 30th of May", "the thirtieth of may", 1},
    {"the 31st of May", "the thirty first of may", 1},
    {"the 121st of May", "the twenty first of may", 0},
    {"½ an hour", "half an hour", 1},
    {"½ an hour", "½ an hour", 1},
    {"¾ of an hour", "three quarters of an hour", 1},
    {"¼ of an hour", "a quarter of an hour", 1},
    {"salt & pepper", "salt and pepper", 1},
    {"-5 degrees", "minus five degrees", 1},
    {"007", "zero zero seven", 1},
};

static void constructs(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++) {
        char yaml[256];
        snprintf(yaml, sizeof yaml, "language: en\nsentences:\n  - '%s'\n", expectations[i].template);
        if (strchr(expectations[i].template, '\'')) /* it's: in double quotes */
            snprintf(yaml, sizeof yaml, "language: en\nsentences:\n  - \"%s\"\n", expectations[i].template);
        struct grammar *g = make_grammar(yaml);
        if (matches(g, expectations[i].text) != expectations[i].matches)
            fail_msg("\"%s\" %s \"%s\"", expectations[i].template, expectations[i].matches ? "misses" : "matches",
                     expectations[i].text);
        grammar_free(g);
    }
}

static void without_blanks(void **state) {
    (void)state;
    struct grammar *g = make_grammar("language: zh\nsettings: {ignore_whitespace: true}\nsentences: [\"打开 {room} 灯\"]\n"
                                     "lists: {room: {values: [厨房, {in: 客厅, out: living}]}}\n");
    assert_string_equal(reading(g, "打开客厅灯"), "|room=living");
    assert_string_equal(reading(g, "打开 厨房 灯"), "|room=厨房");
    assert_string_equal(reading(g, "打开灯"), "-");
    grammar_free(g);
}

static void rules(void **state) {
    (void)state;
    struct grammar *g = make_grammar("intents:\n"
                                     "  A: {data: [{sentences: ['<turn> on'], expansion_rules: {verb: flip}}]}\n"
                                     "  B: {data: [{sentences: ['<turn> off']}]}\n"
                                     "expansion_rules: {turn: '[please] <verb>', verb: '(turn|switch)'}\n");
    assert_string_equal(reading(g, "please flip on"), "A|"); /* uses the block's own <verb>, also inside <turn> */
    assert_string_equal(reading(g, "turn on"), "-");
    assert_string_equal(reading(g, "switch off"), "B|");
    grammar_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(constructs), cmocka_unit_test(without_blanks), cmocka_unit_test(rules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
