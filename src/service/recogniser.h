/* SPDX-License-Identifier: Apache-2.0 */
/* service/recogniser.h: the queues between the main thread and a sound's thread, around engine/recogniser.h.
 *
 * A sound's thread is the recogniser thread of the microphone, or a batch thread. It takes hops and commands and puts records into
 * a ring; it does not allocate, lock or log. Hops and commands arrive in two rings, so each command says after which hop it
 * applies: what a session hears does not depend on thread timing. Main owns all memory. It creates a session, lends it with
 * RECOGNISER_ADD, and gets it back with the record ENGINE_RETIRED; it gets a replaced listener back with ENGINE_SWAPPED.
 */
#ifndef TRAGUS_SERVICE_RECOGNISER_H
#define TRAGUS_SERVICE_RECOGNISER_H

#include "base/wake.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

#define RECOGNISER_MAX_SESSIONS 64
/* Slots in the queue of records that partial results leave free for final results. */
#define RECOGNISER_FINAL_RECORDS 32

struct recogniser;

enum recogniser_command_type {
    RECOGNISER_ADD,  /* the session listens from now on */
    RECOGNISER_STOP, /* the session processes the sound pushed before, reports its result and retires */
    RECOGNISER_DROP, /* the session retires immediately */
    RECOGNISER_SWAP, /* the session uses another listener from its next utterance on */
    RECOGNISER_OPEN, /* the session's grammar opens, as after a wake phrase */
    RECOGNISER_WIPE, /* nobody listens any more: forget all sound, see recogniser_wiped */
};

struct recogniser_command {
    enum recogniser_command_type type;
    struct engine_session *session;
    struct engine_listener *listener;
    uint32_t open_hops; /* of OPEN: for how long */
    uint64_t n_heard;   /* hops of the sound that had arrived when the command was given: it is executed before the next one */
};

/* main_wake: woken when a record is ready. Returns NULL when out of memory. */
struct recogniser *recogniser_new(tragus_model *m, const struct base_wake *main_wake);
/* Call it after the thread has ended; zeroes the memory. Sessions still lent belong to main again. */
void recogniser_free(struct recogniser *r);

/* --- main --- */
void recogniser_command(struct recogniser *r, struct recogniser_command command); /* the caller wakes the thread */
/* Gets the next record. SWAPPED with session NULL returns a listener that was never used, because the session had retired or
 * another listener replaced it first. Main frees that listener. */
bool recogniser_next_record(struct recogniser *r, struct engine_record *ret);
bool recogniser_has_commands(const struct recogniser *r); /* not yet taken by the thread, which wakes main when it takes some */
bool recogniser_has_room(const struct recogniser *r);     /* room for a SWAP or an OPEN; other commands always fit */
bool recogniser_wiped(struct recogniser *r);              /* true once after each executed RECOGNISER_WIPE */
void recogniser_cost(const struct recogniser *r, struct engine_cost *ret);
uint64_t recogniser_lost(const struct recogniser *r); /* records lost so far because the ring was full */

/* --- the sound's thread --- */
/* Take all available hops, then the commands, then sleep: taking commands ends the batching of hops. */
void recogniser_take_hop(struct recogniser *r, const struct engine_hop *hop); /* also executes the commands that precede it */
void recogniser_take_commands(struct recogniser *r);                          /* executes all of them */
/* The input has ended: ends an open segment and retires every session. */
void recogniser_end(struct recogniser *r);
/* Free slots for records. A thread that can wait should do so when there are too few. */
uint32_t recogniser_room(const struct recogniser *r);

#endif
