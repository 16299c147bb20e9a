/* SPDX-License-Identifier: Apache-2.0 */
#include "bridge/listener.h"
#include "bridge/session.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bridge_listener {
    struct bridge_session session;
    struct bridge_listener *next;
    struct bridge_listener_setup setup; /* without handlers: nobody waits; the session is closed when its name is known */
    bool started, stops;
    sd_bus_slot *trigger;
    void (*failed)(void *user, const char *why); /* of the trigger */
    sd_event_source *first;
};

/* --- end ---------------------------------------------------------------------------------------------------------------------- */

static void destroy(struct bridge_listener *l) {
    struct bridge_listener **link = &l->session.bridge->listeners;
    while (*link != l)
        link = &(*link)->next;
    *link = l->next;
    bridge_session_done(&l->session);
    if (l->setup.sound >= 0)
        close(l->setup.sound);
    sd_event_source_disable_unref(l->first);
    sd_bus_slot_unref(l->trigger);
    free(l);
}

/* why: valid during the call only. */
static void end(struct bridge_listener *l, const char *why) {
    const struct bridge_listener_handlers *h = l->setup.handlers;
    void *user = l->setup.user;

    l->setup.handlers = NULL;
    destroy(l);
    if (h)
        h->ended(user, why);
}

static void fail_call(struct bridge_listener *l, sd_bus_message *m, int r) {
    char text[512];
    end(l, bridge_link_complaint(m, r, text, sizeof(text)));
}

void bridge_listener_free(struct bridge_listener *l) {
    if (!l)
        return;
    l->setup.handlers = NULL;
    if (l->session.path || !l->session.call)
        destroy(l);
    /* Else the reply of CreateSession tells which session to close. */
}

void bridge_listeners_fail(struct bridge *b, const char *why) {
    while (b->listeners)
        end(b->listeners, why);
}

void bridge_listeners_free(struct bridge *b) {
    while (b->listeners)
        destroy(b->listeners);
}

/* --- start -------------------------------------------------------------------------------------------------------------------- */

/* Whether the call succeeded and somebody still waits. If not, the listener is gone. */
static bool succeeded(struct bridge_listener *l, sd_bus_message *m) {
    l->session.call = sd_bus_slot_unref(l->session.call);
    if (sd_bus_message_is_method_error(m, NULL)) {
        fail_call(l, m, 0);
        return false;
    }
    if (!l->setup.handlers) {
        destroy(l);
        return false;
    }
    return true;
}

static int on_started(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_listener *l = user;
    (void)error;

    if (!succeeded(l, m))
        return 0;
    l->started = true;
    if (l->stops)
        bridge_session_send(&l->session, "Stop");
    else
        l->setup.handlers->started(l->setup.user);
    return 0;
}

static void call_start(struct bridge_listener *l) {
    int r = bridge_session_start(&l->session, on_started, l);
    if (r < 0)
        fail_call(l, NULL, r);
}

static int on_input(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)error;
    if (succeeded(user, m))
        call_start(user);
    return 0;
}

static void set_input(struct bridge_listener *l) {
    int r = bridge_session_set_input(&l->session, l->setup.sound, &l->setup.format, true, on_input, l);
    l->setup.sound = -1;
    if (r < 0)
        fail_call(l, NULL, r);
}

static void create(struct bridge_listener *l);

static int on_created(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_listener *l = user;
    (void)error;

    if (l->setup.handlers && l->setup.fallback && bridge_link_lacks_words(l->session.bridge, m)) {
        l->setup.fallback = false;
        create(l);
        return 0;
    }
    bool created = bridge_session_created(&l->session, m);
    if (!succeeded(l, m))
        return 0;
    if (!created)
        end(l, "out of memory");
    else if (l->setup.sound >= 0)
        set_input(l);
    else
        call_start(l);
    return 0;
}

static void create(struct bridge_listener *l) {
    const struct bridge_listener_setup *setup = &l->setup;
    const struct bridge_session_options o = {.grammar = setup->grammar,
                                             .language = "",
                                             .sound = setup->sound >= 0,
                                             .partial = setup->partial,
                                             .one_shot = setup->one_shot,
                                             .fallback = setup->fallback,
                                             .sets_wake = setup->awake || setup->n_phrases > 0,
                                             .phrases = setup->phrases,
                                             .n_phrases = setup->awake ? 0 : setup->n_phrases};

    int r = bridge_session_create(&l->session, &o, on_created, l);
    if (r < 0)
        fail_call(l, NULL, r);
}

/* The first call is made from the event loop, so that the owner knows the listener before it can fail. */
static int on_first(sd_event_source *source, void *user) {
    (void)source;
    create(user);
    return 0;
}

struct bridge_listener *bridge_listener_new(struct bridge *b, const struct bridge_listener_setup *setup) {
    struct bridge_listener *l = calloc(1, sizeof(*l));

    if (l && sd_event_add_defer(b->event, &l->first, on_first, l) < 0) {
        free(l);
        l = NULL;
    }
    if (!l) {
        if (setup->sound >= 0)
            close(setup->sound);
        return NULL;
    }
    l->session.bridge = b;
    l->setup = *setup;
    l->next = b->listeners;
    b->listeners = l;
    return l;
}

/* --- while it listens --------------------------------------------------------------------------------------------------------- */

void bridge_listener_stop(struct bridge_listener *l) {
    if (l->started && !l->stops)
        bridge_session_send(&l->session, "Stop");
    l->stops = true;
}

static int on_triggered(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_listener *l = user;
    char text[512];
    (void)error;

    l->trigger = sd_bus_slot_unref(l->trigger);
    if (sd_bus_message_is_method_error(m, NULL) && l->setup.handlers)
        l->failed(l->setup.user, bridge_link_complaint(m, 0, text, sizeof(text)));
    return 0;
}

int bridge_listener_trigger(struct bridge_listener *l, uint32_t open_ms, void (*failed)(void *user, const char *why)) {
    sd_bus *bus = l->session.bridge->link.bus;
    sd_bus_message *call = NULL;

    if (!l->started || !bus)
        return -ENOTCONN;
    l->trigger = sd_bus_slot_unref(l->trigger);
    l->failed = failed;
    int r = sd_bus_message_new_method_call(bus, &call, l->session.peer, l->session.path, BRIDGE_SESSION, "Trigger");
    if (r >= 0)
        r = open_ms > 0 ? sd_bus_message_append(call, "a{sv}", 1, "OpenMs", "u", open_ms) : sd_bus_message_append(call, "a{sv}", 0);
    if (r >= 0)
        r = sd_bus_call_async(bus, &l->trigger, call, on_triggered, l, 0);
    sd_bus_message_unref(call);
    return r < 0 ? r : 0;
}

static void take_finished(struct bridge_listener *l, json_object *o) {
    int reason = json_object_get_int(json_object_object_get(o, "reason"));

    end(l, reason == BRIDGE_FINISHED_DAEMON_STOPS   ? "tragusd has stopped"
           : reason == BRIDGE_FINISHED_INPUT_FAILED ? "tragusd cannot use this sound; see its log"
                                                    : NULL);
}

void bridge_listener_signal(struct bridge *b, sd_bus_message *m) {
    struct bridge_listener *l = b->listeners;
    const char *event;

    while (l && !(l->setup.handlers && bridge_session_sent(&l->session, m)))
        l = l->next;
    json_object *o = l ? busjson_signal(m, &event) : NULL;
    if (!o)
        return;
    if (strcmp(event, "finished") == 0)
        take_finished(l, o);
    else
        l->setup.handlers->event(l->setup.user, event, o);
    json_object_put(o);
}
