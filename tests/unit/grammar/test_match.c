/* SPDX-License-Identifier: Apache-2.0 */
/* Tests readings: values of lists, ranges, wildcards, context, skip words, ranking, positions of words, output texts. */
#include "make.h"

#include "../german.h"

#include <stdlib.h>
#include <unistd.h>

static void values_of_lists(void **state) {
    (void)state;
    struct grammar *g = make_grammar(
        "language: en\n"
        "intents:\n"
        "  Set:\n"
        "    data:\n"
        "      - sentences: ['set {lamp} [to] {color:hue}', 'show {what}', 'hide {@what}']\n"
        "        slots: {domain: light, level: 3, name: fixed}\n"
        "        response: done\n"
        "        min_confidence: 0.9\n"
        "lists:\n"
        "  lamp: {values: ['Desk Lamp', {in: '(big|large) lamp', out: lamp.big}]}\n"
        "  color: {values: [{in: red, out: 4000}, {in: warm, out: 2.5}, {in: blue, out: true}, {in: green, out: '7'}]}\n"
        "  what: {values: ['[tv] show']}\n");
    assert_string_equal(reading(g, "set desk lamp red"), "Set|lamp=Desk Lamp,hue=4000,domain=light,level=3,name=fixed");
    assert_string_equal(reading(g, "set large lamp to warm"), "Set|lamp=lamp.big,hue=2.5,domain=light,level=3,name=fixed");
    assert_string_equal(reading(g, "show TV show"), "Set|what=TV show,domain=light,level=3,name=fixed");
    assert_string_equal(reading(g, "hide show"), "Set|domain=light,level=3,name=fixed");

    struct grammar_match *m;
    assert_int_equal(grammar_match(&m, g, "set the desk lamp red", NULL, 0, 4), 0);
    grammar_match_free(m);
    assert_int_equal(grammar_match(&m, g, "Set desk lamp, to red!", NULL, 0, 4), 1);
    const struct grammar_reading *r = grammar_match_reading(m, 0);
    assert_string_equal(r->text, "set Desk Lamp to red");
    assert_string_equal(r->response, "done");
    assert_true(r->min_confidence == 0.9);
    assert_true(grammar_least_confidence(g) == 0.9);
    assert_string_equal(r->template_text, "set {lamp} [to] {color:hue}");
    assert_int_equal(r->slots[0].first_word, 1);
    assert_int_equal(r->slots[0].n_words, 2);
    assert_int_equal(r->slots[1].value.type, TRAGUS_INTEGER);
    assert_int_equal(r->slots[1].value.integer, 4000);
    assert_int_equal(r->slots[1].first_word, 4);
    assert_true(r->slots[2].fixed);
    assert_null(grammar_match_reading(m, 1));
    grammar_match_free(m);
    assert_int_equal(grammar_match(&m, g, "set desk lamp blue", NULL, 0, 4), 1);
    assert_int_equal(grammar_match_reading(m, 0)->slots[1].value.type, TRAGUS_BOOLEAN);
    grammar_match_free(m);
    assert_int_equal(grammar_match(&m, g, "set desk lamp green", NULL, 0, 4), 1);
    assert_int_equal(grammar_match_reading(m, 0)->slots[1].value.type, TRAGUS_TEXT);
    grammar_match_free(m);
    grammar_free(g);
}

static void ranges(void **state) {
    (void)state;
    struct grammar *g = make_grammar(
        "language: en-GB\n"
        "sentences: ['p {percent}', 't {temperature}', 's {stepped}', 'd {down}', 'i {10..30,10:x}', 'n {cold}', 'w {words}',\n"
        "  'k {kelvin}[[ ](k|kelvin)]', 'y {tenths}', 'm {several}', 'h {half}']\n"
        "lists:\n"
        "  percent: {range: {from: 0, to: 200}}\n"
        "  temperature: {range: {from: 0, to: 30, fractions: halves}}\n"
        "  stepped: {range: {from: 5, to: 50, step: 5}}\n"
        "  down: {range: {from: 0, to: 100, multiplier: -1}}\n"
        "  cold: {range: {from: -20, to: 0}}\n"
        "  words: {range: {from: 0, to: 9, digits: false}}\n"
        "  kelvin: {range: {from: 1000, to: 10000, step: 100}}\n"
        "  tenths: {range: {from: 0, to: 2, fractions: tenths}}\n"
        "  half: {range: {from: -5, to: 5, fractions: halves}}\n"
        "  several: {multi_range: [{from: 1, to: 3}, {from: 10, to: 12}]}\n");
    static const char *const pairs[][2] = {
        {"p 50", "|percent=50"},
        {"p 050", "|percent=50"},
        {"p fifty", "|percent=50"},
        {"p twenty-five", "|percent=25"},
        {"p twenty five", "|percent=25"},
        {"p one hundred and one", "|percent=101"},
        {"p a hundred", "|percent=100"},
        {"p one hundred twenty-one", "|percent=121"},
        {"p 201", "-"},
        {"p 50.5", "-"},
        {"p 50.0", "-"},
        {"p -1", "-"},
        {"t 20.5", "|temperature=20.5"},
        {"t 20,5", "|temperature=20.5"},
        {"t 20.0", "|temperature=20"},
        {"t 20.3", "-"},
        {"t 30.5", "|temperature=30.5"},
        {"t twenty point five", "|temperature=20.5"},
        {"t twenty and a half", "|temperature=20.5"},
        {"t zero point five", "|temperature=0.5"},
        {"s 15", "|stepped=15"},
        {"s 16", "-"},
        {"s sixteen", "-"},
        {"d 20", "|down=-20"},
        {"d twenty", "|down=-20"},
        {"i 20", "|x=20"},
        {"i twenty", "|x=20"},
        {"i 15", "-"},
        {"n minus seven", "|cold=-7"},
        {"n -7", "|cold=-7"},
        {"w 3", "-"},
        {"w three", "|words=3"},
        {"k 2700k", "|kelvin=2700"},
        {"k 2700 Kelvin", "|kelvin=2700"},
        {"k twenty seven hundred kelvin", "|kelvin=2700"},
        {"k two thousand seven hundred", "|kelvin=2700"},
        {"k two thousand and seven hundred k", "|kelvin=2700"},
        {"k ten thousand", "|kelvin=10000"},
        {"y one point seven", "|tenths=1.7"},
        {"y 1.75", "-"},
        {"h -4.5", "|half=-4.5"},
        {"h minus four and a half", "|half=-4.5"},
        {"h -5", "|half=-5"},
        {"h -5.5", "-"},
        {"h minus five and a half", "-"},
        {"m eleven", "|several=11"},
        {"m 5", "-"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (strcmp(reading(g, pairs[i][0]), pairs[i][1]) != 0)
            fail_msg("\"%s\" gives %s, not %s", pairs[i][0], reading(g, pairs[i][0]), pairs[i][1]);
    grammar_free(g);
}

static void wildcards(void **state) {
    (void)state;
    struct grammar *g = make_grammar(
        "sentences: ['play {album} by {artist}', 'add {item}s now', 'say {words}']\n"
        "lists: {album: {wildcard: true}, artist: {wildcard: true}, item: {wildcard: true}, words: {wildcard: true}}\n");
    struct grammar_match *m;
    assert_int_equal(grammar_match(&m, g, "play by by by by by", NULL, 0, 9), 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(grammar_match_reading(m, i)->slots[0].wildcard);
    grammar_match_free(m);
    assert_string_equal(reading(g, "play Kind of Blue by Miles Davis"), "|album=Kind of Blue,artist=Miles Davis");
    assert_string_equal(reading(g, "play by x"), "-"); /* never empty */
    assert_string_equal(reading(g, "add apples now"), "|item=apple");
    assert_string_equal(reading(g, "say"), "-");
    grammar_free(g);
}

/* A wildcard is followed by something optional, which may begin in the same word or the next one. */
static void wildcards_before_options(void **state) {
    (void)state;
    struct grammar *g = make_grammar("sentences: ['start {album}[by {artist}]', 'add {item}[s] now']\n"
                                     "lists: {album: {wildcard: true}, artist: {wildcard: true}, item: {wildcard: true}}\n");
    static const char *const expected[][2] = {{"album=the wall by pink", "start the wall by pink"},
                                              {"album=the wall,artist=pink", "start the wall by pink"}};
    struct grammar_match *m;
    assert_int_equal(grammar_match(&m, g, "start the wall by pink", NULL, 0, 9), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct grammar_reading *r = grammar_match_reading(m, i);
        char slots[100] = "";
        for (size_t k = 0; k < r->n_slots; k++)
            snprintf(slots + strlen(slots), sizeof slots - strlen(slots), "%s%s=%s", k ? "," : "", r->slots[k].name,
                     r->slots[k].value.text);
        assert_string_equal(slots, expected[i][0]);
        assert_string_equal(r->text, expected[i][1]);
    }
    grammar_match_free(m);
    assert_string_equal(reading(g, "add apples now"), "|item=apple");
    assert_string_equal(reading(g, "add milk now"), "|item=milk");
    grammar_free(g);
}

/* A sign between two lists, or between a list and a number, is no punctuation. */
static void numbers_beside_signs(void **state) {
    (void)state;
    struct grammar *g =
        make_grammar("sentences: ['wake me at {hour}:{minute}', 'lunch at {hour}:00.', 'page {hour}.{minute}, please']\n"
                     "lists: {hour: {range: {from: 0, to: 23}}, minute: {range: {from: 0, to: 59}}}\n");
    assert_string_equal(reading(g, "wake me at 12:30"), "|hour=12,minute=30");
    assert_string_equal(reading(g, "wake me at 12 30."), "|hour=12,minute=30");
    assert_string_equal(reading(g, "wake me at twelve thirty"), "|hour=12,minute=30");
    assert_string_equal(reading(g, "lunch at 12:00"), "|hour=12");
    assert_string_equal(reading(g, "page 1.2 please"), "|hour=1,minute=2");
    assert_string_equal(reading(g, "page 1.20 please"), "|hour=1,minute=20");
    grammar_free(g);
}

static void context(void **state) {
    (void)state;
    struct grammar_builder *b;
    struct grammar *g;
    static const char text[] =
        "intents:\n"
        "  Light: {data: [{sentences: ['open {name}'], requires_context: {domain: [light, lamp]}}]}\n"
        "  Cover: {data: [{sentences: ['open {name}'], excludes_context: {domain: [light, lamp]}}]}\n"
        "  Here: {data: [{sentences: ['lights on'], requires_context: {area: {slot: true}}, slots: {area: all}}]}\n"
        "  Away: {data: [{sentences: ['what is up'], requires_context: {user: {value: [ann, bob], slot: who}}}]}\n";
    const struct grammar_list_value names[] = {{"Blind", "cover.blind", "cover"}, {"Lamp", NULL, "lamp"}, {"((odd", NULL, NULL}};
    tragus_diagnostics d = {0};
    assert_int_equal(english_builder(&b), 0);
    assert_int_equal(grammar_builder_add_text(b, "test.yaml", "hassil", text, sizeof text - 1, &d, NULL), 0);
    assert_int_equal(grammar_builder_set_list(b, "name", names, 3, &d, NULL), 0);
    assert_int_equal(grammar_compile(&g, b, &d, NULL), 0);
    assert_int_equal(d.n_items, 1); /* the odd name is omitted with a warning */
    assert_int_equal(d.items[0].severity, TRAGUS_WARNING);
    grammar_diagnostics_done(&d);
    assert_string_equal(reading(g, "open blind"), "Cover|name=cover.blind");
    assert_string_equal(reading(g, "open lamp"), "Light|name=Lamp");
    assert_string_equal(reading(g, "lights on"), "-");
    const tragus_context kitchen[] = {{"area", "Kitchen"}, {"user", "bob"}};
    struct grammar_match *m;
    assert_int_equal(grammar_match(&m, g, "lights on", kitchen, 2, 1), 1);
    assert_string_equal(grammar_match_reading(m, 0)->slots[0].value.text, "Kitchen");
    assert_true(grammar_match_reading(m, 0)->slots[0].fixed);
    grammar_match_free(m);
    assert_int_equal(grammar_match(&m, g, "what is up", kitchen, 2, 1), 1);
    assert_string_equal(grammar_match_reading(m, 0)->slots[0].name, "who");
    grammar_match_free(m);
    assert_int_equal(grammar_match(&m, g, "what is up", kitchen, 1, 1), 0);
    grammar_match_free(m);
    grammar_free(g);
    /* The builder stays usable for another list and another grammar. */
    assert_int_equal(grammar_builder_set_list(b, "name", names, 1, NULL, NULL), 0);
    assert_int_equal(grammar_compile(&g, b, NULL, NULL), 0);
    assert_string_equal(reading(g, "open lamp"), "-");
    grammar_free(g);
    grammar_builder_free(b);
}

static void skip_words(void **state) {
    (void)state;
    struct grammar *g = make_grammar("sentences: ['turn on', 'note {text}', '{text} later']\n"
                                     "lists: {text: {wildcard: true}}\nskip_words: [please, can you, can, for me]\n");
    assert_string_equal(reading(g, "please turn on"), "|");
    assert_string_equal(reading(g, "can you turn please on for me"), "|");
    assert_string_equal(reading(g, "please note please call me"), "|text=please call me");
    assert_string_equal(reading(g, "you turn on"), "-");
    struct grammar_match *m;
    assert_int_equal(grammar_match(&m, g, "please note milk", NULL, 0, 1), 1);
    assert_int_equal(grammar_match_reading(m, 0)->slots[0].first_word, 2); /* positions in the input as given */
    grammar_match_free(m);
    grammar_free(g);
    g = make_grammar("settings: {ignore_whitespace: true}\nsentences: ['灯を消し[て]', '音楽{text}']\n"
                     "lists: {text: {wildcard: true}}\nskip_words: [ください, お願い]\n");
    assert_string_equal(reading(g, "お願い灯を消してください"), "|");
    assert_string_equal(reading(g, "灯をください 消し て"), "|");
    assert_string_equal(reading(g, "お願い音楽お願い"), "|text=お願い");
    grammar_free(g);
}

/* The first of these readings as the files spell it. */
static const char *written(const struct grammar *g, const char *text) {
    static char out[256];
    struct grammar_match *m;
    if (grammar_match(&m, g, text, NULL, 0, 1) != 1)
        fail_msg("\"%s\" is not matched", text);
    snprintf(out, sizeof out, "%s", grammar_match_reading(m, 0)->text);
    grammar_match_free(m);
    return out;
}

static void written_text(void **state) {
    (void)state;
    struct grammar *g =
        make_grammar("language: en\n"
                     "sentences: ['(turn|Switch) on [the] {name}', '[Just ]set {name}[,] to {level}[ ][%| Percent]',\n"
                     "  'Heat {name} to {heat} °C', '({name};at {8..22:hour};now)', 'count {word}', 'tell {text}']\n"
                     "lists:\n"
                     "  name: {values: [Sonoff S31, {in: Wi-Fi 💡, out: light.wifi}, '[The ]TV (Samsung|LG)', 'Dr. Who!']}\n"
                     "  level: {range: {from: 0, to: 100, multiplier: 2}}\n"
                     "  heat: {range: {from: 10, to: 30, fractions: halves}}\n"
                     "  word: {range: {from: 1, to: 40, digits: false}}\n"
                     "  text: {wildcard: true}\n"
                     "skip_words: [please, can you]\n");
    assert_string_equal(written(g, "switch on sonoff s thirty one"), "Switch on Sonoff S31");
    assert_string_equal(written(g, "turn on the wi fi"), "turn on the Wi-Fi 💡"); /* the name, not its `out` */
    assert_string_equal(written(g, "turn on tv lg"), "turn on TV LG");
    assert_string_equal(written(g, "turn on the tv samsung"), "turn on The TV Samsung");
    assert_string_equal(written(g, "turn on dr who"), "turn on Dr. Who!");
    assert_string_equal(written(g, "set sonoff s thirty one to fifteen percent"),
                        "set Sonoff S31 to 15 %"); /* before the multiplier */
    assert_string_equal(written(g, "just set dr who to a hundred"), "Just set Dr. Who! to 100");
    assert_string_equal(written(g, "set dr who to 15%"), "set Dr. Who! to 15%");
    assert_string_equal(written(g, "heat tv lg to twenty one point five degrees celsius"), "Heat TV LG to 21.5 °C");
    assert_string_equal(written(g, "now at twenty two dr who"), "now at 22 Dr. Who!");
    assert_string_equal(written(g, "count thirty one"), "count thirty-one"); /* digits would not be understood */
    assert_string_equal(written(g, "Please turn on can you sonoff s31 please"), "Please turn on Sonoff S31 please");
    assert_string_equal(written(g, "can you tell McGee  A story"), "can you tell McGee A story");
    grammar_free(g);
}

static void ranking(void **state) {
    (void)state;
    struct grammar *g = make_grammar(
        "intents:\n"
        "  Wild: {data: [{sentences: ['turn on {item}']}]}\n"
        "  Short: {data: [{sentences: ['turn on {name} [light]']}]}\n"
        "  First: {data: [{sentences: ['stop {x}']}]}\n"
        "  Second: {data: [{sentences: ['stop {y}']}]}\n"
        "lists: {item: {wildcard: true}, name: {values: [corner, corner light]}, x: {values: [it]}, y: {values: [it]}}\n");
    assert_string_equal(reading(g, "turn on corner light"), "Short|name=corner light"); /* the longest name wins */
    assert_string_equal(reading(g, "turn on anything"), "Wild|item=anything");
    assert_string_equal(reading(g, "stop it"), "First|x=it");
    struct grammar_match *m;
    assert_int_equal(grammar_match(&m, g, "turn on corner light", NULL, 0, 9), 3);
    assert_string_equal(grammar_match_reading(m, 2)->intent, "Wild");
    grammar_match_free(m);
    assert_int_equal(grammar_match(&m, g, "turn on corner light", NULL, 0, 1), 1);
    grammar_match_free(m);
    grammar_free(g);
}

static void plain_lists(void **state) {
    (void)state;
    struct grammar *g = make_grammar("# channel names\nfront (left|right)\nlumos => turn on the light\n\n[Dim]\ndim to "
                                     "{0..100:level} => level {level} of {x}\n");
    assert_string_equal(reading(g, "front left"), "|");
    assert_int_equal(grammar_n_templates(g), 3);
    assert_int_equal(grammar_n_intents(g), 1);
    assert_string_equal(grammar_intent(g, 0), "Dim");
    struct grammar_match *m;
    assert_int_equal(grammar_match(&m, g, "lumos", NULL, 0, 1), 1);
    assert_string_equal(grammar_match_reading(m, 0)->text, "turn on the light");
    grammar_match_free(m);
    assert_int_equal(grammar_match(&m, g, "dim to ten", NULL, 0, 1), 1);
    assert_string_equal(grammar_match_reading(m, 0)->text, "level 10 of {x}");
    grammar_match_free(m);
    grammar_free(g);
}

static void lean_blocks(void **state) {
    (void)state;
    /* A tagged block is a copy for recognisers of an untagged one in the same file; text matching ignores it. */
    struct grammar *g = make_grammar("intents:\n  A:\n    data:\n      - sentences: ['all of it']\n"
                                     "      - {sentences: ['lean'], speech_to_phrase: true}\n");
    assert_string_equal(reading(g, "lean"), "-");
    assert_int_equal(grammar_acceptor(g)->n_words, 4);
    grammar_free(g);
    g = make_grammar("intents: {A: {data: [{sentences: ['lean'], speech_to_phrase: true}]}}\n");
    assert_string_equal(reading(g, "lean"), "A|");
    grammar_free(g);
}

/* Inputs that would take a backtracking matcher forever must end quickly, with or without a reading. */
static void hostile_input(void **state) {
    (void)state;
    struct grammar *g =
        make_grammar("sentences: ['[a] [a] [a] [a] [a] [a] [a] [a] [a] [a] [a] [a] [a] [a] [a] [a] [a] [a] [a] [a] b',\n"
                     "  '{w} {w:v} {w:u} {w:t} {w:s} x', '([a|b];[a|c];[a|d];[a];[a];[a];[a];[a]) z']\n"
                     "lists: {w: {wildcard: true}}\n");
    char text[600] = "";
    for (int i = 0; i < 250; i++)
        strcat(text, "a ");
    assert_string_not_equal(reading(g, text), "|");
    assert_string_equal(reading(g, "a a a a a a a a a a a a a a a a a a b"), "|");
    struct grammar_match *m = NULL;
    char long_text[6000];
    memset(long_text, 'a', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(grammar_match(&m, g, long_text, NULL, 0, 1), -7 /* E2BIG */);
    assert_string_equal(reading(g, ""), "-");
    assert_string_equal(reading(g, "\xff\xfe ... \xc3"), "-");
    grammar_free(g);
}

static const char home[] =
    "language: en\nintents:\n"
    "  TurnOn:\n    data:\n"
    "      - sentences: ['turn on [the] {name} [in [the] {area}]']\n        requires_context: {domain: light}\n"
    "        response: done\n        metadata: {room: true, level: 3, note: 'two words', deep: {a: b}}\n"
    "  Dim: {data: [{sentences: ['(set|dim) [the] {name} to {0..100:level}[%| percent]']}]}\n"
    "  Open: {data: [{sentences: ['open [the] {name}'], requires_context: {domain: cover}}]}\n"
    "  Lock: {data: [{sentences: ['lock [the] {name}', '{name}']}]}\n"
    "lists:\n  name: {values: [{in: 'kitchen light', context: {domain: light}}, {in: 'bedroom lamp', context: {domain: light}}]}\n"
    "  area: {values: [kitchen, garage]}\n";

/* "INTENT|slot=value,...|unmatched slot=text,...|corrected" of the best reading, "-" if there is none. */
static const char *reading_with(const struct grammar *g, const char *text, bool fuzzy, bool unmatched) {
    static char out[512];
    const struct grammar_match_options o = {.max_readings = 9, .fuzzy = fuzzy, .unmatched = unmatched};
    struct grammar_match *m = NULL;
    tragus_error e = {0};
    assert_true(grammar_match_with(&m, g, text, &o, NULL, &e) >= 0);
    const struct grammar_reading *r = grammar_match_reading(m, 0);
    size_t len = (size_t)snprintf(out, sizeof out, "%s", r ? r->intent : "-");
    for (size_t i = 0; r && i < r->n_slots; i++)
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s=%s", i ? "," : "|", r->slots[i].name, r->slots[i].value.text);
    for (size_t i = 0; r && i < r->n_unmatched; i++)
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s?%s", i ? "," : "|", r->unmatched[i].slot, r->unmatched[i].text);
    if (r && r->corrected)
        snprintf(out + len, sizeof out - len, "|%s", r->corrected);
    grammar_match_free(m);
    return out;
}

/* As hassil: a blank behind a value, before a number and before free text, where the template has none. */
static void blanks_around_values(void **state) {
    static const char *const texts[][2] = {
        {"lass lampe gr\xc3\xbcn leuchten", "A|name=lampe,color=gr\xc3\xbcn"},
        {"lass lampe gr\xc3\xbcnleuchten", "A|name=lampe,color=gr\xc3\xbcn"},
        {"stelle auf 24 grad", "B|t=24"},
        {"stelle auf24grad", "B|t=24"},
        {"spiele The Office ab", "C|query=The Office"},
        {"stelle aufzehngrad", "B|t=10"},
    };
    struct grammar *g = make_grammar("language: de\nintents:\n"
                                     "  A: {data: [{sentences: ['lass {name} {color}[ er]leuchten']}]}\n"
                                     "  B: {data: [{sentences: ['stelle auf{t}grad']}]}\n"
                                     "  C: {data: [{sentences: ['spiele{query} ab']}]}\n"
                                     "lists: {name: {values: [lampe]}, color: {values: [gr\xc3\xbcn]}, query: {wildcard: true},\n"
                                     "        t: {range: {from: 1, to: 30}}}\n");
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_string_equal(reading_with(g, texts[i][0], false, false), texts[i][1]);
    grammar_free(g);
}

/* A list of exactly the language takes the place of that for the language without a region. */
static void lists_of_a_region(void **state) {
    static const char sentences[] = "language: pt-BR\nintents: {A: {data: [{sentences: ['abra {cover}']}]}}\n",
                      own[] = "language: pt-BR\nlists: {cover: {values: [{in: persiana, out: blind}]}}\n",
                      other[] =
                          "language: pt\nlists: {cover: {values: [{in: persiana, out: shutter}, {in: estore, out: shade}]}}\n";
    (void)state;
    for (int with_own = 0; with_own < 2; with_own++) {
        struct grammar_builder *b;
        struct grammar *g;
        tragus_error e = {0};
        assert_int_equal(english_builder(&b), 0);
        assert_int_equal(grammar_builder_add_text(b, "other", NULL, other, strlen(other), NULL, &e), 0);
        assert_int_equal(grammar_builder_add_text(b, "sentences", NULL, sentences, strlen(sentences), NULL, &e), 0);
        if (with_own)
            assert_int_equal(grammar_builder_add_text(b, "own", NULL, own, strlen(own), NULL, &e), 0);
        assert_int_equal(grammar_compile(&g, b, NULL, &e), 0);
        assert_string_equal(reading(g, "abra persiana"), with_own ? "A|cover=blind" : "A|cover=shutter");
        assert_int_equal(matches(g, "abra estore"), !with_own);
        grammar_free(g);
        grammar_builder_free(b);
    }
}

static void metadata(void **state) {
    struct grammar *g = make_grammar(home);
    struct grammar_match *m;
    (void)state;
    assert_int_equal(grammar_match(&m, g, "turn on the kitchen light", NULL, 0, 1), 1);
    const struct grammar_reading *r = grammar_match_reading(m, 0);
    assert_string_equal(r->response, "done");
    assert_int_equal(r->n_metadata, 3); /* not the map */
    assert_string_equal(r->metadata[0].name, "room");
    assert_int_equal(r->metadata[0].value.type, TRAGUS_BOOLEAN);
    assert_int_equal(r->metadata[1].value.integer, 3);
    assert_string_equal(r->metadata[2].value.text, "two words");
    grammar_match_free(m);
    assert_int_equal(grammar_match(&m, g, "lock kitchen light", NULL, 0, 1), 1);
    assert_int_equal(grammar_match_reading(m, 0)->n_metadata, 0);
    grammar_match_free(m);
    grammar_free(g);
}

/* Free text as people write it: typed or spoken alike. */
static void free_text_is_written(void **state) {
    (void)state;
    struct grammar *g =
        make_grammar("language: en\n"
                     "sentences: ['add {item} to my list', 'tell {person} {message}', {in: 'note {item}', out: '[{item}]'}]\n"
                     "lists:\n"
                     "  item: {wildcard: true}\n"
                     "  message: {wildcard: true}\n"
                     "  person: {values: [Anna Schmidt, McDonald, bob, Seven Up, {in: Garage, out: 7}]}\n");
    static const char *const items[][2] = {
        {"two liters of milk", "2 liters of milk"},
        {"one liter of milk and twenty five eggs", "1 liter of milk and twenty five eggs"},
        {"a hundred grams of flour", "100 grams of flour"},
        {"one hundred and twenty grams", "120 grams"},
        {"two fifty grams", "250 grams"},
        {"seven up", "Seven Up"},
        {"seven cans of seven up", "7 cans of Seven Up"},
        {"five guys", "five guys"},
        {"eight mile", "eight mile"},
        {"one bags", "one bags"},
        {"two thousand five hundred grams", "two thousand five hundred grams"},
        {"one oh five days", "105 days"},
        {"2 liters", "2 liters"},
        {"TWO liters", "2 liters"},
        {"what i'm going to buy on monday for john", "what I'm going to buy on Monday for John"},
        {"turkey and may flowers", "turkey and may flowers"},
        {"i am JOHN", "I am JOHN"},
        {"garage door", "garage door"},
        {"two", "two"},
        {"liters", "liters"},
    };
    char text[256], expected[256];
    for (unsigned i = 0; i < sizeof items / sizeof items[0]; i++) {
        snprintf(text, sizeof text, "add %s to my list", items[i][0]);
        snprintf(expected, sizeof expected, "|item=%s", items[i][1]);
        assert_string_equal(reading(g, text), expected);
        struct grammar_match *m;
        assert_int_equal(grammar_match(&m, g, text, NULL, 0, 4), 1);
        assert_true(grammar_match_reading(m, 0)->slots[0].wildcard);
        snprintf(expected, sizeof expected, "add %s to my list", items[i][1]);
        assert_string_equal(grammar_match_reading(m, 0)->text, expected);
        grammar_match_free(m);
    }
    assert_string_equal(reading(g, "tell bob that anna schmidt calls"), "|person=bob,message=that Anna Schmidt calls");
    assert_string_equal(reading(g, "tell anna schmidt ANNA SCHMIDT calls anna"),
                        "|person=Anna Schmidt,message=ANNA SCHMIDT calls Anna");
    assert_string_equal(reading(g, "tell bob seven upper shelves are empty"), "|person=bob,message=seven upper shelves are empty");
    struct grammar_match *m;
    assert_int_equal(grammar_match(&m, g, "note two cups for mcdonald", NULL, 0, 4), 1);
    assert_string_equal(grammar_match_reading(m, 0)->text, "[2 cups for McDonald]");
    grammar_match_free(m);
    grammar_free(g);
}

static void what_no_list_has(void **state) {
    static const char *const texts[][2] = {
        {"turn on the kitchen light", "TurnOn|name=kitchen light"}, /* understood: nothing is unmatched */
        {"turn on the zorg", "TurnOn|name?zorg"},                   /* although its domain is not known */
        {"turn on the zorg blorf in the kitchen", "TurnOn|area=kitchen|name?zorg blorf"},
        {"turn on the kitchen light in the attic", "TurnOn|name=kitchen light|area?attic"},
        {"lock zorg", "Lock|name?zorg"},
        {"set the kitchen light to 200%", "Dim|name=kitchen light|level?200"},
        {"set the kitchen light to 200 percent", "Dim|name=kitchen light|level?200"},
        {"set the kitchen light to very much", "-"}, /* no number */
        {"zorg", "-"},                               /* would fit any text */
        {"tell me a joke", "-"},
        {"turn on the", "TurnOn|name?the"},                    /* as in hassil */
        {"open the kitchen light", "Open|name?kitchen light"}, /* known, but nothing to lock */
    };
    struct grammar *g = make_grammar(home);
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_string_equal(reading_with(g, texts[i][0], false, true), texts[i][1]);
        if (i > 0)
            assert_string_equal(reading_with(g, texts[i][0], false, false), "-");
    }
    grammar_free(g);
}

/* A value that has a list in it: the block of each template chooses from that list, and what the list lacks is not taken for it. */
static void lists_in_values(void **state) {
    struct grammar *g =
        make_grammar("language: en\n"
                     "intents:\n"
                     "  Light: {data: [{sentences: ['turn on {thing}'], excludes_context: {domain: fan}}]}\n"
                     "  Fan: {data: [{sentences: ['turn on {thing}'], excludes_context: {domain: light}}]}\n"
                     "lists:\n"
                     "  thing: {values: ['the {name} there']}\n"
                     "  name: {values: [{in: lamp, context: {domain: light}}, {in: heater, context: {domain: fan}}]}\n");
    (void)state;
    assert_string_equal(reading(g, "turn on the lamp there"), "Light|name=lamp,thing=the lamp there");
    assert_string_equal(reading(g, "turn on the heater there"), "Fan|name=heater,thing=the heater there");
    assert_string_equal(reading_with(g, "turn on the zorg there", false, true), "Light|thing?the zorg there");
    grammar_free(g);
}

static void read_numbers(void) {
    struct grammar *g = make_grammar("language: en\nsentences: ['set {t}', 'heat {k}']\nlists:\n"
                                     "  t: {range: {from: -5, to: 30, fractions: halves}}\n"
                                     "  k: {range: {from: 1, to: 9, multiplier: 1000000000000.5}}\n");
    assert_string_equal(reading(g, "set 20.5"), "|t=20.5");
    assert_string_equal(reading(g, "set minus four point five"), "|t=-4.5");
    assert_string_equal(reading(g, "set 20"), "|t=20");
    assert_string_equal(reading(g, "heat 3"), "|k=3e+12");
    grammar_free(g);
}

/* Numbers have a decimal point, also in a program that has set a locale with another one. */
static void numbers_in_a_locale(void **state) {
    (void)state;
    if (!in_german(read_numbers))
        skip();
}

/* As in hassil: a list inside a value brings along the context of its value, unless the whole value has one, and fills its slot. */
static void context_of_lists_in_values(void **state) {
    static const char *const texts[][3] = {
        {"turn on the lamp there", NULL, "Light|name=l,thing=the lamp there"},
        {"turn on the heater there", NULL, "Fan|name=h,thing=the heater there"},
        {"turn on the plug there", NULL, "-"},
        {"dim the lamp there", NULL, "Here|name=l,thing=the lamp there,area=kitchen"},
        {"dim the heater there", NULL, "-"},
        {"dim the heater there", "hall", "Here|name=h,thing=the heater there,area=hall"},
        {"dim the lamp there", "hall", "Here|name=l,thing=the lamp there,area=kitchen"},
        {"stop the lamp there", NULL, "Not|name=l,thing=the lamp there"},
        {"stop the heater there", NULL, "-"},
        {"open my the heater there", NULL, "Two|name=h,thing=the heater there,deep=my the heater there"},
        {"open my the lamp there", NULL, "-"},
        {"see own lamp", NULL, "Kind|name=l,own=o"},
        {"see own heater", NULL, "Kind|name=h,own=o"},
        {"see light lamp", NULL, "-"},
    };
    struct grammar *g = make_grammar(
        "language: en\nintents:\n"
        "  Light: {data: [{sentences: ['turn on {thing}'], requires_context: {domain: light}}]}\n"
        "  Fan: {data: [{sentences: ['turn on {thing}'], requires_context: {domain: fan}}]}\n"
        "  Here: {data: [{sentences: ['dim {thing}'], requires_context: {area: {slot: true}}}]}\n"
        "  Not: {data: [{sentences: ['stop {thing}'], excludes_context: {domain: fan}}]}\n"
        "  Two: {data: [{sentences: ['open {deep}'], requires_context: {domain: fan}}]}\n"
        "  Kind: {data: [{sentences: ['see {own}'], requires_context: {kind: x}}]}\n"
        "  Hidden: {data: [{sentences: ['see {own}'], requires_context: {domain: light}}]}\n"
        "lists:\n"
        "  thing: {values: ['the {name} there']}\n"
        "  deep: {values: ['my {thing}']}\n"
        "  own: {values: [{in: 'own {name}', out: o, context: {kind: x}}, {in: 'light {name}', context: {kind: y}}]}\n"
        "  name: {values: [{in: lamp, out: l, context: {domain: light, area: kitchen}}, {in: heater, out: h, context: {domain: "
        "fan}},\n                  plug]}\n");
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const tragus_context here[] = {{"area", texts[i][1]}};
        const char *found = reading_in(g, texts[i][0], here, texts[i][1] ? 1 : 0);
        if (strcmp(found, texts[i][2]) != 0)
            fail_msg("\"%s\" in %s is %s, not %s", texts[i][0], texts[i][1] ? texts[i][1] : "-", found, texts[i][2]);
    }
    grammar_free(g);
}

static void typing_errors(void **state) {
    static const char *const texts[][2] = {
        {"trun on the kichen ligth", "TurnOn|name=kitchen light|turn on the kitchen light"},
        {"turn on the bedrooom lamp", "TurnOn|name=bedroom lamp|turn on the bedroom lamp"},
        {"set kitchen light to twnety", "Dim|name=kitchen light,level=20|set kitchen light to twenty"},
        {"Dim kitchen lihgt to 20%", "Dim|name=kitchen light,level=20|Dim kitchen light to 20%"},
        {"unlock the kitchen light", "-"}, /* means something else than lock */
        {"turn on the katchup light", "-"},
        {"turm om the zorg", "-"},
    };
    struct grammar *g = make_grammar(home);
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_string_equal(reading_with(g, texts[i][0], true, false), texts[i][1]);
        assert_string_equal(reading_with(g, texts[i][0], false, false), "-");
    }
    grammar_free(g);
    struct grammar_builder *b; /* the words come from the trees, so it works without an acceptor, too */
    tragus_error e = {0};
    assert_int_equal(english_builder(&b), 0);
    grammar_builder_set_typed_only(b);
    assert_int_equal(grammar_builder_add_text(b, "home", NULL, home, strlen(home), NULL, &e), 0);
    assert_int_equal(grammar_compile(&g, b, NULL, &e), 0);
    assert_string_equal(reading_with(g, texts[0][0], true, false), texts[0][1]);
    grammar_free(g);
    grammar_builder_free(b);
}

#define TEXT(literal) literal, sizeof(literal) - 1

/* A list of capitals with lines that are none, in a language without numbers; the last line has no end. */
static void capitals_of_a_language(void **state) {
    (void)state;
    static const struct {
        const char *name, *text;
        size_t n_bytes;
    } files[] = {{"language.yaml", TEXT("language: xx\n")},
                 {"capitals.txt", TEXT("# Comment\n\nLundo\n  Ana Maria  \n\xff\xfe bad\n\0bad\nBo\0na\nUSONO\r\n#NOT\nLaste")}};
    char folder[] = "test-match-XXXXXX", path[2][64];
    static const char text[] = "language: xx\nsentences: ['diru {x}']\nlists: {x: {wildcard: true}}\n";
    struct grammar_builder *b;
    struct grammar *g = NULL;
    assert_non_null(mkdtemp(folder));
    for (unsigned i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s", folder, files[i].name);
        FILE *f = fopen(path[i], "w");
        assert_non_null(f);
        fwrite(files[i].text, 1, files[i].n_bytes, f);
        fclose(f);
    }
    assert_int_equal(grammar_builder_new(&b), 0);
    assert_int_equal(grammar_builder_add_language(b, path[0], NULL, NULL), 0);
    assert_int_equal(grammar_builder_add_text(b, "test", NULL, text, sizeof text - 1, NULL, NULL), 0);
    assert_int_equal(grammar_compile(&g, b, NULL, NULL), 0);
    grammar_builder_free(b);
    assert_string_equal(reading(g, "diru lundo en usono laste not du litroj"), "|x=Lundo en USONO Laste not du litroj");
    assert_string_equal(reading(g, "diru ana maria"), "|x=ana maria"); /* words, not names */
    grammar_free(g);
    for (unsigned i = 0; i < 2; i++)
        unlink(path[i]);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(free_text_is_written),
        cmocka_unit_test(capitals_of_a_language),
        cmocka_unit_test(values_of_lists),
        cmocka_unit_test(ranges),
        cmocka_unit_test(wildcards),
        cmocka_unit_test(wildcards_before_options),
        cmocka_unit_test(numbers_beside_signs),
        cmocka_unit_test(context),
        cmocka_unit_test(skip_words),
        cmocka_unit_test(written_text),
        cmocka_unit_test(ranking),
        cmocka_unit_test(plain_lists),
        cmocka_unit_test(lean_blocks),
        cmocka_unit_test(hostile_input),
        cmocka_unit_test(blanks_around_values),
        cmocka_unit_test(lists_of_a_region),
        cmocka_unit_test(metadata),
        cmocka_unit_test(what_no_list_has),
        cmocka_unit_test(lists_in_values),
        cmocka_unit_test(numbers_in_a_locale),
        cmocka_unit_test(context_of_lists_in_values),
        cmocka_unit_test(typing_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
