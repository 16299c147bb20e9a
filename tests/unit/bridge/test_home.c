/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of Home Assistant are set in tragusd one after the other, also if new ones come while tragusd compiles. This file is
 * the connection with Home Assistant, and tragusd; it keeps what is logged. */
#include "base/buffer.h"
#include "bridge/home.h"
#include "bridge/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct base_buffer logged;
static json_object *next_lists;
static int wake;

void bridge_log(enum bridge_log_level level, const char *format, ...) {
    char line[512];
    va_list arguments;
    (void)level;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    base_buffer_format(&logged, "%s\n", line);
}

/* Timers fire soon. */
static uint64_t timer_us;

void bridge_timer_set(sd_event_source *timer, uint64_t after_us, const char *what) {
    (void)what;
    timer_us = after_us;
    assert_true(sd_event_source_set_time_relative(timer, 1000) >= 0);
    assert_true(sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT) >= 0);
}

void bridge_timer_back_off(sd_event_source *timer, unsigned *pause_s, unsigned longest_s, const char *what) {
    (void)pause_s;
    bridge_timer_set(timer, longest_s, what);
}

int bridge_home_client_new(struct bridge_home_client **ret, const struct bridge_home_place *place, int wake_fd,
                           tragus_error *reterr) {
    (void)place, (void)reterr;
    wake = wake_fd;
    *ret = NULL;
    return 0;
}

void bridge_home_client_free(struct bridge_home_client *c) {
    (void)c;
}

json_object *bridge_home_client_take(struct bridge_home_client *c) {
    json_object *lists = next_lists;
    (void)c;
    next_lists = NULL;
    return lists;
}

static void give(const char *lists) {
    const uint64_t one = 1;
    next_lists = json_tokener_parse(lists);
    assert_non_null(next_lists);
    assert_int_equal(write(wake, &one, sizeof(one)), sizeof(one));
}

/* --- tragusd ------------------------------------------------------------------------------------------------------------------ */

static sd_bus_message *asked; /* the call that waits for its answer */
static char list[32];         /* that it sets */

static int on_call(sd_bus_message *m, void *user, sd_bus_error *error) {
    const char *grammar, *name;
    (void)user, (void)error;
    if (!sd_bus_message_is_method_call(m, BRIDGE_MANAGER, "SetList"))
        return 0;
    assert_null(asked);
    assert_true(sd_bus_message_read(m, "ss", &grammar, &name) > 0);
    snprintf(list, sizeof(list), "%s", name);
    asked = sd_bus_message_ref(m);
    return 1;
}

static sd_bus *connect_end(sd_event *event, int fd, bool is_server) {
    sd_id128_t id;
    sd_bus *bus = NULL;
    assert_int_equal(sd_bus_new(&bus), 0);
    assert_true(sd_bus_set_fd(bus, fd, fd) >= 0);
    if (is_server) {
        assert_int_equal(sd_id128_randomize(&id), 0);
        assert_true(sd_bus_set_server(bus, true, id) >= 0);
        assert_true(sd_bus_add_filter(bus, NULL, on_call, NULL) >= 0);
    }
    assert_true(sd_bus_start(bus) >= 0);
    assert_true(sd_bus_attach_event(bus, event, 0) >= 0);
    return bus;
}

/* Answers, with a warning about a value if there is one (NULL: none). */
static void answer(const char *warning) {
    sd_bus_message *reply = NULL;
    assert_true(sd_bus_message_new_method_return(asked, &reply) >= 0);
    if (warning)
        assert_true(sd_bus_message_append(reply, "a(uuuss)", 1, (uint32_t)TRAGUS_WARNING, 0, 0, "", warning) >= 0);
    else
        assert_true(sd_bus_message_append(reply, "a(uuuss)", 0) >= 0);
    assert_true(sd_bus_send(sd_bus_message_get_bus(asked), reply, NULL) >= 0);
    sd_bus_message_unref(reply);
    asked = sd_bus_message_unref(asked);
}

/* Answers as libsystemd does when a call takes longer than its limit. */
static void answer_late(void) {
    assert_true(sd_bus_reply_method_errorf(asked, SD_BUS_ERROR_NO_REPLY, "Method call timed out") >= 0);
    asked = sd_bus_message_unref(asked);
}

/* Waits for the call that sets this list. */
static void sets(sd_event *event, const char *name) {
    for (int i = 0; i < 100 && !asked; i++)
        assert_true(sd_event_run(event, 100000) >= 0);
    assert_non_null(asked);
    assert_string_equal(list, name);
}

static bool has_logged(const char *text) {
    return logged.data && strstr(logged.data, text);
}

/* --- the test ----------------------------------------------------------------------------------------------------------------- */

static void test_lists_that_change_meanwhile(void **state) {
    const struct bridge_options options = {.home_url = "http://x", .home_token_file = "/x", .home_grammar = ""};
    struct bridge b = {.options = &options};
    tragus_error e = {0};
    int ends[2];
    (void)state;

    assert_true(sd_event_new(&b.event) >= 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    sd_bus *tragusd = connect_end(b.event, ends[0], true);
    b.link.bus = connect_end(b.event, ends[1], false);
    assert_int_equal(bridge_home_open(&b, &e), 0);

    give("{\"floor\": [{\"in\": \"attic\", \"out\": \"Attic\"}], \"area\": []}");
    sets(b.event, "floor");
    give("{\"floor\": [{\"in\": \"cellar\", \"out\": \"Cellar\"}], \"area\": []}");
    while (next_lists)
        assert_true(sd_event_run(b.event, 100000) >= 0);
    answer("a floor is left out"); /* that the first call has set */
    sets(b.event, "floor");
    assert_true(has_logged("The names of Home Assistant, list {floor}: a floor is left out"));
    answer(NULL);
    sets(b.event, "area");
    answer(NULL);
    for (int i = 0; i < 100 && !has_logged("of Home Assistant now"); i++)
        assert_true(sd_event_run(b.event, 100000) >= 0);
    assert_true(has_logged("tragusd understands 0 names, 0 areas, 1 floors"));

    /* One call is not answered in time. */
    give("{\"floor\": [], \"area\": []}");
    sets(b.event, "floor");
    answer_late();
    sets(b.event, "floor");
    assert_int_equal(timer_us, 60000000);
    answer(NULL);
    for (int i = 0; i < 100 && !has_logged("0 names, 0 areas, 0 floors"); i++)
        assert_true(sd_event_run(b.event, 100000) >= 0);
    assert_true(has_logged("0 names, 0 areas, 0 floors"));

    bridge_home_close(&b);
    sd_bus_flush_close_unref(b.link.bus);
    sd_bus_flush_close_unref(tragusd);
    sd_event_unref(b.event);
    base_buffer_done(&logged);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lists_that_change_meanwhile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
