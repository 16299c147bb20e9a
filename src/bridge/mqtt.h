/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/mqtt.h: what the files of the MQTT side share.
 *
 *   mqtt_client.c     the connection with the broker
 *   mqtt_queue.c      messages that wait for the broker, for a limited time
 *   mqtt.c            topics of our own, and the commands that come by them
 *   mqtt_microphone.c the session whose events go out
 *   mqtt_state.c      the states that go out
 *   mqtt_discovery.c  the description for Home Assistant
 *   hermes*.c         the topics of Rhasspy's Hermes protocol
 */
#ifndef TRAGUS_BRIDGE_MQTT_H
#define TRAGUS_BRIDGE_MQTT_H

#include "bridge/listener.h"
#include "bridge/private.h"

#include <systemd/sd-id128.h>

/* Larger messages are ignored: commands and queries are short, and a frame of sound is a fraction of a second. */
#define MQTT_MOST_JSON 65536
#define MQTT_MOST_SOUND 1048576

/* --- the broker --------------------------------------------------------------------------------------------------------------- */

struct mqtt_client;

struct mqtt_client_handlers {
    void (*up)(void *user); /* connected: subscribe and publish now */
    void (*down)(void *user);
    void (*message)(void *user, const char *topic, const char *payload, size_t n, bool retained);
    /* The broker has taken the message, or (refusal is not NULL) does not pass it on. */
    void (*confirmed)(void *user, int id, const char *refusal);
};

struct mqtt_client_setup {
    const struct bridge_mqtt_options *options;
    const char *client_id;
    const char *status_topic; /* retained: "online"; "offline" as the last will, and before an ordered end */
    const struct mqtt_client_handlers *handlers;
    void *user;
};

/* Reads the password and checks the settings; connects later, and again whenever the connection is lost. The texts of the setup
 * must stay valid. Returns a negative errno and a message. */
int mqtt_client_new(struct mqtt_client **ret, sd_event *event, const struct mqtt_client_setup *setup, tragus_error *reterr);
/* Ends the connection in order. Accepts NULL. */
void mqtt_client_free(struct mqtt_client *c);
bool mqtt_client_is_up(const struct mqtt_client *c);
/* Publishes. Returns the number by which `confirmed` names the message (qos 1), or a negative errno: -ENOTCONN if there is no
 * connection. */
int mqtt_client_publish(struct mqtt_client *c, const char *topic, const char *payload, size_t n, int qos, bool retain);
/* The same with qos 1, not retained, for subscribers that get it within so many seconds, at least 1: a broker that speaks MQTT 5
 * drops it then, also for those that it keeps it for. Returns -EMSGSIZE or -EINVAL if this message can never be sent. */
int mqtt_client_send(struct mqtt_client *c, const char *topic, const char *payload, size_t n, uint32_t expires_s);
/* A refusal of the broker is reported in the log. */
int mqtt_client_subscribe(struct mqtt_client *c, const char *topic);

/* --- messages that wait ------------------------------------------------------------------------------------------------------- */

struct mqtt_message;

struct mqtt_queue {
    struct mqtt_client *client;
    uint32_t keep_s;
    struct mqtt_message *first, *last;
    size_t n;
    sd_event_source *timer;
    uint64_t n_dropped;  /* since the start */
    bool warned;         /* in this absence of the broker */
    bool warned_refusal; /* of a message, in this connection */
};

int mqtt_queue_init(struct mqtt_queue *q, sd_event *event, struct mqtt_client *client, uint32_t keep_s);
void mqtt_queue_done(struct mqtt_queue *q);
/* Publishes with qos 1 until the broker confirms it, but for at most keep_s. */
void mqtt_queue_add(struct mqtt_queue *q, const char *topic, const char *payload, size_t n);
void mqtt_queue_up(struct mqtt_queue *q);
void mqtt_queue_down(struct mqtt_queue *q);
void mqtt_queue_confirmed(struct mqtt_queue *q, int id, const char *refusal);

/* --- our topics --------------------------------------------------------------------------------------------------------------- */

/* Why the microphone session is closed although the switch is on. */
enum mqtt_hold { MQTT_HOLD_HOTWORD = 1, MQTT_HOLD_ASR = 2 };

struct hermes;

struct bridge_mqtt {
    struct bridge *bridge;
    const struct bridge_mqtt_options *options;
    char id[33]; /* of this machine, for names that must be unique at the broker */
    char *prefix, *status_topic;
    struct mqtt_client *client;
    struct mqtt_queue queue;
    struct hermes *hermes; /* NULL: off */
    bool on;               /* the switch */
    unsigned holds;        /* enum mqtt_hold */
    struct bridge_listener *listener;
    bool active; /* the session listens */
    char trouble[512];
    sd_event_source *retry, *poll;
    unsigned pause_s;
    sd_bus_slot *manager, *energy; /* calls in progress */
    bool manager_again;
    bool microphone_open;
    char *state;     /* published last */
    int state_id;    /* of that publication until the broker confirms it; the next one waits for that */
    bool state_anew; /* the next one is wanted also if nothing has changed */
    bool announces;  /* everything is to be published again, when the state is confirmed */
    const char *ready;
    uint64_t complained_us; /* when a wrong message was last logged */
};

#define MQTT_VERSION 1 /* of the payloads */

/* As it is published; valid as long as the object, until it is changed. */
const char *mqtt_text(json_object *o);
/* Publishes an object and releases it. event: kept for the broker if it is away; else it is only sent now. */
void mqtt_publish(struct bridge_mqtt *m, const char *topic, json_object *o, bool event);
/* The same at PREFIX/SUFFIX, with the version of the payload. */
void mqtt_publish_own(struct bridge_mqtt *m, const char *suffix, json_object *o, bool event);
/* Reports a message that cannot be used: at PREFIX/error, and in the log, there at most once in ten seconds. */
void mqtt_complain(struct bridge_mqtt *m, const char *topic, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Publishes a text at PREFIX/SUFFIX, which the broker keeps. Returns an id, or a negative errno. */
int mqtt_publish_retained(struct bridge_mqtt *m, const char *suffix, const char *text);

/* mqtt_state.c. Without a connection to the bus, nothing is asked. */
int mqtt_state_open(struct bridge_mqtt *m);
void mqtt_state_close(struct bridge_mqtt *m); /* may not have been opened */
/* Publishes the state if it has changed. anew: also if not. */
void mqtt_state_publish(struct bridge_mqtt *m, bool anew);
/* The broker has confirmed a publication. */
void mqtt_state_confirmed(struct bridge_mqtt *m, int id);
/* Asks tragusd for what belongs to the state, or for its energy figures, and publishes the answer. */
void mqtt_state_ask(struct bridge_mqtt *m);
void mqtt_state_ask_energy(struct bridge_mqtt *m);
/* tragusd is gone. */
void mqtt_state_away(struct bridge_mqtt *m);

/* mqtt_microphone.c */
int mqtt_microphone_open(struct bridge_mqtt *m);
/* Starts or ends the microphone session, as the switch and the holds want it. */
void mqtt_listen(struct bridge_mqtt *m);
void mqtt_hold(struct bridge_mqtt *m, enum mqtt_hold hold, bool holds);

/* The payload of the topic DISCOVERY_PREFIX/device/ID/config. */
json_object *mqtt_discovery(const struct bridge_mqtt *m);

/* --- Hermes ------------------------------------------------------------------------------------------------------------------- */

int hermes_new(struct hermes **ret, struct bridge_mqtt *m);
void hermes_free(struct hermes *h); /* accepts NULL */
void hermes_up(struct hermes *h);
/* Takes a message of a topic that begins with "hermes/". */
void hermes_message(struct hermes *h, const char *topic, const char *payload, size_t n);
/* An event of the microphone session. */
void hermes_event(struct hermes *h, const char *event, json_object *o);

/* The switch is off: ends the session that was asked for, with an answer. */
void hermes_asr_off(struct hermes *h);

/* Who reads the sound that comes in messages: the session that always listens, or one that was asked for. */
enum hermes_reader { HERMES_LISTENS, HERMES_ASKED, HERMES_READERS };
/* Opens a pipe with the sound that comes from now on. Returns the end to read, or -1 as long as no sound has come. */
int hermes_sound_open(struct hermes *h, enum hermes_reader reader, struct bridge_format *ret);

#endif
