/* SPDX-License-Identifier: Apache-2.0 */
#include "bridge/listener.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Values of Session1.Finished. */
enum { FINISHED_DAEMON_STOPS = 5, FINISHED_INPUT_FAILED };

struct bridge_listener {
    struct bridge *bridge;
    struct bridge_listener *next;
    struct bridge_listener_setup setup; /* without handlers: nobody waits; the session is closed when its name is known */
    char *path, *peer;
    bool started, stops;
    sd_bus_slot *call, *trigger;
    void (*failed)(void *user, const char *why); /* of the trigger */
    sd_event_source *first;
};

/* --- end ---------------------------------------------------------------------------------------------------------------------- */

static void send(const struct bridge_listener *l, const char *member) {
    sd_bus_message *call = NULL;
    sd_bus *bus = l->bridge->link.bus;

    if (!l->path || !bus)
        return;
    int r = sd_bus_message_new_method_call(bus, &call, l->peer, l->path, BRIDGE_SESSION, member);
    if (r >= 0 && strcmp(member, "Stop") == 0)
        r = sd_bus_message_append(call, "a{sv}", 0);
    if (r >= 0)
        r = sd_bus_message_set_expect_reply(call, false);
    if (r >= 0)
        (void)sd_bus_send(bus, call, NULL);
    sd_bus_message_unref(call);
}

static void destroy(struct bridge_listener *l) {
    struct bridge_listener **link = &l->bridge->listeners;
    while (*link != l)
        link = &(*link)->next;
    *link = l->next;
    send(l, "Close");
    if (l->setup.sound >= 0)
        close(l->setup.sound);
    sd_event_source_disable_unref(l->first);
    sd_bus_slot_unref(l->call);
    sd_bus_slot_unref(l->trigger);
    free(l->path);
    free(l->peer);
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
    if (l->path || !l->call)
        destroy(l);
    /* Else the reply of CreateSession tells which session to close. */
}

void bridge_listeners_fail(struct bridge *b, const char *why) {
    while (b->listeners)
        end(b->listeners, why);
}

/* --- start -------------------------------------------------------------------------------------------------------------------- */

/* Whether the call succeeded and somebody still waits. If not, the listener is gone. */
static bool succeeded(struct bridge_listener *l, sd_bus_message *m) {
    l->call = sd_bus_slot_unref(l->call);
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
        send(l, "Stop");
    else
        l->setup.handlers->started(l->setup.user);
    return 0;
}

static void call_start(struct bridge_listener *l) {
    int r = sd_bus_call_method_async(l->bridge->link.bus, &l->call, l->peer, l->path, BRIDGE_SESSION, "Start", on_started, l,
                                     "a{sv}", 0);
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
    const struct bridge_format *f = &l->setup.format;
    int r = sd_bus_call_method_async(l->bridge->link.bus, &l->call, l->peer, l->path, BRIDGE_SESSION, "SetInput", on_input, l,
                                     "ha{sv}", l->setup.sound, 4, "Rate", "u", (uint32_t)f->rate, "Channels", "u",
                                     (uint32_t)f->channels, "Format", "s", f->width == 2 ? "S16LE" : "S32LE", "Live", "b", 1);
    close(l->setup.sound); /* the message has its own copy */
    l->setup.sound = -1;
    if (r < 0)
        fail_call(l, NULL, r);
}

static void create(struct bridge_listener *l);

static int on_created(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_listener *l = user;
    const char *path = NULL;
    (void)error;

    if (l->setup.handlers && l->setup.fallback && bridge_link_lacks_words(l->bridge, m)) {
        l->call = sd_bus_slot_unref(l->call);
        l->setup.fallback = false;
        create(l);
        return 0;
    }

    if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "o", &path) > 0) {
        l->path = strdup(path);
        l->peer = strdup(sd_bus_message_get_sender(m));
    }
    if (!succeeded(l, m))
        return 0;
    if (!l->path || !l->peer)
        end(l, "out of memory");
    else if (l->setup.sound >= 0)
        set_input(l);
    else
        call_start(l);
    return 0;
}

static int append_phrases(const struct bridge_listener *l, sd_bus_message *call) {
    char *phrases[BRIDGE_MOST_PHRASES + 1] = {NULL};
    int r = 0;

    for (size_t i = 0; i < l->setup.n_phrases && !l->setup.awake && r >= 0; i++) {
        phrases[i] = bridge_phrase_of(l->setup.phrases[i]);
        r = phrases[i] ? 0 : -ENOMEM;
    }
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'e', "sv");
    if (r >= 0)
        r = sd_bus_message_append(call, "s", "Wake");
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'v', "as");
    if (r >= 0)
        r = sd_bus_message_append_strv(call, phrases);
    for (unsigned i = 0; i < 2 && r >= 0; i++)
        r = sd_bus_message_close_container(call);
    for (size_t i = 0; i < BRIDGE_MOST_PHRASES; i++)
        free(phrases[i]);
    return r;
}

static int append_options(const struct bridge_listener *l, sd_bus_message *call) {
    int r = sd_bus_message_open_container(call, 'a', "{sv}");
    if (r >= 0)
        r = sd_bus_message_append(call, "{sv}{sv}{sv}", "Grammar", "s", l->setup.grammar, "AppId", "s", "tragus-bridge", "Input",
                                  "s", l->setup.sound >= 0 ? "fd" : "microphone");
    if (r >= 0)
        r = sd_bus_message_append(call, "{sv}{sv}", "Partial", "b", (int)l->setup.partial, "OneShot", "b", (int)l->setup.one_shot);
    if (r >= 0 && l->setup.fallback)
        r = sd_bus_message_append(call, "{sv}", "Fallback", "b", 1);
    if (r >= 0 && (l->setup.awake || l->setup.n_phrases > 0))
        r = append_phrases(l, call);
    return r < 0 ? r : sd_bus_message_close_container(call);
}

static void create(struct bridge_listener *l) {
    sd_bus *bus = l->bridge->link.bus;
    sd_bus_message *call = NULL;

    int r =
        bus ? sd_bus_message_new_method_call(bus, &call, BRIDGE_TRAGUS, BRIDGE_PATH, BRIDGE_MANAGER, "CreateSession") : -ENOTCONN;
    if (r >= 0)
        r = append_options(l, call);
    if (r >= 0)
        r = sd_bus_call_async(bus, &l->call, call, on_created, l, 0);
    sd_bus_message_unref(call);
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
    l->bridge = b;
    l->setup = *setup;
    l->next = b->listeners;
    b->listeners = l;
    return l;
}

/* --- while it listens --------------------------------------------------------------------------------------------------------- */

void bridge_listener_stop(struct bridge_listener *l) {
    if (l->started && !l->stops)
        send(l, "Stop");
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
    sd_bus_message *call = NULL;

    if (!l->started || !l->bridge->link.bus)
        return -ENOTCONN;
    l->trigger = sd_bus_slot_unref(l->trigger);
    l->failed = failed;
    int r = sd_bus_message_new_method_call(l->bridge->link.bus, &call, l->peer, l->path, BRIDGE_SESSION, "Trigger");
    if (r >= 0)
        r = open_ms > 0 ? sd_bus_message_append(call, "a{sv}", 1, "OpenMs", "u", open_ms) : sd_bus_message_append(call, "a{sv}", 0);
    if (r >= 0)
        r = sd_bus_call_async(l->bridge->link.bus, &l->trigger, call, on_triggered, l, 0);
    sd_bus_message_unref(call);
    return r < 0 ? r : 0;
}

static void take_finished(struct bridge_listener *l, json_object *o) {
    int reason = json_object_get_int(json_object_object_get(o, "reason"));

    end(l, reason == FINISHED_DAEMON_STOPS   ? "tragusd has stopped"
           : reason == FINISHED_INPUT_FAILED ? "tragusd cannot use this sound; see its log"
                                             : NULL);
}

void bridge_listener_signal(struct bridge *b, sd_bus_message *m) {
    const char *path = sd_bus_message_get_path(m), *sender = sd_bus_message_get_sender(m), *event;
    struct bridge_listener *l = b->listeners;

    while (l && !(l->path && l->setup.handlers && path && sender && strcmp(l->path, path) == 0 && strcmp(l->peer, sender) == 0))
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
