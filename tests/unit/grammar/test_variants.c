/* SPDX-License-Identifier: Apache-2.0 */
/* What other languages need of the matcher: words glued to values, units after numbers, skip words before free text, numbers
 * without words, and regions of a language. */
#include "make.h"

static void what_follows_a_value_may_be_glued(void **state) {
    (void)state;
    struct grammar *g =
        make_grammar("language: de\n"
                     "intents:\n"
                     "  Set:\n"
                     "    data:\n"
                     "      - sentences: ['{name} auf {level}[ (Prozent|%)]', '{area} lampen {color}', '{level}k hell']\n"
                     "lists:\n"
                     "  name: {values: [Rollo]}\n"
                     "  area: {values: [Schlafzimmer]}\n"
                     "  color: {values: [blau]}\n"
                     "  level: {range: {from: 0, to: 100}}\n");
    assert_string_equal(reading(g, "Rollo auf 10%"), "Set|name=Rollo,level=10");
    assert_string_equal(reading(g, "Rollo auf 10 %"), "Set|name=Rollo,level=10");
    assert_string_equal(reading(g, "Rollo auf 10 Prozent"), "Set|name=Rollo,level=10");
    assert_string_equal(reading(g, "Schlafzimmerlampen blau"), "Set|area=Schlafzimmer,color=blau");
    assert_string_equal(reading(g, "Schlafzimmer lampen blau"), "Set|area=Schlafzimmer,color=blau");
    assert_string_equal(reading(g, "10 k hell"), "Set|level=10");
    assert_string_equal(reading(g, "Rollo au f 10 %"), "-");
    assert_string_equal(reading(g, "Rolloauf 1 0"), "-"); /* within a number there is no blank */
    grammar_free(g);
}

static void free_text_may_be_glued_or_hyphenated(void **state) {
    (void)state;
    struct grammar *g =
        make_grammar("language: de\n"
                     "intents:\n"
                     "  Timer:\n"
                     "    data:\n"
                     "      - sentences: ['wie lange dauert der {timer}[[-| ]Timer][ noch]', 'spiele {query}[ |-]{kind}',\n"
                     "          'kaufe {item}[s]', 'wecke [mich mit {query}]musik', 'starte <mit>[ noch]{kind}']\n"
                     "expansion_rules: {mit: '(gleich|jetzt (die|den {query}))'}\n"
                     "lists:\n"
                     "  timer: {wildcard: true}\n"
                     "  query: {wildcard: true}\n"
                     "  item: {wildcard: true}\n"
                     "  kind: {values: [Playlist]}\n");
    assert_string_equal(reading(g, "wie lange dauert der Pizza-Timer noch"), "Timer|timer=Pizza");
    assert_string_equal(reading(g, "wie lange dauert der Pizzatimer"), "Timer|timer=Pizza");
    assert_string_equal(reading(g, "wie lange dauert der Pizza Timer"), "Timer|timer=Pizza");
    assert_string_equal(reading(g, "spiele Sommerhits-Playlist"), "Timer|query=Sommerhits,kind=Playlist");
    assert_string_equal(reading(g, "spiele Sommerhitsplaylist"), "Timer|query=Sommerhits,kind=Playlist");
    assert_string_equal(reading(g, "wecke mich mit Rockmusik"), "Timer|query=Rock"); /* the text ends an inner group */
    assert_string_equal(reading(g, "wecke mich mit alter Rock musik"), "Timer|query=alter Rock");
    assert_string_equal(reading(g, "starte jetzt den Partyplaylist"), "Timer|query=Party,kind=Playlist");
    assert_string_equal(reading(g, "starte jetzt den Party Playlist"), "Timer|query=Party,kind=Playlist");
    assert_string_equal(reading(g, "kaufe Keks"), "Timer|item=Kek"); /* literal text is taken before free text, as hassil does */
    grammar_free(g);
}

static void skip_words_do_not_lose_to_free_text(void **state) {
    (void)state;
    struct grammar *g = make_grammar("language: en\n"
                                     "intents:\n"
                                     "  Play:\n"
                                     "    data:\n"
                                     "      - sentences: ['{query} anhören', 'die Playlist {list} anhören', 'ruf {person} an']\n"
                                     "lists:\n"
                                     "  query: {wildcard: true}\n"
                                     "  list: {values: [Sommerhits]}\n"
                                     "  person: {wildcard: true}\n"
                                     "skip_words: [bitte]\n");
    assert_string_equal(reading(g, "bitte die Playlist Sommerhits anhören"), "Play|list=Sommerhits");
    assert_string_equal(reading(g, "ruf Mama an"), "Play|person=Mama");
    grammar_free(g);
}

/* The tables of another language may be missing: a number of the template is then what is typed, and nothing else. */
static void numbers_without_words_are_typed(void **state) {
    (void)state;
    struct grammar *g = make_grammar("language: tlh\nsentences: ['kanal 5', 'timer {part} an']\nlists: {part: {values: [1/2]}}\n");
    assert_string_equal(reading(g, "kanal 5"), "|");
    assert_string_equal(reading(g, "kanal"), "-");
    assert_string_equal(reading(g, "timer 1/2 an"), "|part=1/2");
    grammar_free(g);
}

/* Sentences in a script without blanks would be words, as many as there are sentences; 8 * 8 * 8 * 8 * 8 * 8 here. */
static void scripts_without_blanks_are_cut_at_pieces(void **state) {
    (void)state;
    struct grammar *g = make_grammar("language: zh-CN\n"
                                     "sentences: ['<x><x><x><x><x><x>灯']\n"
                                     "expansion_rules: {x: '(一|二|三|四|五|六|七|八)'}\n");
    const struct grammar_acceptor *w = grammar_acceptor(g);
    assert_int_equal(w->n_words, 9);
    assert_int_equal(w->n_arcs, 6 * 8 + 1);
    assert_string_equal(reading(g, "一二三四五六灯"), "|");
    assert_string_equal(reading(g, "一二三四五六"), "-");
    grammar_free(g);
}

static struct grammar *make_in(const char *language, const char *const texts[], size_t n, tragus_error *reterr) {
    struct grammar_builder *b;
    struct grammar *g = NULL;
    assert_int_equal(english_builder(&b), 0);
    grammar_builder_set_language(b, language);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(grammar_builder_add_text(b, "file", "hassil", texts[i], strlen(texts[i]), NULL, NULL), 0);
    if (grammar_compile(&g, b, NULL, reterr) < 0)
        assert_null(g);
    grammar_builder_free(b);
    return g;
}

static void regions_are_not_merged(void **state) {
    (void)state;
    static const char *const both[] = {"language: pt\nsentences: ['ligar {x}']\nlists: {x: {values: [luz]}}\n",
                                       "language: pt-BR\nsentences: ['acender {x}']\nlists: {x: {values: [lampada]}}\n",
                                       "lists: {x: {values: [tudo]}}\n"};
    static const char *const one[] = {"language: pt_BR\nsentences: ['acender {x}']\n",
                                      "language: pt\nlists: {x: {values: [luz]}}\n"};
    tragus_error e = {0};
    struct grammar *g = make_in(NULL, both, 3, &e); /* the first */
    assert_string_equal(reading(g, "ligar luz"), "|x=luz");
    assert_string_equal(reading(g, "ligar tudo"), "|x=tudo");
    assert_string_equal(reading(g, "ligar lampada"), "-");
    assert_string_equal(reading(g, "acender luz"), "-");
    grammar_free(g);
    g = make_in("pt-br", both, 3, &e);
    assert_string_equal(reading(g, "acender lampada"), "|x=lampada");
    assert_string_equal(reading(g, "acender luz"), "-");
    grammar_free(g);
    g = make_in(NULL, one, 2, &e); /* a file without the region belongs to the only region there is */
    assert_string_equal(reading(g, "acender luz"), "|x=luz");
    grammar_free(g);
    assert_null(make_in("de", both, 3, &e));
    assert_non_null(strstr(e.text, "\"de\"; those that it holds are in \"pt\", \"pt-BR\""));
}

/* Settings are of their file's language, as when the files of all languages are given with one of them. */
static void settings_are_of_their_language(void **state) {
    (void)state;
    static const char *const files[] = {
        "language: zh-CN\nsettings: {ignore_whitespace: true}\nsentences: ['播放{x}']\nlists: {x: {wildcard: true}}\n",
        "language: pt\nsentences: ['tocar {x}']\nlists: {x: {wildcard: true}}\n",
        "language: th\nsettings: {ignore_whitespace: false}\nsentences: ['เล่น {x}']\nlists: {x: {wildcard: true}}\n"};
    tragus_error e = {0};
    struct grammar *g = make_in("pt", files, 3, &e);
    assert_string_equal(reading(g, "tocar pink floyd"), "|x=pink floyd");
    assert_string_equal(reading(g, "to car pink floyd"), "-");
    grammar_free(g);
    g = make_in("zh-CN", files, 3, &e);
    assert_string_equal(reading(g, "播 放 好 歌"), "|x=好歌");
    grammar_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_follows_a_value_may_be_glued),        cmocka_unit_test(free_text_may_be_glued_or_hyphenated),
        cmocka_unit_test(skip_words_do_not_lose_to_free_text),      cmocka_unit_test(numbers_without_words_are_typed),
        cmocka_unit_test(scripts_without_blanks_are_cut_at_pieces), cmocka_unit_test(regions_are_not_merged),
        cmocka_unit_test(settings_are_of_their_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
