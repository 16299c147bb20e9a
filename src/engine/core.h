/* SPDX-License-Identifier: Apache-2.0 */
/* engine/core.h: the front end and network of one sound: takes hops, returns rows of log-posteriors. Private to the room.
 *
 * Hops are batched, so that the network reads its weights once per batch. The batching affects the cost, but not the output. Only
 * engine_core_new allocates.
 */
#ifndef TRAGUS_ENGINE_CORE_H
#define TRAGUS_ENGINE_CORE_H

#include "engine/recogniser.h"

#include <stdatomic.h>

struct engine_core;
struct engine_core *engine_core_new(tragus_model *m); /* returns NULL when out of memory */
void engine_core_free(struct engine_core *c);
/* Call it between two segments of one sound: resets the network, but keeps the front end's running mean. */
void engine_core_reset(struct engine_core *c);
/* Forgets everything heard, including the running mean. */
void engine_core_wipe(struct engine_core *c);

/* Adds one hop. Returns true when the batch is full: then call engine_core_next until it returns 0. */
bool engine_core_push(struct engine_core *c, const int16_t hop[FRONTEND_HOP]);
/* Gets the next complete row: returns 1 and sets *ret_posteriors, which is valid until the next call, or returns 0. */
int engine_core_next(struct engine_core *c, const int16_t **ret_posteriors);
/* The same at the end of a segment. Call it until it returns 0. */
int engine_core_flush(struct engine_core *c, const int16_t **ret_posteriors);

/* Whether all hops pushed so far are complete batches, so that what engine_core_assume returns depends on the hops alone. */
bool engine_core_is_even(const struct engine_core *c);
/* How many rows of the hops pushed are still to come, because front end and network look ahead. */
uint32_t engine_core_behind(const struct engine_core *c);
/* Writes the rows that would come next if the sound ended here, at most `most` of them, and changes nothing. Only after
 * engine_core_next has returned 0. Returns their number. */
size_t engine_core_assume(struct engine_core *c, int16_t *ret_posteriors, size_t most);

/* The hop at which the next row begins, counted from the first one pushed since the reset. Front end and network look ahead, so it
 * lags behind the hops pushed. It may be -1 if the front end's window still held a hop from before the reset. */
int64_t engine_core_position(const struct engine_core *c);
/* How many hops had been pushed when the last returned row became complete; at the end of a segment, at most the hops pushed. */
int64_t engine_core_heard(const struct engine_core *c);

/* Adds to a counter that any thread may read. Only the sound's thread writes, so load and store need not be one atomic operation.
 */
static inline void engine_core_count(_Atomic uint64_t *counter, uint64_t more) {
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more, memory_order_relaxed);
}

void engine_core_cost(const struct engine_core *c, struct engine_cost *ret); /* all but hops and listeners; from any thread */

#endif
