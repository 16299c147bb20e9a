/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that survive a restart: their files, and how they go over to grammars that are loaded again. */
#include "rig.h"
#include "service/private.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static sd_event *event;
static struct service *service;
static char folder[256], path[300], beside[310];
static char *sentences;

/* --- files --- */

static const struct grammar_list_value lamps[] = {
    {.in = "k\"i\\t\nchen \xc3\xa4 /lamp", .out = "light.kitchen", .context_domain = "light"},
    {.in = "desk"},
    {.in = "", .out = ""}};

static struct engine_list *two_lists(void) {
    struct engine_list *lists = engine_list_new("lamp", lamps, 3);
    assert_non_null(lists);
    lists->next = engine_list_new("empty one", NULL, 0);
    assert_non_null(lists->next);
    return lists;
}

static void assert_same(const char *a, const char *b) {
    if (!a || !b)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static void assert_two_lists(void) {
    struct engine_list *lists = NULL;
    tragus_error e = {0};
    assert_int_equal(state_read(&lists, folder, "home", &e), 0);
    assert_non_null(lists);
    assert_string_equal(lists->name, "lamp");
    assert_int_equal(lists->n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_same(lists->values[i].in, lamps[i].in);
        assert_same(lists->values[i].out, lamps[i].out);
        assert_same(lists->values[i].context_domain, lamps[i].context_domain);
    }
    assert_non_null(lists->next);
    assert_string_equal(lists->next->name, "empty one");
    assert_int_equal(lists->next->n, 0);
    assert_null(lists->next->next);
    engine_lists_free(lists);
}

static void put(const char *text, size_t len) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    fclose(f);
}

static void lists_come_back_as_they_were(void **state) {
    struct engine_list *lists = two_lists(), *none;
    struct stat st;
    tragus_error e = {0};
    (void)state;
    (void)umask(0);
    put("{", 1); /* an old one with rights for others */
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(state_write(folder, "home", lists, &e), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(access(beside, F_OK), -1);
    assert_two_lists();
    assert_int_equal(state_read(&none, folder, "other", &e), 0);
    assert_null(none);
    assert_int_equal(state_write(folder, "home", NULL, &e), 0);
    assert_int_equal(state_write(folder, "home", NULL, &e), 0); /* there is none */
    assert_int_equal(state_read(&none, folder, "home", &e), 0);
    assert_null(none);
    engine_lists_free(lists);
}

/* Every part of the file, as a torn write would leave it, is refused and never read as fewer names. */
static void torn_files_are_refused(void **state) {
    static char text[4096];
    struct engine_list *lists = two_lists(), *none;
    tragus_error e = {0};
    (void)state;
    assert_int_equal(state_write(folder, "home", lists, &e), 0);
    FILE *f = fopen(path, "r");
    size_t n = fread(text, 1, sizeof(text), f);
    fclose(f);
    assert_in_range(n, 50, sizeof(text) - 1);
    for (size_t len = 0; len < n; len++) {
        put(text, len);
        assert_int_equal(state_read(&none, folder, "home", &e), -EBADMSG);
        assert_null(none);
        assert_non_null(strstr(e.text, "home.lists.json"));
    }
    for (size_t from = 0; from < n; from++) { /* a block that was not written */
        char zeros[sizeof(text)];
        memcpy(zeros, text, n);
        memset(zeros + from, 0, n - from);
        put(zeros, n);
        assert_int_equal(state_read(&none, folder, "home", &e), -EBADMSG);
    }
    put(text, n);
    assert_two_lists();
    engine_lists_free(lists);
}

static void foreign_files_are_refused(void **state) {
    static const char *const foreign[] = {
        "\177ELF",
        "[]",
        "7",
        "null",
        "{}",
        "{\"version\":1,\"grammar\":\"home\"}",
        "{\"version\":2,\"grammar\":\"home\",\"lists\":{}}",
        "{\"version\":1,\"grammar\":\"other\",\"lists\":{}}",
        "{\"version\":1,\"grammar\":\"home\",\"lists\":[]}",
        "{\"version\":1,\"grammar\":\"home\",\"lists\":{\"lamp\":7}}",
        "{\"version\":1,\"grammar\":\"home\",\"lists\":{\"lamp\":[7]}}",
        "{\"version\":1,\"grammar\":\"home\",\"lists\":{\"lamp\":[{}]}}",
        "{\"version\":1,\"grammar\":\"home\",\"lists\":{\"lamp\":[{\"in\":7}]}}",
        "{\"version\":1,\"grammar\":\"home\",\"lists\":{\"lamp\":[{\"in\":\"a\\u0000b\"}]}}",
        "{\"version\":1,\"grammar\":\"home\",\"lists\":{\"lamp\":[{\"in\":\"a\",\"out\":[]}]}}",
        "{\"version\":1,\"grammar\":\"home\",\"lists\":{\"\":[]}}",
        "{\"version\":1,\"grammar\":\"home\",\"lists\":{\"a\xff\":[]}}",
        "{\"version\":1,\"grammar\":\"home\",\"lists\":{}} {}",
    };
    struct engine_list *none;
    tragus_error e = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        put(foreign[i], strlen(foreign[i]));
        if (state_read(&none, folder, "home", &e) != -EBADMSG)
            fail_msg("%s is taken", foreign[i]);
        assert_null(none);
    }
    static const char none_yet[] = "{\"version\":1,\"grammar\":\"home\",\"lists\":{}}\n";
    put(none_yet, strlen(none_yet));
    assert_int_equal(state_read(&none, folder, "home", &e), 0);
    assert_int_equal(truncate(path, (16 << 20) + 1), 0);
    assert_int_equal(state_read(&none, folder, "home", &e), -E2BIG);
    assert_non_null(strstr(e.text, "larger than 16 MB"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0); /* must not wait for a writer */
    assert_int_equal(state_read(&none, folder, "home", &e), -EINVAL);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(state_read(&none, folder, "home", &e), -ELOOP);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(state_read(&none, "/nowhere", "home", &e), 0);
    assert_null(none);
}

/* A full disk, in whatever place the write is cut. */
static void a_failed_write_leaves_the_old_lists(void **state) {
    struct engine_list *lists = two_lists(), *fresh = engine_list_new("lamp", NULL, 0);
    struct rlimit before, none = {.rlim_cur = 20};
    tragus_error e = {0};
    (void)state;
    assert_int_equal(state_write(folder, "home", lists, &e), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none.rlim_max = before.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    int r = state_write(folder, "home", fresh, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(r, -EFBIG);
    assert_non_null(strstr(e.text, "cannot write"));
    assert_int_equal(access(beside, F_OK), -1);
    assert_two_lists();
    put("", 0);
    assert_int_equal(rename(path, beside), 0); /* what a killed daemon left */
    assert_int_equal(state_write(folder, "home", lists, &e), 0);
    assert_int_equal(access(beside, F_OK), -1);
    assert_two_lists();
    assert_int_equal(state_write("/nowhere", "home", lists, &e), -ENOENT);
    engine_lists_free(lists);
    engine_lists_free(fresh);
}

/* --- grammars that are loaded again --- */

static const char
    light[] = "language: en\nintents: {A: {data: [{sentences: [\"light the {lamp}\"]}]}}\nlists: {lamp: {values: [desk]}}\n",
    ignite[] = "language: en\nintents: {A: {data: [{sentences: [\"ignite the {lamp}\"]}]}}\nlists: {lamp: {values: [desk]}}\n",
    broken[] = "language: en\nintents: {A: {data: [{sentences: [\"light the (lamp\"]}]}}\n";

static const char *names[] = {"home", "second"};
static struct service_files files[2];
static size_t n_files;
static int read_code;

static int read_configuration(const struct service_files **ret, size_t *ret_n, void *user, tragus_error *reterr) {
    assert_ptr_equal(user, &n_files);
    *ret = files;
    *ret_n = n_files;
    return read_code < 0 ? base_error_set(reterr, read_code, "tragus.conf has a mistake") : 0;
}

static void write_sentences(const char *text) {
    free(sentences);
    sentences = rig_file("home.yaml", text, strlen(text));
}

struct counted {
    unsigned n, n_expected;
    int code;
};

static void on_reloaded(int code, void *user) {
    struct counted *c = user;
    c->n++;
    c->code = code;
}

static void on_list(const struct service_grammar_result *result, void *user) {
    struct counted *c = user;
    c->n++;
    c->code = result->code;
}

static bool all_done(const void *user) {
    const struct counted *c = user;
    return c->n >= c->n_expected;
}

static int reload(const struct service_caller *caller, bool forget_lists) {
    struct counted c = {.n_expected = 1};
    tragus_error e = {0};
    int r = service_reload(service, caller, forget_lists, on_reloaded, &c, &e);
    if (r < 0)
        return r;
    assert_true(rig_until(event, all_done, &c));
    return c.code;
}

static bool understands(const char *text) {
    return rig_understands(service, "", "home", text);
}

static const tragus_list_value kettle[] = {{.in = "kettle"}};

static void set_kettle(void) {
    tragus_error e = {0};
    assert_int_equal(rig_set_list(service, event, &rig_daemon, "home", "lamp", kettle, 1, &e), 0);
}

static int begin(void **state) {
    struct service_options o;
    tragus_error e = {0};
    (void)state;
    (void)unlink(path);
    rig_options(&o);
    o.state = folder;
    service = rig_service(event, &o);
    write_sentences(light);
    for (size_t i = 0; i < 2; i++)
        files[i] = (struct service_files){names[i], (const char *const *)&sentences, 1};
    n_files = 1;
    read_code = 0;
    service_set_configuration(service, read_configuration, &n_files);
    return service_grammar_load(service, "home", (const char *[]){sentences}, 1, &e);
}

static int end(void **state) {
    (void)state;
    service_free(service);
    service = NULL;
    return 0;
}

static void lists_survive_a_restart(void **state) {
    set_kettle();
    assert_int_equal(access(path, F_OK), 0);
    end(state);
    struct service_options o;
    tragus_error e = {0};
    rig_options(&o);
    o.state = folder;
    service = rig_service(event, &o);
    assert_int_equal(service_grammar_load(service, "home", (const char *[]){sentences}, 1, &e), 0);
    assert_true(understands("light the kettle"));
    assert_false(understands("light the desk"));
    assert_string_equal(service_grammar_set_list_name(service_grammar_find(service, "", "home", &e), 0), "lamp");
    assert_null(service_grammar_set_list_name(service_grammar_find(service, "", "home", &e), 1));
}

static void lists_of_clients_grammars_are_not_kept(void **state) {
    tragus_error e = {0};
    (void)state;
    assert_int_equal(rig_add_grammar(service, event, &rig_daemon, "home", false, light, NULL, &e), 0); /* in place of the files */
    set_kettle();
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(reload(&rig_daemon, false), 0); /* the files are back */
    assert_true(understands("light the desk"));
}

static void reloading_keeps_or_forgets_lists(void **state) {
    (void)state;
    set_kettle();
    write_sentences(ignite);
    assert_int_equal(reload(&rig_daemon, false), 0);
    assert_true(understands("ignite the kettle"));
    assert_false(understands("ignite the desk"));
    write_sentences(broken);
    assert_int_equal(reload(&rig_daemon, true), 0);
    assert_true(understands("ignite the kettle"));
    assert_int_equal(access(path, F_OK), 0);
    write_sentences(light);
    assert_int_equal(reload(&rig_daemon, true), 0);
    assert_true(understands("light the desk"));
    assert_false(understands("light the kettle"));
    assert_int_equal(access(path, F_OK), -1);
}

/* Both orders: neither the changed file nor the changed list is lost. */
static void a_list_that_is_set_during_a_reload_is_not_lost(void **state) {
    (void)state;
    for (int turn = 0; turn < 6; turn++) {
        struct counted c = {.n_expected = 2};
        tragus_error e = {0};
        char name[24];
        const tragus_list_value value = {.in = name};
        char text[40];
        snprintf(name, sizeof(name), "lamp %d", turn);
        snprintf(text, sizeof(text), "%s the lamp %d", turn % 2 ? "light" : "ignite", turn);
        write_sentences(turn % 2 ? light : ignite);
        if (turn < 3)
            assert_int_equal(service_reload(service, &rig_daemon, false, on_reloaded, &c, &e), 0);
        assert_int_equal(service_grammar_set_list(service, &rig_daemon, "home", "lamp", &value, 1, on_list, &c, &e), 0);
        if (turn >= 3)
            assert_int_equal(service_reload(service, &rig_daemon, false, on_reloaded, &c, &e), 0);
        assert_true(rig_until(event, all_done, &c));
        assert_int_equal(c.code, 0);
        if (!understands(text))
            fail_msg("\"%s\" is lost", text);
    }
}

static unsigned n_errors;
static int count_errors(const char *grammar, const tragus_diagnostic *d, void *user) {
    (void)user;
    assert_string_equal(grammar, "home");
    n_errors += d->severity == TRAGUS_ERROR;
    return 0;
}

static void what_cannot_be_loaded_again_stays(void **state) {
    (void)state;
    write_sentences(broken);
    for (unsigned i = 0; i < 2; i++) { /* told once, however often it is tried */
        assert_int_equal(reload(&rig_daemon, false), 0);
        assert_true(understands("light the desk"));
        n_errors = 0;
        assert_int_equal(service_left_out(service, count_errors, NULL), 0);
        assert_int_equal(n_errors, 1);
    }
    write_sentences(ignite);
    assert_int_equal(reload(&rig_daemon, false), 0);
    assert_true(understands("ignite the desk"));
    n_errors = 0;
    assert_int_equal(service_left_out(service, count_errors, NULL), 0);
    assert_int_equal(n_errors, 0);
    read_code = -EINVAL;
    write_sentences(light);
    assert_int_equal(reload(&rig_daemon, false), -EINVAL);
    assert_true(understands("ignite the desk"));
}

static void names_come_and_go(void **state) {
    tragus_error e = {0};
    (void)state;
    n_files = 2;
    assert_int_equal(reload(&rig_daemon, false), 0);
    assert_non_null(service_grammar_find(service, "", "second", &e));
    assert_int_equal(rig_add_grammar(service, event, &rig_guest, "second", false, "stop\n", NULL, &e), -EPERM);
    n_files = 1;
    assert_int_equal(reload(&rig_daemon, false), 0);
    assert_null(service_grammar_find(service, "", "second", &e));
    assert_int_equal(rig_add_grammar(service, event, &rig_guest, "second", false, "stop\n", NULL, &e), 0);
    n_files = 0;
    assert_int_equal(reload(&rig_daemon, false), 0);
    assert_null(service_grammar_find(service, "", "home", &e));
    assert_non_null(service_grammar_find(service, "", "second", &e)); /* the guest's */
}

static void only_administrators_may_reload(void **state) {
    (void)state;
    write_sentences(ignite);
    assert_int_equal(reload(&rig_guest, false), -EPERM);
    rig_run(event, 100);
    assert_true(understands("light the desk"));
}

/* The service may end at any time: the list is on the disk, or its setting was not answered with success. */
static void the_end_of_the_service_loses_no_answer(void **state) {
    struct counted c = {.n_expected = 2};
    tragus_error e = {0};
    assert_int_equal(service_grammar_set_list(service, &rig_daemon, "home", "lamp", kettle, 1, on_list, &c, &e), 0);
    assert_int_equal(service_reload(service, &rig_daemon, false, on_reloaded, &c, &e), 0);
    end(state);
    assert_int_equal(c.n, 2);
    assert_int_equal(c.code, -ECANCELED);
}

static int make(void **state) {
    (void)state;
    rig_device("silence", NULL);
    snprintf(folder, sizeof(folder), "%s/state", rig_folder());
    snprintf(path, sizeof(path), "%s/home.lists.json", folder);
    snprintf(beside, sizeof(beside), "%s.new", path);
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
        cmocka_unit_test(lists_come_back_as_they_were),  cmocka_unit_test(torn_files_are_refused),
        cmocka_unit_test(foreign_files_are_refused),     cmocka_unit_test(a_failed_write_leaves_the_old_lists),
        WITH_SERVICE(lists_survive_a_restart),           WITH_SERVICE(lists_of_clients_grammars_are_not_kept),
        WITH_SERVICE(reloading_keeps_or_forgets_lists),  WITH_SERVICE(a_list_that_is_set_during_a_reload_is_not_lost),
        WITH_SERVICE(what_cannot_be_loaded_again_stays), WITH_SERVICE(names_come_and_go),
        WITH_SERVICE(only_administrators_may_reload),    WITH_SERVICE(the_end_of_the_service_loses_no_answer),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
