/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/hermes.h: what the files of Rhasspy's Hermes protocol share. */
#ifndef TRAGUS_BRIDGE_HERMES_H
#define TRAGUS_BRIDGE_HERMES_H

#include "bridge/mqtt.h"

#define HERMES_MOST_REASONS 8

/* Why something is off: it is on again when each reason was taken back. */
struct hermes_reasons {
    char *reasons[HERMES_MOST_REASONS];
    size_t n;
};

struct hermes_query;

struct hermes {
    struct bridge_mqtt *mqtt;
    const char *site;
    char session[SD_ID128_STRING_MAX]; /* of the command that follows a wake phrase */
    struct hermes_reasons hotword_off, asr_off;
    /* The session that startListening asked for. */
    struct bridge_listener *listener;
    bool asked, stops_on_silence;
    json_object *request; /* startListening */
    json_object *heard;   /* utterances, an array */
    sd_event_source *limit;
    struct hermes_query *queries;
    size_t n_queries;
    /* The sound that comes in messages. */
    struct bridge_format format; /* rate 0: none has come */
    int pipes[HERMES_READERS];   /* ends to write, or -1 */
};

/* Publishes below hermes/. event: as for mqtt_publish. */
void hermes_publish(struct hermes *h, json_object *o, bool event, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Publishes hermes/error/PART for a request. */
void hermes_fail(struct hermes *h, const char *part, json_object *request, const char *why);
/* Whether a message is for our site. */
bool hermes_is_ours(const struct hermes *h, json_object *o);
/* Adds siteId, and sessionId (NULL: none). */
void hermes_sign(const struct hermes *h, json_object *o, const char *session);

/* hermes_asr.c: sessions that are asked for. */
void hermes_asr_start(struct hermes *h, json_object *request);
void hermes_asr_stop(struct hermes *h, json_object *request);
void hermes_asr_begin(struct hermes *h); /* if one is asked for and does not run: there may be sound now */
void hermes_asr_done(struct hermes *h);  /* without an answer */

/* hermes_nlu.c: texts. */
void hermes_nlu_query(struct hermes *h, json_object *request);
void hermes_nlu_done(struct hermes *h);

/* hermes_sound.c */
void hermes_sound_take(struct hermes *h, const char *session, const char *wav, size_t n);
void hermes_sound_close(struct hermes *h, enum hermes_reader reader);

/* hermes_json.c: payloads. utterance: with the keys of the event. raw: the typed text, or NULL if it was spoken. */
/* The words that something rejected sounded like, as an utterance without an intent; NULL if there are none, or most of them are
 * probably wrong. */
json_object *hermes_free_words(json_object *rejected);
json_object *hermes_captured(const struct hermes *h, const char *session, const char *wakeword, json_object *utterances);
json_object *hermes_intent(const struct hermes *h, const char *session, const char *id, const char *raw, json_object *utterance);

#endif
