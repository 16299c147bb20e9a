/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/stream.h: a stream of sound, for stream.c, which moves the sound, and stream_session.c, which talks with tragusd. */
#ifndef TRAGUS_BRIDGE_STREAM_H
#define TRAGUS_BRIDGE_STREAM_H

#include "bridge/private.h"
#include "bridge/session.h"

enum bridge_state { BRIDGE_WAITING, BRIDGE_CREATING, BRIDGE_PREPARING, BRIDGE_STARTING, BRIDGE_RUNNING };

struct bridge_stream {
    struct bridge_session session;
    struct bridge_connection *connection; /* NULL: it is over, and waits for the reply of CreateSession */
    struct bridge_stream *next;
    enum bridge_state state;
    bool wake, detected;
    bool spoken; /* the client knows that speech has begun */
    bool ended;  /* no more sound is taken */
    struct bridge_format format;
    char *language;
    json_object *phrases; /* NULL: those of the options */
    int64_t timestamp_ms;
    uint32_t end_silence_ms; /* 0: as tragusd is configured */
    size_t choice;           /* of the grammars */
    bool plain;              /* without fallback, because tragusd cannot do that */
    int to, from;            /* ends of the pipe, or -1 */
    struct base_buffer pending;
    size_t n_written; /* of pending */
    sd_event_source *io, *limit;
};

/* Tells the client a sentence, and ends the stream. */
void bridge_stream_fail(struct bridge_stream *s, const char *text);
/* Ends the stream after its answer. */
void bridge_stream_over(struct bridge_stream *s);

/* What is limited depends on the state: the time until there is a session, until speech begins or ends, and until the answer. */
#define BRIDGE_SESSION_US 20000000ULL  /* until another stream ends */
#define BRIDGE_NO_SPEECH_US 5000000ULL /* until the command begins */
#define BRIDGE_SPEECH_US 20000000ULL   /* until it ends: a longer command is rejected by tragusd before */
#define BRIDGE_DECISION_US 30000000ULL /* from the end of the sound to the answer */
void bridge_stream_set_limit(struct bridge_stream *s, uint64_t after_us);
void bridge_stream_lift_limit(struct bridge_stream *s);

/* Creates sessions for the streams that may have one now. */
void bridge_streams_start_waiting(struct bridge *b);

#endif
