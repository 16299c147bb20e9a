/* SPDX-License-Identifier: Apache-2.0 */
#include "bridge/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- create ------------------------------------------------------------------------------------------------------------------- */

static int append_phrases(const struct bridge_session_options *o, sd_bus_message *call) {
    int r = sd_bus_message_open_container(call, 'e', "sv");
    if (r >= 0)
        r = sd_bus_message_append(call, "s", "Wake");
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'v', "as");
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'a', "s");
    for (size_t i = 0; i < o->n_phrases && r >= 0; i++) {
        char *phrase = bridge_phrase_of(o->phrases[i]);
        r = phrase ? sd_bus_message_append(call, "s", phrase) : -ENOMEM;
        free(phrase);
    }
    for (unsigned i = 0; i < 3 && r >= 0; i++)
        r = sd_bus_message_close_container(call);
    return r;
}

static int append_options(const struct bridge_session_options *o, sd_bus_message *call) {
    int r = sd_bus_message_open_container(call, 'a', "{sv}");
    if (r >= 0)
        r = sd_bus_message_append(call, "{sv}{sv}{sv}{sv}{sv}", "Grammar", "s", o->grammar, "AppId", "s", "tragus-bridge", "Input",
                                  "s", o->sound ? "fd" : "microphone", "Partial", "b", (int)o->partial, "OneShot", "b",
                                  (int)o->one_shot);
    if (r >= 0 && *o->language)
        r = sd_bus_message_append(call, "{sv}", "Language", "s", o->language);
    if (r >= 0 && o->max_command_ms > 0)
        r = sd_bus_message_append(call, "{sv}", "MaxCommandMs", "u", o->max_command_ms);
    if (r >= 0 && o->end_silence_ms > 0)
        r = sd_bus_message_append(call, "{sv}", "EndSilenceMs", "u", o->end_silence_ms);
    if (r >= 0 && o->fallback)
        r = sd_bus_message_append(call, "{sv}", "Fallback", "b", 1);
    if (r >= 0 && o->sets_wake)
        r = append_phrases(o, call);
    return r < 0 ? r : sd_bus_message_close_container(call);
}

int bridge_session_create(struct bridge_session *s, const struct bridge_session_options *o, sd_bus_message_handler_t done,
                          void *user) {
    sd_bus *bus = s->bridge->link.bus;
    sd_bus_message *call = NULL;

    s->call = sd_bus_slot_unref(s->call);
    int r =
        bus ? sd_bus_message_new_method_call(bus, &call, BRIDGE_TRAGUS, BRIDGE_PATH, BRIDGE_MANAGER, "CreateSession") : -ENOTCONN;
    if (r >= 0)
        r = append_options(o, call);
    if (r >= 0)
        r = sd_bus_call_async(bus, &s->call, call, done, user, 0);
    sd_bus_message_unref(call);
    return r;
}

bool bridge_session_created(struct bridge_session *s, sd_bus_message *reply) {
    const char *path;

    if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "o", &path) <= 0)
        return false;
    s->path = strdup(path);
    s->peer = strdup(sd_bus_message_get_sender(reply));
    if (s->path && s->peer)
        return true;
    bridge_session_forget(s);
    return false;
}

/* --- further calls ------------------------------------------------------------------------------------------------------------ */

int bridge_session_set_input(struct bridge_session *s, int fd, const struct bridge_format *f, bool live,
                             sd_bus_message_handler_t done, void *user) {
    s->call = sd_bus_slot_unref(s->call);
    int r = sd_bus_call_method_async(s->bridge->link.bus, &s->call, s->peer, s->path, BRIDGE_SESSION, "SetInput", done, user,
                                     "ha{sv}", fd, 4, "Rate", "u", (uint32_t)f->rate, "Channels", "u", (uint32_t)f->channels,
                                     "Format", "s", f->width == 2 ? "S16LE" : "S32LE", "Live", "b", (int)live);
    close(fd); /* the message has its own copy */
    return r;
}

int bridge_session_start(struct bridge_session *s, sd_bus_message_handler_t done, void *user) {
    s->call = sd_bus_slot_unref(s->call);
    return sd_bus_call_method_async(s->bridge->link.bus, &s->call, s->peer, s->path, BRIDGE_SESSION, "Start", done, user, "a{sv}",
                                    0);
}

void bridge_session_send(const struct bridge_session *s, const char *member) {
    sd_bus *bus = s->bridge->link.bus;
    sd_bus_message *call = NULL;

    if (!s->path || !bus)
        return;
    int r = sd_bus_message_new_method_call(bus, &call, s->peer, s->path, BRIDGE_SESSION, member);
    if (r >= 0 && strcmp(member, "Stop") == 0)
        r = sd_bus_message_append(call, "a{sv}", 0);
    if (r >= 0)
        r = sd_bus_message_set_expect_reply(call, false);
    if (r >= 0)
        (void)sd_bus_send(bus, call, NULL);
    sd_bus_message_unref(call);
}

bool bridge_session_sent(const struct bridge_session *s, sd_bus_message *signal) {
    const char *path = sd_bus_message_get_path(signal), *sender = sd_bus_message_get_sender(signal);
    return s->path && path && sender && strcmp(s->path, path) == 0 && strcmp(s->peer, sender) == 0;
}

/* --- end ---------------------------------------------------------------------------------------------------------------------- */

void bridge_session_forget(struct bridge_session *s) {
    free(s->path);
    free(s->peer);
    s->path = s->peer = NULL;
}

void bridge_session_done(struct bridge_session *s) {
    bridge_session_send(s, "Close");
    s->call = sd_bus_slot_unref(s->call);
    bridge_session_forget(s);
}
