/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus.c: the connection: objects, bus name, errors, calls that are answered later, and what is signalled to everybody. */
#include "base/utf8.h"
#include "bus/content.h"
#include "bus/private.h"
#include "busaddress/busaddress.h"
#include "service/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_PATIENCE_US 5000000 /* for the bus to answer */

/* --- errors ------------------------------------------------------------------------------------------------------------------- */

/* Maps our D-Bus errors to errno, for sd-bus clients. */
static const sd_bus_error_map error_map[] = {
    SD_BUS_ERROR_MAP(BUS_ERROR("NotUnderstood"), ENOMSG),     SD_BUS_ERROR_MAP(BUS_ERROR("Timeout"), ETIMEDOUT),
    SD_BUS_ERROR_MAP(BUS_ERROR("MicrophoneBusy"), EBUSY),     SD_BUS_ERROR_MAP(BUS_ERROR("NoSuchDevice"), ENODEV),
    SD_BUS_ERROR_MAP(BUS_ERROR("NoSuchGrammar"), ENOENT),     SD_BUS_ERROR_MAP(BUS_ERROR("NoSuchList"), ESRCH),
    SD_BUS_ERROR_MAP(BUS_ERROR("NoSuchModel"), ENODATA),      SD_BUS_ERROR_MAP(BUS_ERROR("InvalidGrammar"), EBADMSG),
    SD_BUS_ERROR_MAP(BUS_ERROR("GrammarTooLarge"), E2BIG),    SD_BUS_ERROR_MAP(BUS_ERROR("UnsupportedInput"), ENOTSUP),
    SD_BUS_ERROR_MAP(BUS_ERROR("UnsupportedFormat"), EPROTO), SD_BUS_ERROR_MAP(BUS_ERROR("TooManySessions"), EDQUOT),
    SD_BUS_ERROR_MAP(BUS_ERROR("NotAuthorized"), EPERM),      SD_BUS_ERROR_MAP(BUS_ERROR("WrongState"), EALREADY),
    SD_BUS_ERROR_MAP(BUS_ERROR("TooExpensive"), ETIME),       SD_BUS_ERROR_MAP(SD_BUS_ERROR_LIMITS_EXCEEDED, ENOBUFS),
    SD_BUS_ERROR_MAP(SD_BUS_ERROR_INVALID_ARGS, EINVAL),      SD_BUS_ERROR_MAP(SD_BUS_ERROR_ACCESS_DENIED, EACCES),
    SD_BUS_ERROR_MAP(SD_BUS_ERROR_NO_MEMORY, ENOMEM),         SD_BUS_ERROR_MAP_END,
};

int bus_fail(sd_bus_error *error, int code, const tragus_error *e) {
    char text[512];
    const char *name = SD_BUS_ERROR_FAILED;

    for (const sd_bus_error_map *m = error_map; m->name; m++)
        if (m->code == -code) {
            name = m->name;
            break;
        }
    return bus_refuse(error, name, "%s", base_error_format(e, text, sizeof(text)));
}

int bus_refuse(sd_bus_error *error, const char *name, const char *format, ...) {
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    base_utf8_vformat(text, sizeof(text), format, arguments);
    va_end(arguments);
    return sd_bus_error_set(error, name, text);
}

/* --- calls that are answered later -------------------------------------------------------------------------------------------- */

/* The call itself may hold up to 128 MB and 253 descriptors, so it is not kept: what an answer needs is its sender and its cookie.
 */
int bus_stand_in(sd_bus_message **ret, sd_bus_message *m) {
    sd_bus_message *stand_in = NULL;
    uint64_t cookie;

    int r = sd_bus_message_new_method_call(sd_bus_message_get_bus(m), &stand_in, NULL, sd_bus_message_get_path(m),
                                           sd_bus_message_get_interface(m), sd_bus_message_get_member(m));
    if (r >= 0)
        r = sd_bus_message_get_cookie(m, &cookie);
    if (r >= 0)
        r = sd_bus_message_set_sender(stand_in, sd_bus_message_get_sender(m));
    if (r >= 0)
        r = sd_bus_message_set_expect_reply(stand_in, sd_bus_message_get_expect_reply(m));
    if (r >= 0)
        r = sd_bus_message_seal(stand_in, cookie, 0);
    if (r < 0) {
        sd_bus_message_unref(stand_in);
        return r;
    }
    *ret = stand_in;
    return 0;
}

/* One connection gets half of what its user may have, so that a user's other programs can go on. */
static int check_calls(const struct bus *b, const struct service_caller *caller, sd_bus_error *error) {
    unsigned most = service_limits(b->service)->calls_per_user, of_user = bus_content_n_stuck(b, caller->uid), of_connection = 0;

    for (const struct bus_call *i = b->calls; i; i = i->next) {
        of_user += i->caller.uid == caller->uid;
        of_connection += strcmp(i->caller.owner, caller->owner) == 0;
    }
    if (of_user < most && of_connection < (most + 1) / 2)
        return 0;
    return bus_refuse(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                      "%u calls of this user (%u of this connection) wait for an answer already; wait for one of them (the "
                      "limit is calls_per_user)",
                      of_user, of_connection);
}

int bus_call_new(struct bus_call **ret, struct bus *b, sd_bus_message *m, sd_bus_error *error) {
    struct service_caller caller;

    int r = bus_caller(b, m, &caller, error);
    if (r >= 0)
        r = check_calls(b, &caller, error);
    if (r < 0)
        return r;
    struct bus_call *call = calloc(1, sizeof(*call));
    if (!call)
        return -ENOMEM;
    r = bus_stand_in(&call->message, m);
    if (r < 0) {
        free(call);
        return r;
    }
    call->bus = b;
    call->caller = caller;
    call->caller.owner = sd_bus_message_get_sender(call->message);
    call->next = b->calls;
    b->calls = call;
    *ret = call;
    return 0;
}

void bus_call_free(struct bus_call *call) {
    if (call->bus) {
        struct bus_call **link = &call->bus->calls;
        while (*link != call)
            link = &(*link)->next;
        *link = call->next;
    }
    sd_bus_message_unref(call->message);
    sd_bus_error_free(&call->error);
    free(call);
}

bool bus_call_may_send(struct bus_call *call, size_t bytes) {
    if (!call->bus || bus_share_send(call->bus, call->caller.uid, call->caller.owner, bytes))
        return true;
    (void)sd_bus_error_set(&call->error, SD_BUS_ERROR_LIMITS_EXCEEDED, BUS_NOT_READ);
    return false;
}

/* If there is no memory, there may be some in the next moment; without an answer the caller would wait for long. */
void bus_answer_error(sd_bus_message *call, const sd_bus_error *error) {
    int r = -ENOMEM;

    for (unsigned i = 0; i < BUS_MOST_ATTEMPTS && r < 0 && r != -ENOTCONN; i++)
        r = sd_bus_reply_method_error(call, error);
    if (r < 0 && r != -ENOTCONN) /* the loss of the bus is logged once */
        service_log(SERVICE_LOG_WARNING, "Failed to answer a call of %s: %s", sd_bus_message_get_member(call), strerror(-r));
}

int bus_method_end(sd_bus_message *m, int r, sd_bus_error *error) {
    if (!sd_bus_error_is_set(error) && r < 0)
        (void)sd_bus_error_set_errno(error, r);
    if (!sd_bus_error_is_set(error))
        return r;
    bus_answer_error(m, error);
    sd_bus_error_free(error);
    return 1;
}

void bus_call_end(struct bus_call *call, int r) {
    (void)bus_method_end(call->message, r, &call->error);
    bus_call_free(call);
}

/* --- what has changed --------------------------------------------------------------------------------------------------------- */

/* Changes with each session that starts or finishes. */
static uint64_t listeners_mark(const struct service *service) {
    struct service_session_view view;
    uint64_t mark = 0;

    for (const struct service_session *s = service_next_session(service, NULL); s; s = service_next_session(service, s)) {
        service_session_view(s, &view);
        if (view.running)
            mark += view.started_us;
    }
    return mark;
}

static int add_text(const char *grammar, const tragus_diagnostic *d, void *user) {
    uint64_t *mark = user; /* FNV-1a */

    for (const char *texts[] = {grammar, d->file, d->text}, **text = texts; text < texts + 3; text++)
        for (const char *at = *text; *at; at++)
            *mark = (*mark ^ (unsigned char)*at) * 0x100000001b3u;
    *mark = (*mark ^ (uint64_t)(d->line << 10 ^ d->column)) * 0x100000001b3u;
    return 0;
}

/* Changes with what is left out of the grammars. */
static uint64_t left_out_mark(const struct service *service) {
    uint64_t mark = 0xcbf29ce484222325u;
    (void)service_left_out(service, add_text, &mark);
    return mark;
}

static void on_change(void *user) {
    struct bus *b = user;
    bool open = service_microphone_open(b->service);
    enum service_ready ready = service_ready(b->service);
    uint64_t listeners = listeners_mark(b->service), grammars = service_grammars_mark(b->service);
    uint64_t left_out = left_out_mark(b->service);

    if (open != b->microphone_open)
        (void)sd_bus_emit_properties_changed(b->bus, BUS_PATH, BUS_MANAGER, "MicrophoneOpen", NULL);
    if (ready != b->ready)
        (void)sd_bus_emit_properties_changed(b->bus, BUS_PATH, BUS_MANAGER, "Ready", NULL);
    if (listeners != b->listeners)
        (void)sd_bus_emit_properties_changed(b->bus, BUS_PATH, BUS_MANAGER, "Listeners", NULL);
    if (grammars != b->grammars)
        (void)sd_bus_emit_properties_changed(b->bus, BUS_PATH, BUS_MANAGER, "Grammars", NULL);
    b->microphone_open = open;
    b->ready = ready;
    if (left_out != b->left_out)
        (void)sd_bus_emit_properties_changed(b->bus, BUS_PATH, BUS_MANAGER, "LeftOut", NULL);
    b->listeners = listeners;
    b->grammars = grammars;
    b->left_out = left_out;
}

static int on_disconnected(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    (void)m, (void)error;
    b->lost(b->user);
    return 0;
}

static int offer(struct bus *b) {
    int r = bus_share_new(b);
    if (r >= 0)
        r = bus_callers_new(b);
    if (r >= 0)
        r = sd_bus_add_object_vtable(b->bus, NULL, BUS_PATH, BUS_MANAGER, bus_manager_vtable, b);
    if (r >= 0)
        r = sd_bus_add_object_vtable(b->bus, NULL, BUS_PATH, BUS_ENERGY, bus_energy_vtable, b);
    if (r >= 0)
        r = sd_bus_add_fallback_vtable(b->bus, NULL, BUS_SESSIONS, BUS_SESSION, bus_session_vtable, bus_find_session, b);
    if (r >= 0)
        r = sd_bus_match_signal(b->bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                                "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, b);
    return r;
}

int bus_open(struct bus **ret, sd_event *event, struct service *service, const struct bus_options *options,
             void (*lost)(void *user), void *user, tragus_error *reterr) {
    struct bus *b = calloc(1, sizeof(*b));
    if (!b)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    b->event = event;
    b->service = service;
    b->lost = lost;
    b->user = user;
    b->microphone_open = service_microphone_open(service);
    b->ready = service_ready(service);
    b->grammars = service_grammars_mark(service);
    b->left_out = left_out_mark(service);
    (void)sd_bus_error_add_map(error_map);

    int r = busaddress_open(&b->bus, options->address);
    if (r < 0) {
        base_error_set(reterr, r, "cannot connect to the message bus %s: %s", options->address, strerror(-r));
        bus_close(b);
        return r;
    }
    r = offer(b);
    if (r >= 0)
        r = sd_bus_attach_event(b->bus, event, SD_EVENT_PRIORITY_NORMAL);
    if (r < 0) {
        base_error_set(reterr, r, "cannot publish the D-Bus objects: %s", strerror(-r));
        bus_close(b);
        return r;
    }
    (void)sd_bus_set_method_call_timeout(b->bus, NAME_PATIENCE_US); /* the only call that is waited for */
    r = sd_bus_request_name(b->bus, BUS_NAME, 0);
    if (r < 0) {
        if (r == -EEXIST)
            base_error_set(reterr, r, "the bus name " BUS_NAME " is taken; another tragusd is running on this bus");
        else
            base_error_set(reterr, r,
                           "cannot get the bus name " BUS_NAME
                           ": %s; if org.tragus.Tragus1.conf is installed, run systemctl reload dbus",
                           strerror(-r));
        bus_close(b);
        return r;
    }
    b->observer = (struct service_observer){.changed = on_change, .user = b};
    service_observe(service, &b->observer);
    *ret = b;
    return 0;
}

void bus_release(struct bus *b) {
    if (b)
        (void)sd_bus_release_name(b->bus, BUS_NAME);
}

void bus_close(struct bus *b) {
    if (!b)
        return;
    service_unobserve(b->service, &b->observer);
    for (struct bus_call *call = b->calls; call; call = call->next)
        call->gone = true;
    bus_content_end(b);
    bus_sessions_of(b, NULL);
    struct bus_owner *next;
    for (struct bus_owner *o = b->owners; o; o = next) {
        next = o->next;
        service_owner_gone(b->service, o->name);
        bus_owner_free(o);
    }
    /* Jobs that are running still have their calls, and free them when they are done. */
    for (struct bus_call *call = b->calls; call; call = call->next)
        call->bus = NULL;
    bus_shown_free(b);
    bus_callers_free(b);
    bus_share_free(b);
    (void)sd_bus_flush(b->bus);
    sd_bus_detach_event(b->bus);
    sd_bus_flush_close_unref(b->bus);
    free(b);
}
