/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/segment.h"

#include <string.h>

void engine_segmenter_init(struct engine_segmenter *s, const struct frontend_gate_options *gate, uint32_t cpu_flags,
                           uint64_t first_hop) {
    memset(s, 0, sizeof(*s));
    s->gated = true;
    s->n_hops = s->begin_hop = first_hop;
    frontend_gate_init(&s->gate, gate, cpu_flags);
}

/* Passes a hop to the sink. n_later: the number of hops that arrived after it. */
static void hand_out(struct engine_segmenter *s, struct engine_hop *hop, uint32_t n_later, uint32_t flags, engine_hop_sink *sink,
                     void *user) {
    hop->index = s->n_hops - n_later - !(flags & ENGINE_ENDS);
    hop->time_us = s->time_us - (s->n_hops - hop->index) * ENGINE_HOP_US;
    hop->n_heard = s->n_hops;
    if (!s->in_segment)
        flags |= ENGINE_FIRST | (hop->index == s->begin_hop ? ENGINE_BEGINS : 0);
    hop->flags = flags;
    s->in_segment = !(flags & ENGINE_LAST);
    s->n_segment_hops += !(flags & ENGINE_ENDS);
    sink(hop, user);
}

static void open_segment(struct engine_segmenter *s, engine_hop_sink *sink, void *user) {
    uint32_t at = (s->at + FRONTEND_GATE_HISTORY - s->n_history) % FRONTEND_GATE_HISTORY;
    while (s->n_history > 0) {
        hand_out(s, &s->history[at], --s->n_history, 0, sink, user);
        at = at + 1 < FRONTEND_GATE_HISTORY ? at + 1 : 0;
    }
}

/* Handles the full hop at s->at. During silence, which is most of the time, nothing else runs. */
static void take_hop(struct engine_segmenter *s, engine_hop_sink *sink, void *user) {
    bool open = !s->gated || frontend_gate_push(&s->gate, s->history[s->at].pcm);

    s->n_carry = 0;
    s->n_hops++;
    s->time_us += ENGINE_HOP_US;
    if (s->in_segment) {
        hand_out(s, &s->history[s->at], 0, open ? 0 : ENGINE_LAST, sink, user);
        return;
    }
    s->n_history += s->n_history < FRONTEND_GATE_HISTORY;
    s->at = s->at + 1 < FRONTEND_GATE_HISTORY ? s->at + 1 : 0;
    if (open)
        open_segment(s, sink, user);
}

void engine_segmenter_push(struct engine_segmenter *s, const int16_t *pcm, size_t n, uint64_t time_us, engine_hop_sink *sink,
                           void *user) {
    uint64_t carried_us = (uint64_t)s->n_carry * 1000000 / FRONTEND_RATE;

    s->time_us = time_us > carried_us ? time_us - carried_us : 0;
    while (n > 0) {
        size_t missing = FRONTEND_HOP - s->n_carry;
        size_t taken = n < missing ? n : missing;
        memcpy(s->history[s->at].pcm + s->n_carry, pcm, taken * sizeof(*pcm));
        s->n_carry += (uint32_t)taken;
        pcm += taken;
        n -= taken;
        if (s->n_carry == FRONTEND_HOP)
            take_hop(s, sink, user);
    }
}

void engine_segmenter_end(struct engine_segmenter *s, engine_hop_sink *sink, void *user) {
    if (s->n_carry > 0) {
        struct engine_hop *hop = &s->history[s->at];
        memset(hop->pcm + s->n_carry, 0, (FRONTEND_HOP - s->n_carry) * sizeof(hop->pcm[0]));
        take_hop(s, sink, user);
    }
    if (s->in_segment) { /* the segment's last hop was already handed out, so another hop carries the flag */
        struct engine_hop *hop = &s->history[s->at];
        memset(hop->pcm, 0, sizeof(hop->pcm));
        hand_out(s, hop, 0, ENGINE_LAST | ENGINE_ENDS, sink, user);
    }
    s->n_history = 0;
    s->begin_hop = s->n_hops;
}
