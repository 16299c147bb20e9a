/* SPDX-License-Identifier: Apache-2.0 */
/* engine/core.h: front end and network of one sound: hops in, rows of log-posteriors out. Private to the room.
 *
 * Some hops wait for each other, so that the network reads its weights once for all of them. Where the waiting ends matters to the
 * cost and not to what comes out. Nothing allocates but engine_core_new.
 */
#ifndef TRAGUS_ENGINE_CORE_H
#define TRAGUS_ENGINE_CORE_H

#include "engine/recogniser.h"

struct engine_core;
struct engine_core *engine_core_new(tragus_model *m); /* NULL: out of memory */
void engine_core_free(struct engine_core *c);
/* Between two segments of one sound: the network forgets, the front end's running mean goes on. */
void engine_core_reset(struct engine_core *c);
/* Forgets all it has heard, the running mean too. */
void engine_core_wipe(struct engine_core *c);

/* One hop in. True: no more can wait, so call engine_core_next until it returns 0. */
bool engine_core_push(struct engine_core *c, const int16_t hop[FRONTEND_HOP]);
/* The next row that is complete: 1 and *ret_posteriors, valid until the next call, or 0. */
int engine_core_next(struct engine_core *c, const int16_t **ret_posteriors);
/* At the end of a segment, instead of engine_core_next, until it returns 0. */
int engine_core_flush(struct engine_core *c, const int16_t **ret_posteriors);

/* The hop at which the next row begins, counted from the first pushed since the reset. Front end and network look ahead, so it lags
 * behind what was pushed. It may be -1, where the front end's window still held a hop from before the reset. */
int64_t engine_core_position(const struct engine_core *c);
/* How many hops had been pushed when the row last given was complete; at the end of a segment not more than there were. */
int64_t engine_core_heard(const struct engine_core *c);

void engine_core_cost(const struct engine_core *c, struct engine_cost *ret); /* all but hops and listeners; any thread */

#endif
