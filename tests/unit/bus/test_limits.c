/* SPDX-License-Identifier: Apache-2.0 */
/* Callers who want too much, files that do not answer, and calls that wait when the connection ends. */
#include "wire.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_that_wait_are_limited),
        cmocka_unit_test(a_connection_leaves_some_to_others),
        cmocka_unit_test(a_silent_file_delays_nobody),
        cmocka_unit_test(the_connection_may_end_first),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
