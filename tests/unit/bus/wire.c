/* SPDX-License-Identifier: Apache-2.0 */
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
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHANNELS "front center\nrear left\nside right\nturn on the light\nwhat time is it\nopen the window\nplay some music\n"

sd_event *wire_event;
struct service *wire_service;
struct bus *wire_bus;
const char *wire_address;
unsigned wire_n_lost;
static pid_t daemon_pid;

void wire_start_daemon(void) {
    static char address[256];
    char configuration[1024];
    int ends[2];

    int n = snprintf(configuration, sizeof(configuration),
                     "<busconfig><type>session</type><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>"
                     "<policy context=\"default\"><allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/>"
                     "<allow user=\"*\"/></policy></busconfig>",
                     rig_folder());
    char *path = rig_file("bus.conf", configuration, (size_t)n);
    char option[300];
    snprintf(option, sizeof(option), "--config-file=%s", path);
    free(path);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    daemon_pid = fork();
    assert_true(daemon_pid >= 0);
    if (daemon_pid == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (dup2(nowhere, STDERR_FILENO) >= 0 && dup2(ends[1], 3) >= 0) /* it may warn about its descriptor limit */
            execlp("dbus-daemon", "dbus-daemon", option, "--nofork", "--print-address=3", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ssize_t len = read(ends[0], address, sizeof(address) - 1);
    close(ends[0]);
    if (len <= 1) {
        printf("skipped: dbus-daemon cannot be started; apt install dbus\n");
        exit(77);
    }
    address[len - 1] = '\0';               /* the newline */
    address[strcspn(address, ",")] = '\0'; /* the GUID, which is another after each start */
    wire_address = address;
}

void wire_pause_daemon(bool pause) {
    kill(daemon_pid, pause ? SIGSTOP : SIGCONT);
}

void wire_kill_daemon(void) {
    if (daemon_pid > 0) {
        kill(daemon_pid, SIGKILL);
        waitpid(daemon_pid, NULL, 0);
    }
    daemon_pid = 0;
}

static void on_lost(void *user) {
    (void)user;
    wire_n_lost++;
}

void wire_start(const struct service_options *o) {
    struct bus_options options;
    tragus_error e = {0};

    (void)signal(SIGPIPE, SIG_IGN); /* as in the daemon */
    rig_control(o->device, NULL);
    wire_n_lost = 0;
    assert_int_equal(sd_event_new(&wire_event), 0);
    wire_start_daemon();
    wire_service = rig_service(wire_event, o);
    rig_grammar(wire_service, wire_event, "channels", CHANNELS);
    service_set_default_grammar(wire_service, "channels");
    options = (struct bus_options){.address = wire_address};
    if (bus_open(&wire_bus, wire_event, wire_service, &options, on_lost, NULL, &e) < 0)
        fail_msg("%s", e.text);
}

void wire_end(void) {
    bus_close(wire_bus);
    service_free(wire_service);
    wire_kill_daemon();
    wire_bus = NULL;
    wire_service = NULL;
    wire_event = sd_event_unref(wire_event);
}

sd_bus *wire_connect(void) {
    sd_bus *bus = NULL;
    assert_true(sd_bus_new(&bus) >= 0);
    assert_true(sd_bus_set_address(bus, wire_address) >= 0);
    assert_true(sd_bus_set_bus_client(bus, true) >= 0);
    assert_true(sd_bus_negotiate_fds(bus, true) >= 0);
    assert_true(sd_bus_start(bus) >= 0);
    assert_true(sd_bus_attach_event(bus, wire_event, SD_EVENT_PRIORITY_NORMAL) >= 0);
    return bus;
}

void wire_disconnect(sd_bus *client) {
    sd_bus_detach_event(client);
    sd_bus_flush_close_unref(client);
}

static int on_reply(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)error;
    *(sd_bus_message **)user = sd_bus_message_ref(m);
    return 0;
}

static bool is_there(const void *user) {
    return *(sd_bus_message *const *)user != NULL;
}

sd_bus_message *wire_new(sd_bus *client, const char *path, const char *interface, const char *member) {
    sd_bus_message *m = NULL;
    assert_true(sd_bus_message_new_method_call(client, &m, WIRE_NAME, path, interface, member) >= 0);
    return m;
}

sd_bus_message *wire_send(sd_bus *client, sd_bus_message *m) {
    sd_bus_message *reply = NULL;
    sd_bus_slot *slot = NULL;
    assert_true(sd_bus_call_async(client, &slot, m, on_reply, &reply, 0) >= 0);
    sd_bus_message_unref(m);
    assert_true(rig_until(wire_event, is_there, &reply));
    sd_bus_slot_unref(slot);
    return reply;
}

sd_bus_message *wire_call(sd_bus *client, const char *path, const char *interface, const char *member, const char *types, ...) {
    sd_bus_message *m = wire_new(client, path, interface, member);
    va_list arguments;
    va_start(arguments, types);
    assert_true(sd_bus_message_appendv(m, types, arguments) >= 0);
    va_end(arguments);
    return wire_send(client, m);
}

void wire_expect_error(sd_bus_message *reply, const char *name, const char *part) {
    const sd_bus_error *e = sd_bus_message_get_error(reply);
    if (!e)
        fail_msg("no error, but %s was expected", name);
    if (strcmp(e->name, name) != 0)
        fail_msg("%s (%s), but %s was expected", e->name, e->message, name);
    if (part && !strstr(e->message, part))
        fail_msg("\"%s\" does not hold \"%s\"", e->message, part);
    sd_bus_message_unref(reply);
}

void wire_expect_return(sd_bus_message *reply) {
    const sd_bus_error *e = sd_bus_message_get_error(reply);
    if (e)
        fail_msg("%s: %s", e->name, e->message);
    sd_bus_message_unref(reply);
}

sd_bus_message *wire_property(sd_bus *client, const char *path, const char *interface, const char *name, const char *type) {
    sd_bus_message *reply = wire_call(client, path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name);
    const sd_bus_error *e = sd_bus_message_get_error(reply);
    if (e)
        fail_msg("%s: %s", name, e->message);
    assert_true(sd_bus_message_enter_container(reply, 'v', type) > 0);
    return reply;
}

char *wire_session(sd_bus *client) {
    sd_bus_message *reply =
        wire_call(client, WIRE_PATH, WIRE_MANAGER, "CreateSession", "a{sv}", 2, "Input", "s", "fd", "Partial", "b", 1);
    const sd_bus_error *e = sd_bus_message_get_error(reply);
    const char *path;
    if (e)
        fail_msg("%s", e->message);
    assert_true(sd_bus_message_read(reply, "o", &path) > 0);
    char *copy = strdup(path);
    sd_bus_message_unref(reply);
    return copy;
}

int wire_memory(const void *bytes, size_t n) {
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}
