/* SPDX-License-Identifier: Apache-2.0 */
#include "service/cutter.h"

#include <string.h>

void cutter_init(struct cutter *c, const struct frontend_gate_options *gate, uint32_t cpu_flags) {
    memset(c, 0, sizeof(*c));
    frontend_gate_init(&c->gate, gate, cpu_flags);
}

static void emit(struct cutter *c, struct cutter_hop *hop, uint32_t flags, cutter_sink *sink, void *user) {
    hop->flags = flags | (c->in_segment ? 0 : CUTTER_FIRST);
    c->in_segment = !(flags & CUTTER_LAST);
    c->n_passed_hops++;
    sink(hop, user);
}

static void take_hop(struct cutter *c, cutter_sink *sink, void *user) {
    bool open = frontend_gate_push(&c->gate, c->hop.pcm);

    c->n_hops++;
    if (open) {
        for (; c->n_history > 0; c->n_history--) {
            emit(c, &c->history[c->history_first], 0, sink, user);
            c->history_first = (c->history_first + 1) % FRONTEND_GATE_HISTORY;
        }
        emit(c, &c->hop, 0, sink, user);
    } else if (c->in_segment) {
        emit(c, &c->hop, CUTTER_LAST, sink, user);
    } else {
        c->history[(c->history_first + c->n_history) % FRONTEND_GATE_HISTORY] = c->hop;
        if (c->n_history < FRONTEND_GATE_HISTORY)
            c->n_history++;
        else
            c->history_first = (c->history_first + 1) % FRONTEND_GATE_HISTORY;
    }
}

void cutter_push(struct cutter *c, const int16_t *pcm, size_t n, uint64_t time_us, cutter_sink *sink, void *user) {
    uint64_t carried_us = (uint64_t)c->n_carry * 1000000 / FRONTEND_RATE;

    c->hop.time_us = time_us > carried_us ? time_us - carried_us : 0;
    while (n > 0) {
        size_t missing = FRONTEND_HOP - c->n_carry;
        size_t taken = n < missing ? n : missing;
        memcpy(c->hop.pcm + c->n_carry, pcm, taken * sizeof(*pcm));
        c->n_carry += (uint32_t)taken;
        pcm += taken;
        n -= taken;
        if (c->n_carry == FRONTEND_HOP) {
            c->n_carry = 0;
            take_hop(c, sink, user);
            c->hop.time_us += (uint64_t)FRONTEND_HOP * 1000000 / FRONTEND_RATE;
        }
    }
}

void cutter_end(struct cutter *c, cutter_sink *sink, void *user) {
    if (c->n_carry > 0) {
        memset(c->hop.pcm + c->n_carry, 0, (FRONTEND_HOP - c->n_carry) * sizeof(c->hop.pcm[0]));
        c->n_carry = 0;
        take_hop(c, sink, user);
        c->hop.time_us += (uint64_t)FRONTEND_HOP * 1000000 / FRONTEND_RATE;
    }
    if (c->in_segment) { /* a hop of silence carries the mark: the consumer has the last real hop already */
        memset(c->hop.pcm, 0, sizeof(c->hop.pcm));
        emit(c, &c->hop, CUTTER_LAST, sink, user);
    }
    c->n_history = 0;
}
