/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of an MQTT broker, on our own topics and on those of Hermes, and events of sessions that become messages. This file is
 * the broker: it defines the functions of mqtt_client.c. What is published must be UTF-8, and JSON where that is promised. */
#include "base/utf8.h"
#include "bridge/hermes.h"
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "mqtt";

/* --- the broker --- */

struct mqtt_client {
    struct mqtt_client_setup setup;
    int n;
};

static struct mqtt_client *client;

int mqtt_client_new(struct mqtt_client **ret, sd_event *event, const struct mqtt_client_setup *setup, tragus_error *reterr) {
    (void)event, (void)reterr;
    *ret = client = calloc(1, sizeof(*client));
    fuzz_check(client != NULL, "out of memory");
    client->setup = *setup;
    return 0;
}

void mqtt_client_free(struct mqtt_client *c) {
    free(c);
    client = NULL;
}

bool mqtt_client_is_up(const struct mqtt_client *c) {
    (void)c;
    return true;
}

int mqtt_client_publish(struct mqtt_client *c, const char *topic, const char *payload, size_t n, int qos, bool retain) {
    (void)qos, (void)retain;
    fuzz_check(base_utf8_valid(topic, strlen(topic)) && !strpbrk(topic, "+#") && *topic, "a topic that is none");
    fuzz_check(base_utf8_valid(payload, n), "a payload that is not UTF-8");
    if (n > 0) {
        json_tokener *t = json_tokener_new();
        json_object *o = json_tokener_parse_ex(t, payload, (int)n);
        json_tokener_free(t);
        fuzz_check(json_object_is_type(o, json_type_object), "a payload that is no JSON object");
        json_object_put(o);
    }
    return ++c->n;
}

int mqtt_client_send(struct mqtt_client *c, const char *topic, const char *payload, size_t n, uint32_t expires_s) {
    fuzz_check(expires_s > 0, "a message that lives for ever");
    return c->n % 7 == 6 ? ++c->n, -ENOTCONN : mqtt_client_publish(c, topic, payload, n, 1, false);
}

int mqtt_client_subscribe(struct mqtt_client *c, const char *topic) {
    (void)c;
    return base_utf8_valid(topic, strlen(topic)) ? 0 : -EIO;
}

/* --- the messages --- */

static const char *const topics[] = {"tragus/listening/set",
                                     "tragus/trigger",
                                     "homeassistant/status",
                                     "hermes/hotword/toggleOn",
                                     "hermes/hotword/toggleOff",
                                     "hermes/asr/toggleOn",
                                     "hermes/asr/toggleOff",
                                     "hermes/asr/startListening",
                                     "hermes/asr/stopListening",
                                     "hermes/nlu/query",
                                     "hermes/audioServer/default/audioFrame",
                                     "hermes/audioServer/default/s1/audioSessionFrame"};
static const char *const events[] = {"utterance", "rejected", "wake_detected", "partial", "input_lost"};
#define N_TOPICS (sizeof(topics) / sizeof(topics[0]))
#define N_EVENTS (sizeof(events) / sizeof(events[0]))

/* JSON of an event, as busjson makes it: objects only. */
static void take_event(struct bridge *b, const char *event, const char *text) {
    json_object *o = json_tokener_parse(text);
    if (json_object_is_type(o, json_type_object) && base_utf8_valid(text, strlen(text)))
        hermes_event(b->mqtt->hermes, event, o);
    json_object_put(o);
}

/* Each message is a byte that chooses the topic, two bytes of length, and the payload. */
static void take_messages(struct bridge *b, const uint8_t *data, size_t size) {
    for (size_t at = 0; at + 3 <= size;) {
        size_t which = data[at] % (N_TOPICS + N_EVENTS), n = (size_t)data[at + 1] << 8 | data[at + 2];
        bool retained = data[at] >= 0xf0;
        at += 3;
        n = n < size - at ? n : size - at;
        char *text = fuzz_text(data + at, n);
        if (which < N_TOPICS)
            client->setup.handlers->message(client->setup.user, topics[which], text, n, retained);
        else
            take_event(b, events[which - N_TOPICS], text);
        free(text);
        at += n;
        client->setup.handlers->confirmed(client->setup.user, client->n, NULL);
        (void)sd_event_run(b->event, 0);
    }
}

/* The bridge's log would fill the disk. */
void bridge_log(enum bridge_log_level level, const char *format, ...) {
    (void)level, (void)format;
}

void fuzz_one(const uint8_t *data, size_t size) {
    struct bridge_options options;
    struct bridge b = {.options = &options};
    tragus_error e = {0};

    if (size < 1)
        return;
    bridge_options_init(&options);
    options.mqtt.host = "broker";
    options.mqtt.hermes = data[0] & 1 ? BRIDGE_HERMES_ALL : BRIDGE_HERMES_SERVICES;
    options.mqtt.hermes_sound = data[0] & 2;
    options.mqtt.partial = data[0] & 4;
    options.mqtt.listen = data[0] & 8;
    fuzz_check(sd_event_new(&b.event) >= 0, "no event loop");
    fuzz_check(bridge_mqtt_open(&b, &e) == 0, e.text);
    client->setup.handlers->up(client->setup.user);
    take_messages(&b, data + 1, size - 1);
    client->setup.handlers->down(client->setup.user);
    bridge_mqtt_close(&b);
    sd_event_unref(b.event);
    bridge_options_done(&options);
}
