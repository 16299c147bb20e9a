/* SPDX-License-Identifier: Apache-2.0 */
/* service/recogniser.h: the queues between the main thread and a sound's thread, around engine/recogniser.h.
 *
 * The sound's thread is the recogniser thread of the microphone, or a batch thread. It takes hops and commands and puts records
 * into a ring; it allocates, locks and logs nothing. Hops and commands come by two rings, so a command says behind which hop it
 * stands: what a session hears does not depend on when the thread runs. Main owns all memory: it makes a session, lends it with
 * RECOGNISER_ADD, and has it back with the record ENGINE_RETIRED. A listener that was replaced comes back with ENGINE_SWAPPED.
 */
#ifndef TRAGUS_SERVICE_RECOGNISER_H
#define TRAGUS_SERVICE_RECOGNISER_H

#include "base/wake.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

#define RECOGNISER_MAX_SESSIONS 64
/* Places in the queue of records that partial results leave free, so that results find one. */
#define RECOGNISER_FINAL_RECORDS 32

struct recogniser;

enum recogniser_command_type {
    RECOGNISER_ADD,  /* session listens from now on */
    RECOGNISER_STOP, /* session hears what was pushed before, has its result, and retires */
    RECOGNISER_DROP, /* session retires at once */
    RECOGNISER_SWAP, /* session has another listener from its next utterance on */
    RECOGNISER_WIPE, /* nobody listens any more: forget all sound, see recogniser_wiped */
};

struct recogniser_command {
    enum recogniser_command_type type;
    struct engine_session *session;
    struct engine_listener *listener;
    uint64_t n_heard; /* hops of the sound that had come when it was given: it is carried out before the next one */
};

/* main_wake: woken when a record is ready. NULL: out of memory. */
struct recogniser *recogniser_new(tragus_model *m, const struct base_wake *main_wake);
/* After its thread has ended; zeroes what it held. Sessions that are still lent are main's again. */
void recogniser_free(struct recogniser *r);

/* --- main --- */
void recogniser_command(struct recogniser *r, struct recogniser_command command); /* the caller wakes the thread */
/* The next record. One of a session that is NULL is SWAPPED: the listener came too late, or another came before its turn. It is to
 * be freed. */
bool recogniser_next_record(struct recogniser *r, struct engine_record *ret);
bool recogniser_has_commands(const struct recogniser *r); /* that the thread has not taken yet; it wakes main when it takes some */
bool recogniser_has_room(const struct recogniser *r);     /* for a SWAP; the other commands need not ask */
bool recogniser_wiped(struct recogniser *r);              /* true once after each RECOGNISER_WIPE that was carried out */
void recogniser_cost(const struct recogniser *r, struct engine_cost *ret);
uint64_t recogniser_lost(const struct recogniser *r); /* records lost so far for want of room */

/* --- the sound's thread --- */
/* Take the hops that are there, then the commands, then sleep: taking commands ends the waiting of hops for each other. */
void recogniser_take_hop(struct recogniser *r, const struct engine_hop *hop); /* and the commands that stand before it */
void recogniser_take_commands(struct recogniser *r);                          /* all of them */
/* The input has ended: an open segment ends, and every session retires. */
void recogniser_end(struct recogniser *r);
/* How many records fit before one is lost; a thread that can wait does. */
uint32_t recogniser_room(const struct recogniser *r);

#endif
