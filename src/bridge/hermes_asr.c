/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/hermes_asr.c: sessions that a dialogue manager asks for with startListening. Meanwhile the session that always listens
 * is closed, so that nothing is understood twice. The text is captured once, also if it is empty, because the dialogue waits for
 * it. */
#include "bridge/hermes.h"
#include "bridge/session.h"
#include "busjson/busjson.h"

#include <string.h>

#define LIMIT_US 30000000ULL /* if stopListening never comes */

static void forget(struct hermes *h) {
    bridge_listener_free(h->listener);
    h->listener = NULL;
    h->asked = false;
    h->limit = sd_event_source_disable_unref(h->limit);
    hermes_sound_close(h, HERMES_ASKED);
    json_object_put(h->request);
    json_object_put(h->heard);
    h->request = h->heard = NULL;
}

void hermes_asr_done(struct hermes *h) {
    if (!h->asked)
        return;
    forget(h);
    if (h->mqtt->bridge->mqtt) /* else the bridge ends */
        mqtt_hold(h->mqtt, MQTT_HOLD_ASR, false);
}

static void publish_text(struct hermes *h) {
    json_object *o = hermes_captured(h, busjson_text(h->request, "sessionId"), busjson_text(h->request, "wakewordId"), h->heard);
    hermes_publish(h, o, true, "asr/textCaptured");
}

static void on_started(void *user) {
    (void)user;
}

static void on_event(void *user, const char *event, json_object *o) {
    struct hermes *h = user;
    int reason = json_object_get_int(json_object_object_get(o, "reason"));

    if (strcmp(event, "utterance") == 0)
        busjson_append(h->heard, json_object_get(o));
    if (strcmp(event, "rejected") != 0 || reason == BRIDGE_REJECTED_TOO_SHORT || reason == BRIDGE_REJECTED_NO_SPEECH)
        return;
    json_object *words = hermes_free_words(o);
    if (words)
        busjson_append(h->heard, words);
    if (h->stops_on_silence)
        bridge_listener_stop(h->listener);
}

static void on_ended(void *user, const char *why) {
    struct hermes *h = user;

    h->listener = NULL;
    if (why)
        hermes_fail(h, "asr", h->request, why);
    publish_text(h);
    hermes_asr_done(h);
}

static int on_limit(sd_event_source *source, uint64_t time_us, void *user) {
    struct hermes *h = user;
    (void)source, (void)time_us;

    if (h->listener)
        bridge_listener_stop(h->listener);
    else
        on_ended(h, "no sound has come"); /* in messages */
    return 0;
}

void hermes_asr_begin(struct hermes *h) {
    static const struct bridge_listener_handlers handlers = {on_started, on_event, on_ended};
    struct bridge_listener_setup setup = {.grammar = h->mqtt->options->grammar,
                                          .awake = true,
                                          .one_shot = h->stops_on_silence,
                                          .fallback = h->mqtt->options->fallback,
                                          .sound = -1,
                                          .handlers = &handlers,
                                          .user = h};

    if (!h->asked || h->listener)
        return;
    if (h->mqtt->options->hermes_sound) {
        setup.sound = hermes_sound_open(h, HERMES_ASKED, &setup.format);
        if (setup.sound < 0)
            return;
    }
    h->listener = bridge_listener_new(h->mqtt->bridge, &setup);
}

void hermes_asr_off(struct hermes *h) {
    if (!h->asked)
        return;
    bridge_listener_free(h->listener);
    on_ended(h, "listening is switched off");
}

void hermes_asr_start(struct hermes *h, json_object *request) {
    json_object *stop = json_object_object_get(request, "stopOnSilence");

    forget(h); /* the new request replaces an old one */
    h->request = json_object_get(request);
    h->heard = json_object_new_array();
    h->stops_on_silence = !json_object_is_type(stop, json_type_boolean) || json_object_get_boolean(stop);
    h->asked = true;
    (void)sd_event_add_time_relative(h->mqtt->bridge->event, &h->limit, CLOCK_MONOTONIC, LIMIT_US, 0, on_limit, h);
    mqtt_hold(h->mqtt, MQTT_HOLD_ASR, true);
    if (h->mqtt->on)
        hermes_asr_begin(h);
    else
        hermes_asr_off(h);
}

void hermes_asr_stop(struct hermes *h, json_object *request) {
    const char *ours = busjson_text(h->request, "sessionId"), *theirs = busjson_text(request, "sessionId");

    if (!h->asked || strcmp(ours ? ours : "", theirs ? theirs : "") != 0)
        return;
    hermes_sound_close(h, HERMES_ASKED);
    if (h->listener)
        bridge_listener_stop(h->listener);
    else
        on_ended(h, NULL);
}
