/* SPDX-License-Identifier: Apache-2.0 */
/* engine/recogniser.h: segments of hops to records of what was said: front end, network, and every session's listener.
 *
 * This is the only place that knows what an utterance is: where it begins and ends, the silence put before and behind a sound, when
 * speech has started, which partial results are worth telling, whether a session rejects, and the order of records. What comes out
 * depends on the hops alone. tragus_stream and the daemon's threads are queues around it.
 *
 * All functions but new and free belong to the thread that has the sound. They allocate nothing, lock nothing and do no I/O.
 */
#ifndef TRAGUS_ENGINE_RECOGNISER_H
#define TRAGUS_ENGINE_RECOGNISER_H

#include "engine/segment.h"
#include "listener/listener.h"
#include "tragus.h"

#include <stdbool.h>
#include <stdint.h>

/* --- what a session listens with: memory for one grammar ---------------------------------------------------------------------- */

struct engine_listener;
/* Holds a reference to g, which was made with m. NULL: out of memory. */
struct engine_listener *engine_listener_new(tragus_model *m, tragus_grammar *g, const tragus_session_options *o);
void engine_listener_free(struct engine_listener *l); /* zeroes */

/* --- a session's place on a sound --------------------------------------------------------------------------------------------- */

/* Its owner fills in the first part and lends it to a recogniser. It is the owner's again after ENGINE_RETIRED or
 * engine_recogniser_remove. */
struct engine_session {
    struct engine_listener *listener;
    bool wants_partial;
    bool reject;       /* false: the best sentence is told whatever its confidence, with the reason why it would be rejected */
    uint64_t tag;      /* the owner's */
    uint64_t sequence; /* of the utterances in which something was said; begins where the owner says */

    /* of the sound's thread */
    struct engine_session *next;
    struct engine_listener *coming; /* takes the listener's place at the next utterance */
    bool running, speaking;         /* within an utterance; something was said in it */
    bool stopping;
    int64_t stop_hop;  /* stopping: the first hop that came after the stop, counted from the segment's begin */
    int64_t start_hop; /* of this utterance; in the silence before the sound it is negative */
    uint32_t n_steps;  /* of this utterance */
    uint32_t n_words, words[LISTENER_MAX_WORDS]; /* of the last partial result */
};

/* --- what comes out ----------------------------------------------------------------------------------------------------------- */

enum engine_record_type {
    ENGINE_HEARD,   /* an event: see struct engine_record */
    ENGINE_SWAPPED, /* the session has its new listener: `listener` is the old one, and the owner frees it */
    ENGINE_RETIRED, /* the session is its owner's again */
};

struct engine_record {
    enum engine_record_type type;
    tragus_event_type event; /* of HEARD, else 0 */
    struct engine_session *session;
    struct engine_listener *listener; /* whose words these are */
    uint64_t sequence;                /* of the utterance */
    int64_t start_hop;                /* where the utterance begins in the sound: the zero of the times in result */
    uint64_t n_heard;                 /* hops of the sound that had come when this was known */
    uint64_t start_us, heard_us;      /* the same two as times of the hops */
    tragus_reason reason;             /* of an utterance: why it would be rejected, where the session takes everything */
    union {
        struct listener_result result; /* of an utterance, accepted or rejected; of the end of speech only its times */
        struct listener_partial partial;
    };
};

/* Takes a record over; false: there is no room. RETIRED and SWAPPED are then offered again later, others are lost. */
typedef bool engine_record_sink(const struct engine_record *r, void *user);

struct engine_recogniser;
struct engine_recogniser *engine_recogniser_new(tragus_model *m, engine_record_sink *sink, void *user); /* NULL: out of memory */
void engine_recogniser_free(struct engine_recogniser *r); /* zeroes; sessions that are still lent are the owner's */

/* A session listens from the next row of posteriors on. */
void engine_recogniser_add(struct engine_recogniser *r, struct engine_session *s);
/* It hears what came before this call, has its result, and retires. */
void engine_recogniser_stop(struct engine_recogniser *r, struct engine_session *s);
/* It is the owner's at once, without a record. Returns false if it was not lent. */
bool engine_recogniser_remove(struct engine_recogniser *r, struct engine_session *s);
/* It has another listener from its next utterance on; one that was still coming is returned. Returns l itself if s is not lent. */
struct engine_listener *engine_recogniser_swap(struct engine_recogniser *r, struct engine_session *s, struct engine_listener *l);

/* One hop in. Some hops wait to go through the network together, because its weights are then read once for all of them. Where that
 * waiting ends matters to the cost and not to what comes out. */
void engine_recogniser_take(struct engine_recogniser *r, const struct engine_hop *hop);
/* The waiting ends, so that what is known is told now; and records for which there was no room are offered again. */
void engine_recogniser_catch_up(struct engine_recogniser *r);
/* No more sound comes: every session retires. */
void engine_recogniser_end(struct engine_recogniser *r);
/* Forgets all sound, and the front end's running mean with it. Only while no session is lent. */
void engine_recogniser_wipe(struct engine_recogniser *r);

struct engine_cost { /* since it was made; stages by the monotonic clock */
    uint64_t hops;   /* that were recognised */
    uint64_t steps;  /* rows of posteriors */
    uint64_t frontend_us, network_us, listeners_us;
};
void engine_recogniser_cost(const struct engine_recogniser *r, struct engine_cost *ret); /* any thread */

#endif
