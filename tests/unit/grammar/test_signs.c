/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, times and amounts: what the acceptor lets the recogniser hear is what the matcher understands. */
#include "make.h"
#include "walk.h"

#include <errno.h>
#include <unistd.h>

static const char times[] = "language: en\n"
                            "lists:\n"
                            "  hour: {range: {from: 1, to: 12}}\n"
                            "  minute: {range: {from: 0, to: 59}}\n"
                            "  five: {range: {from: 0, to: 55, step: 5}}\n"
                            "  place: {values: [kitchen, bath]}\n"
                            "sentences:\n"
                            "  - \"alarm at {hour}:{minute}\"\n"
                            "  - \"bus at {hour}:{five}\"\n"
                            "  - \"from {place}:{place}\"\n"
                            "  - \"news at 7:30\"\n"
                            "  - \"pay ${1..100:amount}\"\n"
                            "  - \"it costs $2.50\"\n";

/* A spoken sentence is in the acceptor exactly if it is understood when typed, and means this. */
static void check(const struct grammar *g, const char *text, const char *expected) {
    assert_string_equal(reading(g, text), expected);
    assert_int_equal(walk_accepts(grammar_acceptor(g), text) != 0, strcmp(expected, "-") != 0);
}

static void spoken_times(void **state) {
    (void)state;
    struct grammar *g = make_grammar(times);
    check(g, "alarm at seven thirty", "|hour=7,minute=30");
    check(g, "alarm at half past seven", "|minute=30,hour=7");
    check(g, "alarm at a quarter to eight", "|minute=45,hour=7");
    check(g, "alarm at quarter to one", "|minute=45,hour=12");
    check(g, "alarm at twenty nine past twelve", "|minute=29,hour=12");
    check(g, "alarm at one minute to three", "|minute=59,hour=2");
    check(g, "alarm at seven oh five", "|hour=7,minute=5");
    check(g, "alarm at seven o'clock", "|minute=0,hour=7");
    check(g, "alarm at half past thirteen", "-");
    check(g, "alarm at thirty past two", "-");
    check(g, "bus at five to ten", "|five=55,hour=9");
    check(g, "bus at four to ten", "-");
    check(g, "news at half past seven", "|");
    check(g, "news at half past six", "-");
    check(g, "from kitchen bath", "|place=bath");
    check(g, "from half past kitchen", "-");
    check(g, "pay fifty dollars", "|amount=50");
    check(g, "it costs two dollars fifty", "|");
    check(g, "it costs two dollars and fifty cents", "|");
    grammar_free(g);
}

static void degrees_below_zero(void **state) {
    (void)state;
    struct grammar *g =
        make_grammar("language: en\nsentences:\n"
                     "  - 'heat to {t} degrees'\n  - 'cool to {t} degree[s] in the kitchen'\n  - 'warm to {t}\xc2\xb0'\n"
                     "  - 'set to {t}[ degrees] now'\n  - 'put to {t} degrees please'\n  - 'oven at {p} degrees'\n"
                     "  - 'go to {name} degrees'\n  - 'boil at {t} <unit>'\n  - 'chill to {t}[[ ]<unit>] soon'\n"
                     "expansion_rules: {unit: '(degree[s]|<sign>)[ celsius]', sign: '\xc2\xb0'}\n"
                     "lists: {t: {range: {from: -20, to: 40}}, p: {range: {from: 0, to: 9}}, name: {values: [five]}}\n");
    check(g, "heat to five degrees below zero", "|t=-5");
    check(g, "heat to five degrees", "|t=5");
    check(g, "heat to minus five degrees", "|t=-5");
    check(g, "heat to five below zero degrees", "|t=-5");
    check(g, "heat to thirty degrees below zero", "-");
    check(g, "heat to five below", "-");
    check(g, "cool to one degree below zero in the kitchen", "|t=-1");
    check(g, "cool to two degrees in the kitchen", "|t=2");
    check(g, "warm to ten degrees below zero", "|t=-10");
    check(g, "set to three degrees below zero now", "|t=-3");
    check(g, "set to three now", "|t=3");
    check(g, "put to seven degrees below zero please", "|t=-7");
    check(g, "put to seven degrees please", "|t=7");
    check(g, "oven at five degrees below zero", "-");
    check(g, "oven at five degrees", "|p=5");
    check(g, "go to five degrees", "|name=five");
    check(g, "go to five degrees below zero", "-");
    check(g, "boil at five degrees below zero", "|t=-5");
    check(g, "boil at five degrees celsius", "|t=5");
    check(g, "chill to five degrees below zero soon", "|t=-5");
    check(g, "chill to five soon", "|t=5");
    assert_string_equal(reading(g, "warm to -5\xc2\xb0"), "|t=-5");
    assert_string_equal(reading(g, "put to 7 degrees below zero please"), "|t=-7");
    grammar_free(g);
}

static void digits_one_by_one(void **state) {
    (void)state;
    struct grammar *g = make_grammar("language: en\nsentences: ['channel {n}', 'room {m}']\n"
                                     "lists: {n: {range: {type: digits, from: 0, to: 999}}, m: {range: {from: 0, to: 999}}}\n");
    check(g, "channel one two three", "|n=123");
    check(g, "channel one oh five", "|n=105");
    check(g, "channel four zero", "|n=40");
    check(g, "channel forty", "|n=40");
    check(g, "channel one hundred and five", "|n=105");
    check(g, "channel oh oh seven", "|n=7");
    check(g, "channel seven", "|n=7");
    check(g, "channel one two three four", "-");
    check(g, "room one two three", "-"); /* only where it is written so */
    assert_string_equal(reading(g, "channel 123"), "|n=123");
    grammar_free(g);
    g = make_grammar("language: de\nsentences: ['Kanal {n}']\nlists: {n: {range: {type: digits, from: 1, to: 99}}}\n");
    check(g, "Kanal vier zwei", "|n=42");
    assert_string_equal(reading(g, "Kanal zweiundvierzig"), "|n=42");
    check(g, "Kanal null drei", "|n=3");
    grammar_free(g);
}

static void ordinals_as_typed(void **state) {
    static const char *const texts[][2] = {
        {"day 1st", "|d=1"},     {"day 2nd", "|d=2"}, {"day 3rd", "|d=3"},   {"day 3st", "-"},      {"day 3th", "-"},
        {"day 11th", "|d=11"},   {"day 11st", "-"},   {"day 21st", "|d=21"}, {"day 12TH", "|d=12"}, {"day 101st", "|d=101"},
        {"day 112th", "|d=112"}, {"day 112nd", "-"},  {"day 3", "|d=3"},
    };
    struct grammar *g =
        make_grammar("language: en\nsentences: ['day {d}']\nlists: {d: {range: {type: ordinal, from: 1, to: 200}}}\n");
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_string_equal(reading(g, texts[i][0]), texts[i][1]);
    grammar_free(g);
}

/* Times and amounts as typed. */
static void typed_times(void **state) {
    (void)state;
    struct grammar *g = make_grammar(times);
    assert_string_equal(reading(g, "alarm at 7:30"), "|hour=7,minute=30");
    assert_string_equal(reading(g, "alarm at 07:05"), "|hour=7,minute=5");
    assert_string_equal(reading(g, "alarm at 7:60"), "-");
    assert_string_equal(reading(g, "alarm at half past 7"), "|minute=30,hour=7");
    assert_string_equal(reading(g, "alarm at 20 to 8"), "|minute=40,hour=7");
    assert_string_equal(reading(g, "news at 7:30"), "|");
    assert_string_equal(reading(g, "from kitchen:bath"), "|place=bath");
    assert_string_equal(reading(g, "pay $50"), "|amount=50");
    assert_string_equal(reading(g, "pay 50 dollars"), "|amount=50");
    assert_string_equal(reading(g, "pay $101"), "-");
    assert_string_equal(reading(g, "it costs $2.50"), "|");
    grammar_free(g);
}

static void stops(void **state) { /* a stop between numbers is a sign, others are left out */
    (void)state;
    struct grammar *g = make_grammar("language: en\n"
                                     "lists: {n: {range: {from: 0, to: 20}}, half: {range: {from: 0, to: 9, fractions: halves}}}\n"
                                     "sentences:\n"
                                     "  - \"one {n:a}.{n:b}\"\n"
                                     "  - \"two {n:a}, {n:b}.\"\n"
                                     "  - \"three {half}\"\n"
                                     "  - \"four {n:a}-{n:b}\"\n");
    assert_string_equal(reading(g, "one 3.5"), "|a=3,b=5");
    check(g, "one three point five", "|a=3,b=5");
    check(g, "one three five", "-");
    assert_string_equal(reading(g, "two 3, 5."), "|a=3,b=5");
    check(g, "two three five", "|a=3,b=5");
    assert_string_equal(reading(g, "three 3.5"), "|half=3.5");
    assert_string_equal(reading(g, "three 3.25"), "-");
    assert_string_equal(reading(g, "three 3\u00bd"), "|half=3.5");
    assert_string_equal(reading(g, "four 3-5"), "|a=3,b=5");
    check(g, "four three to five", "|a=3,b=5");
    grammar_free(g);
}

#define LANGUAGE_PATH "/tmp/tragus-signs-XXXXXX.yaml"

/* Makes the file of a language. Sets path, which is LANGUAGE_PATH. */
static void write_language(char path[], const char *text) {
    int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* A sign whose words have the sign itself has no words, instead of words without end. */
static void endless(void **state) {
    (void)state;
    static const char language[] =
        "language: xx\nnumbers: {cardinal: [a], rules: {a: '0: x'}}\nsymbols: {'%': 'a % %', '1': '1'}\n";
    char path[] = LANGUAGE_PATH;
    write_language(path, language);
    struct grammar_builder *b;
    struct grammar *g = NULL;
    const char text[] = "language: xx\nsentences: ['luma[j] 5%', 'luma 1']\n";
    assert_int_equal(grammar_builder_new(&b), 0);
    assert_int_equal(grammar_builder_add_language(b, path, NULL, NULL), 0);
    assert_int_equal(grammar_builder_add_text(b, "test", NULL, text, sizeof text - 1, NULL, NULL), 0);
    assert_int_equal(grammar_compile(&g, b, NULL, NULL), 0);
    assert_string_equal(reading(g, "luma 5%"), "|");
    assert_string_equal(reading(g, "luma 1"), "|");
    grammar_free(g);
    grammar_builder_free(b);
    unlink(path);
}

/* In the text of a sign nothing would fill in a list or a rule. */
static void lists_in_signs(void **state) {
    (void)state;
    static const char *const files[] = {"language: xx\nsymbols:\n  '5': '{u}'\n",
                                        "language: xx\nbehind_numbers:\n  '%': 'a <u>'\n"};
    for (size_t i = 0; i < 2; i++) {
        char path[] = LANGUAGE_PATH;
        write_language(path, files[i]);
        struct grammar_builder *b;
        tragus_diagnostics d = {0};
        assert_int_equal(grammar_builder_new(&b), 0);
        assert_int_equal(grammar_builder_add_language(b, path, &d, NULL), -EINVAL);
        assert_int_equal(d.n_items, 1);
        assert_int_equal(d.items[0].line, 3);
        assert_non_null(strstr(d.items[0].text, "only words are allowed here"));
        grammar_builder_free(b);
        grammar_diagnostics_done(&d);
        unlink(path);
    }
}

/* A phrase that nothing can fill in is left out. */
static void rules_in_phrases(void **state) {
    (void)state;
    char path[] = LANGUAGE_PATH;
    write_language(path, "language: xx\nbefore_numbers:\n  '$': ['<u> {number}', '{number} coins']\n");
    struct grammar_builder *b;
    struct grammar *g = NULL;
    static const char text[] = "language: xx\nsentences: ['pay $5', 'luma']\n";
    assert_int_equal(grammar_builder_new(&b), 0);
    assert_int_equal(grammar_builder_add_language(b, path, NULL, NULL), 0);
    assert_int_equal(grammar_builder_add_text(b, "test", NULL, text, sizeof text - 1, NULL, NULL), 0);
    assert_int_equal(grammar_compile(&g, b, NULL, NULL), 0);
    assert_string_equal(reading(g, "luma"), "|");
    grammar_free(g);
    grammar_builder_free(b);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_one_by_one), cmocka_unit_test(degrees_below_zero), cmocka_unit_test(ordinals_as_typed),
        cmocka_unit_test(spoken_times),      cmocka_unit_test(typed_times),        cmocka_unit_test(stops),
        cmocka_unit_test(endless),           cmocka_unit_test(lists_in_signs),     cmocka_unit_test(rules_in_phrases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
