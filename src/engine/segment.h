/* SPDX-License-Identifier: Apache-2.0 */
/* engine/segment.h: turns sound in chunks of any size into segments of hops. This part of recognition runs where sound arrives: in
 * the capture thread, a batch thread, or tragus_stream_feed.
 *
 * It cuts the sound into hops of 10 ms and passes each to the speech gate. While the gate is closed, it keeps the last 500 ms;
 * when the gate opens, it hands out this history first. A segment is a hop flagged FIRST, more hops, and a hop flagged LAST. The
 * hops do not depend on the chunk sizes. Nothing here allocates.
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
    ENGINE_BEGINS = 4, /* the sound starts with this hop, or resumes with it after a gap */
    ENGINE_ENDS = 8,   /* the sound ended, or has a gap, within a segment. This hop is also LAST and carries no sound */
};

struct engine_hop {
    uint64_t index;   /* index in the sound, from 0 */
    uint64_t n_heard; /* hops of the sound that had arrived when this one was handed out; for history, long after it */
    uint64_t time_us; /* time of its first sample: CLOCK_MONOTONIC for live sound, else from the start of the input */
    uint32_t flags;
    int16_t pcm[FRONTEND_HOP];
};

struct engine_segmenter {
    struct frontend_gate gate;
    bool gated; /* false: all hops belong to one segment */
    bool in_segment;
    uint32_t at;             /* position in history of the hop being filled; the newest full hops precede it */
    uint32_t n_carry;        /* samples in that hop so far */
    uint64_t time_us;        /* time of that hop */
    uint64_t begin_hop;      /* where the sound starts, or resumes after the last gap */
    uint64_t n_hops;         /* heard so far */
    uint64_t n_segment_hops; /* handed out so far */
    uint32_t n_history;      /* hops kept while the gate is closed */
    struct engine_hop history[FRONTEND_GATE_HISTORY];
};

typedef void engine_hop_sink(const struct engine_hop *hop, void *user);

/* gate: NULL for the defaults. cpu_flags: the kernels that may be used (base/cpu.h). first_hop: the index of the first hop. */
void engine_segmenter_init(struct engine_segmenter *s, const struct frontend_gate_options *gate, uint32_t cpu_flags,
                           uint64_t first_hop);

/* Takes n samples of 16 kHz mono; time_us is the time of the first one. */
void engine_segmenter_push(struct engine_segmenter *s, const int16_t *pcm, size_t n, uint64_t time_us, engine_hop_sink *sink,
                           void *user);

/* The sound ends or has a gap: pads the last hop with silence and ends an open segment. More sound may follow. */
void engine_segmenter_end(struct engine_segmenter *s, engine_hop_sink *sink, void *user);

#endif
