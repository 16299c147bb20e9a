/* SPDX-License-Identifier: Apache-2.0 */
/* Tests JSGF grammars: intents, slots, texts, imports, and the messages for mistakes. */
#include "dialect.h"

#include <stdlib.h>
#include <unistd.h>

static const char garden[] = "#JSGF V1.0 UTF-8 en;\n"
                             "// of the garden; with <signs> = that mean nothing here;\n"
                             "grammar garden;\n"
                             "/* Ü several\n"
                             "   lines */ public <water> = [please] water <what> [for <number> {minutes} minutes];\n"
                             "<what> = (the roses) {bed=roses} | /* inside */ (the lawn | Hedge) {bed};\n"
                             "<number> = two | five | twenty {long : yes}\n"
                             "    | \"twenty five\" // the end\n"
                             "    ;\n"
                             "public <open> = open the (gate {what} | door{what} {other = \"a \\} b\"});\n"
                             "public <count> = count <digit>* stop | say <digit>+ twice | again (<digit> and)+ over;\n"
                             "<digit> = one | two | three {last};\n"
                             "public <odd> = first <NULL> | second <VOID> | \"third; /* no comment */ <one>\";\n"
                             "public <\xC3\xBC> = \xC3\xBC"
                             "ben;\n";

static const struct sentence garden_sentences[] = {
    {"please water the roses", "water|bed=roses", "please water the roses"},
    {"water the lawn for five minutes", "water|bed=the lawn,minutes=five", NULL},
    {"water hedge for twenty five minutes", "water|bed=Hedge,minutes=twenty five", "water Hedge for twenty five minutes"},
    {"water hedge for twenty minutes", "water|bed=Hedge,long=yes,minutes=twenty", NULL},
    {"open the gate", "open|what=gate", NULL},
    {"open the door", "open|what=door,other=a } b", NULL},
    {"openthe door", "-", NULL},
    {"count stop", "count|", NULL},
    {"count one two three stop", "count|last=three", "count one two three stop"},
    {"count one two one two one two one two one two one two stop", "count|", NULL},
    {"say twice", "-", NULL},
    {"say two twice", "count|", NULL},
    {"again one and two and over", "count|", NULL},
    {"again over", "-", NULL},
    {"first", "odd|", NULL},
    {"second", "-", NULL},
    {"üben", "ü|", NULL},
    {"one", "-", NULL},
};

static void intents_slots_and_texts(void **state) {
    (void)state;
    compare_grammar("garden.gram", garden, garden_sentences, LENGTH(garden_sentences));
    compare_grammar("home", garden, garden_sentences, LENGTH(garden_sentences)); /* the header tells */
    compare_grammar("home.txt", garden, garden_sentences, LENGTH(garden_sentences));
}

static const char main_text[] = "#JSGF v1.0;\ngrammar main;\nimport <org.names.room>;\nimport <colours.*>;\n"
                                "public <paint> = paint <room> {r} <colour> {c} | go to <names.room> | see <org.names.room>\n"
                                "    | feel <colours.colour> | <own>;\n"
                                "<own> = as is;\n";
static const char names_text[] = "#JSGF V1.0;\ngrammar org.names;\npublic <room> = kitchen | <big> hall;\n<big> = big;\n";
static const char colours_text[] = "#JSGF V1.0;\ngrammar colours;\npublic <colour> = red | blue;\npublic <own> = not this;\n";
static const struct sentence main_sentences[] = {
    {"paint big hall red", "paint|r=big hall,c=red", NULL},
    {"go to kitchen", "paint|", NULL},
    {"see kitchen", "paint|", NULL},
    {"feel blue", "paint|", NULL},
    {"as is", "paint|", NULL},
    {"not this", "-", NULL},
    {"red", "-", NULL}, /* what is imported is no sentence of its own */
};

static void imports_in_memory(void **state) {
    (void)state;
    const struct text main_first[] = {{"main.gram", main_text}, {"n.gram", names_text}, {"c.gram", colours_text}, {NULL, NULL}};
    const struct text main_last[] = {{"n.gram", names_text}, {"c.gram", colours_text}, {"main.gram", main_text}, {NULL, NULL}};
    for (int i = 0; i < 2; i++) {
        struct grammar *g = NULL;
        tragus_diagnostics d = {0};
        assert_int_equal(load_texts(&g, i ? main_last : main_first, &d, NULL), 0);
        assert_int_equal(d.n_items, 0);
        compare_sentences(g, main_sentences, LENGTH(main_sentences));
        grammar_free(g);
    }
}

static void imports_on_disk(void **state) {
    (void)state;
    static const char *const files[][2] = {{"main.gram", main_text}, {"names.jsgf", names_text}, {"colours.gram", colours_text}};
    char folder[] = "/tmp/test_jsgf_XXXXXX", path[4096];
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < LENGTH(files); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i][0]);
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(files[i][1], f);
        fclose(f);
    }
    for (int whole = 0; whole < 2; whole++) { /* the file, then its folder */
        struct grammar_builder *b;
        struct grammar *g = NULL;
        tragus_diagnostics d = {0};
        snprintf(path, sizeof path, "%s%s", folder, whole ? "" : "/main.gram");
        assert_int_equal(english_builder(&b), 0);
        assert_int_equal(grammar_builder_add_path(b, path, &d, NULL), 0);
        assert_int_equal(grammar_compile(&g, b, &d, NULL), 0);
        assert_int_equal(d.n_items, 0);
        compare_sentences(g, main_sentences, LENGTH(main_sentences));
        grammar_free(g);
        grammar_builder_free(b);
    }
    for (size_t i = 0; i < LENGTH(files); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i][0]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void mistakes(void **state) {
    (void)state;
    static const char text[] = "#JSGF V2.0;\n"
                               "grammar g;\n"
                               "import names;\n"
                               "public <ok> = fine;\n"
                               "some words;\n"
                               "public <> = x;\n"
                               "public <e> =;\n"
                               "public <a> = (x;\n"
                               "public <b> = [x;\n"
                               "public <c> = x ) y;\n"
                               "public <d> = ä <none>;\n"
                               "public <f> = x <y;\n"
                               "public <h> = x {y;\n"
                               "public <i> = \"x y;\n"
                               "public <j> = * x;\n"
                               "public <k> = ((x*)* y)*;\n"
                               "public <l> = x {this.$value = 'y';};\n"
                               "public <m> = /2/ x | /3.5/ y;\n"
                               "public <n> = x /* a */ |\n"
                               "   y | ;\n"
                               "<o> = <o> x;\n"
                               "public <p> = <o>\n"
                               "public <q> = fine, too;\n"
                               "public <r> = /2 x;\n"
                               "public <s> = x <>";
    static const struct mistake expected[] = {
        {2, 1, 1, "version \"V2.0\" of JSGF is read as V1.0"},
        {2, 3, 1, "as in import <names.room>;"},
        {2, 5, 1, "not a statement of JSGF"},
        {2, 6, 1, "<> names no rule"},
        {2, 7, 1, "the rule is empty"},
        {2, 8, 14, "( is not closed; add )"},
        {2, 9, 14, "[ is not closed; add ]"},
        {2, 10, 16, ") has no place here"},
        {2, 11, 16, "rule <g.none> is not defined"},
        {2, 12, 16, "< is not closed; add >"},
        {2, 13, 16, "{ is not closed; add }"},
        {2, 14, 14, "\" is not closed; add \""},
        {2, 15, 14, "* stands behind a word"},
        {2, 16, 23, "repetitions are nested more than 2 deep"},
        {2, 17, 16, "a tag is {slot} or {slot=value}"},
        {2, 18, 14, "all alternatives count alike"},
        {2, 20, 7, "nothing stands here"},
        {2, 21, 7, "<g.o> uses itself"},
        {2, 22, 1, "the statement does not end with ;"},
        {2, 22, 14, "it uses <g.o>, which has a mistake"},
        {2, 24, 14, "/ begins a weight"},
        {2, 25, 1, "the statement does not end with ;"},
        {2, 25, 16, "<> is empty"},
    };
    compare_mistakes("g.gram", text, expected, LENGTH(expected), "fine");
    compare_mistakes("g.gram", text, expected, LENGTH(expected), "fine too");
}

static void short_header(void **state) {
    (void)state;
    static const struct mistake expected[] = {{2, 1, 1, "not a statement of JSGF"}, {2, 3, 1, "not a statement of JSGF"}};
    compare_mistakes("g.gram", "#JS;\npublic <ok> = fine;\n#;\n", expected, LENGTH(expected), "fine");
}

/* A mistake in a repetition is reported once, and repetitions in repetitions do not grow without limit. */
static void repetitions(void **state) {
    (void)state;
    static const char text[] = "#JSGF V1.0;\ngrammar g;\npublic <ok> = fine;\n"
                               "<a> = x* y;\n<b> = <a>* y;\n<c> = <b>* y;\n<d> = <c>* y;\n<e> = <d>* y;\n<f> = <e>* y;\n"
                               "public <all> = <f>;\npublic <none> = go <nowhere>*;\n";
    static const struct mistake expected[] = {
        {2, 7, 10, "grows to more than"}, {2, 8, 7, "it uses <g.d>, which has a mistake"}, {2, 9, 7, "it uses <g.e>"},
        {2, 10, 16, "it uses <g.f>"},     {2, 11, 20, "rule <g.nowhere> is not defined"},
    };
    compare_mistakes("g.gram", text, expected, LENGTH(expected), "fine");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intents_slots_and_texts),
        cmocka_unit_test(imports_in_memory),
        cmocka_unit_test(imports_on_disk),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(short_header),
        cmocka_unit_test(repetitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
