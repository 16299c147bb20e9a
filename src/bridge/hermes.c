/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/hermes.c: Rhasspy's Hermes protocol, which flows of Node-RED, openHAB and others speak: which message does what.
 * Reference: the Hermes messages of the Rhasspy documentation, version 2.5. */
#include "bridge/hermes.h"
#include "base/utf8.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* --- helpers ------------------------------------------------------------------------------------------------------------------ */

void hermes_publish(struct hermes *h, json_object *o, bool event, const char *format, ...) {
    char topic[256] = "hermes/";
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(topic + 7, sizeof(topic) - 7, format, arguments);
    va_end(arguments);
    base_utf8_mend(topic);         /* the broker takes nothing else */
    for (char *c = topic; *c; c++) /* an intent may have any name */
        if (*c == '+' || *c == '#')
            *c = '_';
    mqtt_publish(h->mqtt, topic, o, event);
}

bool hermes_is_ours(const struct hermes *h, json_object *o) {
    const char *site = busjson_text(o, "siteId");
    return strcmp(site ? site : "default", h->site) == 0;
}

void hermes_sign(const struct hermes *h, json_object *o, const char *session) {
    busjson_add(o, "siteId", json_object_new_string(h->site));
    busjson_add(o, "sessionId", session ? json_object_new_string(session) : NULL);
}

void hermes_fail(struct hermes *h, const char *part, json_object *request, const char *why) {
    json_object *o = json_object_new_object();

    busjson_add(o, "error", json_object_new_string(why));
    busjson_add(o, "context", NULL);
    hermes_sign(h, o, busjson_text(request, "sessionId"));
    hermes_publish(h, o, false, "error/%s", part);
}

/* --- what the microphone session hears ---------------------------------------------------------------------------------------- */

static void new_session(struct hermes *h) {
    sd_id128_t id;
    if (sd_id128_randomize(&id) >= 0)
        (void)sd_id128_to_string(id, h->session);
}

static void publish_hotword(struct hermes *h, json_object *event) {
    const char *phrase = busjson_text(event, "text");
    json_object *o = json_object_new_object();
    char id[100];

    snprintf(id, sizeof(id), "%s", phrase ? phrase : "");
    base_utf8_mend(id);
    for (char *c = id; *c; c++)
        if (*c == ' ' || *c == '/')
            *c = '_';
    busjson_add(o, "modelId", json_object_new_string(id));
    busjson_add(o, "modelVersion", json_object_new_string(""));
    busjson_add(o, "modelType", json_object_new_string("universal"));
    busjson_add(o, "currentSensitivity", json_object_new_double(1.0));
    busjson_add(o, "sendAudioCaptured", NULL);
    hermes_sign(h, o, h->session);
    hermes_publish(h, o, true, "hotword/%s/detected", id);
}

static void publish_not_recognized(struct hermes *h, json_object *event) {
    json_object *o = json_object_new_object(), *words = hermes_free_words(event);

    busjson_add(o, "input", json_object_get(json_object_object_get(words ? words : event, "text")));
    busjson_add(o, "id", NULL);
    hermes_sign(h, o, h->session);
    hermes_publish(h, o, true, "nlu/intentNotRecognized");
    json_object_put(words);
}

static void publish_command(struct hermes *h, json_object *event) {
    json_object *list = json_object_new_array();

    busjson_append(list, json_object_get(event));
    hermes_publish(h, hermes_captured(h, h->session, NULL, list), true, "asr/textCaptured");
    json_object_put(list);
    const char *intent = busjson_text(event, "intent");
    if (intent && *intent)
        hermes_publish(h, hermes_intent(h, h->session, NULL, NULL, event), true, "intent/%s", intent);
    else
        publish_not_recognized(h, event);
}

void hermes_event(struct hermes *h, const char *event, json_object *o) {
    bool all = h->mqtt->options->hermes == BRIDGE_HERMES_ALL;

    if (strcmp(event, "wake_detected") == 0) {
        new_session(h);
        publish_hotword(h, o);
    } else if (all && (strcmp(event, "utterance") == 0 || strcmp(event, "rejected") == 0)) {
        if (!*h->session)
            new_session(h);
        if (strcmp(event, "utterance") == 0)
            publish_command(h, o);
        else
            publish_not_recognized(h, o);
        *h->session = '\0';
    }
}

/* --- switches ----------------------------------------------------------------------------------------------------------------- */

/* Adds a reason, or takes it back. Without a reason, toggleOn takes back all. */
static void toggle(struct hermes_reasons *r, const char *reason, bool on) {
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->reasons[i], reason) == 0 || (on && !*reason))
            free(r->reasons[i]);
        else
            r->reasons[n++] = r->reasons[i];
    }
    r->n = n;
    if (on)
        return;
    char *copy = strdup(reason);
    if (!copy)
        return;
    if (n == HERMES_MOST_REASONS) {
        free(r->reasons[--n]);
        r->n = n;
    }
    r->reasons[r->n++] = copy;
}

static const char *reason_of(json_object *o) {
    const char *reason = busjson_text(o, "reason");
    return reason ? reason : "";
}

/* --- messages ----------------------------------------------------------------------------------------------------------------- */

static void take_request(struct hermes *h, const char *what, json_object *o) {
    if (strncmp(what, "hotword/toggleO", 15) == 0) {
        toggle(&h->hotword_off, reason_of(o), strcmp(what + 14, "On") == 0);
        mqtt_hold(h->mqtt, MQTT_HOLD_HOTWORD, h->hotword_off.n > 0);
    } else if (strncmp(what, "asr/toggleO", 11) == 0) {
        toggle(&h->asr_off, reason_of(o), strcmp(what + 10, "On") == 0);
        if (h->asr_off.n > 0)
            hermes_asr_done(h);
    } else if (strcmp(what, "asr/startListening") == 0) {
        if (h->asr_off.n == 0)
            hermes_asr_start(h, o);
    } else if (strcmp(what, "asr/stopListening") == 0) {
        hermes_asr_stop(h, o);
    } else if (strcmp(what, "nlu/query") == 0) {
        hermes_nlu_query(h, o);
    }
}

/* audioServer/SITE/audioFrame or audioServer/SITE/SESSION/audioSessionFrame */
static void take_frame(struct hermes *h, const char *what, const char *payload, size_t n) {
    size_t n_site = strlen(h->site);
    const char *rest = what + 12;

    if (strncmp(rest, h->site, n_site) != 0 || rest[n_site] != '/')
        return;
    rest += n_site + 1;
    const char *slash = strchr(rest, '/');
    char *session = slash ? strndup(rest, (size_t)(slash - rest)) : NULL;
    if (n > MQTT_MOST_SOUND)
        mqtt_complain(h->mqtt, "hermes/audioServer", "a message has more than %d bytes; send shorter pieces of sound",
                      MQTT_MOST_SOUND);
    else
        hermes_sound_take(h, session, payload, n);
    free(session);
}

void hermes_message(struct hermes *h, const char *topic, const char *payload, size_t n) {
    const char *what = topic + 7;

    if (strncmp(what, "audioServer/", 12) == 0) {
        take_frame(h, what, payload, n);
        return;
    }
    struct json_tokener *t = json_tokener_new();
    bool good = n <= MQTT_MOST_JSON && base_utf8_valid(payload, n); /* parts of it are published again */
    json_object *o = t && good ? json_tokener_parse_ex(t, payload, (int)n) : NULL;
    if (t)
        json_tokener_free(t);
    if (!json_object_is_type(o, json_type_object))
        mqtt_complain(h->mqtt, topic, "the payload must be a JSON object in UTF-8 of at most %d bytes", MQTT_MOST_JSON);
    else if (hermes_is_ours(h, o))
        take_request(h, what, o);
    json_object_put(o);
}

/* --- lifetime ----------------------------------------------------------------------------------------------------------------- */

void hermes_up(struct hermes *h) {
    static const char *const topics[] = {"hermes/hotword/toggleOn", "hermes/hotword/toggleOff",  "hermes/asr/toggleOn",
                                         "hermes/asr/toggleOff",    "hermes/asr/startListening", "hermes/asr/stopListening",
                                         "hermes/nlu/query"};
    char topic[256];

    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        (void)mqtt_client_subscribe(h->mqtt->client, topics[i]);
    if (!h->mqtt->options->hermes_sound)
        return;
    snprintf(topic, sizeof(topic), "hermes/audioServer/%s/audioFrame", h->site);
    (void)mqtt_client_subscribe(h->mqtt->client, topic);
    snprintf(topic, sizeof(topic), "hermes/audioServer/%s/+/audioSessionFrame", h->site);
    (void)mqtt_client_subscribe(h->mqtt->client, topic);
}

int hermes_new(struct hermes **ret, struct bridge_mqtt *m) {
    struct hermes *h = calloc(1, sizeof(*h));

    if (!h)
        return -ENOMEM;
    h->mqtt = m;
    h->site = m->options->site;
    for (size_t i = 0; i < HERMES_READERS; i++)
        h->pipes[i] = -1;
    *ret = h;
    return 0;
}

void hermes_free(struct hermes *h) {
    if (!h)
        return;
    hermes_asr_done(h);
    hermes_nlu_done(h);
    toggle(&h->hotword_off, "", true);
    toggle(&h->asr_off, "", true);
    for (size_t i = 0; i < HERMES_READERS; i++)
        hermes_sound_close(h, (enum hermes_reader)i);
    free(h);
}
