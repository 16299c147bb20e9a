/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/stream_session.c: the session of a stream with tragusd: its start, its results, and the streams that wait for one. */
#include "bridge/stream.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* tragusd accepts 16 sessions of a user by default. */
#define MOST_SESSIONS 12
/* Streams for wake phrases have no end, so they may not take all sessions. */
#define MOST_WAKE 8

#define MAX_COMMAND_MS 15000

static void fail_call(struct bridge_stream *s, sd_bus_message *m, int r) {
    char text[512];
    bridge_stream_fail(s, bridge_link_complaint(m, r, text, sizeof(text)));
}

/* --- results ------------------------------------------------------------------------------------------------------------------ */

static void tell_speech(struct bridge_stream *s) {
    if (!s->spoken)
        bridge_transcript_begin(s->connection, s->language);
    s->spoken = true;
}

/* Sends the transcript, and what it means for programs that know tragus (NULL: it was not understood). */
static void answer_command(struct bridge_stream *s, const char *text, json_object *meaning) {
    json_object *context = meaning ? json_object_new_object() : NULL;

    if (meaning)
        busjson_add(context, "tragus", meaning);
    tell_speech(s);
    bridge_transcript_end(s->connection, text, s->language, context);
    bridge_stream_over(s);
}

static void take_utterance(struct bridge_stream *s, sd_bus_message *m) {
    const char *text, *intent;
    json_object *meaning, *slots;
    double confidence;

    if (s->wake || sd_bus_message_read(m, "tss", NULL, &text, &intent) < 0 || !(slots = busjson_names(m)))
        return;
    meaning = json_object_new_object();
    busjson_add(meaning, "intent", json_object_new_string(intent));
    busjson_add(meaning, "slots", slots);
    if (sd_bus_message_read(m, "d", &confidence) > 0)
        busjson_add(meaning, "confidence", json_object_new_double(confidence));
    answer_command(s, text, meaning);
}

static void take_rejected(struct bridge_stream *s, sd_bus_message *m) {
    const char *event;
    json_object *o = s->wake ? NULL : busjson_signal(m, &event), *words = json_object_object_get(o, "free_text");
    if (json_object_get_double(json_object_object_get(o, "free_confidence")) < BRIDGE_LEAST_FREE_CONFIDENCE)
        words = NULL;
    int reason = json_object_get_int(json_object_object_get(o, "reason"));

    if (o && reason != BRIDGE_REJECTED_TOO_SHORT && reason != BRIDGE_REJECTED_NO_SPEECH)
        answer_command(s, words ? json_object_get_string(words) : "", NULL);
    else if (o && !s->ended) /* a click; the command may follow */
        bridge_stream_set_limit(s, BRIDGE_NO_SPEECH_US);
    json_object_put(o);
}

/* The name by which the client asked for a phrase. */
static const char *name_of(const struct bridge_stream *s, const char *phrase) {
    for (size_t i = 0; s->phrases && i < busjson_length(s->phrases); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(s->phrases, i));
        char *candidate = bridge_phrase_of(name);
        bool same = candidate && strcasecmp(candidate, phrase) == 0;
        free(candidate);
        if (same)
            return name;
    }
    return phrase;
}

static void take_wake(struct bridge_stream *s, sd_bus_message *m) {
    uint64_t time_us;
    int64_t time_ms;
    const char *phrase;

    if (!s->wake || sd_bus_message_read(m, "ts", &time_us, &phrase) < 0)
        return;
    if (__builtin_add_overflow(s->timestamp_ms, (int64_t)(time_us / 1000), &time_ms)) /* the client's may be any number */
        time_ms = INT64_MAX;
    json_object *data = json_object_new_object();
    busjson_add(data, "name", json_object_new_string(name_of(s, phrase)));
    busjson_add(data, "timestamp", json_object_new_int64(time_ms));
    bridge_connection_send(s->connection, "detection", data);
    s->detected = true;
}

static void take_finished(struct bridge_stream *s, sd_bus_message *m) {
    uint32_t reason = 0;

    (void)sd_bus_message_read(m, "u", &reason);
    if (reason == BRIDGE_FINISHED_DAEMON_STOPS) {
        bridge_stream_fail(s, "tragusd has stopped before it answered; try again");
    } else if (reason == BRIDGE_FINISHED_INPUT_FAILED) {
        bridge_stream_fail(s, "tragusd cannot use this sound; see its log");
    } else if (!s->wake) {
        answer_command(s, "", NULL);
    } else {
        if (!s->detected)
            bridge_connection_send(s->connection, "not-detected", NULL);
        bridge_stream_over(s);
    }
}

void bridge_stream_signal(struct bridge *b, sd_bus_message *m) {
    const char *member = sd_bus_message_get_member(m);
    struct bridge_stream *s = b->streams;

    while (s && !(s->connection && bridge_session_sent(&s->session, m)))
        s = s->next;
    if (!s)
        return;
    if (strcmp(member, "SpeechStarted") == 0) {
        if (!s->wake)
            tell_speech(s);
        if (!s->wake && !s->ended)
            bridge_stream_set_limit(s, BRIDGE_SPEECH_US);
    } else if (strcmp(member, "Utterance") == 0) {
        take_utterance(s, m);
    } else if (strcmp(member, "Rejected") == 0) {
        take_rejected(s, m);
    } else if (strcmp(member, "WakeDetected") == 0) {
        take_wake(s, m);
    } else if (strcmp(member, "Finished") == 0) {
        take_finished(s, m);
    }
}

/* --- start -------------------------------------------------------------------------------------------------------------------- */

/* Takes the reply to a call. Returns false if it is an error, after which the stream is gone. */
static bool succeeded(struct bridge_stream *s, sd_bus_message *m) {
    s->session.call = sd_bus_slot_unref(s->session.call);
    if (!sd_bus_message_is_method_error(m, NULL))
        return true;
    fail_call(s, m, 0);
    return false;
}

static int on_started(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_stream *s = user;
    (void)error;

    if (!succeeded(s, m))
        return 0;
    s->state = BRIDGE_RUNNING;
    if (!s->wake && !s->ended)
        bridge_stream_set_limit(s, BRIDGE_NO_SPEECH_US);
    return 0;
}

static int on_prepared(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_stream *s = user;
    (void)error;

    if (!succeeded(s, m))
        return 0;
    s->state = BRIDGE_STARTING;
    int r = bridge_session_start(&s->session, on_started, s);
    if (r < 0)
        fail_call(s, NULL, r);
    return 0;
}

/* Hands tragusd its end of the pipe. */
static void prepare(struct bridge_stream *s) {
    s->state = BRIDGE_PREPARING;
    int r = bridge_session_set_input(&s->session, s->from, &s->format, false, on_prepared, s);
    s->from = -1;
    if (r < 0)
        fail_call(s, NULL, r);
}

static void create(struct bridge_stream *s);

/* Whether other streams have sessions, whose end makes room. */
static bool others_run(const struct bridge_stream *s) {
    for (const struct bridge_stream *i = s->session.bridge->streams; i; i = i->next)
        if (i != s && i->state != BRIDGE_WAITING)
            return true;
    return false;
}

static void not_created(struct bridge_stream *s, sd_bus_message *m) {
    struct bridge_grammar choices[BRIDGE_MOST_CHOICES];

    if (s->session.bridge->options->fallback && !s->wake && !s->plain && bridge_link_lacks_words(s->session.bridge, m)) {
        s->plain = true; /* goes on without them */
        create(s);
    } else if ((sd_bus_message_is_method_error(m, "org.tragus.Error.NoSuchModel") ||
                sd_bus_message_is_method_error(m, "org.tragus.Error.NoSuchGrammar")) &&
               s->choice + 1 < bridge_link_choose(s->session.bridge, s->language, choices)) {
        s->choice++;
        create(s);
    } else if (sd_bus_message_is_method_error(m, "org.tragus.Error.TooManySessions") && others_run(s)) {
        s->state = BRIDGE_WAITING; /* another program of this user has sessions, too */
        bridge_stream_set_limit(s, BRIDGE_SESSION_US);
    } else {
        s->state = BRIDGE_WAITING;
        fail_call(s, m, 0);
    }
}

static int on_created(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_stream *s = user;
    (void)error;

    s->session.call = sd_bus_slot_unref(s->session.call);
    bool created = bridge_session_created(&s->session, m);
    if (!s->connection) {
        s->state = BRIDGE_WAITING;
        bridge_stream_free(s);
    } else if (sd_bus_message_is_method_error(m, NULL)) {
        not_created(s, m);
    } else if (!created) {
        s->state = BRIDGE_WAITING;
        bridge_stream_fail(s, "out of memory");
    } else {
        prepare(s);
    }
    return 0;
}

static void create(struct bridge_stream *s) {
    struct bridge_grammar choices[BRIDGE_MOST_CHOICES];
    const struct bridge_options *options = s->session.bridge->options;
    const char *names[BRIDGE_MOST_PHRASES];

    size_t n = bridge_link_choose(s->session.bridge, s->language, choices);
    const struct bridge_grammar *g = &choices[s->choice < n ? s->choice : n - 1];
    struct bridge_session_options o = {.grammar = g->name, .language = g->language, .sound = true, .sets_wake = s->wake};
    if (s->wake && s->phrases) { /* not more than there is room for: see bridge_stream_new */
        for (o.n_phrases = 0; o.n_phrases < busjson_length(s->phrases); o.n_phrases++)
            names[o.n_phrases] = json_object_get_string(json_object_array_get_idx(s->phrases, o.n_phrases));
        o.phrases = names;
    } else if (s->wake) {
        o.phrases = options->phrases;
        o.n_phrases = options->n_phrases;
    } else {
        o.max_command_ms = MAX_COMMAND_MS;
        o.end_silence_ms = s->end_silence_ms;
        o.fallback = options->fallback && !s->plain;
    }
    bridge_stream_lift_limit(s);
    int r = bridge_session_create(&s->session, &o, on_created, s);
    s->state = r < 0 ? BRIDGE_WAITING : BRIDGE_CREATING;
    if (r < 0)
        fail_call(s, NULL, r);
    else if (s->ended)
        bridge_stream_set_limit(s, BRIDGE_DECISION_US);
}

/* The next stream that may get a session. */
static struct bridge_stream *next_waiting(struct bridge *b) {
    unsigned n = 0, n_wake = 0;

    for (const struct bridge_stream *s = b->streams; s; s = s->next) {
        n += s->state != BRIDGE_WAITING;
        n_wake += s->state != BRIDGE_WAITING && s->wake;
    }
    for (struct bridge_stream *s = b->streams; s && n < MOST_SESSIONS; s = s->next)
        if (s->state == BRIDGE_WAITING && !(s->wake && n_wake >= MOST_WAKE))
            return s;
    return NULL;
}

void bridge_streams_start_waiting(struct bridge *b) {
    struct bridge_stream *s;
    while ((s = next_waiting(b)))
        create(s);
}
