/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/mqtt_microphone.c: the session that listens as long as the switch is on and nothing holds it. It is tried again when it
 * ends. */
#include "bridge/mqtt.h"
#include "busjson/busjson.h"

#include <stdio.h>
#include <string.h>

#define LONGEST_PAUSE_S 60

static void on_started(void *user) {
    struct bridge_mqtt *m = user;
    m->active = true;
    m->pause_s = 0;
    *m->trouble = '\0';
    mqtt_state_publish(m, false);
}

static void on_event(void *user, const char *event, json_object *o) {
    struct bridge_mqtt *m = user;
    bool lasting = strcmp(event, "utterance") == 0 || strcmp(event, "rejected") == 0 || strcmp(event, "wake_detected") == 0;
    time_t now = time(NULL);
    struct tm utc;
    char suffix[64], at[32];

    if (m->hermes)
        hermes_event(m->hermes, event, o);
    if (!lasting && strcmp(event, "input_lost") != 0 && !m->options->partial)
        return;
    snprintf(suffix, sizeof(suffix), "event/%s", event);
    strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    busjson_add(o, "event_type", json_object_new_string(event));
    json_object_object_del(o, "event"); /* `event` is no longer valid */
    busjson_add(o, "at", json_object_new_string(at));
    busjson_add(o, "site", json_object_new_string(m->options->site));
    mqtt_publish_own(m, suffix, json_object_get(o), lasting);
}

static void on_ended(void *user, const char *why) {
    struct bridge_mqtt *m = user;

    m->listener = NULL;
    m->active = false;
    if (why && strcmp(m->trouble, why) != 0)
        bridge_log(BRIDGE_LOG_WARNING, "Cannot listen to the microphone, trying again: %s", why);
    snprintf(m->trouble, sizeof(m->trouble), "%s", why ? why : "");
    mqtt_state_publish(m, false);
    bridge_timer_back_off(m->retry, &m->pause_s, LONGEST_PAUSE_S, "the microphone");
}

void mqtt_listen(struct bridge_mqtt *m) {
    static const struct bridge_listener_handlers handlers = {on_started, on_event, on_ended};
    bool wanted = m->on && m->holds == 0;
    struct bridge_format format = {0};
    int sound = -1;

    (void)sd_event_source_set_enabled(m->retry, SD_EVENT_OFF);
    if (wanted && !m->listener && m->options->hermes_sound)
        sound = hermes_sound_open(m->hermes, HERMES_LISTENS, &format);
    if (wanted && !m->listener && (sound >= 0 || !m->options->hermes_sound)) {
        const struct bridge_listener_setup setup = {.grammar = m->options->grammar,
                                                    .phrases = m->options->phrases,
                                                    .n_phrases = m->options->n_phrases,
                                                    .partial = m->options->partial,
                                                    .fallback = m->options->fallback,
                                                    .sound = sound,
                                                    .format = format,
                                                    .handlers = &handlers,
                                                    .user = m};
        m->listener = bridge_listener_new(m->bridge, &setup);
    } else if (!wanted && m->listener) {
        bridge_listener_free(m->listener);
        m->listener = NULL;
        m->active = false;
    }
    if (!wanted)
        *m->trouble = '\0';
    mqtt_state_publish(m, false);
}

void mqtt_hold(struct bridge_mqtt *m, enum mqtt_hold hold, bool holds) {
    m->holds = holds ? m->holds | hold : m->holds & ~(unsigned)hold;
    mqtt_listen(m);
}

static int on_retry(sd_event_source *source, uint64_t time_us, void *user) {
    (void)source, (void)time_us;
    mqtt_listen(user);
    return 0;
}

int mqtt_microphone_open(struct bridge_mqtt *m) {
    int r = sd_event_add_time_relative(m->bridge->event, &m->retry, CLOCK_MONOTONIC, 0, 0, on_retry, m);
    return r < 0 ? r : sd_event_source_set_enabled(m->retry, SD_EVENT_OFF); /* first when there is a bus */
}
