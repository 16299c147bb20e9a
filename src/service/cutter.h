/* SPDX-License-Identifier: Apache-2.0 */
/* service/cutter.h: sound of any chunking to gated hops: the same hops, whatever the chunks.
 *
 * Cuts into hops of 10 ms, asks the gate, keeps the last 500 ms while it is closed, and hands that history out first when it
 * opens. What comes out are segments: a hop flagged FIRST, more, a hop flagged LAST. Runs in a thread that may not allocate.
 */
#ifndef TRAGUS_SERVICE_CUTTER_H
#define TRAGUS_SERVICE_CUTTER_H

#include "frontend/gate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cutter_flag { CUTTER_FIRST = 1, CUTTER_LAST = 2 };

struct cutter_hop {
    uint64_t time_us; /* of its first sample: CLOCK_MONOTONIC for live sound, else from the start of the input */
    uint32_t flags;
    int16_t pcm[FRONTEND_HOP];
};

struct cutter {
    struct frontend_gate gate;
    bool in_segment;
    uint32_t n_carry; /* samples of a hop not yet full, in hop */
    uint32_t history_first, n_history;
    uint64_t n_hops, n_passed_hops;
    struct cutter_hop hop;
    struct cutter_hop history[FRONTEND_GATE_HISTORY];
};

typedef void cutter_sink(const struct cutter_hop *hop, void *user);

void cutter_init(struct cutter *c, const struct frontend_gate_options *gate, uint32_t cpu_flags); /* flags: what kernels may use */

/* n samples, of which the first was heard at time_us. */
void cutter_push(struct cutter *c, const int16_t *pcm, size_t n, uint64_t time_us, cutter_sink *sink, void *user);

/* End of the sound, or a gap in it: what is left of a hop is filled up with silence, and an open segment ends. */
void cutter_end(struct cutter *c, cutter_sink *sink, void *user);

#endif
