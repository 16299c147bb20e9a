/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon, in its own process on a private bus, gets descriptors whose close waits. Its main thread must not. */
#include "base/clock.h"
#include "daemon/daemon.h"
#include "lingering.h"
#include "silent_file.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SOON_US 5000000 /* a bound on one call; a close that waits takes a minute, or for ever */

static char *grammar;
static pid_t process;
static sd_bus *client, *other;

static bool answers(sd_bus *bus) {
    return sd_bus_call_method(bus, WIRE_NAME, WIRE_PATH, WIRE_MANAGER, "ListGrammars", NULL, NULL, "") >= 0;
}

/* daemon_run as the main thread of a process of its own. */
static void run_daemon(void) {
    char configuration[512];
    tragus_error e = {0};
    struct config c;
    struct service_options o;

    snprintf(configuration, sizeof(configuration), "[grammars]\nhouse = %s\n", grammar);
    char *path = rig_file("run.conf", configuration, strlen(configuration));
    config_init(&c);
    if (config_load(&c, path, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        exit(99);
    }
    rig_options(&o);
    c.service.model = o.model;
    c.service.device = o.device;
    c.bus.address = wire_address;
    exit(daemon_run(&c));
}

static sd_bus *connect_client(void) {
    sd_bus *bus = NULL;
    assert_true(sd_bus_new(&bus) >= 0);
    assert_true(sd_bus_set_address(bus, wire_address) >= 0);
    assert_true(sd_bus_set_bus_client(bus, true) >= 0);
    assert_true(sd_bus_negotiate_fds(bus, true) >= 0);
    assert_true(sd_bus_set_method_call_timeout(bus, SOON_US) >= 0);
    assert_true(sd_bus_start(bus) >= 0);
    return bus;
}

static int make(void **state) {
    (void)state;
    rig_device("silence", NULL);
    grammar = rig_file("right.txt", "stop\ngo on\n", 11);
    wire_start_daemon();
    fflush(NULL);
    process = fork();
    assert_true(process >= 0);
    if (process == 0)
        run_daemon();
    client = connect_client();
    other = connect_client();
    for (unsigned i = 0; !answers(other) && i < 600; i++)
        usleep(50000);
    assert_true(answers(other));
    return 0;
}

static int unmake(void **state) {
    (void)state;
    silent_file_end();
    sd_bus_flush_close_unref(client);
    sd_bus_flush_close_unref(other);
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
    wire_kill_daemon();
    free(grammar);
    return 0;
}

static void expect_answer(void) {
    uint64_t before_us = base_clock_monotonic_us();
    assert_true(answers(other));
    assert_true(base_clock_monotonic_us() - before_us < SOON_US);
}

static char *session(void) {
    sd_bus_message *reply = NULL;
    const char *path;
    assert_true(sd_bus_call_method(client, WIRE_NAME, WIRE_PATH, WIRE_MANAGER, "CreateSession", NULL, &reply, "a{sv}", 1, "Input",
                                   "s", "fd") >= 0);
    assert_true(sd_bus_message_read(reply, "o", &path) >= 0);
    char *copy = strdup(path);
    sd_bus_message_unref(reply);
    return copy;
}

/* Gives fd to a session, and closes it here. */
static void set_input(const char *path, int fd) {
    assert_true(fd >= 0);
    assert_true(sd_bus_call_method(client, WIRE_NAME, path, WIRE_SESSION, "SetInput", NULL, NULL, "ha{sv}", fd, 0) >= 0);
    close(fd);
}

static void a_socket_that_lingers_stops_nobody(void **state) {
    int far_end;
    (void)state;
    char *path = session();
    set_input(path, lingering_socket(&far_end));
    usleep(200000); /* the bus has closed its copy by now, so the daemon has the last one */
    assert_true(sd_bus_call_method(client, WIRE_NAME, path, WIRE_SESSION, "Close", NULL, NULL, "") >= 0);
    expect_answer();
    close(far_end);
    free(path);
}

static bool closes_wait(unsigned n) {
    for (unsigned i = 0; silent_file_n_ignored() < n && i < 400; i++)
        usleep(25000);
    return silent_file_n_ignored() >= n;
}

/* Nobody reads the descriptor that a call of another type brings; sd-bus closes it. */
static void send_to_nobody(int fd) {
    sd_bus_message *m = NULL;
    assert_true(fd >= 0);
    assert_true(sd_bus_message_new_method_call(client, &m, WIRE_NAME, WIRE_PATH, WIRE_MANAGER, "ListGrammars") >= 0);
    assert_true(sd_bus_message_append(m, "h", fd) >= 0);
    assert_true(sd_bus_call(client, m, 0, NULL, NULL) < 0);
    sd_bus_message_unref(m);
    close(fd);
}

static void a_file_system_that_does_not_answer_stops_nobody(void **state) {
    const char *why_not = silent_file_begin(rig_folder());
    (void)state;
    if (why_not) {
        print_message("skipped: %s\n", why_not);
        skip();
    }
    silent_file_ignore(process);
    send_to_nobody(silent_file_open());
    assert_true(closes_wait(1));
    expect_answer();

    char *path = session();
    set_input(path, silent_file_open());
    assert_true(closes_wait(2)); /* that of the message */
    expect_answer();
    assert_true(sd_bus_call_method(client, WIRE_NAME, path, WIRE_SESSION, "Close", NULL, NULL, "") >= 0);
    assert_true(closes_wait(3));
    expect_answer();
    free(path);

    int fd = silent_file_open();
    assert_true(
        sd_bus_call_method(client, WIRE_NAME, WIRE_PATH, WIRE_MANAGER, "AddGrammar", NULL, NULL, "sha{sv}", "mine", fd, 0) >= 0);
    close(fd);
    assert_true(closes_wait(5)); /* that of the message, and that of the thread which has read it */
    expect_answer();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_that_lingers_stops_nobody),
        cmocka_unit_test(a_file_system_that_does_not_answer_stops_nobody),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
