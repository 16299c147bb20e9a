/* SPDX-License-Identifier: Apache-2.0 */
/* The connection: no bus, a name that is taken, a bus that is lost, and shutdown. */
#include "base/clock.h"
#include "bus/private.h"
#include "wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int make(void **state) {
    (void)state;
    rig_device("silence", NULL);
    return 0;
}

static void start(void) {
    struct service_options o;
    rig_options(&o);
    wire_start(&o);
}

static void never(void *user) {
    (void)user;
    fail();
}

static void without_a_bus_it_says_so(void **state) {
    struct bus_options o = {.address = "unix:path=/nowhere/bus"};
    struct bus *second = NULL;
    tragus_error e = {0};
    (void)state;
    start();
    assert_true(bus_open(&second, wire_event, wire_service, &o, never, NULL, &e) < 0);
    assert_null(second);
    assert_non_null(strstr(e.text, "/nowhere/bus"));
    o.address = "nonsense";
    assert_true(bus_open(&second, wire_event, wire_service, &o, never, NULL, &e) < 0);
    assert_non_null(strstr(e.text, "nonsense"));
    bus_close(NULL);
    bus_release(NULL);
    wire_end();
}

static void a_name_belongs_to_one(void **state) {
    struct bus_options o;
    struct bus *second = NULL;
    tragus_error e = {0};
    (void)state;
    start();
    o.address = wire_address;
    assert_int_equal(bus_open(&second, wire_event, wire_service, &o, never, NULL, &e), -EEXIST);
    assert_non_null(strstr(e.text, "is taken"));
    bus_release(wire_bus);
    assert_int_equal(bus_open(&second, wire_event, wire_service, &o, never, NULL, &e), 0);
    bus_close(second);
    wire_end();
}

static bool is_lost(const void *user) {
    (void)user;
    return wire_n_lost > 0;
}

static void a_lost_bus_is_told(void **state) {
    (void)state;
    start();
    sd_bus *client = wire_connect();
    char *path = wire_session(client);
    assert_int_equal(service_n_sessions(wire_service), 1);
    wire_kill_daemon();
    assert_true(rig_until(wire_event, is_lost, NULL));
    rig_run(wire_event, 20);
    assert_int_equal(wire_n_lost, 1);
    wire_disconnect(client);
    free(path);
    wire_end(); /* while the session still exists */
}

static int on_signal(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)error;
    if (strcmp(sd_bus_message_get_member(m), "Finished") == 0)
        assert_true(sd_bus_message_read(m, "u", (uint32_t *)user) > 0);
    return 0;
}

static int on_reply(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)error;
    *(sd_bus_message **)user = sd_bus_message_ref(m);
    return 0;
}

static bool are_three_sessions(const void *user) {
    (void)user;
    return service_n_sessions(wire_service) == 3;
}

struct told {
    uint32_t reason;
    sd_bus_message *listened, *recognized;
};

static bool are_all_told(const void *user) {
    const struct told *t = user;
    return t->reason > 0 && t->listened && t->recognized;
}

static void at_the_end_all_are_answered(void **state) {
    int ends[2], text[2];
    struct told told = {0};
    (void)state;
    start();
    sd_bus *client = wire_connect();
    char *path = wire_session(client);
    assert_true(sd_bus_match_signal(client, NULL, WIRE_NAME, path, WIRE_SESSION, NULL, on_signal, &told.reason) >= 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(text), 0);
    wire_expect_return(wire_call(client, path, WIRE_SESSION, "SetInput", "ha{sv}", ends[0], 0));
    wire_expect_return(wire_call(client, path, WIRE_SESSION, "Start", "a{sv}", 0));
    assert_true(sd_bus_call_method_async(client, NULL, WIRE_NAME, WIRE_PATH, WIRE_MANAGER, "Listen", on_reply, &told.listened,
                                         "a{sv}", 0) >= 0);
    assert_true(sd_bus_call_method_async(client, NULL, WIRE_NAME, WIRE_PATH, WIRE_MANAGER, "Recognize", on_reply, &told.recognized,
                                         "ha{sv}", ends[0], 1, "Format", "s", "S16LE") >= 0);
    /* A grammar whose text never ends must not delay anybody. */
    assert_true(sd_bus_call_method_async(client, NULL, WIRE_NAME, WIRE_PATH, WIRE_MANAGER, "AddGrammar", NULL, NULL, "sha{sv}", "x",
                                         text[0], 0) >= 0);
    assert_true(rig_until(wire_event, are_three_sessions, NULL));
    service_finish(wire_service);
    bus_release(wire_bus);
    assert_true(rig_until(wire_event, are_all_told, &told));
    assert_int_equal(told.reason, SERVICE_DAEMON_STOPS);
    wire_expect_error(told.listened, SD_BUS_ERROR_NO_REPLY, NULL);
    wire_expect_error(told.recognized, SD_BUS_ERROR_NO_REPLY, NULL);
    bus_close(wire_bus);
    wire_bus = NULL;
    assert_int_equal(service_n_sessions(wire_service), 0);
    wire_disconnect(client);
    for (int i = 0; i < 2; i++) {
        close(ends[i]);
        close(text[i]);
    }
    free(path);
    wire_end();
}

static int on_changed(sd_bus_message *m, void *user, sd_bus_error *error) {
    const char *interface, *name;
    unsigned *counts = user; /* changes of MicrophoneOpen, Ready, Listeners */
    (void)error;
    assert_true(sd_bus_message_read(m, "s", &interface) > 0);
    assert_true(sd_bus_message_enter_container(m, 'a', "{sv}") > 0);
    while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
        assert_true(sd_bus_message_read(m, "s", &name) > 0);
        counts[0] += strcmp(name, "MicrophoneOpen") == 0;
        counts[1] += strcmp(name, "Ready") == 0;
        assert_true(sd_bus_message_skip(m, "v") >= 0);
        assert_true(sd_bus_message_exit_container(m) >= 0);
    }
    assert_true(sd_bus_message_exit_container(m) >= 0);
    assert_true(sd_bus_message_enter_container(m, 'a', "s") > 0);
    while (sd_bus_message_read(m, "s", &name) > 0)
        counts[2] += strcmp(name, "Listeners") == 0;
    return 0;
}

static bool has_changed_twice(const void *user) {
    const unsigned *counts = user;
    return counts[0] >= 2 && counts[2] >= 2;
}

static bool is_ready_again(const void *user) {
    return ((const unsigned *)user)[1] >= 2;
}

static void changes_are_signalled(void **state) {
    unsigned counts[3] = {0};
    const char *text;
    (void)state;
    start();
    sd_bus *client = wire_connect(), *other = wire_connect();
    assert_true(sd_bus_match_signal(other, NULL, WIRE_NAME, WIRE_PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                    on_changed, counts) >= 0);
    sd_bus_message *reply = wire_call(client, WIRE_PATH, WIRE_MANAGER, "CreateSession", "a{sv}", 0);
    assert_true(sd_bus_message_read(reply, "o", &text) > 0);
    char *path = strdup(text);
    sd_bus_message_unref(reply);
    rig_run(wire_event, 30);
    assert_int_equal(counts[0] + counts[1] + counts[2], 0); /* nobody listens yet */
    wire_expect_return(wire_call(client, path, WIRE_SESSION, "Start", "a{sv}", 0));
    wire_expect_return(wire_call(client, path, WIRE_SESSION, "Stop", "a{sv}", 0));
    assert_true(rig_until(wire_event, has_changed_twice, counts));
    rig_run(wire_event, 30);
    assert_int_equal(counts[0], 2); /* once for each change */
    assert_int_equal(counts[1], 0);
    assert_int_equal(counts[2], 2);
    rig_control("silence", "gone");
    wire_expect_return(wire_call(client, path, WIRE_SESSION, "Start", "a{sv}", 0));
    wire_expect_return(wire_call(client, path, WIRE_SESSION, "Close", ""));
    assert_true(rig_until(wire_event, is_ready_again, counts)); /* degraded, then ready */
    rig_control("silence", NULL);
    free(path);
    wire_disconnect(client);
    wire_disconnect(other);
    wire_end();
}

static int keep_call(sd_bus_message *m, void *user, sd_bus_error *error) {
    sd_bus_message **kept = user;
    (void)error;
    if (!*kept && sd_bus_message_is_method_call(m, NULL, NULL) > 0)
        *kept = sd_bus_message_ref(m);
    return 0;
}

/* Returns a call of this client, as tragusd gets it. */
static sd_bus_message *call_of(sd_bus *client) {
    sd_bus_message *m = NULL;
    sd_bus_slot *filter = NULL;
    assert_true(sd_bus_add_filter(wire_bus->bus, &filter, keep_call, &m) >= 0);
    wire_expect_return(wire_call(client, WIRE_PATH, "org.freedesktop.DBus.Peer", "Ping", ""));
    sd_bus_slot_unref(filter);
    assert_non_null(m);
    return m;
}

static bool has_no_owners(const void *user) {
    (void)user;
    return !wire_bus->owners;
}

/* The main thread would wait for a bus that is busy. */
static void callers_are_watched_without_waiting(void **state) {
    (void)state;
    start();
    sd_bus *client = wire_connect();
    sd_bus_message *m = call_of(client);
    wire_pause_daemon(true);
    uint64_t before_us = base_clock_monotonic_us();
    int r = bus_watch_owner(wire_bus, m, NULL);
    uint64_t took_us = base_clock_monotonic_us() - before_us;
    wire_pause_daemon(false);
    assert_int_equal(r, 0);
    assert_true(took_us < 1000000);
    rig_run(wire_event, 100);
    assert_non_null(wire_bus->owners);
    wire_disconnect(client);
    assert_true(rig_until(wire_event, has_no_owners, NULL));

    assert_int_equal(bus_watch_owner(wire_bus, m, NULL), 0); /* has left before */
    assert_non_null(wire_bus->owners);
    assert_true(rig_until(wire_event, has_no_owners, NULL));
    sd_bus_message_unref(m);
    wire_end();
}

/* The bus drops answers to us while others send us too much. */
static void callers_are_watched_although_answers_are_lost(void **state) {
    (void)state;
    start();
    sd_bus *client = wire_connect();
    sd_bus_message *m = call_of(client);
    assert_true(sd_bus_set_method_call_timeout(wire_bus->bus, 100000) >= 0);
    wire_pause_daemon(true);
    assert_int_equal(bus_watch_owner(wire_bus, m, NULL), 0);
    rig_run(wire_event, 300);
    assert_non_null(wire_bus->owners);
    wire_pause_daemon(false);
    rig_run(wire_event, 300);
    assert_non_null(wire_bus->owners);
    wire_disconnect(client);
    assert_true(rig_until(wire_event, has_no_owners, NULL));
    sd_bus_message_unref(m);
    wire_end();
}

static int on_ordered(sd_bus_message *m, void *user, sd_bus_error *error) {
    uint64_t *last = user, cookie;
    (void)error;
    assert_false(sd_bus_message_is_method_error(m, NULL));
    assert_true(sd_bus_message_get_reply_cookie(m, &cookie) >= 0);
    assert_true(cookie > *last);
    *last = cookie;
    return 0;
}

#define N_CALLS 20

static bool all_came(const void *user) {
    return *(const uint64_t *)user >= N_CALLS; /* the first cookie is that of Hello */
}

/* Without waiting, the user of a new caller is known only later. Its calls must wait for that, and nobody else. */
static void callers_are_known_without_waiting(void **state) {
    const char *name;
    uint64_t last = 0;
    (void)state;
    start();
    sd_bus *client = wire_connect();
    assert_true(sd_bus_get_unique_name(client, &name) >= 0); /* so Hello is answered */
    for (unsigned i = 0; i < N_CALLS; i++)
        assert_true(sd_bus_call_method_async(client, NULL, WIRE_NAME, WIRE_PATH, "org.freedesktop.DBus.Properties", "Get",
                                             on_ordered, &last, "ss", WIRE_ENERGY, "CpuTimeUSec") >= 0);
    assert_true(sd_bus_flush(client) >= 0);
    usleep(100000); /* for the bus to pass them on */
    wire_pause_daemon(true);
    uint64_t before_us = base_clock_monotonic_us();
    rig_run(wire_event, 50);
    uint64_t took_us = base_clock_monotonic_us() - before_us;
    wire_pause_daemon(false);
    assert_true(took_us < 1000000);
    assert_int_equal(last, 0);
    assert_true(rig_until(wire_event, all_came, &last));
    wire_disconnect(client);
    wire_end();
}

/* The bus may refuse to tell when a caller leaves: 512 matches are the usual limit of a connection. */
static void callers_that_cannot_be_watched_cost_no_others(void **state) {
    (void)state;
    start();
    sd_bus *client = wire_connect();
    sd_bus_message *m = call_of(client);
    unsigned n = 0;
    while (n < 100000 && sd_bus_add_match(wire_bus->bus, NULL, "type='signal',member='Nothing'", NULL, NULL) >= 0)
        n++;
    assert_in_range(n, 100, 99999);
    assert_int_equal(bus_watch_owner(wire_bus, m, NULL), 0);
    assert_true(rig_until(wire_event, has_no_owners, NULL));
    wire_expect_return(wire_call(client, WIRE_PATH, WIRE_MANAGER, "ParseText", "ssa{sv}", "", "rear left", 0));
    assert_int_equal(wire_n_lost, 0);
    sd_bus_message_unref(m);
    wire_disconnect(client);
    wire_end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_bus_it_says_so),
        cmocka_unit_test(a_name_belongs_to_one),
        cmocka_unit_test(a_lost_bus_is_told),
        cmocka_unit_test(at_the_end_all_are_answered),
        cmocka_unit_test(changes_are_signalled),
        cmocka_unit_test(callers_are_watched_without_waiting),
        cmocka_unit_test(callers_are_watched_although_answers_are_lost),
        cmocka_unit_test(callers_are_known_without_waiting),
        cmocka_unit_test(callers_that_cannot_be_watched_cost_no_others),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
