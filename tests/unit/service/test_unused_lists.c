/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in the state folder that a grammar does not use, because they do not fit or were damaged: they are told, and not lost. */
#include "rig.h"
#include "service/private.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define FEW_ARCS 1000 /* the graph may have: enough for the sentences, not for MANY lamps */
#define MANY 400

static const char simple[] = "language: en\n"
                             "intents: {A: {data: [{sentences: [\"light the {lamp}\", \"clean the {room}\"]}]}}\n"
                             "lists: {lamp: {values: [desk]}, room: {values: [hall]}}\n",
                  large[] = "language: en\n"
                            "intents: {A: {data: [{sentences: [\"light the {lamp} (above|below|beside|behind) the {lamp}\", "
                            "\"light the {lamp}\", \"clean the {room}\"]}]}}\n"
                            "lists: {lamp: {values: [desk]}, room: {values: [hall]}}\n";

static sd_event *event;
static struct service *service;
static char folder[256], path[300];
static char *sentences;
static struct service_files files;

static int read_configuration(const struct service_files **ret, size_t *ret_n, void *user, tragus_error *reterr) {
    (void)user, (void)reterr;
    files = (struct service_files){"home", (const char *const *)&sentences, 1};
    *ret = &files;
    *ret_n = 1;
    return 0;
}

static void write_sentences(const char *text) {
    free(sentences);
    sentences = rig_file("home.yaml", text, strlen(text));
}

static void restart(size_t arcs) {
    struct service_options o;
    tragus_error e = {0};
    service_free(service);
    rig_options(&o);
    o.state = folder;
    if (arcs > 0)
        o.limits.grammar_arcs = arcs;
    service = rig_service(event, &o);
    service_set_configuration(service, read_configuration, NULL);
    if (service_grammar_load(service, "home", (const char *[]){sentences}, 1, &e) < 0)
        fail_msg("%s", e.text);
}

static void set(const char *list, unsigned n) {
    static char names[MANY][32];
    static tragus_list_value values[MANY];
    tragus_error e = {0};
    for (unsigned i = 0; i < n; i++) {
        snprintf(names[i], sizeof(names[i]), "%c%c%c%c%c%c %s", "bdfgklmnprstvz"[i % 14], "aeiou"[i % 5], "ptkmn"[i / 5 % 5],
                 "oaeui"[i / 3 % 5], "rlstd"[i / 25 % 5], "aio"[i / 7 % 3], list); /* they share little */
        values[i] = (tragus_list_value){.in = names[i]};
    }
    if (rig_set_list(service, event, &rig_daemon, "home", list, values, n, &e) < 0)
        fail_msg("%s", e.text);
}

static void on_reloaded(int code, void *user) {
    assert_int_equal(code, 0);
    *(bool *)user = true;
}

static bool is_true(const void *user) {
    return *(const bool *)user;
}

static void reload(void) {
    tragus_error e = {0};
    bool done = false;
    assert_int_equal(service_reload(service, &rig_daemon, false, on_reloaded, &done, &e), 0);
    assert_true(rig_until(event, is_true, &done));
}

static bool understands(const char *text) {
    return rig_understands(service, "", "home", text);
}

static int find_note(const char *grammar, const tragus_diagnostic *d, void *user) {
    assert_string_equal(grammar, "home");
    assert_int_equal(d->severity, TRAGUS_WARNING);
    if (strstr(d->text, "the lists that programs have set"))
        *(const char **)user = d->text;
    return 0;
}

/* What is told about the lists; NULL: nothing. */
static const char *note(void) {
    const char *text = NULL;
    assert_int_equal(service_left_out(service, find_note, &text), 0);
    return text;
}

static void expect_note(const char *part) {
    const char *text = note();
    if (!text || !strstr(text, part))
        fail_msg("%s is not told: %s", part, text ? text : "nothing");
}

/* Number of values of a list that is kept on the disk; -1: it is not kept. */
static int n_kept(const char *list) {
    struct engine_list *lists = NULL;
    tragus_error e = {0};
    int n = -1;
    assert_int_equal(state_read(&lists, folder, "home", &e), 0);
    for (const struct engine_list *l = lists; l; l = l->next)
        if (strcmp(l->name, list) == 0)
            n = (int)l->n;
    engine_lists_free(lists);
    return n;
}

static int begin(void **state) {
    (void)state;
    (void)unlink(path);
    write_sentences(simple);
    restart(0);
    return 0;
}

static int end(void **state) {
    (void)state;
    service_free(service);
    service = NULL;
    return 0;
}

/* After this, the service uses the lists of the files, because those on the disk do not fit. */
static void begin_with_too_many(void) {
    set("lamp", MANY);
    set("room", 2);
    assert_true(understands("light the niteri lamp"));
    restart(FEW_ARCS);
    assert_true(understands("light the desk"));
    assert_false(understands("light the niteri lamp"));
    expect_note("kept, but cannot be used now");
}

static void what_does_not_fit_is_told_and_stays(void **state) {
    (void)state;
    begin_with_too_many();
    assert_int_equal(n_kept("lamp"), MANY);
    set("room", 3);
    assert_true(understands("clean the fipora room"));
    assert_int_equal(n_kept("room"), 3);
    assert_int_equal(n_kept("lamp"), MANY);
    expect_note("kept, but cannot be used now");
    restart(0);
    assert_true(understands("light the niteri lamp"));
    assert_true(understands("clean the fipora room"));
    assert_null(note());
}

static void what_is_set_again_is_no_longer_told(void **state) {
    (void)state;
    begin_with_too_many();
    set("lamp", 1);
    assert_int_equal(n_kept("lamp"), 1);
    assert_int_equal(n_kept("room"), 2);
    expect_note("kept, but cannot be used now");
    set("room", 1);
    assert_int_equal(n_kept("lamp"), 1);
    assert_int_equal(n_kept("room"), 1);
    assert_null(note());
}

/* Sentences that leave more room bring the lists back; as long as they do not fit, the sentences are reloaded without them. */
static void a_reload_uses_what_fits_now(void **state) {
    (void)state;
    set("lamp", 90);
    write_sentences(large);
    restart(FEW_ARCS);
    assert_false(understands("light the niteri lamp"));
    expect_note("kept, but cannot be used now");
    reload();
    assert_true(understands("light the desk above the desk"));
    expect_note("kept, but cannot be used now");
    write_sentences(simple);
    reload();
    assert_true(understands("light the niteri lamp"));
    assert_null(note());
    assert_int_equal(n_kept("lamp"), 90);
}

static void what_is_damaged_is_told_until_it_is_replaced(void **state) {
    (void)state;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("{", f);
    fclose(f);
    restart(0);
    assert_true(understands("light the desk"));
    expect_note("are lost");
    set("lamp", 1);
    assert_int_equal(n_kept("lamp"), 1);
    assert_null(note());
}

static void only_damage_lets_a_file_be_replaced(void **state) {
    (void)state;
    assert_true(state_is_damaged(-EBADMSG));
    assert_false(state_is_damaged(-EIO));
    assert_false(state_is_damaged(-ENOMEM));
    assert_false(state_is_damaged(-EACCES));
}

static int make(void **state) {
    (void)state;
    rig_device("silence", NULL);
    snprintf(folder, sizeof(folder), "%s/state", rig_folder());
    snprintf(path, sizeof(path), "%s/home.lists.json", folder);
    return mkdir(folder, 0700) < 0 ? -1 : sd_event_new(&event);
}

static int unmake(void **state) {
    (void)state;
    free(sentences);
    (void)unlink(path);
    (void)rmdir(folder);
    sd_event_unref(event);
    return 0;
}

#define WITH_SERVICE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_SERVICE(what_does_not_fit_is_told_and_stays),
        WITH_SERVICE(what_is_set_again_is_no_longer_told),
        WITH_SERVICE(a_reload_uses_what_fits_now),
        WITH_SERVICE(what_is_damaged_is_told_until_it_is_replaced),
        cmocka_unit_test(only_damage_lets_a_file_be_replaced),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
