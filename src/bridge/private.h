/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/private.h: what the files of this room share. Everything runs in one thread, and nothing there waits: the calls to tragusd
 * are asynchronous, and the sockets and pipes are non-blocking. Other threads run home_client.c with what it calls, and the
 * connecting in mqtt_client.c. */
#ifndef TRAGUS_BRIDGE_PRIVATE_H
#define TRAGUS_BRIDGE_PRIVATE_H

#include "base/error.h"
#include "bridge/bridge.h"
#include "bridge/wire.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <time.h>

/* Of words that are not in the grammar: with less, most of them are probably wrong. */
#define BRIDGE_LEAST_FREE_CONFIDENCE 0.5

#define BRIDGE_MOST_CONNECTIONS 64
#define BRIDGE_MOST_SOCKETS 8

struct bridge_announcement;
struct bridge_connection;
struct bridge_home;
struct bridge_listener;
struct bridge_mqtt;
struct bridge_request;
struct bridge_stream;

/* --- log: as that of tragusd, it contains nothing that was said or that a client sent ----------------------------------------- */

enum bridge_log_level { BRIDGE_LOG_ERROR = 3, BRIDGE_LOG_WARNING = 4, BRIDGE_LOG_INFO = 6 };
void bridge_log(enum bridge_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- timers ------------------------------------------------------------------------------------------------------------------- */

/* Lets a timer fire once. what: it is for, in the log if that fails. */
void bridge_timer_set(sd_event_source *timer, uint64_t after_us, const char *what);
/* The same after a pause that doubles each time: 1, 2, 4 s, and at most longest_s. *pause_s: the last one, or 0 to begin anew. */
void bridge_timer_back_off(sd_event_source *timer, unsigned *pause_s, unsigned longest_s, const char *what);

/* --- secrets ------------------------------------------------------------------------------------------------------------------ */

#define BRIDGE_MOST_SECRET 1024

/* Reads the text of a file that only its owner may read, without the ends of line behind it. key: its name in bridge.conf, for
 * messages. *ret_changed: when the file was written. The caller erases out, also after an error. */
int bridge_secret_read(char out[BRIDGE_MOST_SECRET + 1], const char *key, const char *path, struct timespec *ret_changed,
                       tragus_error *reterr);

/* --- the bus ------------------------------------------------------------------------------------------------------------------ */

/* Connects to the bus of an address (see busaddress.h) without waiting for it: more matches must be added asynchronously, too.
 * owner gets the signal NameOwnerChanged of the name `peer`, disconnected the one of the end of the connection. On failure *ret is
 * NULL. The caller attaches the bus to an event loop. */
int bridge_bus_open(sd_bus **ret, const char *address, const char *peer, sd_bus_message_handler_t owner,
                    sd_bus_message_handler_t disconnected, void *user);
/* Sends what is left, and sets *bus to NULL, which it may be already. */
void bridge_bus_close(sd_bus **bus);

/* --- tragusd on D-Bus --------------------------------------------------------------------------------------------------------- */

#define BRIDGE_TRAGUS "org.tragus.Tragus1"
#define BRIDGE_PATH "/org/tragus/Tragus1"
#define BRIDGE_MANAGER "org.tragus.Manager1"
#define BRIDGE_SESSION "org.tragus.Session1"

struct bridge_grammar {
    char *name, *language;
};

struct bridge_link {
    struct bridge *bridge;
    sd_bus *bus; /* NULL: not connected, and retry is armed */
    sd_event_source *retry;
    unsigned pause_s;
    sd_bus_slot *listing;
    bool list_again;                 /* the grammars have changed since the call */
    struct bridge_grammar *grammars; /* of the last list, those that may be chosen; also while tragusd is away */
    size_t n_grammars;
    int64_t n_states; /* of those that all users share: shows that one was replaced */
};

void bridge_link_open(struct bridge *b); /* retries by itself */
void bridge_link_close(struct bridge *b);

/* Returns one sentence for a call that failed with r, or whose reply is the error m (NULL: the call was not sent). */
const char *bridge_link_complaint(sd_bus_message *m, int r, char *out, size_t size);
/* Whether this reply to CreateSession says that tragusd has no language model for the option Fallback; logs that once. */
bool bridge_link_lacks_words(struct bridge *b, sd_bus_message *m);

/* The grammars that may fit a language tag (NULL: any), the best first: pairs of a name and of the language that the grammar must
 * have ("": any). A regional tag such as en-US also fits a grammar for en. Returns their number. */
#define BRIDGE_MOST_CHOICES 2
size_t bridge_link_choose(const struct bridge *b, const char *language, struct bridge_grammar ret[BRIDGE_MOST_CHOICES]);

/* --- clients ------------------------------------------------------------------------------------------------------------------ */

struct bridge {
    const struct bridge_options *options;
    sd_event *event;
    struct bridge_link link;
    struct bridge_connection *connections;
    size_t n_connections;
    struct bridge_stream *streams; /* in the order of their start */
    struct bridge_listener *listeners;
    struct bridge_mqtt *mqtt; /* NULL: off */
    sd_event_source *sockets[BRIDGE_MOST_SOCKETS];
    size_t n_sockets;
    sd_event_source *accept_pause;            /* after which the sockets accept again */
    char *unlink_path;                        /* of our Unix socket */
    struct bridge_announcement *announcement; /* NULL: none */
    struct bridge_home *home;                 /* NULL: none is configured */
    bool lacks_words;                         /* tragusd has no language model for the option fallback; was logged */
};

/* Returns a negative errno and a message if this is no URI to listen at. */
int bridge_listen_check(const char *uri, tragus_error *reterr);
/* Listens at the URI, which bridge_listen_check has accepted, or at the sockets that systemd passed. */
int bridge_listen(struct bridge *b, tragus_error *reterr);
void bridge_listen_end(struct bridge *b);

/* Announces the port in the local network, if others can reach it, and withdraws that. */
void bridge_announce(struct bridge *b);
void bridge_announce_end(struct bridge *b);

/* Takes ownership of fd. Refuses, with an error event, more connections than the limit. */
void bridge_connection_new(struct bridge *b, int fd);
void bridge_connections_free(struct bridge *b);
/* Sends an event and takes ownership of data (NULL: none). It is written later, so the connection stays valid. */
void bridge_connection_send(struct bridge_connection *c, const char *type, json_object *data);
/* Sends an error event with this sentence. */
void bridge_connection_fail(struct bridge_connection *c, const char *code, const char *text);
struct bridge *bridge_connection_bridge(const struct bridge_connection *c);
/* Its stream, or its request, has been answered and is freed by itself. */
void bridge_connection_stream_over(struct bridge_connection *c);
void bridge_connection_request_over(struct bridge_connection *c);
/* The stream takes sound again. */
void bridge_connection_resume(struct bridge_connection *c);

/* --- sound: one D-Bus session for each stream --------------------------------------------------------------------------------- */

struct bridge_format {
    int64_t rate, width, channels; /* width in bytes */
};

struct bridge_stream_options {
    struct bridge_format format;
    bool wake;               /* reports wake phrases; else one command */
    const char *language;    /* NULL: any */
    json_object *phrases;    /* names of wake phrases, an array; NULL: those of the configuration */
    int64_t timestamp_ms;    /* of the first sound */
    uint32_t end_silence_ms; /* that ends the command; 0: as tragusd is configured */
};

/* Starts a stream of sound, or returns a negative errno and a message. */
int bridge_stream_new(struct bridge_stream **ret, struct bridge_connection *c, const struct bridge_stream_options *o,
                      tragus_error *reterr);
/* Ends it without an answer. Accepts NULL. */
void bridge_stream_free(struct bridge_stream *s);
void bridge_stream_feed(struct bridge_stream *s, const void *bytes, size_t n);
/* Whether the client must wait; bridge_connection_resume follows. */
bool bridge_stream_is_full(const struct bridge_stream *s);
/* No more sound comes; the answer follows. */
void bridge_stream_end(struct bridge_stream *s);
/* A signal of Session1. */
void bridge_stream_signal(struct bridge *b, sd_bus_message *m);
/* The sessions are gone: tells the clients this sentence. */
void bridge_streams_fail(struct bridge *b, const char *text);
/* Frees all streams, also those whose client is gone. */
void bridge_streams_free(struct bridge *b);

/* --- transcripts -------------------------------------------------------------------------------------------------------------- */

/* Tells that speech has begun. language: as the client named it, or NULL. */
void bridge_transcript_begin(struct bridge_connection *c, const char *language);
/* Sends the text ("": nothing was understood). Takes ownership of context (NULL: none). */
void bridge_transcript_end(struct bridge_connection *c, const char *text, const char *language, json_object *context);

/* --- MQTT --------------------------------------------------------------------------------------------------------------------- */

/* Returns a negative errno and a message if the options of MQTT are wrong. */
int bridge_mqtt_check(const struct bridge_mqtt_options *o, tragus_error *reterr);
/* Begins to connect with the broker of the options, if there is one. bridge_mqtt_check has accepted them. Returns a negative errno
 * and a message if a file that they name cannot be used; a broker that cannot be reached is no error. */
int bridge_mqtt_open(struct bridge *b, tragus_error *reterr);
void bridge_mqtt_close(struct bridge *b);
/* tragusd has come or has gone; one of its properties has changed. Nothing happens without MQTT. */
void bridge_mqtt_tragusd(struct bridge *b, bool there);
void bridge_mqtt_properties(struct bridge *b);

/* --- text --------------------------------------------------------------------------------------------------------------------- */

struct bridge_request_options {
    const char *text, *language; /* language NULL: any */
    json_object *context;        /* returned to the client; NULL: none */
    bool reply;                  /* answers with the grammar's response: `handled`, or `not-handled` if there is none */
};

/* Asks tragusd what a text means, and answers with `intent` or `not-recognized`. Returns a negative errno and a message if it
 * cannot be asked. */
int bridge_request_new(struct bridge_request **ret, struct bridge_connection *c, const struct bridge_request_options *o,
                       tragus_error *reterr);
/* Ends it without an answer. Accepts NULL. */
void bridge_request_free(struct bridge_request *q);

/* --- names of Home Assistant -------------------------------------------------------------------------------------------------- */

/* Does nothing if none is configured. */
int bridge_home_open(struct bridge *b, tragus_error *reterr);
void bridge_home_close(struct bridge *b);
/* tragusd is there, or its grammars have changed. */
void bridge_home_set_again(struct bridge *b);

/* The names of what is offered. Clients choose one with select-program; Home Assistant forms lasting identities from them. */
#define BRIDGE_PROGRAM "tragus"
#define BRIDGE_REPLIES_PROGRAM "tragus-replies"

/* The answer to `describe`. Uses only what is known already, so it never waits for tragusd. */
json_object *bridge_info(const struct bridge *b);

/* The phrase of a wake phrase's name, which may be written like hey_house, as such names often are. The caller frees it. */
char *bridge_phrase_of(const char *name);

#endif
