/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon from start to exit, in its own process on a private bus; this process acts as its service manager. */
#include "daemon/daemon.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 20000

static int manager_fd = -1; /* receives the notifications */
static struct sockaddr_un manager = {.sun_family = AF_UNIX};
static char *grammar, *wrong_grammar, *log_path;
static pid_t running[2]; /* killed if a test fails */

static int make(void **state) {
    (void)state;
    rig_device("silence", NULL);
    grammar = rig_file("right.txt", "stop\ngo on\n", 11);
    wrong_grammar = rig_file("wrong.txt", "stop (now\n", 10);
    log_path = rig_file("log", "", 0);
    snprintf(manager.sun_path, sizeof(manager.sun_path), "%s/notify", rig_folder());
    manager_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(manager_fd >= 0);
    assert_int_equal(bind(manager_fd, (struct sockaddr *)&manager, sizeof(manager)), 0);
    return 0;
}

static int unmake(void **state) {
    (void)state;
    close(manager_fd);
    free(grammar);
    free(wrong_grammar);
    free(log_path);
    return 0;
}

static int begin(void **state) {
    char message[512];
    (void)state;
    while (recv(manager_fd, message, sizeof(message), MSG_DONTWAIT) > 0) /* from the previous test */
        ;
    wire_start_daemon();
    return 0;
}

static int end(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++)
        if (running[i] > 0) {
            kill(running[i], SIGKILL);
            waitpid(running[i], NULL, 0);
            running[i] = 0;
        }
    wire_kill_daemon();
    return 0;
}

static pid_t start(const char *configuration) {
    tragus_error e = {0};
    struct config c;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int log = open(log_path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        dup2(log, STDERR_FILENO);
        setenv("NOTIFY_SOCKET", manager.sun_path, 1); /* set here because dbus-daemon would use it, too */
        char *path = rig_file("run.conf", configuration, strlen(configuration));
        config_init(&c);
        if (config_load(&c, path, &e) < 0) {
            fprintf(stderr, "%s\n", e.text);
            exit(99);
        }
        struct service_options o;
        rig_options(&o);
        if (!c.service.model)
            c.service.model = o.model;
        c.service.device = o.device;
        c.bus.address = strcmp(c.bus.address, "system") == 0 ? wire_address : c.bus.address;
        int code = daemon_run(&c);
        config_done(&c);
        free(path);
        exit(code);
    }
    running[running[0] > 0] = pid;
    return pid;
}

/* Waits for a message that begins with this. */
static bool told(const char *begin) {
    char message[512];
    struct pollfd p = {.fd = manager_fd, .events = POLLIN};
    while (poll(&p, 1, PATIENCE_MS) > 0) {
        ssize_t n = recv(manager_fd, message, sizeof(message) - 1, 0);
        assert_true(n >= 0);
        message[n] = '\0';
        if (strncmp(message, begin, strlen(begin)) == 0)
            return true;
    }
    return false;
}

static int exit_code(pid_t pid) {
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    for (int i = 0; i < 2; i++)
        if (running[i] == pid)
            running[i] = 0;
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const char *logged(void) {
    static char text[8192];
    FILE *f = fopen(log_path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    return text;
}

/* --- tests --- */

static void it_is_ready_and_ends_by_a_signal(void **state) {
    char configuration[512];
    static const int signals[] = {SIGTERM, SIGINT};
    (void)state;
    snprintf(configuration, sizeof(configuration), "[grammars]\nhouse = %s\n", grammar);
    for (int i = 0; i < 2; i++) {
        pid_t pid = start(configuration);
        assert_true(told("STATUS=1 grammar, microphone silence"));
        assert_true(told("READY=1"));
        assert_int_equal(kill(pid, signals[i]), 0);
        assert_true(told("STOPPING=1"));
        assert_int_equal(exit_code(pid), 0);
    }
}

static void a_wrong_grammar_is_left_out(void **state) {
    char configuration[512];
    (void)state;
    snprintf(configuration, sizeof(configuration), "[grammars]\nhouse = %s\nshed = %s\nno name = %s\nporch = %s\n", grammar,
             wrong_grammar, grammar, grammar);
    pid_t pid = start(configuration);
    assert_true(told("STATUS=2 grammars, "));
    assert_true(told("READY=1"));
    assert_non_null(strstr(logged(), "Failed to load grammar shed"));
    assert_non_null(strstr(logged(), "wrong.txt:1:"));
    assert_non_null(strstr(logged(), "Failed to load grammar no name"));
    kill(pid, SIGTERM);
    assert_int_equal(exit_code(pid), 0);
}

static void without_a_model_it_stays_up(void **state) {
    char configuration[512];
    (void)state;
    snprintf(configuration, sizeof(configuration), "[model]\npath = /nowhere\n[grammars]\nhouse = %s\n", grammar);
    pid_t pid = start(configuration);
    assert_true(told("STATUS=No model"));
    assert_true(told("READY=1"));
    kill(pid, SIGTERM);
    assert_int_equal(exit_code(pid), 0);
}

static void without_a_bus_it_fails(void **state) {
    char message[64];
    (void)state;
    assert_int_equal(exit_code(start("[bus]\naddress = unix:path=/nowhere/bus\n")), 1);
    assert_true(recv(manager_fd, message, sizeof(message), MSG_DONTWAIT) < 0); /* it was never ready */
    assert_non_null(strstr(logged(), "Failed to start: "));
    assert_non_null(strstr(logged(), "/nowhere/bus"));
}

static unsigned count_sessions(sd_bus *client) {
    uint32_t n = 99;
    sd_bus_error e = SD_BUS_ERROR_NULL;
    if (sd_bus_get_property_trivial(client, WIRE_NAME, WIRE_PATH, WIRE_MANAGER, "SessionCount", &e, 'u', &n) < 0)
        fail_msg("%s", e.message);
    return n;
}

static bool has_name(sd_bus *client) {
    sd_bus_message *reply = NULL;
    int owned = 0;
    assert_true(sd_bus_call_method(client, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner",
                                   NULL, &reply, "s", WIRE_NAME) >= 0);
    assert_true(sd_bus_message_read(reply, "b", &owned) > 0);
    sd_bus_message_unref(reply);
    return owned;
}

static sd_bus *connect_client(void) {
    sd_bus *bus = NULL;
    assert_true(sd_bus_new(&bus) >= 0 && sd_bus_set_address(bus, wire_address) >= 0 && sd_bus_set_bus_client(bus, true) >= 0);
    assert_true(sd_bus_start(bus) >= 0);
    return bus;
}

static unsigned count_lines(const char *text) {
    unsigned n = 0;
    for (const char *at = logged(); (at = strstr(at, text)); at++)
        n++;
    return n;
}

/* The bus is restarted twice: what belonged to its clients is gone, what everybody shares is still there. */
static void a_lost_bus_is_found_again(void **state) {
    char configuration[512];
    (void)state;
    snprintf(configuration, sizeof(configuration), "[grammars]\nhouse = %s\n", grammar);
    pid_t pid = start(configuration);
    assert_true(told("READY=1"));
    for (unsigned turn = 1; turn <= 2; turn++) {
        sd_bus *client = connect_client();
        for (unsigned i = 0; i < 5; i++)
            assert_true(sd_bus_call_method(client, WIRE_NAME, WIRE_PATH, WIRE_MANAGER, "CreateSession", NULL, NULL, "a{sv}", 0) >=
                        0);
        assert_int_equal(count_sessions(client), 5);
        wire_kill_daemon();
        sd_bus_close_unref(client);
        usleep(1500000); /* the first attempt fails */
        wire_start_daemon();
        client = connect_client();
        for (unsigned i = 0; !has_name(client) && i < PATIENCE_MS / 50; i++)
            usleep(50000);
        assert_int_equal(count_sessions(client), 0);
        assert_true(sd_bus_call_method(client, WIRE_NAME, WIRE_PATH, WIRE_MANAGER, "ParseText", NULL, NULL, "ssa{sv}", "house",
                                       "stop", 0) >= 0);
        sd_bus_flush_close_unref(client);
        assert_int_equal(count_lines("The message bus has closed the connection"), turn);
        assert_int_equal(count_lines("The message bus is back"), turn);
    }
    kill(pid, SIGTERM);
    assert_int_equal(exit_code(pid), 0);
}

static void it_ends_while_the_bus_is_lost(void **state) {
    (void)state;
    pid_t pid = start("");
    assert_true(told("READY=1"));
    wire_kill_daemon();
    usleep(300000);
    kill(pid, SIGTERM);
    assert_int_equal(exit_code(pid), 0);
}

static void another_may_take_its_place(void **state) {
    (void)state;
    pid_t first = start("");
    assert_true(told("READY=1"));
    kill(first, SIGSTOP); /* else it might be the first */
    wire_kill_daemon();
    wire_start_daemon();
    sd_bus *other = connect_client();
    assert_true(sd_bus_request_name(other, WIRE_NAME, 0) >= 0);
    kill(first, SIGCONT);
    assert_int_equal(exit_code(first), 1);
    assert_non_null(strstr(logged(), "is taken"));
    sd_bus_flush_close_unref(other);
}

static void a_hangup_reloads(void **state) {
    char configuration[512];
    (void)state;
    snprintf(configuration, sizeof(configuration), "[grammars]\none = %s\n", grammar);
    pid_t pid = start(configuration);
    assert_true(told("READY=1"));
    kill(pid, SIGHUP);
    assert_true(told("RELOADING=1"));
    assert_true(told("READY=1"));
    assert_int_equal(count_lines("Reloaded 1 of 1 grammars"), 1);
    free(rig_file("run.conf", "[grammars]\none\n", 15));
    kill(pid, SIGHUP);
    assert_true(told("RELOADING=1"));
    assert_true(told("READY=1"));
    assert_non_null(strstr(logged(), "run.conf:2: "));
    assert_int_equal(count_lines("nothing has changed"), 1);
    kill(pid, SIGTERM);
    assert_int_equal(exit_code(pid), 0);
}

static void there_is_one_on_a_bus(void **state) {
    (void)state;
    pid_t first = start("");
    assert_true(told("READY=1"));
    assert_int_equal(exit_code(start("")), 1);
    assert_non_null(strstr(logged(), "is taken"));
    kill(first, SIGTERM);
    assert_int_equal(exit_code(first), 0);
}

static void the_watchdog_hears_of_it(void **state) {
    (void)state;
    assert_int_equal(setenv("WATCHDOG_USEC", "400000", 1), 0);
    pid_t pid = start("");
    assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    assert_true(told("READY=1"));
    for (int i = 0; i < 3; i++)
        assert_true(told("WATCHDOG=1"));
    assert_true(told("STATUS=0 grammars"));
    kill(pid, SIGTERM);
    assert_int_equal(exit_code(pid), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_is_ready_and_ends_by_a_signal),
        TEST(a_wrong_grammar_is_left_out),
        TEST(without_a_model_it_stays_up),
        TEST(without_a_bus_it_fails),
        TEST(a_lost_bus_is_found_again),
        TEST(it_ends_while_the_bus_is_lost),
        TEST(another_may_take_its_place),
        TEST(a_hangup_reloads),
        TEST(there_is_one_on_a_bus),
        TEST(the_watchdog_hears_of_it),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
