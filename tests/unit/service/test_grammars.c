/* SPDX-License-Identifier: Apache-2.0 */
/* The named grammars: which are accepted, who may change them, and sessions that use a grammar when it is replaced. */
#include "ready.h"
#include "rig.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHANNELS "front center\nrear left\nside right\nturn on the light\nwhat time is it\nopen the window\nplay some music\n"
#define OTHERS "turn on the kitchen light\nwhat time is it in paris\n"
#define MOST_GRAMMARS 3
#define MOST_BYTES 2000

static const char lights[] = "language: en\n"
                             "intents:\n"
                             "  TurnOn:\n"
                             "    data:\n"
                             "      - sentences: [\"turn on [the] {lamp}\", \"light up [the] {lamp}\"]\n"
                             "  Stop:\n"
                             "    data:\n"
                             "      - sentences: [\"stop\"]\n"
                             "lists:\n"
                             "  lamp:\n"
                             "    values: [desk, ceiling]\n";
static const char wrong[] = "language: en\nintents:\n  A:\n    data:\n      - sentences: [\"turn (on\", \"go [left\"]\n";

static const struct service_caller ann = {.owner = ":1.1", .uid = 1001}, ann_again = {.owner = ":1.2", .uid = 1001},
                                   bob = {.owner = ":1.3", .uid = 1002};

static sd_event *event;
static struct service *service;
static struct ready_sound sound; /* "front center" */
static char *pronunciations;

static int make(void **state) {
    struct service_options o;
    static const char words[] = "zork Z AO1 R K\n";
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    ready_append_quiet(&sound, 200);
    ready_append_recording(&sound, "Front_Center");
    ready_append_quiet(&sound, 2000); /* the gate closes: what follows is another utterance */
    rig_device("silence", NULL);
    assert_int_equal(sd_event_new(&event), 0);
    rig_options(&o);
    pronunciations = rig_file("words.txt", words, strlen(words));
    o.pronunciations = pronunciations;
    o.limits.grammars_per_user = MOST_GRAMMARS;
    o.limits.grammar_bytes = MOST_BYTES;
    o.limits.grammar_arcs = 250;
    service = rig_service(event, &o);
    return 0;
}

static int unmake(void **state) {
    (void)state;
    service_free(service);
    sd_event_unref(event);
    free(pronunciations);
    ready_sound_done(&sound);
    return 0;
}

/* Each test starts without grammars. */
static int remove_all(void **state) {
    (void)state;
    service_owner_gone(service, ann.owner);
    service_owner_gone(service, ann_again.owner);
    service_owner_gone(service, bob.owner);
    while (service_grammars(service)) {
        char name[80];
        snprintf(name, sizeof(name), "%s", service_grammars(service)->name);
        if (service_grammar_remove(service, &rig_daemon, name, NULL) < 0)
            return -1;
    }
    service_set_default_grammar(service, "");
    return 0;
}

static int add(const struct service_caller *caller, const char *name, bool is_private, const char *text, tragus_error *e) {
    tragus_diagnostics d = {0};
    int r = rig_add_grammar(service, event, caller, name, is_private, text, &d, e);
    tragus_diagnostics_done(&d);
    return r;
}

static bool has_sentence(const char *owner, const char *name, const char *sentence) {
    return rig_understands(service, owner, name, sentence);
}

/* --- which are accepted --- */

static void a_grammar_is_described(void **state) {
    struct service_grammar_info info;
    tragus_error e = {0};
    (void)state;
    assert_int_equal(add(&ann, "lights", false, lights, &e), 0);
    const struct service_grammar *g = service_grammar_find(service, "", "lights", &e);
    assert_non_null(g);
    assert_string_equal(g->name, "lights");
    assert_string_equal(g->format, "auto");
    assert_null(g->owner);
    assert_int_equal(g->uid, ann.uid);
    service_grammar_describe(g, &info);
    assert_int_equal(info.n_templates, 3);
    assert_int_equal(info.n_intents, 2);
    assert_string_equal(service_grammar_intent(g, 0), "TurnOn");
    assert_string_equal(service_grammar_intent(g, 1), "Stop");
    assert_true(info.n_states > 0 && info.n_words >= 7);
    assert_int_equal(info.n_guessed, 0);
    assert_int_equal(add(&ann, "guess", false, "zork blorfle\n", &e), 0);
    service_grammar_describe(service_grammar_find(service, "", "guess", &e), &info);
    assert_int_equal(info.n_guessed, 1); /* zork is in the user's pronunciations */
    assert_string_equal(info.guessed[0], "blorfle");
}

static void names_are_checked(void **state) {
    static const char *const bad[] = {
        "", "-x", ".x", "a b", "a/b", "\xc3\xa4", "a2345678901234567890123456789012345678901234567890123456789012345"};
    static const char *const good[] = {"a", "A.b_c-9", "a234567890123456789012345678901234567890123456789012345678901234"};
    tragus_error e = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(add(&ann, bad[i], false, "stop\n", &e), -EINVAL);
        assert_non_null(strstr(e.text, "cannot name a grammar"));
        assert_int_equal(service_grammar_load(service, bad[i], (const char *[]){"/nowhere"}, 1, &e), -EINVAL);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(add(&ann, good[i], false, "stop\n", &e), 0);
}

static void a_wrong_grammar_leaves_the_old_one(void **state) {
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    unsigned n_errors = 0;
    (void)state;
    assert_int_equal(add(&ann, "house", false, "stop\n", &e), 0);
    assert_int_equal(rig_add_grammar(service, event, &ann, "house", false, wrong, &d, &e), -EINVAL);
    assert_true(e.text[0]);
    for (size_t i = 0; i < d.n_items; i++)
        n_errors += d.items[i].severity >= TRAGUS_WARNING;
    assert_true(n_errors >= 3); /* no sentence is left, and all mistakes, not only the first */
    tragus_diagnostics_done(&d);
    assert_true(has_sentence("", "house", "stop"));
    assert_int_equal(add(&ann, "new", false, wrong, &e), -EINVAL);
    assert_null(service_grammar_find(service, "", "new", &e));
}

static void there_are_limits(void **state) {
    char text[MOST_BYTES + 2];
    tragus_error e = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = "stop\n"[i % 5];
    text[MOST_BYTES] = '\0';
    assert_int_equal(add(&ann, "big", false, text, &e), 0);
    text[MOST_BYTES] = '\n';
    text[MOST_BYTES + 1] = '\0';
    assert_int_equal(add(&ann, "bigger", false, text, &e), -E2BIG);
    assert_non_null(strstr(e.text, "grammar_bytes"));
    /* 26 words in 3 places: more than 250 arcs from few bytes. */
    assert_true(add(&ann, "arcs", false,
                    "(alpha|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliet|kilo|lima|mike|november|oscar|papa|quebec|"
                    "romeo|sierra|tango|uniform|victor|whiskey|yankee|zulu) "
                    "(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen) "
                    "(january|february|march|april|may|june|july|august|september|october|november|december)\n",
                    &e) < 0);
    assert_null(service_grammar_find(service, "", "arcs", &e));
    assert_int_equal(add(&ann, "two", false, "stop\n", &e), 0);
    assert_int_equal(add(&ann_again, "three", true, "stop\n", &e), 0);
    assert_int_equal(add(&ann, "four", false, "stop\n", &e), -ENOBUFS);
    assert_non_null(strstr(e.text, "grammars_per_user"));
    assert_int_equal(add(&ann, "two", false, "go\n", &e), 0); /* replacing one does not increase the number */
    assert_int_equal(add(&bob, "four", false, "stop\n", &e), 0);
    service_owner_gone(service, ann_again.owner);
    assert_int_equal(add(&ann, "three", false, "stop\n", &e), 0);
}

static void files_are_loaded(void **state) {
    char *one = rig_file("one.txt", "go left\n", 8), *two = rig_file("two.txt", "go right\n", 9),
         *bad = rig_file("bad.txt", "go (left\n", 9);
    tragus_error e = {0};
    (void)state;
    assert_int_equal(service_grammar_load(service, "configured", (const char *[]){one, two}, 2, &e), 0);
    assert_string_equal(service_grammar_find(service, "", "configured", &e)->format, "file");
    assert_true(has_sentence("", "configured", "go left"));
    assert_true(has_sentence("", "configured", "go right"));
    assert_int_equal(service_grammar_load(service, "configured", (const char *[]){one}, 1, &e), 0);
    assert_false(has_sentence("", "configured", "go right"));
    assert_true(service_grammar_load(service, "configured", (const char *[]){bad}, 1, &e) < 0);
    assert_non_null(strstr(e.file, "bad.txt"));
    assert_int_equal(e.line, 1);
    assert_true(has_sentence("", "configured", "go left"));
    assert_true(service_grammar_load(service, "configured-too", (const char *[]){"/nowhere/x.txt"}, 1, &e) < 0);
    free(one);
    free(two);
    free(bad);
}

static void the_default_has_a_name(void **state) {
    tragus_error e = {0};
    (void)state;
    assert_null(service_grammar_find(service, "", "", &e));
    assert_non_null(strstr(e.text, "none is the default"));
    assert_int_equal(add(&ann, "lights", false, lights, &e), 0);
    service_set_default_grammar(service, "lights");
    const struct service_grammar *g = service_grammar_find(service, "", "", &e);
    assert_non_null(g);
    assert_string_equal(g->name, "lights");
    service_set_default_grammar(service, "gone");
    assert_null(service_grammar_find(service, "", "", &e));
    assert_non_null(strstr(e.text, "gone"));
}

/* --- who may change which --- */

static void a_private_grammar_is_its_owners(void **state) {
    tragus_error e = {0};
    (void)state;
    assert_int_equal(add(&ann, "mine", true, "stop\n", &e), 0);
    assert_true(has_sentence(ann.owner, "mine", "stop"));
    assert_false(has_sentence(ann_again.owner, "mine", "stop")); /* the same user on another connection */
    assert_false(has_sentence("", "mine", "stop"));
    assert_int_equal(service_grammar_remove(service, &bob, "mine", &e), -ENOENT);
    assert_int_equal(service_grammar_remove(service, &rig_daemon, "mine", &e), -ENOENT);
    assert_int_equal(add(&ann, "mine", true, "go\n", &e), 0);
    assert_true(has_sentence(ann.owner, "mine", "go"));
    assert_false(has_sentence(ann.owner, "mine", "stop"));
    service_owner_gone(service, bob.owner);
    assert_true(has_sentence(ann.owner, "mine", "go"));
    service_owner_gone(service, ann.owner);
    assert_null(service_grammars(service));
}

static void a_private_grammar_stands_before_everybodys(void **state) {
    tragus_error e = {0};
    (void)state;
    assert_int_equal(add(&bob, "house", false, "stop\n", &e), 0);
    assert_int_equal(add(&ann, "house", true, "go\n", &e), 0);
    assert_true(has_sentence(ann.owner, "house", "go"));
    assert_true(has_sentence(bob.owner, "house", "stop"));
    assert_int_equal(service_grammar_remove(service, &ann, "house", &e), 0);
    assert_true(has_sentence(ann.owner, "house", "stop"));
    assert_int_equal(service_grammar_remove(service, &ann, "house", &e), -EPERM);
}

/* A caller that asks for a public grammar gets that, instead of a private one of the same name. */
static void a_private_grammar_does_not_take_the_place_of_a_public_one(void **state) {
    tragus_error e = {0};
    (void)state;
    assert_int_equal(add(&ann, "house", true, "go\n", &e), 0);
    uint64_t mark = service_grammars_mark(service);
    assert_int_equal(add(&ann, "house", false, "stop\n", &e), 0);
    assert_int_not_equal(service_grammars_mark(service), mark);
    assert_true(has_sentence(ann.owner, "house", "stop"));
    assert_true(has_sentence(bob.owner, "house", "stop"));
    assert_int_equal(add(&bob, "house", false, "wait\n", &e), -EPERM);
    assert_int_equal(add(&ann_again, "house", false, "wait\n", &e), 0);
    assert_true(has_sentence(bob.owner, "house", "wait"));
}

static void only_some_may_change_what_belongs_to_others(void **state) {
    char *path = rig_file("house.yaml", lights, strlen(lights));
    static const tragus_list_value values[] = {{.in = "kettle"}};
    static const struct service_caller root_without_rights = {.owner = ":1.9", .uid = 0};
    tragus_error e = {0};
    (void)state;
    assert_int_equal(add(&ann, "hers", false, lights, &e), 0);
    assert_int_equal(add(&bob, "hers", false, "stop\n", &e), -EPERM);
    assert_non_null(strstr(e.text, "belongs to another user"));
    assert_int_equal(service_grammar_remove(service, &bob, "hers", &e), -EPERM);
    assert_int_equal(rig_set_list(service, event, &bob, "hers", "lamp", values, 1, &e), -EPERM);
    assert_int_equal(rig_set_list(service, event, &ann_again, "hers", "lamp", values, 1, &e), 0);
    assert_int_equal(rig_set_list(service, event, &rig_daemon, "hers", "lamp", values, 1, &e), 0);
    assert_int_equal(add(&ann_again, "hers", false, "stop\n", &e), 0);
    assert_int_equal(service_grammar_remove(service, &rig_daemon, "hers", &e), 0);

    /* A grammar of the configuration has no owner, whatever the user's ID. */
    assert_int_equal(service_grammar_load(service, "configured", (const char *[]){path}, 1, &e), 0);
    assert_int_equal(add(&root_without_rights, "configured", false, "stop\n", &e), -EPERM);
    assert_int_equal(service_grammar_remove(service, &ann, "configured", &e), -EPERM);
    assert_int_equal(rig_set_list(service, event, &ann, "configured", "lamp", values, 1, &e), -EPERM);
    assert_int_equal(rig_set_list(service, event, &rig_daemon, "configured", "lamp", values, 1, &e), 0);
    assert_true(has_sentence("", "configured", "turn on the kettle"));
    assert_false(has_sentence("", "configured", "turn on the desk"));
    assert_string_equal(service_grammar_find(service, "", "configured", &e)->format, "file");
    free(path);
}

/* Else anybody could add a grammar of that name and receive what other users say. */
static void names_of_the_configuration_stay_its_own(void **state) {
    tragus_error e = {0};
    (void)state;
    assert_true(service_grammar_load(service, "missing", (const char *[]){"/nowhere/x.yaml"}, 1, &e) < 0);
    service_set_default_grammar(service, "main");
    for (size_t i = 0; i < 2; i++) {
        const char *name = i == 0 ? "missing" : "main";
        assert_int_equal(add(&ann, name, false, "stop\n", &e), -EPERM);
        assert_non_null(strstr(e.text, "tragus.conf"));
        assert_null(service_grammar_find(service, bob.owner, name, &e));
        assert_int_equal(add(&ann, name, true, "go\n", &e), 0); /* only she hears it */
        assert_null(service_grammar_find(service, bob.owner, name, &e));
        assert_int_equal(add(&rig_daemon, name, false, "wait\n", &e), 0);
        assert_true(has_sentence(bob.owner, name, "wait"));
        assert_int_equal(add(&bob, name, false, "stop\n", &e), -EPERM);
        assert_int_equal(service_grammar_remove(service, &rig_daemon, name, &e), 0);
        assert_int_equal(add(&bob, name, false, "stop\n", &e), -EPERM);
    }
}

static void a_public_grammar_takes_the_place_in_the_limit(void **state) {
    static const char *const names[MOST_GRAMMARS] = {"one", "two", "three"};
    tragus_error e = {0};
    (void)state;
    for (size_t i = 0; i < MOST_GRAMMARS; i++)
        assert_int_equal(add(&ann, names[i], true, "go\n", &e), 0);
    assert_int_equal(add(&ann, "four", false, "go\n", &e), -ENOBUFS);
    assert_int_equal(add(&ann, "one", false, "go\n", &e), 0);
    assert_int_equal(add(&ann, "one", true, "go\n", &e), -ENOBUFS);
}

/* Only changes of public grammars are told to others, and lists are none. */
static void only_public_changes_count(void **state) {
    static const tragus_list_value values[] = {{.in = "kettle"}};
    tragus_error e = {0};
    (void)state;
    assert_int_equal(add(&ann, "hers", false, lights, &e), 0);
    uint64_t mark = service_grammars_mark(service);
    assert_true(add(&ann, "hers", false, wrong, &e) < 0);
    assert_int_equal(add(&ann, "mine", true, "go\n", &e), 0);
    assert_int_equal(rig_set_list(service, event, &ann, "hers", "lamp", values, 1, &e), 0);
    assert_int_equal(service_grammar_remove(service, &ann, "mine", &e), 0);
    assert_int_equal(service_grammars_mark(service), mark);
    assert_int_equal(service_grammar_remove(service, &ann, "hers", &e), 0);
    assert_int_not_equal(service_grammars_mark(service), mark);
}

static void lists_and_removals_name_what_there_is(void **state) {
    static const tragus_list_value values[] = {{.in = "kettle"}}, odd[] = {{.in = "(kettle"}, {.in = "fan"}};
    tragus_error e = {0};
    (void)state;
    assert_int_equal(service_grammar_remove(service, &ann, "", &e), -ENOENT);
    assert_int_equal(service_grammar_remove(service, &ann, "none", &e), -ENOENT);
    assert_int_equal(rig_set_list(service, event, &ann, "none", "lamp", values, 1, &e), -ENOENT);
    assert_int_equal(add(&ann, "lights", false, lights, &e), 0);
    assert_int_equal(rig_set_list(service, event, &ann, "lights", "", values, 1, &e), -EINVAL);
    assert_true(e.text[0]);
    assert_true(has_sentence("", "lights", "turn on the desk"));                           /* as before */
    assert_int_equal(rig_set_list(service, event, &ann, "lights", "lamp", odd, 2, &e), 0); /* one invalid name is left out */
    assert_true(has_sentence("", "lights", "turn on the fan"));
    assert_false(has_sentence("", "lights", "turn on the desk"));
    service_set_default_grammar(service, "lights");
    assert_int_equal(rig_set_list(service, event, &rig_daemon, "", "lamp", values, 1, &e), 0); /* "": the default grammar */
    assert_true(has_sentence("", "lights", "turn on the kettle"));
}

/* Typed text needs no model, speech does. */
static void a_language_without_a_model_is_typed_only(void **state) {
    struct rig_log log = {0};
    struct service_session *session = NULL;
    struct service_grammar_info info;
    tragus_error e = {0};
    (void)state;
    assert_int_equal(add(&ann, "german", false, "language: de\nsentences: ['licht an']\n", &e), 0);
    assert_true(has_sentence("", "german", "licht an"));
    const struct service_grammar *g = service_grammar_find(service, "", "german", &e);
    assert_string_equal(g->language, "de");
    service_grammar_describe(g, &info);
    assert_int_equal(info.n_templates, 1);
    assert_int_equal(info.n_words, 0);
    struct service_session_options o = rig_session_options(service, "german", &log);
    assert_int_equal(service_session_new(&session, service, &rig_daemon, &o, &e), -ENODATA);
    assert_non_null(strstr(e.text, "\"de\""));
    assert_null(session);
}

/* --- concurrent compilations --- */

struct answers {
    unsigned n, n_good, n_cancelled;
};

static void on_answer(const struct service_grammar_result *result, void *user) {
    struct answers *a = user;
    a->n++;
    a->n_good += result->code == 0;
    a->n_cancelled += result->code == -ECANCELED;
    if (result->code < 0)
        assert_true(result->error.text[0]);
}

static bool are_eight(const void *user) {
    return ((const struct answers *)user)->n >= 8;
}

static int push_one(const struct service_caller *caller, const char *name, struct answers *a, tragus_error *e) {
    const tragus_text text = {name, NULL, "stop\n", 5};
    struct service_grammar_source what = {.name = name, .format = "", .language = "", .texts = &text, .n_texts = 1};
    return service_grammar_add(service, caller, &what, on_answer, a, e);
}

static void answers_are_given_once_and_from_the_loop(void **state) {
    struct answers a = {0};
    tragus_error e = {0};
    (void)state;
    for (int i = 0; i < 8; i++)
        assert_int_equal(push_one(&ann, "house", &a, &e), 0);
    assert_int_equal(a.n, 0);
    assert_true(rig_until(event, are_eight, &a));
    rig_run(event, 20);
    assert_int_equal(a.n, 8);
    assert_int_equal(a.n_good, 8);
    assert_true(has_sentence("", "house", "stop"));
}

static bool are_two(const void *user) {
    return ((const struct answers *)user)->n >= 2;
}

/* Both lists take effect, although the second was compiled before the first was installed. */
static void two_lists_at_once_both_count(void **state) {
    static const tragus_list_value kettle[] = {{.in = "kettle"}}, red[] = {{.in = "red"}};
    static const char two[] = "language: en\nintents:\n  A:\n    data:\n      - sentences: [\"turn the {lamp} {colour}\"]\n"
                              "lists:\n  lamp: {values: [desk]}\n  colour: {values: [blue]}\n";
    struct answers a = {0};
    tragus_error e = {0};
    (void)state;
    assert_int_equal(add(&ann, "two", false, two, &e), 0);
    assert_int_equal(service_grammar_set_list(service, &ann, "two", "lamp", kettle, 1, on_answer, &a, &e), 0);
    assert_int_equal(service_grammar_set_list(service, &ann, "two", "colour", red, 1, on_answer, &a, &e), 0);
    assert_true(rig_until(event, are_two, &a));
    assert_int_equal(a.n_good, 2);
    assert_true(has_sentence("", "two", "turn the kettle red"));
    assert_false(has_sentence("", "two", "turn the desk red"));

    /* If the grammar is removed meanwhile, the list change fails. */
    a = (struct answers){0};
    assert_int_equal(service_grammar_set_list(service, &ann, "two", "lamp", kettle, 1, on_answer, &a, &e), 0);
    assert_int_equal(service_grammar_remove(service, &ann, "two", &e), 0);
    for (unsigned turn = 0; a.n == 0; turn++) {
        assert_in_range(turn, 0, 2000);
        rig_run(event, 10);
    }
    assert_int_equal(a.n_good, 0);
    assert_null(service_grammar_find(service, "", "two", &e));
}

static void a_user_has_so_many_that_wait(void **state) {
    struct answers a = {0}, b = {0};
    tragus_error e = {0};
    int r = 0;
    unsigned n = 0;
    (void)state;
    while (r >= 0 && n < 100) {
        r = push_one(&ann, "house", &a, &e);
        n += r >= 0;
    }
    assert_int_equal(r, -ENOBUFS);
    assert_int_equal(n, 16);
    assert_int_equal(push_one(&bob, "shed", &b, &e), 0); /* each user's jobs are counted separately */
    service_owner_gone(service, ann.owner);
    for (unsigned turn = 0; a.n < n || b.n < 1; turn++) {
        assert_in_range(turn, 0, 2000);
        rig_run(event, 10);
    }
    assert_int_equal(a.n_cancelled, n);
    assert_int_equal(b.n_good, 1);
    assert_null(service_grammar_find(service, "", "house", &e));
}

/* --- sessions switch to the new grammar --- */

static void push(struct service_session *s) {
    const unsigned char *bytes = (const unsigned char *)sound.pcm;
    for (size_t at = 0, turn = 0; at < 2 * sound.n; turn++) {
        ssize_t n = service_session_push(s, bytes + at, 2 * sound.n - at);
        assert_true(n >= 0 && turn < 10000);
        at += (size_t)n;
        rig_run(event, 2);
    }
}

static struct service_session *started(const char *grammar, struct rig_log *log) {
    static const struct service_input raw = {.format = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE}};
    struct service_session_options o = rig_session_options(service, grammar, log);
    struct service_session *s = rig_session(service, &o);
    assert_int_equal(service_session_set_pushed(s, &raw, NULL), 0);
    assert_int_equal(service_session_start(s, NULL), 0);
    return s;
}

static void a_session_goes_on_with_the_new_grammar(void **state) {
    struct rig_log log = {0}, other = {0};
    (void)state;
    rig_grammar(service, event, "a", CHANNELS);
    rig_grammar(service, event, "b", CHANNELS);
    struct service_session *s = started("a", &log), *t = started("b", &other);
    push(s);
    push(t);
    assert_true(rig_until(event, rig_has_result, &log));
    assert_string_equal(log.heard, "front center\n");
    for (int i = 0; i < 3; i++) /* the second and third while the first is pending */
        rig_grammar(service, event, "a", i == 1 ? CHANNELS : OTHERS);
    push(s);
    push(t);
    service_session_push_end(s);
    service_session_push_end(t);
    assert_true(rig_until(event, rig_finished, &log));
    assert_true(rig_until(event, rig_finished, &other));
    assert_null(strstr(log.heard + 1, "\nfront center\n"));
    assert_int_equal(log.n_rejected, 1);
    assert_string_equal(other.heard, "front center\nfront center\n"); /* the other session's grammar did not change */
    service_session_free(s);
    service_session_free(t);
}

static void each_utterance_has_the_newest_grammar(void **state) {
    struct rig_log log = {0};
    (void)state;
    rig_grammar(service, event, "a", OTHERS);
    struct service_session *s = started("a", &log);
    for (unsigned i = 0; i < 4; i++) {
        rig_grammar(service, event, "a", i % 2 ? OTHERS : CHANNELS);
        rig_grammar(service, event, "a", i % 2 ? CHANNELS : OTHERS);
        push(s);
        for (unsigned turn = 0; log.n_utterances + log.n_rejected <= i; turn++) {
            assert_in_range(turn, 0, 1000);
            rig_run(event, 10);
        }
        assert_int_equal(log.n_utterances, (i + 1) / 2);
    }
    assert_int_equal(service_session_stop(s), 0);
    assert_true(rig_until(event, rig_finished, &log));
    service_session_free(s);
}

static void a_session_keeps_a_grammar_that_is_removed(void **state) {
    struct rig_log log = {0};
    (void)state;
    rig_grammar(service, event, "a", CHANNELS);
    struct service_session *s = started("a", &log);
    assert_int_equal(service_grammar_remove(service, &rig_daemon, "a", NULL), 0);
    push(s);
    service_session_push_end(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_string_equal(log.heard, "front center\n");
    service_session_free(s);
}

static void a_session_that_is_not_started_begins_with_the_new_one(void **state) {
    static const struct service_input raw = {.format = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE}};
    struct rig_log log = {0};
    (void)state;
    rig_grammar(service, event, "a", OTHERS);
    struct service_session_options o = rig_session_options(service, "a", &log);
    struct service_session *s = rig_session(service, &o);
    rig_grammar(service, event, "a", CHANNELS);
    assert_int_equal(service_session_set_pushed(s, &raw, NULL), 0);
    assert_int_equal(service_session_start(s, NULL), 0);
    push(s);
    service_session_push_end(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_string_equal(log.heard, "front center\n");
    service_session_free(s);
}

/* --- pronunciations --- */

struct spoken {
    bool has_come;
    int code;
    tragus_error error;
    size_t n_words;
    struct service_pronunciation variants[4][SERVICE_MAX_VARIANTS];
};

static void on_spoken(const struct service_pronounce_result *result, void *user) {
    struct spoken *s = user;
    s->has_come = true;
    s->code = result->code;
    s->error = result->error;
    s->n_words = result->n_words;
    if (result->code >= 0)
        memcpy(s->variants, result->variants, result->n_words * sizeof(s->variants[0]));
}

static bool is_spoken(const void *user) {
    return ((const struct spoken *)user)->has_come;
}

static struct spoken pronounce(const char *language, const char *const words[], size_t n) {
    struct spoken s = {0};
    s.code = service_pronounce(service, &ann, language, words, n, on_spoken, &s, &s.error);
    if (s.code >= 0)
        assert_true(rig_until(event, is_spoken, &s));
    return s;
}

static void words_have_pronunciations(void **state) {
    static const char *const words[] = {"read", "zork", "blorfle"};
    char word[2000];
    (void)state;
    struct spoken s = pronounce("", words, 3);
    assert_int_equal(s.code, 0);
    assert_int_equal(s.n_words, 3);
    assert_true(s.variants[0][0].n_phones > 0 && s.variants[0][1].n_phones > 0); /* it has two pronunciations */
    assert_false(s.variants[0][0].guessed);
    assert_false(s.variants[1][0].guessed); /* the user's own */
    assert_int_equal(s.variants[1][0].n_phones, 4);
    assert_string_equal(s.variants[1][0].phones[3], "K");
    assert_true(s.variants[2][0].guessed && s.variants[2][0].n_phones > 3);
    s = pronounce("en", words, 1);
    assert_int_equal(s.code, 0);
    s = pronounce("xx", words, 1);
    assert_int_equal(s.code, -ENODATA);
    assert_non_null(strstr(s.error.text, "xx"));
    s = pronounce("", (const char *[]){"?!"}, 1);
    assert_true(s.code < 0);
    assert_non_null(strstr(s.error.text, "nothing that can be spoken"));
    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    s = pronounce("", (const char *[]){word}, 1);
    assert_int_equal(s.code, -EINVAL);
    assert_non_null(strstr(s.error.text, "too long"));
    assert_false(s.has_come); /* at once, without a copy that waits */
    word[200] = '\0';
    s = pronounce("", (const char *[]){word}, 1);
    assert_int_equal(s.code, -EINVAL);
    assert_non_null(strstr(s.error.text, "too long"));
}

#define TEST(f) cmocka_unit_test_setup(f, remove_all)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_grammar_is_described),
        TEST(names_are_checked),
        TEST(a_wrong_grammar_leaves_the_old_one),
        TEST(there_are_limits),
        TEST(files_are_loaded),
        TEST(the_default_has_a_name),
        TEST(a_private_grammar_is_its_owners),
        TEST(a_private_grammar_stands_before_everybodys),
        TEST(a_private_grammar_does_not_take_the_place_of_a_public_one),
        TEST(only_some_may_change_what_belongs_to_others),
        TEST(names_of_the_configuration_stay_its_own),
        TEST(a_public_grammar_takes_the_place_in_the_limit),
        TEST(only_public_changes_count),
        TEST(lists_and_removals_name_what_there_is),
        TEST(a_language_without_a_model_is_typed_only),
        TEST(answers_are_given_once_and_from_the_loop),
        TEST(two_lists_at_once_both_count),
        TEST(a_user_has_so_many_that_wait),
        TEST(a_session_goes_on_with_the_new_grammar),
        TEST(each_utterance_has_the_newest_grammar),
        TEST(a_session_keeps_a_grammar_that_is_removed),
        TEST(a_session_that_is_not_started_begins_with_the_new_one),
        TEST(words_have_pronunciations),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
