/* SPDX-License-Identifier: Apache-2.0 */
/* engine/recogniser.h: turns segments of hops into records of what was said, with front end, network and the sessions' listeners.
 *
 * Only recogniser.c and utterance.c decide what an utterance is: where it begins and ends, the silence padded before and after a
 * sound, when speech has started, which partial results to report, whether a session rejects, and the order of records. The output
 * depends only on the hops. tragus_stream and the daemon's threads are queues around them.
 *
 * All functions except new and free must be called from the sound's thread. They do not allocate, lock or do I/O.
 */
#ifndef TRAGUS_ENGINE_RECOGNISER_H
#define TRAGUS_ENGINE_RECOGNISER_H

#include "base/account.h"
#include "engine/segment.h"
#include "listener/listener.h"
#include "tragus.h"

#include <stdbool.h>
#include <stdint.h>

/* --- listeners: memory for one grammar ---------------------------------------------------------------------------------------- */

struct engine_listener;
/* Holds a reference to g, which was compiled with m. Returns NULL when out of memory. */
struct engine_listener *engine_listener_new(tragus_model *m, tragus_grammar *g, const tragus_session_options *o);
/* The same for a listener that hears the sentences of g, which are wake phrases, within other speech. */
struct engine_listener *engine_spotter_new(tragus_model *m, tragus_grammar *g, const tragus_session_options *o);
/* A second listener for any words, if the options have `fallback`; else *ret is NULL. Returns -ENODATA if the model has no language
 * model, or -ENOMEM. */
int engine_fallback_new(struct engine_listener **ret, tragus_model *m, const tragus_session_options *o);
void engine_listener_free(struct engine_listener *l); /* takes NULL; zeroes the memory */
/* Like engine_grammar_count, without its grammar. */
bool engine_listener_count(struct engine_listener *l, struct base_account *a, size_t most_bytes);
size_t engine_listener_bytes(const struct engine_listener *l); /* that are counted */
/* The number of hops without speech that the gate must stay open, so that it never ends a sentence before the endpoint rules do. */
uint32_t engine_listener_hang_hops(const struct engine_listener *l);

/* What a session needs to wait for a wake phrase, a sentence of `phrases`. Returns NULL when out of memory. */
struct engine_wake;
struct engine_wake *engine_wake_new(tragus_model *m, tragus_grammar *phrases, const tragus_session_options *o);
void engine_wake_free(struct engine_wake *w);                       /* zeroes the sound it holds */
struct engine_listener *engine_wake_spotter(struct engine_wake *w); /* to count it before it is lent */
uint32_t engine_wake_open_hops(const struct engine_wake *w);        /* how long the grammar is open after a phrase; any thread */

/* --- sessions ----------------------------------------------------------------------------------------------------------------- */

/* The owner fills in the first part and lends the session to a recogniser. It gets the session back with ENGINE_RETIRED or
 * engine_recogniser_remove. */
struct engine_session {
    struct engine_listener *listener;
    struct engine_listener *fallback; /* hears any words beside the listener; NULL: none */
    struct engine_wake *wake;         /* NULL: the listener hears everything; else only what follows a wake phrase */
    bool wants_partial;
    bool reject;       /* false: reports the best sentence whatever its confidence, with the reason why it would be rejected */
    uint64_t tag;      /* for the owner's use */
    uint64_t sequence; /* counts utterances in which something was said; the owner sets the first value */

    /* used by the sound's thread */
    struct engine_session *next;
    struct engine_listener *coming; /* replaces the listener at the next utterance */
    bool running, speaking;         /* within an utterance; speech was heard in it */
    bool fallback_ended;            /* it hears nothing more in this utterance */
    bool stopping;
    int64_t stop_hop;  /* if stopping: the first hop that arrived after the stop, counted from the start of the segment */
    int64_t start_hop; /* start of this utterance; negative in the padding before the sound */
    int64_t end_hop;   /* where the utterance before ended, if the listener has heard it; else INT64_MIN */
    int64_t talk_hop;  /* where the last talk ended that was no sentence; INT64_MIN: none since the last sentence */
    uint32_t n_steps;  /* steps of this utterance */
    uint32_t n_words, words[LISTENER_MAX_WORDS]; /* the last partial result */
};

/* --- records ------------------------------------------------------------------------------------------------------------------ */

enum engine_record_type {
    ENGINE_HEARD,   /* an event: see event below */
    ENGINE_SWAPPED, /* the session now uses its new listener; `listener` is the old one, and the owner frees it */
    ENGINE_RETIRED, /* the session belongs to its owner again */
};

struct engine_free_words { /* what the fallback heard; n_words is 0 if there is none */
    uint32_t n_words;
    struct listener_word words[LISTENER_MAX_WORDS]; /* of engine_model_dictation */
};

struct engine_record {
    enum engine_record_type type;
    tragus_event_type event; /* for HEARD, else 0 */
    struct engine_session *session;
    struct engine_listener *listener; /* the listener that found these words */
    uint64_t sequence;                /* number of the utterance */
    int64_t start_hop;                /* the hop of the sound at which the utterance begins: times in result count from it */
    uint64_t n_heard;                 /* hops of the sound that had arrived when this became known */
    uint64_t start_us, heard_us;      /* the same two as times of the hops */
    tragus_reason reason;             /* for an utterance: why it would be rejected, if the session does not reject */
    bool reject;                      /* whether the session rejects */
    int32_t level_cdb;                /* of a wake phrase: loudness in 1/100 dB re full scale */
    uint64_t open_until;              /* of a wake phrase: the hop of the sound until which a command may begin */
    union {
        struct listener_result result; /* for an accepted or rejected utterance; for the end of speech only its times count */
        struct listener_partial partial;
    };
    struct engine_free_words free_words; /* for an accepted or rejected utterance */
};

/* Takes a record; returns false if there is no room. RETIRED and SWAPPED are then offered again later; others are lost. */
typedef bool engine_record_sink(const struct engine_record *r, void *user);

struct engine_recogniser;
struct engine_recogniser *engine_recogniser_new(tragus_model *m, engine_record_sink *sink, void *user); /* NULL: out of memory */
void engine_recogniser_free(struct engine_recogniser *r); /* zeroes the memory; sessions still lent go back to their owners */

/* Adds a session, which listens from the next row of posteriors on. */
void engine_recogniser_add(struct engine_recogniser *r, struct engine_session *s);
/* Stops a session: it still processes the sound that arrived before this call, reports its result and retires. */
void engine_recogniser_stop(struct engine_recogniser *r, struct engine_session *s);
/* Gives the session back to its owner immediately, without a record. Returns false if it was not lent. */
bool engine_recogniser_remove(struct engine_recogniser *r, struct engine_session *s);
/* Gives the session another listener from its next utterance on. Returns the listener this replaces if that one was still pending,
 * else NULL; returns l itself if s is not lent. */
struct engine_listener *engine_recogniser_swap(struct engine_recogniser *r, struct engine_session *s, struct engine_listener *l);

/* Opens the grammar of a session that waits for a wake phrase, as if one had ended before this hop of the sound. */
void engine_recogniser_open(struct engine_recogniser *r, struct engine_session *s, uint64_t hop, uint32_t open_hops);

/* Takes one hop. Hops are batched, so that the network reads its weights once per batch. The batching affects the cost, but not
 * the output. */
void engine_recogniser_take(struct engine_recogniser *r, const struct engine_hop *hop);
/* Processes the hops waiting, so that results so far are reported now, and offers again the records for which there was no room. */
void engine_recogniser_catch_up(struct engine_recogniser *r);
/* No more sound will come: retires every session. */
void engine_recogniser_end(struct engine_recogniser *r);
/* Forgets all sound, including the front end's running mean. Only while no session is lent. */
void engine_recogniser_wipe(struct engine_recogniser *r);

struct engine_cost { /* totals since creation; stages by the monotonic clock */
    uint64_t hops;   /* hops recognised */
    uint64_t steps;  /* rows of posteriors */
    uint64_t frontend_us, network_us, listeners_us;
};
void engine_recogniser_cost(const struct engine_recogniser *r, struct engine_cost *ret); /* from any thread */

#endif
