/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/listener.h: one session with tragusd, on the microphone or on a pipe, whose events go to another part of the bridge. */
#ifndef TRAGUS_BRIDGE_LISTENER_H
#define TRAGUS_BRIDGE_LISTENER_H

#include "bridge/private.h"

struct bridge_listener;

struct bridge_listener_handlers {
    void (*started)(void *user);
    /* A signal of Session1 as JSON, such as "utterance". The object stays with the listener. Must not free the listener. */
    void (*event)(void *user, const char *event, json_object *o);
    /* The session is over, and the listener is freed afterwards. why: a sentence if it failed, else NULL. */
    void (*ended)(void *user, const char *why);
};

struct bridge_listener_setup {
    const char *grammar;        /* "": the default grammar of tragusd; must stay valid */
    bool awake;                 /* needs no wake phrase */
    const char *const *phrases; /* else these, which must stay valid; none: those of tragusd's configuration, for its microphone */
    size_t n_phrases;
    bool partial;                /* with partial results */
    bool fallback;               /* with free_text for what is not in the grammar, if tragusd can do that */
    bool one_shot;               /* ends after one sentence */
    int sound;                   /* a pipe to read, which the listener takes over; -1: the microphone */
    struct bridge_format format; /* of the pipe */
    const struct bridge_listener_handlers *handlers;
    void *user;
};

/* Returns NULL if there is no memory. The first call of a handler comes later, from the event loop. */
struct bridge_listener *bridge_listener_new(struct bridge *b, const struct bridge_listener_setup *setup);
/* Ends the session: what was heard is still recognised, then `ended` is called. */
void bridge_listener_stop(struct bridge_listener *l);
/* Ends it at once, without further calls of handlers. Accepts NULL. */
void bridge_listener_free(struct bridge_listener *l);
/* Opens the grammar as if a wake phrase had been said. open_ms: 0 for the default. Returns -ENOTCONN if the session has not
 * started; a later refusal of tragusd is told to `failed`, as a sentence. */
int bridge_listener_trigger(struct bridge_listener *l, uint32_t open_ms, void (*failed)(void *user, const char *why));

/* A signal of Session1. */
void bridge_listener_signal(struct bridge *b, sd_bus_message *m);
/* The sessions are gone: ends all listeners with this sentence. */
void bridge_listeners_fail(struct bridge *b, const char *why);
/* Frees those that wait for the reply of CreateSession after bridge_listener_free. */
void bridge_listeners_free(struct bridge *b);

#endif
