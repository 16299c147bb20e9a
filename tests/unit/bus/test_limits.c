/* SPDX-License-Identifier: Apache-2.0 */
/* Callers who want too much, files that do not answer, and calls that wait when the connection ends. */
#include "wire.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MOST_CALLS 4 /* of a user; a connection has two */
#define LIMITS_EXCEEDED "org.freedesktop.DBus.Error.LimitsExceeded"

static int make(void **state) {
    (void)state;
    rig_device("silence", NULL);
    return 0;
}

static void start(void) {
    struct service_options o;
    rig_options(&o);
    o.limits.calls_per_user = MOST_CALLS;
    wire_start(&o);
}

static int on_reply(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)error;
    *(sd_bus_message **)user = sd_bus_message_ref(m);
    return 0;
}

static void begin_add(sd_bus *from, const char *name, int fd, sd_bus_message **ret_reply) {
    assert_true(sd_bus_call_method_async(from, NULL, WIRE_NAME, WIRE_PATH, WIRE_MANAGER, "AddGrammar", on_reply, ret_reply,
                                         "sha{sv}", name, fd, 0) >= 0);
}

static bool all_answered(const void *user) {
    sd_bus_message *const *replies = user;
    for (unsigned i = 0; i < MOST_CALLS; i++)
        if (!replies[i])
            return false;
    return true;
}

static unsigned n_descriptors(void) {
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static bool descriptors_are(const void *user) {
    return n_descriptors() == *(const unsigned *)user;
}

static void calls_that_wait_are_limited(void **state) {
    sd_bus_message *replies[MOST_CALLS] = {NULL};
    sd_bus *clients[2];
    int ends[2];
    (void)state;
    start();
    sd_bus *third = wire_connect();
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    for (unsigned i = 0; i < 2; i++)
        clients[i] = wire_connect();
    rig_run(wire_event, 50);
    unsigned n_before = n_descriptors(), n_expected;
    for (unsigned i = 0; i < MOST_CALLS; i++)
        begin_add(clients[i / 2], i % 2 ? "one" : "two", ends[0], &replies[i]);
    n_expected = n_before + 2 * MOST_CALLS; /* a copy and an eventfd each; the messages hold none */
    assert_true(rig_until(wire_event, descriptors_are, &n_expected));
    assert_false(all_answered(replies));

    wire_expect_error(wire_call(clients[0], WIRE_PATH, WIRE_MANAGER, "AddGrammar", "sha{sv}", "x", ends[0], 0), LIMITS_EXCEEDED,
                      "calls_per_user");
    wire_expect_error(wire_call(third, WIRE_PATH, WIRE_MANAGER, "ParseText", "ssa{sv}", "", "rear left", 0), LIMITS_EXCEEDED,
                      "4 calls of this user");
    sd_bus_message_unref(wire_property(third, WIRE_PATH, WIRE_MANAGER, "Ready", "u")); /* what is answered at once is not counted */
    assert_int_equal(write(ends[1], "stop\n", 5), 5);
    close(ends[1]);
    assert_true(rig_until(wire_event, all_answered, replies));
    for (unsigned i = 0; i < MOST_CALLS; i++)
        wire_expect_return(replies[i]);
    wire_expect_return(wire_call(third, WIRE_PATH, WIRE_MANAGER, "ParseText", "ssa{sv}", "", "rear left", 0));
    n_expected = n_before - 1; /* our own end of the pipe */
    assert_true(rig_until(wire_event, descriptors_are, &n_expected));
    for (unsigned i = 0; i < 2; i++)
        wire_disconnect(clients[i]);
    close(ends[0]);
    wire_disconnect(third);
    wire_end();
}

/* One connection may have half of its user's calls. */
static void a_connection_leaves_some_to_others(void **state) {
    sd_bus_message *replies[2] = {NULL};
    int ends[2];
    (void)state;
    start();
    sd_bus *greedy = wire_connect(), *other = wire_connect();
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    for (unsigned i = 0; i < 2; i++)
        begin_add(greedy, "x", ends[0], &replies[i]);
    wire_expect_error(wire_call(greedy, WIRE_PATH, WIRE_MANAGER, "Pronounce", "sas", "", 1, "stop"), LIMITS_EXCEEDED,
                      "2 of this connection");
    wire_expect_error(wire_call(greedy, WIRE_PATH, WIRE_MANAGER, "SetList", "ssa(ssa{sv})", "channels", "x", 0), LIMITS_EXCEEDED,
                      NULL);
    wire_expect_return(wire_call(other, WIRE_PATH, WIRE_MANAGER, "Pronounce", "sas", "", 1, "stop"));
    wire_disconnect(greedy);
    wire_disconnect(other);
    close(ends[0]);
    close(ends[1]);
    wire_end();
}

static void a_silent_file_delays_nobody(void **state) {
    sd_bus_message *reply = NULL;
    int silent = rig_silent_file();
    (void)state;
    start();
    sd_bus *client = wire_connect();
    alarm(60); /* if the main thread is blocked */
    begin_add(client, "silent", silent, &reply);
    rig_run(wire_event, 50);
    wire_expect_return(wire_call(client, WIRE_PATH, WIRE_MANAGER, "ParseText", "ssa{sv}", "", "rear left", 0));
    assert_null(reply);
    alarm(0);
    wire_disconnect(client);
    wire_end();
    close(silent);
}

/* The jobs' answers arrive after the connection is gone. */
static void the_connection_may_end_first(void **state) {
    sd_bus_message *replies[MOST_CALLS] = {NULL};
    char text[60000];
    int ends[2];
    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 12 == 11 ? '\n' : "bcdfglmnprst"[(i * 7 + i / 12 + i / 97) % 12];
    start();
    sd_bus *client = wire_connect(), *other = wire_connect();
    int fd = wire_memory(text, sizeof(text));
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    begin_add(client, "large", fd, &replies[0]);
    begin_add(client, "never", ends[0], &replies[1]);
    assert_true(sd_bus_call_method_async(other, NULL, WIRE_NAME, WIRE_PATH, WIRE_MANAGER, "ParseText", on_reply, &replies[2],
                                         "ssa{sv}", "", "rear left", 0) >= 0);
    rig_run(wire_event, 30);
    bus_close(wire_bus);
    wire_bus = NULL;
    rig_run(wire_event, 100);
    assert_int_equal(service_n_sessions(wire_service), 0);
    assert_non_null(replies[1]);
    assert_true(sd_bus_message_is_method_error(replies[1], NULL));
    for (unsigned i = 0; i < MOST_CALLS; i++)
        sd_bus_message_unref(replies[i]);
    wire_disconnect(client);
    wire_disconnect(other);
    close(fd);
    close(ends[0]);
    close(ends[1]);
    wire_end();
}

/* A sentence with about `n` * 10,000 bytes of metadata. The caller frees it. */
static char *much_metadata(unsigned n) {
    size_t size = 20000 + 16 * (size_t)n;
    char *text = malloc(size);
    assert_non_null(text);
    int len = snprintf(
        text, size,
        "language: en\nintents:\n  X:\n    data:\n      - sentences: [\"rear left\"]\n        metadata: {m: &x \"%010000d\"", 1);
    for (unsigned i = 0; i < n; i++)
        len += snprintf(text + len, size - (size_t)len, ", m%u: *x", i);
    snprintf(text + len, size - (size_t)len, "}\n");
    return text;
}

static const char *is_refused(sd_bus_message *reply) {
    static char name[128];
    const sd_bus_error *e = sd_bus_message_get_error(reply);
    snprintf(name, sizeof(name), "%s", e ? e->name : "");
    sd_bus_message_unref(reply);
    return name;
}

/* The bus ends the connection of who sends a message of more than 32 MB, which the text of a grammar can ask for. */
static void a_result_has_a_limit(void **state) {
    (void)state;
    start();
    sd_bus *client = wire_connect();
    for (unsigned n = 100; n <= 3600; n += 3500) {
        char *text = much_metadata(n);
        wire_expect_return(wire_call(client, WIRE_PATH, WIRE_MANAGER, "AddGrammarText", "ssa{sv}", "much", text, 0));
        free(text);
        const char *error = is_refused(wire_call(client, WIRE_PATH, WIRE_MANAGER, "ParseText", "ssa{sv}", "much", "rear left", 0));
        assert_string_equal(error, n == 100 ? "" : LIMITS_EXCEEDED);
    }
    assert_int_equal(wire_n_lost, 0);
    wire_disconnect(client);
    wire_end();
}

/* The number of entries of an array. */
static unsigned count(sd_bus_message *m, const char *contents) {
    unsigned n = 0;
    assert_true(sd_bus_message_enter_container(m, 'a', contents) > 0);
    for (; sd_bus_message_at_end(m, false) == 0; n++)
        assert_true(sd_bus_message_skip(m, contents) >= 0);
    assert_true(sd_bus_message_exit_container(m) >= 0);
    return n;
}

/* What everybody may ask for has a limit, too, however much one user adds. */
static void what_all_can_see_has_a_limit(void **state) {
    enum { N = 5000 };
    char *text = malloc(N * 64 + 100);
    unsigned n_intents = 0;
    const char *key;
    (void)state;
    assert_non_null(text);
    int len = sprintf(text, "language: en\nintents:\n  Rear: {data: [{sentences: [\"rear left\"]}]}\n");
    for (unsigned i = 0; i < N; i++)
        len += sprintf(text + len, "  I%u: {data: [{sentences: [\"%s\"]}]}\n", i, i < 100 ? "<missing>" : "left");
    start();
    sd_bus *client = wire_connect();
    wire_expect_return(wire_call(client, WIRE_PATH, WIRE_MANAGER, "AddGrammarText", "ssa{sv}", "many", text, 0));
    sd_bus_message *reply = wire_property(client, WIRE_PATH, WIRE_MANAGER, "LeftOut", "aa{sv}");
    assert_in_range(count(reply, "a{sv}"), 1, 30);
    sd_bus_message_unref(reply);
    reply = wire_call(client, WIRE_PATH, WIRE_MANAGER, "ListGrammars", "");
    assert_true(sd_bus_message_enter_container(reply, 'a', "{sa{sv}}") > 0);
    while (sd_bus_message_enter_container(reply, 'e', "sa{sv}") > 0) {
        assert_true(sd_bus_message_skip(reply, "s") >= 0);
        assert_true(sd_bus_message_enter_container(reply, 'a', "{sv}") > 0);
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
            assert_true(sd_bus_message_read(reply, "s", &key) > 0);
            if (strcmp(key, "Intents") != 0) {
                assert_true(sd_bus_message_skip(reply, "v") >= 0);
            } else {
                assert_true(sd_bus_message_enter_container(reply, 'v', "as") > 0);
                n_intents += count(reply, "s");
                assert_true(sd_bus_message_exit_container(reply) >= 0);
            }
            assert_true(sd_bus_message_exit_container(reply) >= 0);
        }
        assert_true(sd_bus_message_exit_container(reply) >= 0 && sd_bus_message_exit_container(reply) >= 0);
    }
    assert_in_range(n_intents, 1000, 2000);
    sd_bus_message_unref(reply);
    free(text);
    wire_disconnect(client);
    wire_end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_that_wait_are_limited), cmocka_unit_test(a_connection_leaves_some_to_others),
        cmocka_unit_test(a_silent_file_delays_nobody), cmocka_unit_test(the_connection_may_end_first),
        cmocka_unit_test(a_result_has_a_limit),        cmocka_unit_test(what_all_can_see_has_a_limit),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
