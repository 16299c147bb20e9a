/* SPDX-License-Identifier: Apache-2.0 */
/* bus/session1.c: org.tragus.Session1.
 *
 * Signals are unicast to the owner. Only the owner can access the object of a session: others get AccessDenied, also for its
 * properties and its introspection data.
 */
#include "bus/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* --- lifetime ----------------------------------------------------------------------------------------------------------------- */

void bus_session_free(struct bus_session *s) {
    if (!s)
        return;
    struct bus_session **link = &s->bus->sessions;
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    service_session_free(s->session);
    sd_bus_message_unref(s->call);
    sd_bus_message_unref(s->reply);
    free(s);
}

void bus_sessions_of(struct bus *b, const char *owner) {
    struct bus_session *next;
    for (struct bus_session *s = b->sessions; s; s = next) {
        next = s->next;
        if (!owner || strcmp(s->owner, owner) == 0)
            bus_session_free(s);
    }
}

struct bus_session *bus_session_new(struct bus *b, sd_bus_message *m, enum bus_session_kind kind) {
    const char *owner = sd_bus_message_get_sender(m);
    uint64_t number;

    /* Random, so that the path does not reveal the number of sessions. */
    if (!owner || getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return NULL;
    size_t size = strlen(owner) + 1;
    struct bus_session *s = calloc(1, sizeof(*s) + size);
    if (!s)
        return NULL;
    s->bus = b;
    s->kind = kind;
    memcpy(s->owner, owner, size);
    snprintf(s->path, sizeof(s->path), BUS_SESSIONS "/s%016llx", (unsigned long long)number);
    s->next = b->sessions;
    b->sessions = s;
    return s;
}

int bus_find_session(sd_bus *bus, const char *path, const char *interface, void *user, void **ret, sd_bus_error *error) {
    struct bus *b = user;
    (void)interface;

    for (struct bus_session *s = b->sessions; s; s = s->next) {
        if (s->kind != BUS_CLIENT_SESSION || strcmp(s->path, path) != 0)
            continue;
        sd_bus_message *m = sd_bus_get_current_message(bus);
        const char *sender = m ? sd_bus_message_get_sender(m) : NULL;
        if (!sender || strcmp(sender, s->owner) != 0)
            return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "Only the connection that created a session may use it");
        *ret = s;
        return 1;
    }
    return 0;
}

/* --- Session1's methods ------------------------------------------------------------------------------------------------------- */

static int method_start(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus_session *s = user;
    tragus_error e = {0};

    int r = bus_read_options(m, NULL, 0, error);
    if (r < 0)
        return r;
    r = service_session_start(s->session, &e);
    return r < 0 ? bus_fail(error, r, &e) : sd_bus_reply_method_return(m, "");
}

static int method_stop(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus_session *s = user;
    int r = bus_read_options(m, NULL, 0, error);
    if (r < 0)
        return r;
    r = service_session_stop(s->session);
    if (r < 0)
        return sd_bus_error_set(error, BUS_ERROR("WrongState"), "The session is not started; call Start first");
    return sd_bus_reply_method_return(m, "");
}

static int method_trigger(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus_session *s = user;
    tragus_error e = {0};
    uint32_t open_ms = 0;
    const struct bus_option table[] = {{"OpenMs", BUS_UINT32, &open_ms}};

    int r = bus_read_options(m, table, 1, error);
    if (r < 0)
        return r;
    r = service_session_trigger(s->session, open_ms, &e);
    return r < 0 ? bus_fail(error, r, &e) : sd_bus_reply_method_return(m, "");
}

static int method_set_input(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus_session *s = user;
    tragus_error e = {0};
    struct service_input input;
    struct bus_format f;
    int fd;
    bus_format_init(&f);
    const struct bus_option table[] = {{"Rate", BUS_UINT32, &f.rate},
                                       {"Channels", BUS_UINT32, &f.channels},
                                       {"Format", BUS_STRING, &f.format},
                                       {"Live", BUS_BOOLEAN, &f.live}};

    int r = sd_bus_message_read(m, "h", &fd);
    if (r >= 0)
        r = bus_read_options(m, table, sizeof(table) / sizeof(table[0]), error);
    if (r >= 0)
        r = bus_parse_format(&f, &input, error);
    if (r < 0)
        return r;
    r = service_session_set_input(s->session, fd, &input, &e);
    return r < 0 ? bus_fail(error, r, &e) : sd_bus_reply_method_return(m, "");
}

static int method_close(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)error;
    int r = sd_bus_reply_method_return(m, "");
    bus_session_free(user);
    return r;
}

/* --- properties --------------------------------------------------------------------------------------------------------------- */

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                        void *user, sd_bus_error *error) {
    struct bus_session *s = user;
    struct service_session_view view;
    (void)bus, (void)path, (void)interface, (void)error;

    service_session_view(s->session, &view);
    if (strcmp(property, "Owner") == 0)
        return sd_bus_message_append(reply, "s", s->owner);
    if (strcmp(property, "State") == 0)
        return sd_bus_message_append(reply, "u", (uint32_t)view.state);
    if (strcmp(property, "Grammar") == 0)
        return sd_bus_message_append(reply, "s", view.grammar);
    if (strcmp(property, "Input") == 0)
        return sd_bus_message_append(reply, "s", view.microphone ? "microphone" : "fd");
    if (strcmp(property, "PositionUSec") == 0)
        return sd_bus_message_append(reply, "t", view.position_us);
    return sd_bus_message_append(reply, "d", view.level_db);
}

BUS_METHOD(on_start, method_start)
BUS_METHOD(on_stop, method_stop)
BUS_METHOD(on_trigger, method_trigger)
BUS_METHOD(on_set_input, method_set_input)
BUS_METHOD(on_close, method_close)

const sd_bus_vtable bus_session_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("Start", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, on_start, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Stop", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, on_stop, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Trigger", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, on_trigger, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("SetInput", SD_BUS_ARGS("h", sound, "a{sv}", options), SD_BUS_NO_RESULT, on_set_input,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Close", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_close, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL_WITH_ARGS("WakeDetected", SD_BUS_ARGS("t", time_usec, "s", phrase, "d", confidence, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS("SpeechStarted", SD_BUS_ARGS("t", time_usec, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS("SpeechEnded", SD_BUS_ARGS("t", time_usec, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS("Partial", SD_BUS_ARGS("t", sequence, "s", text, "d", stability, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS(
        "Utterance", SD_BUS_ARGS("t", sequence, "s", text, "s", intent, "a{sv}", slots, "d", confidence, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS("Rejected", SD_BUS_ARGS("t", sequence, "u", reason, "s", text, "d", confidence, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS("InputLost", SD_BUS_ARGS("u", reason, "t", lost_usec, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS("Finished", SD_BUS_ARGS("u", reason, "a{sv}", details), 0),
    SD_BUS_PROPERTY("Owner", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("State", "u", get_property, 0, 0),
    SD_BUS_PROPERTY("Grammar", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Input", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("PositionUSec", "t", get_property, 0, 0),
    SD_BUS_PROPERTY("LevelDb", "d", get_property, 0, 0),
    SD_BUS_VTABLE_END,
};
