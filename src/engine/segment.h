/* SPDX-License-Identifier: Apache-2.0 */
/* engine/segment.h: sound of any chunking to segments of hops. This is the part of recognition that runs where sound arrives: in
 * the capture thread, a batch thread, or tragus_stream_feed.
 *
 * Cuts the sound into hops of 10 ms and asks the speech gate about each. While the gate is closed, the last 500 ms are kept; when
 * it opens, this history is handed out first. So a segment is: a hop flagged FIRST, more hops, a hop flagged LAST. The hops are the
 * same whatever the chunks. Nothing here allocates.
 */
#ifndef TRAGUS_ENGINE_SEGMENT_H
#define TRAGUS_ENGINE_SEGMENT_H

#include "frontend/gate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENGINE_HOP_MS 10
#define ENGINE_HOP_US ((uint64_t)10000)

enum engine_hop_flag {
    ENGINE_FIRST = 1,  /* of a segment */
    ENGINE_LAST = 2,   /* of a segment */
    ENGINE_BEGINS = 4, /* the sound begins with this hop, or goes on with it after a gap */
    ENGINE_ENDS = 8,   /* the sound ended, or has a gap, within a segment. Such a hop is LAST and carries no sound */
};

struct engine_hop {
    uint64_t index;   /* of the sound, from 0 */
    uint64_t n_heard; /* hops of the sound that had come when this one was handed out; for history that is long after it */
    uint64_t time_us; /* of its first sample: CLOCK_MONOTONIC for live sound, else from the start of the input */
    uint32_t flags;
    int16_t pcm[FRONTEND_HOP];
};

struct engine_segmenter {
    struct frontend_gate gate;
    bool gated; /* false: every hop belongs to one segment */
    bool in_segment;
    uint32_t at;             /* where in history the hop is that is being filled; the newest ones stand before it */
    uint32_t n_carry;        /* samples of that hop so far */
    uint64_t time_us;        /* of that hop */
    uint64_t begin_hop;      /* where the sound begins, or goes on after the last gap */
    uint64_t n_hops;         /* heard so far */
    uint64_t n_segment_hops; /* handed out so far */
    uint32_t n_history;      /* hops kept while the gate is closed */
    struct engine_hop history[FRONTEND_GATE_HISTORY];
};

typedef void engine_hop_sink(const struct engine_hop *hop, void *user);

/* gate: NULL for the defaults. cpu_flags: which kernels may be used (base/cpu.h). first_hop: the index of the first hop to come. */
void engine_segmenter_init(struct engine_segmenter *s, const struct frontend_gate_options *gate, uint32_t cpu_flags,
                           uint64_t first_hop);

/* Takes n samples of 16 kHz mono, of which the first was heard at time_us. */
void engine_segmenter_push(struct engine_segmenter *s, const int16_t *pcm, size_t n, uint64_t time_us, engine_hop_sink *sink,
                           void *user);

/* The sound ends, or has a gap: silence fills up the last hop, and an open segment ends. Sound may follow. */
void engine_segmenter_end(struct engine_segmenter *s, engine_hop_sink *sink, void *user);

#endif
