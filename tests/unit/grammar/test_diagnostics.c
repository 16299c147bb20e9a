/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the messages for wrong grammars and their positions. */
#include "grammar/model.h"
#include "grammar/places.h"
#include "make.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct expectation {
    const char *text;
    int severity, line, column;
    const char *says; /* part of the message */
};

static const struct expectation expectations[] = {
    {"a (b\n", 2, 1, 3, "( is not closed; add )"},
    {"x\n  a b]\n", 2, 2, 6, "] closes nothing"},
    {"a ()\n", 2, 1, 3, "() is empty"},
    {"a []\n", 2, 1, 3, "[] is empty"},
    {"a {}\n", 2, 1, 3, "{} is empty"},
    {"a <b\n", 2, 1, 3, "< is not closed; add >"},
    {"(a;b|c)\n", 2, 1, 5, "((a|b);c)"},
    {"a \\\n", 2, 1, 3, "stands last"},
    {"é (a;b;c;d;e;f;g;h;i)\n", 2, 1, 4, "9 parts in any order"},
    {"set {1..5}\n", 2, 1, 5, "{1..5:SLOT}"},
    {"set {9..1:x}\n", 2, 1, 5, "downwards"},
    {"set {lamp}\n", 2, 1, 1, "list {lamp} is not defined"},
    {"=> x\n", 2, 1, 1, "needs a template before"},
    {"sentences: ['set {lmap}']\nlists: {lamp: {values: [x]}}\n", 2, 1, 14, "did you mean {lamp}?"},
    {"sentences: ['<trun> on']\nexpansion_rules: {turn: x}\n", 2, 1, 14, "did you mean <turn>?"},
    {"sentences: ['<a>']\nexpansion_rules:\n  a: 'x <b>'\n  b: '<a>'\n", 2, 4, 7, "<a> uses itself: <a> -> <b> -> <a>"},
    {"sentences: ['{l}']\nlists:\n  l: {values: ['<r>']}\nexpansion_rules: {r: '{l}'}\n", 2, 4, 23, "{l} uses itself"},
    {"sentences: ['{l}']\nlists:\n  l: {values: ['(x', y]}\n", 2, 3, 17, "( is not closed"},
    {"intents:\n  A:\n    data:\n      - sentence: [x]\n", 2, 4, 9, "data needs sentences"},
    {"intents:\n  A:\n    data:\n      - sentences: [x]\n        respose: y\n", 2, 5, 9, "did you mean \"response\"?"},
    {"intents: {A: {data: [{sentences: [x], min_confidence: 2}]}}\n", 2, 1, 55, "above 0 and at most 1"},
    {"intents: {A: {data: [{sentences: [x], end_silence_ms: 50}]}}\n", 2, 1, 55, "milliseconds from 100 to 5000"},
    {"intents: {A: {data: [{sentences: [x], open_silence_ms: soon}]}}\n", 2, 1, 56, "milliseconds from 100 to 5000"},
    {"intents:\n  A:\n    data:\n"
     "    - {sentences: [a], end_silence_ms: 101}\n    - {sentences: [a], end_silence_ms: 102}\n"
     "    - {sentences: [a], end_silence_ms: 103}\n    - {sentences: [a], end_silence_ms: 104}\n"
     "    - {sentences: [a], end_silence_ms: 105}\n    - {sentences: [a], end_silence_ms: 106}\n"
     "    - {sentences: [a], end_silence_ms: 107}\n    - {sentences: [a], end_silence_ms: 108}\n"
     "    - {sentences: [a], end_silence_ms: 109}\n    - {sentences: [a], end_silence_ms: 110}\n"
     "    - {sentences: [a], end_silence_ms: 111}\n    - {sentences: [a], end_silence_ms: 112}\n"
     "    - {sentences: [a], end_silence_ms: 113}\n    - {sentences: [a], end_silence_ms: 114}\n"
     "    - {sentences: [a], end_silence_ms: 115}\n    - {sentences: [a], end_silence_ms: 116}\n"
     "    - {sentences: [a], end_silence_ms: 117}\n",
     2, 20, 7, "more than 16 different silences"},
    {"intents:\n  A: 5\n", 2, 2, 6, "must be a map"},
    {"sentences: {a: b}\n", 2, 1, 12, "must be a list"},
    {"sentences: [x]\nlists: {a: {range: {from: 5, to: 1}}}\n", 2, 2, 20, "runs upwards"},
    {"sentences: [x]\nlists: {a: {range: {from: 1}}}\n", 2, 2, 20, "needs from and to"},
    {"sentences: [x]\nlists: {a: {}}\n", 2, 2, 9, "needs values, range or `wildcard: true`"},
    {"sentences: ['{a}']\nlists: {a: {range: {from: 1, to: 1000000}}}\n", 2, 2, 9, "more than 20000 numbers"},
    {"sentences: [x]\nlists: {a: {values: [{out: 5}]}}\n", 2, 2, 22, "needs `in: TEXT`"},
    {"sentences: [x\n", 2, 2, 1, "not YAML"},
    {"sentences: &a [*a]\n", 2, 1, 12, "nested more than"},
    {"language: en\n", 2, 1, 1, "no key that a grammar has"},
    {"language: en\ntests: []\n", 1, 1, 1, "the file is ignored"},
    {"sentences: [x]\nsentences: [y]\n", 2, 1, 1, "stands again in line 2"},
    {"intents: {A: {data: [{sentences: [x], name_domains: all}]}}\n", 2, 1, 53, "load intents.yaml"},
    {"say {text}\n", 2, 1, 1, "{text}"},
    {"[a]\nb\n", 0, 0, 0, ""}, /* a section is no mistake */
    {"[a] [b]\n", 1, 1, 1, "may be silence"},
    {"lamp\n🔥 -\n", 2, 2, 1, "nothing that can be said"},
    {"sentences: [lamp, '…']\n", 2, 1, 20, "nothing that can be said"},
    {"language: xx\nsentences: [x]\n", 2, 0, 0, "language \"xx\""},
    {"# nothing\n", 3, 0, 0, "no sentences"},
    {"a (b\n", 3, 1, 3, "no sentence that can be used: ( is not closed"},
    {"sentences: ['a <r>', b]\nexpansion_rules: {r: '(x'}\n", 2, 1, 16, "it uses <r>, which has a mistake"},
    {"a\nb\n\xC3(\n", 2, 3, 0, "not UTF-8"},
    {"((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((x))))))))))))))))))))))))))))))))))))))))))))))))))))))))))"
     "))))))))\n",
     2, 1, 65, "nested more than 64 deep"},
};

static void load(const char *text, tragus_diagnostics *d, tragus_error *e, int *r) {
    struct grammar_builder *b;
    struct grammar *g = NULL;
    assert_int_equal(english_builder(&b), 0);
    *r = grammar_builder_add_text(b, "home", NULL, text, strlen(text), d, e);
    if (*r == 0)
        *r = grammar_compile(&g, b, d, e);
    grammar_free(g);
    grammar_builder_free(b);
}

static void places_and_sentences(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++) {
        const struct expectation *x = &expectations[i];
        tragus_diagnostics d = {0};
        tragus_error e = {0};
        int r;
        load(x->text, &d, &e, &r);
        if (!x->says[0]) {
            assert_int_equal(r, 0);
            assert_int_equal(d.n_items, 0);
            continue;
        }
        size_t k = 0;
        while (k < d.n_items && !(strstr(d.items[k].text, x->says) && (int)d.items[k].severity == x->severity &&
                                  d.items[k].line == x->line && d.items[k].column == x->column))
            k++;
        if (k == d.n_items) {
            for (size_t n = 0; n < d.n_items; n++)
                print_message("%d:%d [%d] %s\n", d.items[n].line, d.items[n].column, (int)d.items[n].severity, d.items[n].text);
            fail_msg("%s: not said at %d:%d [%d]: %s", x->text, x->line, x->column, x->severity, x->says);
        }
        int any_error = 0;
        for (size_t n = 0; n < d.n_items; n++)
            any_error |= d.items[n].severity == TRAGUS_ERROR;
        assert_int_equal(r, any_error ? -EINVAL : 0);
        if (r < 0)
            assert_true(e.text[0] != '\0' && e.code == -EINVAL);
        grammar_diagnostics_done(&d);
    }
}

static void all_at_once(void **state) {
    (void)state;
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    int r;
    load("a (\nfine\nb ]\nc {}\n", &d, &e, &r);
    assert_int_equal(r, 0);
    assert_int_equal(d.n_items, 3);
    for (size_t i = 0; i < d.n_items; i++)
        assert_true(d.items[i].severity == TRAGUS_WARNING && strncmp(d.items[i].text, "left out: ", 10) == 0);
    grammar_diagnostics_done(&d);
    load("a (\nb ]\n", &d, &e, &r);
    assert_int_equal(r, -EINVAL);
    assert_int_equal(d.n_items, 3);
    assert_int_equal(e.line, 1);
    assert_string_equal(e.file, "home");
    grammar_diagnostics_done(&d);
}

struct bad_value {
    const char *value, *says; /* NULL: the value is good */
};

static const struct bad_value bad_values[] = {
    {"-", "nothing that can be said"},
    {"…", "nothing that can be said"},
    {"", "nothing that can be said"},
    {"🔥", "nothing that can be said"},
    {"Lamp (old", "( is not closed"},
    {"Lamp {x}", "a list that is not defined"},
    {"Lamp <x>", "rule <x> is not defined"},
    {"1/2", NULL},
    {"客厅灯", NULL},
    {"Лампа", NULL},
    {"👨\xE2\x80\x8D👩", "nothing that can be said"},
};

static void check_lamp(struct grammar_builder *b, const struct bad_value *x, int line, int column) {
    struct grammar *g = NULL;
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    assert_int_equal(grammar_compile(&g, b, &d, &e), 0);
    assert_string_equal(reading(g, "turn on lamp"), "|l=lamp");
    assert_int_equal(d.n_items, x->says ? 1 : 0);
    if (x->says) {
        assert_non_null(strstr(d.items[0].text, x->says));
        assert_int_equal(strncmp(d.items[0].text, "left out: ", 10), 0);
        assert_int_equal(d.items[0].line, line);
        assert_in_range(d.items[0].column, column, column + 5);
    }
    grammar_diagnostics_done(&d);
    grammar_free(g);
}

/* A bad value of a list, in a file or set at run time, costs only itself. */
static void one_value(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad_values / sizeof bad_values[0]; i++) {
        const struct bad_value *x = &bad_values[i];
        const struct grammar_list_value values[] = {{.in = x->value}, {.in = "lamp"}};
        struct grammar_builder *b;
        tragus_error e = {0};
        char text[200];
        snprintf(text, sizeof text, "sentences: ['turn on {l}']\nlists: {l: {values: ['%s', lamp]}}\n", x->value);
        assert_int_equal(english_builder(&b), 0);
        assert_int_equal(grammar_builder_add_text(b, "home", NULL, text, strlen(text), NULL, &e), 0);
        check_lamp(b, x, 2, 23);
        assert_int_equal(grammar_builder_set_list(b, "l", values, 2, NULL, &e), 0);
        check_lamp(b, x, 1, 1);
        grammar_builder_free(b);
    }
}

/* A file that is not YAML and a block with a wrong condition are left out, and their neighbours load. */
static void one_file(void **state) {
    (void)state;
    static const char *const texts[] = {
        "sentences: [x\n", "sentences: [lamp on]\n", "\xC3(\n",
        "intents: {A: {data: [{sentences: [kettle on], requires_context: 5}, {sentences: [stove on]}]}}\n"};
    struct grammar_builder *b;
    struct grammar *g = NULL;
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    assert_int_equal(english_builder(&b), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(grammar_builder_add_text(b, "home", NULL, texts[i], strlen(texts[i]), &d, &e), 0);
    assert_int_equal(d.n_items, 3);
    assert_int_equal(grammar_compile(&g, b, &d, &e), 0);
    assert_string_equal(reading(g, "lamp on"), "|");
    assert_string_equal(reading(g, "stove on"), "A|");
    assert_string_equal(reading(g, "kettle on"), "-");
    grammar_diagnostics_done(&d);
    grammar_free(g);
    grammar_builder_free(b);
}

/* Rules that double at each level grow exponentially. */
static void growth(void **state) {
    (void)state;
    char text[2000] = "sentences: ['<r0>']\nexpansion_rules:\n";
    for (int i = 0; i < 40; i++)
        snprintf(text + strlen(text), 64, "  r%d: '<r%d> <r%d>'\n", i, i + 1, i + 1);
    strcat(text, "  r40: x\n");
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    int r;
    load(text, &d, &e, &r);
    assert_int_equal(r, -EINVAL);
    assert_non_null(strstr(e.text, "grows to more than"));
    grammar_diagnostics_done(&d);
    /* Pieces without blanks make 2^20 words. */
    load("(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)\n", &d, &e, &r);
    assert_int_equal(r, 0);
    assert_int_equal(d.n_items, 1);
    assert_non_null(strstr(d.items[0].text, "put blanks"));
    grammar_diagnostics_done(&d);
}

/* Two files that define the same list: the values of both can be said, and a note names the other place. */
static void one_list_in_two_files(void **state) {
    static const char first[] = "language: en\nsentences: ['light {lamp}', 'wait {time}']\nlists:\n  lamp: {values: [desk]}\n"
                                "  time: {range: {from: 1, to: 5}}\n",
                      second[] = "language: en\nlists:\n  lamp: {values: [ceiling]}\n  time: {range: {from: 7, to: 9}}\n";
    struct grammar_builder *b;
    struct grammar *g;
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    (void)state;
    assert_int_equal(english_builder(&b), 0);
    assert_int_equal(grammar_builder_add_text(b, "first.yaml", NULL, first, strlen(first), &d, &e), 0);
    assert_int_equal(grammar_builder_add_text(b, "second.yaml", NULL, second, strlen(second), &d, &e), 0);
    assert_int_equal(grammar_compile(&g, b, &d, &e), 0);
    assert_true(matches(g, "light desk") && matches(g, "light ceiling"));
    assert_true(matches(g, "wait seven") && !matches(g, "wait three"));
    assert_int_equal(d.n_items, 2);
    assert_int_equal(d.items[0].severity, TRAGUS_NOTE);
    assert_string_equal(d.items[0].file, "second.yaml");
    assert_int_equal(d.items[0].line, 3);
    assert_non_null(strstr(d.items[0].text, "{lamp} is also defined at first.yaml:4; the values of both are used"));
    assert_int_equal(d.items[1].severity, TRAGUS_NOTE);
    assert_int_equal(d.items[1].line, 4);
    assert_non_null(strstr(d.items[1].text, "{time} is also defined at first.yaml:5; only this definition is used"));
    grammar_diagnostics_done(&d);
    grammar_free(g);
    grammar_builder_free(b);
}

/* A list that is set again and again takes no more memory each time, whatever its name. */
static void lists_set_again(void **state) {
    const struct grammar_list_value value = {.in = "x"};
    struct grammar_builder *b;
    (void)state;
    assert_int_equal(english_builder(&b), 0);
    assert_int_equal(grammar_builder_set_list(b,
                                              "gr\xc3\xb6\xc3\x9f"
                                              "e",
                                              &value, 1, NULL, NULL),
                     0);
    size_t before = b->pool.total_bytes;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(grammar_builder_set_list(b,
                                                  "gr\xc3\xb6\xc3\x9f"
                                                  "e",
                                                  &value, 1, NULL, NULL),
                         0);
    assert_int_equal(b->pool.total_bytes, before);
    grammar_builder_free(b);
}

/* The places of words, for what the room that knows sounds says about them. */
static void words_have_places(void **state) {
    static const char file[] = "language: en\nsentences:\n  - turn on [the] {name}\n  - 'dim the Лампа [s]'\n  - sing <song>\n"
                               "expansion_rules: {song: 'la 歌曲'}\nlists:\n  name: {values: [desk, 'big Лампа', EcoBee]}\n";
    static const char *const words[] = {"лампа", "歌曲", "EcoBee", "lights", "stern"};
    const struct grammar_list_value values[] = {{.in = "desk"}, {.in = "der Stern"}};
    struct grammar_position places[5];
    struct grammar_builder *b;
    (void)state;
    assert_int_equal(english_builder(&b), 0);
    assert_int_equal(grammar_builder_add_text(b, "home.yaml", NULL, file, strlen(file), NULL, NULL), 0);
    grammar_builder_places(b, words, 5, places);
    assert_string_equal(places[0].file, "home.yaml");
    assert_int_equal(places[0].line, 8); /* lists first */
    assert_int_equal(places[0].column, 30);
    assert_int_equal(places[1].line, 6);
    assert_int_equal(places[2].line, 8);
    assert_null(places[3].file);
    assert_null(places[4].file);
    assert_int_equal(grammar_builder_set_list(b, "name", values, 2, NULL, NULL), 0);
    grammar_builder_places(b, words, 5, places);
    assert_int_equal(places[0].line, 4);
    assert_string_equal(places[4].file, "{name}");
    grammar_builder_free(b);
}

static void missing_path(void **state) {
    (void)state;
    struct grammar_builder *b;
    tragus_error e = {0};
    assert_int_equal(english_builder(&b), 0);
    assert_int_equal(grammar_builder_add_path(b, "/nonexistent/x.yaml", NULL, &e), -ENOENT);
    assert_non_null(strstr(e.text, "cannot be read"));
    assert_int_equal(grammar_builder_add_text(b, "x", "srgs", "x", 1, NULL, &e), -EINVAL);
    assert_non_null(strstr(e.text, "\"srgs\""));
    grammar_builder_free(b);
}

static void write_text(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* A folder that cannot be read is reported, and the mistakes and sentences beside it are still found. */
static void unreadable_folder(void **state) {
    (void)state;
    char top[] = "/tmp/tragus-grammar-XXXXXX", shut[64], beside[64], file[80];
    assert_non_null(mkdtemp(top));
    assert_int_equal(chmod(top, 0755), 0);
    snprintf(shut, sizeof shut, "%s/a", top);
    snprintf(beside, sizeof beside, "%s/b", top);
    snprintf(file, sizeof file, "%s/b/wrong.yaml", top);
    assert_int_equal(mkdir(shut, 0), 0);
    assert_int_equal(mkdir(beside, 0755), 0);
    write_text(file, "intents: [\n");
    uid_t before = geteuid();
    if (before == 0)
        assert_int_equal(seteuid(65534), 0); /* nobody, because root can read everything */

    struct grammar_builder *b;
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    assert_int_equal(english_builder(&b), 0);
    assert_int_equal(grammar_builder_add_path(b, top, &d, &e), 0);
    assert_int_equal(d.n_items, 2);
    assert_non_null(strstr(d.items[0].file, "wrong.yaml"));
    assert_string_equal(d.items[1].file, shut);
    assert_non_null(strstr(d.items[1].text, "Permission denied"));
    grammar_diagnostics_done(&d);
    grammar_builder_free(b);
    if (before == 0)
        assert_int_equal(seteuid(before), 0);

    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(beside), 0);
    assert_int_equal(rmdir(shut), 0);
    assert_int_equal(rmdir(top), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_and_sentences),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(growth),
        cmocka_unit_test(one_value),
        cmocka_unit_test(one_file),
        cmocka_unit_test(one_list_in_two_files),
        cmocka_unit_test(lists_set_again),
        cmocka_unit_test(words_have_places),
        cmocka_unit_test(missing_path),
        cmocka_unit_test(unreadable_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
