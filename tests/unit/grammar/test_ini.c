/* SPDX-License-Identifier: Apache-2.0 */
/* Tests sentences.ini of Rhasspy and voice2json, with its slot files: intents, slots, texts, and the messages for mistakes. */
#include "dialect.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char blinds[] = "# of the house\n"
                             "[Blinds]\n"
                             "; how they move\n"
                             "direction = (raise:up | lower:down){direction}\n"
                             "place = (bed room){room:room_1} | (Kitchen:room_2){room}\n"
                             "<direction> [the] blinds [in the <place>]\n"
                             "\\[please] halt the blinds\n"
                             "blinds:shutters to (0..100,10){percent} percent\n"
                             "\n"
                             "[Night mode]\n"
                             ":please good night\n"
                             "[we] go (to sleep | to bed):asleep\n"
                             "move <Blinds.place>\n"
                             "(:){scene:night} curtain time\n"
                             "wake me at (five | six:7 | noon:12){hour!int}\n"
                             "warm it to (nineteen:19.5!float | twenty:20!int){degrees}\n"
                             "blanket (on:1 | off:0){blanket!bool}\n"
                             "play ((soft | LOUD) {kind} music){what}\n"
                             "say (oh ähm){word!upper} or no!lower\n"
                             "count $rhasspy/number,1,20{count} at -5..5{cold}\n"
                             "read page 25 of it {object}\n";

static const struct sentence blinds_sentences[] = {
    {"raise the blinds in the bed room", "Blinds|direction=up,room=room_1", "up the blinds in the room_1"},
    {"lower blinds in the kitchen", "Blinds|direction=down,room=room_2", "down blinds in the room_2"},
    {"lower blinds in the room_2", "-", NULL},
    {"lowerblinds", "-", NULL},
    {"please halt the blinds", "Blinds|", "please halt the blinds"},
    {"halt the blinds", "Blinds|", "halt the blinds"},
    {"blinds to fifty percent", "Blinds|percent=50", "shutters to 50 percent"},
    {"blinds to 55 percent", "-", NULL},
    {"good night", "Night mode|", "please good night"},
    {"please good night", "-", NULL},
    {"go to bed", "Night mode|", "go asleep"},
    {"move bed room", "Night mode|room=room_1", "move room_1"},
    {"curtain time", "Night mode|scene=night", "night curtain time"},
    {"wake me at noon", "Night mode|hour=12", "wake me at 12"},
    {"wake me at five", "Night mode|hour=five", "wake me at five"},
    {"warm it to nineteen", "Night mode|degrees=19.5", NULL},
    {"warm it to twenty", "Night mode|degrees=20", "warm it to 20"},
    {"blanket off", "Night mode|blanket=0", NULL},
    {"play loud music", "Night mode|kind=LOUD,what=LOUD music", "play LOUD music"},
    {"say oh ähm or no", "Night mode|word=OH ÄHM", NULL},
    {"count nineteen at minus three", "Night mode|count=19,cold=-3", "count 19 at -3"},
    {"count twenty one at 3", "-", NULL},
    {"read page twenty five of it", "Night mode|object=it", "read page 25 of it"},
};

static void intents_slots_and_texts(void **state) {
    (void)state;
    compare_grammar("sentences.ini", blinds, blinds_sentences, LENGTH(blinds_sentences));
}

static tragus_value value_of(const struct grammar *g, const char *typed) {
    struct grammar_match *m = NULL;
    assert_true(grammar_match(&m, g, typed, NULL, 0, 1) > 0);
    tragus_value v = grammar_match_reading(m, 0)->slots[0].value;
    grammar_match_free(m);
    return v;
}

static void values_have_types(void **state) {
    (void)state;
    const struct text texts[] = {{"sentences.ini", blinds}, {NULL, NULL}};
    struct grammar *g = NULL;
    assert_int_equal(load_texts(&g, texts, NULL, NULL), 0);
    tragus_value v = value_of(g, "warm it to nineteen");
    assert_int_equal(v.type, TRAGUS_REAL);
    assert_true(v.real > 19.4 && v.real < 19.6);
    v = value_of(g, "wake me at noon");
    assert_true(v.type == TRAGUS_INTEGER && v.integer == 12);
    assert_int_equal(value_of(g, "wake me at five").type, TRAGUS_TEXT);
    v = value_of(g, "blanket off");
    assert_true(v.type == TRAGUS_BOOLEAN && !v.boolean);
    v = value_of(g, "blanket on");
    assert_true(v.type == TRAGUS_BOOLEAN && v.boolean);
    v = value_of(g, "blinds to fifty percent");
    assert_true(v.type == TRAGUS_INTEGER && v.integer == 50);
    grammar_free(g);
}

static void continued_rules(void **state) {
    (void)state;
    static const char text[] = "[A]\n  colour = (red |\n    # not black\n    dark blue)\n  paint <colour>{c}\n";
    static const struct sentence sentences[] = {{"paint dark blue", "A|c=dark blue", "paint dark blue"},
                                                {"paint black", "-", NULL}};
    compare_grammar("a.ini", text, sentences, LENGTH(sentences));
}

/* Files on disk: those in the folder slots come with sentences.ini, and with its folder. */
static const char radio[] = "[Radio]\nplay $stations{station} [in $house/rooms{room}]\nswitch to (the $stations channel){which}\n";
static const char stations[] = "Radio One\nclassic (radio | FM):station_2\na: Jazz\nthe (big | BIG) hits\n";
static const struct sentence radio_sentences[] = {
    {"play radio one in the den", "Radio|station=Radio One,room=the den", "play Radio One in the den"},
    {"play classic fm", "Radio|station=classic station_2", "play classic station_2"},
    {"play a jazz", "Radio|station=Jazz", "play Jazz"},
    {"play jazz", "-", NULL},
    {"switch to the radio one channel", "Radio|which=the Radio One channel", "switch to the Radio One channel"},
    {"switch to the a jazz channel", "Radio|which=the Jazz channel", "switch to the Jazz channel"},
};

static void slot_files_in_memory(void **state) {
    (void)state;
    const struct text texts[] = {{"home/sentences.ini", radio},
                                 {"home/slots/stations", stations},
                                 {"home/slots/house/rooms", "the den\n"},
                                 {"home/slots/stations", stations},
                                 {NULL, NULL}};
    struct grammar *g = NULL;
    tragus_diagnostics d = {0};
    assert_int_equal(load_texts(&g, texts, &d, NULL), 0);
    assert_int_equal(d.n_items, 0);
    compare_sentences(g, radio_sentences, LENGTH(radio_sentences));
    grammar_free(g);
}

static void put_file(const char *folder, const char *name, const char *text) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void slot_files_on_disk(void **state) {
    (void)state;
    char folder[] = "/tmp/test_ini_XXXXXX", path[4096];
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, i ? "slots/house" : "slots");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    put_file(folder, "sentences.ini", radio);
    put_file(folder, "slots/stations", stations);
    put_file(folder, "slots/house/rooms", "the den\n");
    put_file(folder, "slots/notes.txt", "not a slot\n");
    for (int whole = 0; whole < 2; whole++) { /* the file, then its folder */
        struct grammar_builder *b;
        struct grammar *g = NULL;
        tragus_diagnostics d = {0};
        snprintf(path, sizeof path, "%s%s", folder, whole ? "" : "/sentences.ini");
        assert_int_equal(english_builder(&b), 0);
        assert_int_equal(grammar_builder_add_path(b, path, &d, NULL), 0);
        assert_int_equal(grammar_compile(&g, b, &d, NULL), 0);
        assert_int_equal(d.n_items, 0);
        compare_sentences(g, radio_sentences, LENGTH(radio_sentences));
        assert_int_equal(matches(g, "not a slot"), whole);
        grammar_free(g);
        grammar_builder_free(b);
    }
    static const char *const names[] = {
        "sentences.ini", "slots/stations", "slots/house/rooms", "slots/notes.txt", "slots/house", "slots", ""};
    for (size_t i = 0; i < LENGTH(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(remove(path), 0);
    }
}

static void mistakes(void **state) {
    (void)state;
    static const char text[] = "too early\n"
                               "[Ok]\n"
                               "fine\n"
                               "a (b\n"
                               "ä [b\n"
                               "a ) b\n"
                               "a <b\n"
                               "a <>\n"
                               "a {b\n"
                               "a b{}\n"
                               "{b}\n"
                               "a $\n"
                               "a $made,1,2\n"
                               "a $days\n"
                               "a <none>\n"
                               "9..1\n"
                               "1..x\n"
                               "two words = x\n"
                               "r =\n"
                               "a b{c!roman}\n"
                               "a:(b c\n"
                               "loop = x <loop>\n"
                               "<loop>\n"
                               "more = (a |\n"
                               "   b) (c\n"
                               "z <more>\n"
                               "x [] y\n"
                               "[]\n";
    static const struct mistake expected[] = {
        {2, 1, 1, "write [Intent] above it"},
        {2, 4, 3, "( is not closed; add )"},
        {2, 5, 3, "[ is not closed; add ]"},
        {2, 6, 3, ") closes nothing"},
        {2, 7, 3, "< is not closed; add >"},
        {2, 8, 3, "<> is empty"},
        {2, 9, 3, "{ is not closed; add }"},
        {2, 10, 4, "{} names no slot"},
        {2, 11, 1, "stands behind what fills the slot"},
        {2, 12, 3, "$ names no slot file"},
        {2, 13, 3, "write its values into a file slots/made"},
        {2, 14, 1, "list $days is not defined; write its values into a file"},
        {2, 15, 3, "; define it in the section of its intent"},
        {2, 16, 1, "runs downwards"},
        {2, 17, 1, "is not a range"},
        {2, 18, 1, "is not the name of a rule"},
        {2, 19, 1, "the rule is empty"},
        {2, 20, 4, "not !roman"},
        {2, 21, 3, "( is not closed"},
        {2, 22, 10, "<Ok.loop> uses itself"},
        {2, 23, 1, "it uses <Ok.loop>, which has a mistake"},
        {2, 25, 7, "( is not closed"},
        {2, 26, 3, "it uses <Ok.more>, which has a mistake"},
        {2, 27, 3, "[] is empty"},
        {2, 28, 1, "[] names no intent"},
    };
    compare_mistakes("sentences.ini", text, expected, LENGTH(expected), "fine");
}

static void mistakes_in_slot_files(void **state) {
    (void)state;
    static const struct mistake expected[] = {
        {2, 2, 8, "a slot file cannot fill slots"},
        {2, 3, 3, "name the intent, as in <Intent.r>"},
        {2, 4, 3, "( is not closed"},
    };
    const struct text texts[] = {
        {"sentences.ini", "[A]\nplay $x{x}\n"}, {"slots/x", "one\n(a | b){y}\na <r>\nb (c\n"}, {NULL, NULL}};
    struct grammar *g = NULL;
    tragus_diagnostics d = {0};
    assert_int_equal(load_texts(&g, texts, &d, NULL), 0);
    assert_int_equal(d.n_items, LENGTH(expected));
    for (size_t i = 0; i < d.n_items; i++) {
        assert_string_equal(d.items[i].file, "slots/x");
        assert_int_equal(d.items[i].line, expected[i].line);
        assert_int_equal(d.items[i].column, expected[i].column);
        assert_non_null(strstr(d.items[i].text, expected[i].says));
    }
    assert_string_equal(reading(g, "play one"), "A|x=one");
    assert_string_equal(reading(g, "play b"), "A|x=b");
    grammar_diagnostics_done(&d);
    grammar_free(g);
}

/* Without a suffix, a text is a sentences.ini only if it cannot be a list of lines. */
static void recognised_by_content(void **state) {
    (void)state;
    static const struct sentence as_ini[] = {{"turn on", "A|s=on", NULL}};
    compare_grammar("home", "[A]\nstate = on | off\nturn <state>{s}\n", as_ini, LENGTH(as_ini));
    static const struct sentence as_list[] = {{"turn on", "A|", "x = y"}};
    compare_grammar("home", "[A]\nturn on => x = y\n", as_list, LENGTH(as_list));
    compare_grammar("home.txt", "[A]\nturn on => x = y\n", as_list, LENGTH(as_list));
}

static void given_format(void **state) {
    (void)state;
    struct grammar_builder *b;
    tragus_error e = {0};
    static const char text[] = "[A]\nturn (on | off){s}\n";
    assert_int_equal(english_builder(&b), 0);
    assert_int_equal(grammar_builder_add_text(b, "home", "ini", text, strlen(text), NULL, &e), 0);
    assert_int_equal(grammar_builder_add_text(b, "home", "srgs", text, strlen(text), NULL, &e), -EINVAL);
    assert_non_null(strstr(e.text, "use one of hassil, list, ini"));
    struct grammar *g = NULL;
    assert_int_equal(grammar_compile(&g, b, NULL, &e), 0);
    assert_string_equal(reading(g, "turn off"), "A|s=off");
    grammar_free(g);
    grammar_builder_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intents_slots_and_texts), cmocka_unit_test(values_have_types),     cmocka_unit_test(continued_rules),
        cmocka_unit_test(slot_files_in_memory),    cmocka_unit_test(slot_files_on_disk),    cmocka_unit_test(mistakes),
        cmocka_unit_test(mistakes_in_slot_files),  cmocka_unit_test(recognised_by_content), cmocka_unit_test(given_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
