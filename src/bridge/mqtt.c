/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/mqtt.c: the topics of our own, which docs/MQTT.md describes: how they are published, and the switch and the trigger, which
 * come in. */
#include "bridge/mqtt.h"
#include "base/crc32c.h"
#include "base/utf8.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COMPLAINT_US 10000000ULL
#define SWITCH_US 20000ULL /* after the last ON and OFF: many a second may not use up our calls to tragusd */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define MOST_SITE 12 /* bytes of a site's name in that of the client */

/* --- publishing --------------------------------------------------------------------------------------------------------------- */

const char *mqtt_text(json_object *o) {
    return json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

void mqtt_publish(struct bridge_mqtt *m, const char *topic, json_object *o, bool event) {
    const char *text = mqtt_text(o);

    if (event)
        mqtt_queue_add(&m->queue, topic, text, strlen(text));
    else
        (void)mqtt_client_publish(m->client, topic, text, strlen(text), 0, false);
    json_object_put(o);
}

static char *own_topic(const struct bridge_mqtt *m, const char *suffix) {
    char *topic;
    return asprintf(&topic, "%s/%s", m->prefix, suffix) < 0 ? NULL : topic;
}

void mqtt_publish_own(struct bridge_mqtt *m, const char *suffix, json_object *o, bool event) {
    char *topic = own_topic(m, suffix);

    busjson_add(o, "version", json_object_new_int(MQTT_VERSION));
    if (topic)
        mqtt_publish(m, topic, o, event);
    else
        json_object_put(o);
    free(topic);
}

int mqtt_publish_retained(struct bridge_mqtt *m, const char *suffix, const char *text) {
    char *topic = own_topic(m, suffix);
    int id = topic ? mqtt_client_publish(m->client, topic, text, strlen(text), 1, true) : -ENOMEM;
    free(topic);
    return id;
}

void mqtt_complain(struct bridge_mqtt *m, const char *topic, const char *format, ...) {
    json_object *o = json_object_new_object();
    uint64_t now = 0;
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    base_utf8_mend(text);
    (void)sd_event_now(m->bridge->event, CLOCK_MONOTONIC, &now);
    if (m->complained_us == 0 || now - m->complained_us > COMPLAINT_US) {
        bridge_log(BRIDGE_LOG_WARNING, "MQTT topic %s: %s", topic, text);
        m->complained_us = now;
    }
    busjson_add(o, "topic", json_object_new_string(topic));
    busjson_add(o, "error", json_object_new_string(text));
    mqtt_publish_own(m, "error", o, false);
}

/* --- tragusd ------------------------------------------------------------------------------------------------------------------ */

void bridge_mqtt_properties(struct bridge *b) {
    if (b->mqtt)
        mqtt_state_ask(b->mqtt);
}

void bridge_mqtt_tragusd(struct bridge *b, bool there) {
    struct bridge_mqtt *m = b->mqtt;

    if (!m)
        return;
    if (!there) {
        mqtt_state_away(m);
        return;
    }
    mqtt_state_ask(m);
    m->pause_s = 0;
    if (!m->listener)
        mqtt_listen(m);
}

/* --- commands ----------------------------------------------------------------------------------------------------------------- */

static void take_switch(struct bridge_mqtt *m, const char *topic, const char *text) {
    bool on = strcasecmp(text, "ON") == 0;

    if (!*text) /* somebody has removed a retained message */
        return;
    if (!on && strcasecmp(text, "OFF") != 0) {
        mqtt_complain(m, topic, "the payload must be ON or OFF");
        return;
    }
    m->on = on;
    m->pause_s = 0;
    if (!on && m->hermes)
        hermes_asr_off(m->hermes);
    if (on && !m->listener)
        bridge_timer_set(m->retry, SWITCH_US, "the microphone");
    else
        mqtt_listen(m);
    mqtt_state_publish(m, true); /* the sender waits for it, also if nothing has changed */
}

static void on_trigger_failed(void *user, const char *why) {
    mqtt_complain(user, "trigger", "%s", why);
}

static void take_trigger(struct bridge_mqtt *m, const char *topic, const char *text) {
    if (!*text) /* somebody has removed a retained message */
        return;
    json_object *o = json_tokener_parse(text), *open = json_object_object_get(o, "open_ms");
    int64_t open_ms = json_object_get_int64(open);

    if (strcmp(text, "PRESS") != 0 && !(json_object_is_type(o, json_type_object) && (!open || open_ms > 0)))
        mqtt_complain(m, topic, "the payload must be PRESS, or {\"open_ms\": MILLISECONDS}");
    else if (!m->listener ||
             bridge_listener_trigger(m->listener, open_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)open_ms, on_trigger_failed) < 0)
        mqtt_complain(m, topic, "the microphone session does not run; switch listening on first");
    json_object_put(o);
}

static void publish_all(struct bridge_mqtt *m) {
    char *topic = NULL;

    if (asprintf(&topic, "%s/device/%s/config", m->options->discovery_prefix, m->id) >= 0) {
        json_object *o = m->options->discovery ? mqtt_discovery(m) : NULL;
        const char *text = o ? mqtt_text(o) : ""; /* removes what an earlier configuration has left */
        (void)mqtt_client_publish(m->client, topic, text, strlen(text), 1, true);
        json_object_put(o);
        free(topic);
    }
    mqtt_state_publish(m, true);
    mqtt_state_ask_energy(m);
}

static void announce_if_due(struct bridge_mqtt *m) {
    if (!m->announces || m->state_id > 0)
        return;
    m->announces = false;
    publish_all(m);
}

static void take_own(struct bridge_mqtt *m, const char *suffix, const char *text, bool retained) {
    if (retained) /* it was sent before we connected, and its sender may no longer want it */
        mqtt_complain(m, suffix, "retained messages are not obeyed; send without retain, and remove the old one");
    else if (strcmp(suffix, "listening/set") == 0)
        take_switch(m, suffix, text);
    else if (strcmp(suffix, "trigger") == 0)
        take_trigger(m, suffix, text);
}

/* --- the broker --------------------------------------------------------------------------------------------------------------- */

static void subscribe_own(struct bridge_mqtt *m, const char *suffix) {
    char *topic = own_topic(m, suffix);
    if (topic)
        (void)mqtt_client_subscribe(m->client, topic);
    free(topic);
}

static void on_up(void *user) {
    struct bridge_mqtt *m = user;
    char *topic = NULL;

    subscribe_own(m, "listening/set");
    subscribe_own(m, "trigger");
    if (m->options->discovery && asprintf(&topic, "%s/status", m->options->discovery_prefix) >= 0)
        (void)mqtt_client_subscribe(m->client, topic);
    free(topic);
    if (m->hermes)
        hermes_up(m->hermes);
    publish_all(m);
    mqtt_queue_up(&m->queue);
}

static void on_down(void *user) {
    struct bridge_mqtt *m = user;
    mqtt_queue_down(&m->queue);
    m->state_id = 0;
    m->announces = false;
}

static void on_message(void *user, const char *topic, const char *payload, size_t n, bool retained) {
    struct bridge_mqtt *m = user;
    size_t n_prefix = strlen(m->prefix), n_discovery = strlen(m->options->discovery_prefix);

    if (m->hermes && strncmp(topic, "hermes/", 7) == 0) {
        if (!retained)
            hermes_message(m->hermes, topic, payload, n);
        return;
    }
    char *text = n <= MQTT_MOST_JSON ? strndup(payload, n) : NULL;
    if (text && strncmp(topic, m->prefix, n_prefix) == 0 && topic[n_prefix] == '/')
        take_own(m, topic + n_prefix + 1, text, retained);
    else if (text && strncmp(topic, m->options->discovery_prefix, n_discovery) == 0 &&
             strcmp(topic + n_discovery, "/status") == 0 && strcmp(text, "online") == 0 && !retained) {
        m->announces = true; /* Home Assistant has started */
        announce_if_due(m);
    }
    free(text);
}

static void on_confirmed(void *user, int id, const char *refusal) {
    struct bridge_mqtt *m = user;
    mqtt_queue_confirmed(&m->queue, id, refusal);
    mqtt_state_confirmed(m, id);
    announce_if_due(m);
}

/* --- lifetime ----------------------------------------------------------------------------------------------------------------- */

/* A name for this machine and site that does not tell the machine's identity. Home Assistant wants letters, digits and _ only, and
 * MQTT 3.1 short names: of other sites it has the beginning and a checksum, so that no two have the same name. */
static void make_id(struct bridge_mqtt *m) {
    const sd_id128_t application = SD_ID128_MAKE(5d, 0c, 1f, 9e, 7a, 64, 4b, 0b, 9a, 31, e2, 58, c4, 16, 0d, 77);
    const char *site = m->options->site;
    char machine[SD_ID128_STRING_MAX] = "000000000000", end[9] = "";
    sd_id128_t id;

    if (sd_id128_get_machine_app_specific(application, &id) >= 0)
        (void)sd_id128_to_string(id, machine);
    if (strlen(site) > MOST_SITE || site[strspn(site, LETTERS "_")])
        snprintf(end, sizeof(end), "%08" PRIx32, base_crc32c(0, site, strlen(site)));
    if (strcmp(site, "default") == 0)
        snprintf(m->id, sizeof(m->id), "tragus_%.12s", machine);
    else
        snprintf(m->id, sizeof(m->id), "tragus_%.12s_%.*s%s", machine, *end ? MOST_SITE - 8 : MOST_SITE, site, end);
    for (char *c = m->id; *c; c++)
        if (!strchr(LETTERS, *c))
            *c = '_';
}

int bridge_mqtt_check(const struct bridge_mqtt_options *o, tragus_error *reterr) {
    static const char *const names[] = {"prefix", "discovery_prefix", "site"};
    const char *values[] = {o->prefix, o->discovery_prefix, o->site};

    if (!*o->host)
        return 0;
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(values[i]);
        if (strpbrk(values[i], "+# \t\"\\") || (n > 0 && (values[i][0] == '/' || values[i][n - 1] == '/')) || n > 200 ||
            (i > 0 && n == 0) || (i == 2 && strchr(values[i], '/')))
            return base_error_set(reterr, -EINVAL, "[mqtt] %s: \"%.60s\" cannot be part of a topic; use letters, digits, - and _%s",
                                  names[i], values[i], i == 2 ? "" : ", with / between levels");
    }
    if (strcmp(o->prefix, "hermes") == 0 || strncmp(o->prefix, "hermes/", 7) == 0)
        return base_error_set(reterr, -EINVAL,
                              "[mqtt] prefix: the topics below hermes/ are those of the Hermes protocol; choose another prefix");
    if (o->hermes_sound && o->hermes == BRIDGE_HERMES_OFF)
        return base_error_set(reterr, -EINVAL, "[mqtt] sound = hermes needs hermes = yes or hermes = services");
    if (*o->password_file && !*o->user)
        return base_error_set(reterr, -EINVAL, "password_file is set without user; add user in [mqtt]");
    return 0;
}

static int start(struct bridge_mqtt *m, tragus_error *reterr) {
    static const struct mqtt_client_handlers handlers = {on_up, on_down, on_message, on_confirmed};
    const struct bridge_mqtt_options *o = m->options;
    bool named = strcmp(o->site, "default") != 0;
    char *status = NULL;

    int r = asprintf(&m->prefix, *o->prefix ? "%s" : named ? "tragus/%s" : "tragus", *o->prefix ? o->prefix : o->site);
    if (r >= 0)
        m->status_topic = status = own_topic(m, "status");
    if (r < 0 || !status)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    const struct mqtt_client_setup setup = {
        .options = o, .client_id = *o->client_id ? o->client_id : m->id, .status_topic = status, .handlers = &handlers, .user = m};
    r = mqtt_client_new(&m->client, m->bridge->event, &setup, reterr);
    if (r < 0)
        return r;
    r = mqtt_queue_init(&m->queue, m->bridge->event, m->client, o->keep_s);
    if (r >= 0)
        r = mqtt_microphone_open(m);
    if (r >= 0)
        r = mqtt_state_open(m);
    if (r >= 0 && o->hermes != BRIDGE_HERMES_OFF)
        r = hermes_new(&m->hermes, m);
    return r < 0 ? base_error_set(reterr, r, "MQTT cannot be started: %s", strerror(-r)) : 0;
}

int bridge_mqtt_open(struct bridge *b, tragus_error *reterr) {
    const struct bridge_mqtt_options *o = &b->options->mqtt;

    if (!*o->host)
        return 0;
    struct bridge_mqtt *m = calloc(1, sizeof(*m));
    if (!m)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    b->mqtt = m;
    m->bridge = b;
    m->options = o;
    m->on = o->listen;
    m->ready = "away";
    make_id(m);
    int r = start(m, reterr);
    if (r < 0)
        bridge_mqtt_close(b);
    return r;
}

void bridge_mqtt_close(struct bridge *b) {
    struct bridge_mqtt *m = b->mqtt;

    if (!m)
        return;
    b->mqtt = NULL;
    hermes_free(m->hermes);
    bridge_listener_free(m->listener);
    sd_event_source_disable_unref(m->retry);
    mqtt_state_close(m);
    if (m->client)
        mqtt_queue_done(&m->queue);
    mqtt_client_free(m->client);
    free(m->prefix);
    free(m->status_topic);
    free(m);
}
