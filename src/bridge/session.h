/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/session.h: the calls by which a session with tragusd is made, started and ended. Streams of the Wyoming protocol and the
 * listeners of MQTT decide what to do with what it hears. */
#ifndef TRAGUS_BRIDGE_SESSION_H
#define TRAGUS_BRIDGE_SESSION_H

#include "bridge/private.h"

/* Values of Session1.Rejected after which the command may still come. */
enum { BRIDGE_REJECTED_TOO_SHORT = 4, BRIDGE_REJECTED_NO_SPEECH };
/* Values of Session1.Finished. */
enum { BRIDGE_FINISHED_DAEMON_STOPS = 5, BRIDGE_FINISHED_INPUT_FAILED };

struct bridge_session {
    struct bridge *bridge;
    char *path, *peer; /* NULL: tragusd has not told them, or the session is gone */
    sd_bus_slot *call; /* in progress */
};

struct bridge_session_options {
    const char *grammar, *language; /* "": the default; any */
    bool sound;                     /* of a pipe; else of the microphone */
    bool partial, one_shot, fallback;
    uint32_t max_command_ms, end_silence_ms; /* 0: tragusd's default */
    bool sets_wake;             /* with the phrases below, none: hears everything; else with those that tragusd chooses */
    const char *const *phrases; /* their names, see bridge_phrase_of */
    size_t n_phrases;
};

/* Each asks tragusd, and `done` gets the reply; a call in progress is forgotten. They return a negative errno if it cannot be
 * asked. */
int bridge_session_create(struct bridge_session *s, const struct bridge_session_options *o, sd_bus_message_handler_t done,
                          void *user);
/* Hands tragusd the end of a pipe, and closes it in any case. live: times of arrival. */
int bridge_session_set_input(struct bridge_session *s, int fd, const struct bridge_format *f, bool live,
                             sd_bus_message_handler_t done, void *user);
int bridge_session_start(struct bridge_session *s, sd_bus_message_handler_t done, void *user);
/* Stop or Close, without waiting for the reply. Does nothing if there is no session. */
void bridge_session_send(const struct bridge_session *s, const char *member);

/* Takes the reply to CreateSession. Returns false if it is an error, or -- then `path` is NULL -- if there is no memory. */
bool bridge_session_created(struct bridge_session *s, sd_bus_message *reply);
/* Whether this signal is of the session. */
bool bridge_session_sent(const struct bridge_session *s, sd_bus_message *signal);
/* It is gone, so there is nothing to close. */
void bridge_session_forget(struct bridge_session *s);
/* Closes it. */
void bridge_session_done(struct bridge_session *s);

#endif
