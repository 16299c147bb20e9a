/* SPDX-License-Identifier: Apache-2.0 */
/* A language made only of data: a toy with ten words, the phones and network of English, and its own endings and numbers. It is
 * compiled, matched and recognised without any code for it. */
#include "engine/engine.h"
#include "lexicon/compile.h"
#include "ready.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/tragus-language-XXXXXX";

static const char dictionary[] = "vorn F R AH N T\nmezo S EH N T ER\nretro R IH R\nlino L EH F T\ndekstro R AY T\n"
                                 "luma L AY T\nnul N AH L\nunu UW N UW\ndu D UW\ndek D EH K\n";
static const char endings[] = "ending j known\nsound Y\n";
static const char language[] = "language: xx\n"
                               "numbers:\n"
                               "  cardinal: [all]\n"
                               "  rules:\n"
                               "    all: |\n"
                               "      -x: minus >>\n"
                               "      x.x: << komo >>\n"
                               "      0: nul\n      1: unu\n      2: du\n      3: tri\n      4: kvar\n      5: kvin\n      6: ses\n"
                               "      7: sep\n      8: ok\n      9: naw\n      10: dek\n      11: << dek >>\n"
                               "      20: << dek\n      21: << dek >>\n"
                               "symbols:\n"
                               "  \"%\": procento\n";
static const char sentences[] = "language: xx\nsentences:\n  - vorn mezo\n  - retro lino\n  - luma[j] {0..19:n}\n";

static void file_at(char out[512], const char *name) {
    snprintf(out, 512, "%s/xx/%s", root, name);
}

static void write_file(const char *name, const char *text) {
    char path[512];
    file_at(path, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

static int make(void **state) {
    (void)state;
    char folder[512], words[512], rules[512], lexicon[512], acoustic[512], network[4096];
    const char *build = getenv("abs_top_builddir");
    tragus_error e = {0};
    assert_non_null(mkdtemp(root));
    snprintf(folder, sizeof(folder), "%s/xx", root);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_file("words.dict", dictionary);
    write_file("endings.txt", endings);
    write_file("language.yaml", language);
    file_at(words, "words.dict");
    file_at(rules, "endings.txt");
    file_at(lexicon, "lexicon.tragus");
    if (lexicon_compile((const char *const[]){words}, 1, rules, lexicon, &e) < 0)
        fail_msg("%s:%d: %s", e.file, e.line, e.text);
    file_at(acoustic, "acoustic.tragus");
    snprintf(network, sizeof(network), "%s/models/en/acoustic.tragus", build ? build : ".");
    tragus_model_unref(ready_model()); /* fails with a message if it is missing */
    assert_int_equal(symlink(network, acoustic), 0);
    return 0;
}

static int unmake(void **state) {
    (void)state;
    static const char *const names[] = {"words.dict", "endings.txt", "language.yaml", "lexicon.tragus", "acoustic.tragus"};
    char path[512];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        file_at(path, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof(path), "%s/xx", root);
    rmdir(path);
    return rmdir(root);
}

static tragus_model *open_model(void) {
    tragus_model *m = NULL;
    tragus_error e = {0};
    char folder[512];
    snprintf(folder, sizeof(folder), "%s/xx", root);
    if (tragus_model_open(&m, folder, NULL, &e) < 0)
        fail_msg("%s: %s", e.file, e.text);
    return m;
}

static tragus_grammar *load(tragus_model *m, const tragus_grammar_options *o, const char *text) {
    tragus_grammar *g = NULL;
    tragus_error e = {0};
    tragus_diagnostics d = {0};
    if (tragus_grammar_load_texts(&g, m, o, &(tragus_text){"xx.yaml", NULL, text, strlen(text)}, 1, &d, &e) < 0)
        fail_msg("%s:%d: %s", e.file, e.line, e.text);
    for (size_t i = 0; i < d.n_items; i++)
        print_message("%s\n", d.items[i].text);
    assert_int_equal(d.n_items, 0);
    tragus_diagnostics_done(&d);
    return g;
}

static int64_t number_in(tragus_grammar *g, const char *text) {
    tragus_match *m = NULL;
    int64_t n = -1;
    if (tragus_match_text(&m, g, text, NULL, 0, 1) == 1)
        n = tragus_match_reading(m, 0)->slots[0].value.integer;
    tragus_match_free(m);
    return n;
}

static void typed(void **state) {
    (void)state;
    tragus_grammar_options o;
    tragus_grammar_options_init(&o);
    o.models_path = root; /* finds the language by its tag, without a model */
    tragus_grammar *g = load(NULL, &o, "language: xx-YY\nsentences: ['luma[j] {0..99:n}[%]']\n");
    assert_int_equal(number_in(g, "luma unu dek du procento"), 12);
    assert_int_equal(number_in(g, "lumaj du dek"), 20);
    assert_int_equal(number_in(g, "luma 7%"), 7);
    assert_int_equal(number_in(g, "luma twelve"), -1);
    tragus_grammar_unref(g);
}

static void spoken(void **state) {
    (void)state;
    tragus_model *m = open_model();
    assert_string_equal(engine_model_language(m), "xx");
    char heard[256] = "";
    tragus_stream *stream;
    tragus_session *session;
    const tragus_event *event;
    struct ready_sound sound = {0};
    /* Words that this dictionary lacks cannot be guessed, because there is no g2p.tragus. So use only words in it. */
    tragus_grammar *g = load(m, NULL, "sentences: ['vorn mezo', 'retro lino', 'luma[j] {0..2:n}', 'luma {10..11:n}']\n");
    ready_append_quiet(&sound, 700);
    ready_append_recording(&sound, "Front_Center");
    ready_append_quiet(&sound, 1600);
    ready_append_recording(&sound, "Rear_Left");
    ready_append_quiet(&sound, 1600);
    assert_int_equal(tragus_stream_new(&stream, m, NULL), 0);
    assert_int_equal(tragus_session_new(&session, stream, g, NULL), 0);
    assert_int_equal(tragus_stream_feed(stream, sound.pcm, sound.n), 0);
    assert_int_equal(tragus_stream_flush(stream), 0);
    while (tragus_session_poll(session, &event) > 0)
        if (event->type == TRAGUS_UTTERANCE)
            snprintf(heard + strlen(heard), sizeof(heard) - strlen(heard), "%s.", event->text);
    assert_string_equal(heard, "vorn mezo.retro lino.");
    tragus_session_free(session);
    tragus_stream_free(stream);
    ready_sound_done(&sound);
    tragus_grammar_unref(g);
    tragus_model_unref(m);
}

#define RULES "language: xx\nnumbers:\n  cardinal: [all]\n  rules:\n    all: |\n      "

/* Errors in a language's files name the file. */
static void wrong(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int line;
    } files[] = {{"numbers: {}\n", 1},
                 {"language: yy\n", 1},
                 {"language: xx\nnumbers: {cardinal: [all]}\n", 2},
                 {"language: xx\nnumbers: {cardinal: [all], rules: {all: []}}\n", 2},
                 {"language: xx\nnumbers: {cardinal: [all, none], rules: {all: '0: a'}}\n", 2},
                 {RULES "0: (j\n", 6},
                 {RULES "0: a\n      nothing\n", 7},
                 {RULES "0: a|b\n", 6},
                 {RULES "1: a\n      0: b\n", 7},
                 {RULES "10/1: << a\n", 6},
                 {RULES "10: <other< a\n", 6},
                 {RULES "10: << a >\n", 6},
                 {RULES "10: = a\n", 6},
                 {RULES "1234567890123456: a\n", 6},
                 {"language: xx\nclock: {'30..70': '{hour} {minute}'}\n", 2},
                 {"language: xx\nclock: {'30..40': 'half {hour}'}\n", 2},
                 {"language: xx\nclock: {'30': 'half'}\n", 2},
                 {"language: xx\nbefore_numbers: {'$': 'dollar'}\n", 2},
                 {"language: xx\nnumbers: {group: '...', cardinal: [a], rules: {a: '0: x'}}\n", 2},
                 {"language: xx\nmeasures: {one: litro}\n", 2},
                 {"language: xx\nmeasures: {one: litro, other: '{litroj}'}\n", 2},
                 {"language: xx\nmeasures: {one: litro, other: '(litroj'}\n", 2},
                 {"language: xx\nsymbols: {'%': '[a'}\n", 2}};
    tragus_grammar_options o;
    tragus_grammar_options_init(&o);
    o.models_path = root;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        tragus_grammar *g = NULL;
        tragus_error e = {0};
        write_file("language.yaml", files[i].text);
        assert_int_equal(
            tragus_grammar_load_texts(&g, NULL, &o, &(tragus_text){"xx.yaml", NULL, sentences, strlen(sentences)}, 1, NULL, &e),
            -EINVAL);
        assert_non_null(strstr(e.file, "/xx/language.yaml"));
        assert_int_equal(e.line, files[i].line);
    }
    write_file("language.yaml", language);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(typed), cmocka_unit_test(wrong), cmocka_unit_test(spoken)};
    return cmocka_run_group_tests(tests, make, unmake);
}
