/* SPDX-License-Identifier: Apache-2.0 */
/* engine/core.c: the front end and network of one sound. All memory is allocated in engine_core_new. */
#include "engine/core.h"
#include "base/arena.h"
#include "base/assert.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "frontend/frontend.h"
#include "nn/nn.h"

#include <stdlib.h>
#include <string.h>

struct engine_core {
    struct base_arena arena, kept; /* kept: a copy, while engine_core_assume runs */
    tragus_model *model;
    struct frontend *frontend;
    struct nn_state *network;
    unsigned step_hops;
    int64_t n_hops;    /* pushed since the last reset */
    int64_t first_hop; /* the hop of the network's first row, counted from the last reset */
    uint64_t n_steps;  /* since the last reset */
    bool has_row;
    uint32_t n_rows;          /* feature rows waiting for the network */
    uint32_t n_ready, n_left; /* steps computed in one batch, and how many of them are still to be returned */
    _Atomic uint64_t frontend_us, network_us, steps;
    int16_t rows[NN_MAX_HOPS][FRONTEND_FEATURES];
    int16_t posteriors[NN_MAX_HOPS * NN_MAX_WIDTH];
};

static void place_core(struct engine_core *c, struct base_arena *a) {
    c->frontend = frontend_place(a, engine_model_cpu_flags(c->model));
    c->network = nn_place(a, engine_model_network(c->model));
}

struct engine_core *engine_core_new(tragus_model *m) {
    struct engine_core *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->model = tragus_model_ref(m);
    c->step_hops = nn_model_step_hops(engine_model_network(m));
    struct base_arena counting = {0};
    place_core(c, &counting);
    if (base_arena_init(&c->arena, counting.used_bytes) < 0 || base_arena_init(&c->kept, counting.used_bytes) < 0) {
        engine_core_free(c);
        return NULL;
    }
    place_core(c, &c->arena);
    base_arena_seal(&c->arena);
    frontend_reset(c->frontend);
    engine_core_reset(c);
    return c;
}

void engine_core_free(struct engine_core *c) {
    if (!c)
        return;
    base_arena_done(&c->arena);
    base_arena_done(&c->kept);
    tragus_model_unref(c->model);
    explicit_bzero(c, sizeof(*c)); /* the last rows tell what was said */
    free(c);
}

void engine_core_reset(struct engine_core *c) {
    nn_reset(c->network);
    c->n_hops = 0;
    c->n_steps = 0;
    c->has_row = false;
    c->n_rows = c->n_ready = c->n_left = 0;
}

void engine_core_wipe(struct engine_core *c) {
    frontend_reset(c->frontend);
    engine_core_reset(c);
    explicit_bzero(c->kept.memory, c->kept.size_bytes);
    explicit_bzero(c->rows, sizeof(c->rows));
    explicit_bzero(c->posteriors, sizeof(c->posteriors));
}

bool engine_core_push(struct engine_core *c, const int16_t hop[FRONTEND_HOP]) {
    base_assert(c->n_rows < NN_MAX_HOPS);
    uint64_t start_us = base_clock_monotonic_us();
    bool has_row = frontend_push(c->frontend, hop, c->rows[c->n_rows]);
    engine_core_count(&c->frontend_us, base_clock_monotonic_us() - start_us);
    c->n_hops++;
    if (has_row) {
        /* The front end lags by one hop: this row belongs to the previous hop. */
        if (!c->has_row)
            c->first_hop = c->n_hops - 2;
        c->has_row = true;
        c->n_rows++;
    }
    return c->n_rows == NN_MAX_HOPS || engine_core_is_even(c);
}

bool engine_core_is_even(const struct engine_core *c) {
    return c->n_hops % NN_MAX_HOPS == 0;
}

static int next_step(struct engine_core *c, bool flush, const int16_t **ret_posteriors) {
    if (c->n_left == 0 && (c->n_rows > 0 || flush)) {
        uint64_t start_us = base_clock_monotonic_us();
        size_t n = 0;
        if (c->n_rows > 0)
            n = nn_push(c->network, c->rows[0], c->n_rows, c->posteriors);
        c->n_rows = 0;
        if (n == 0 && flush)
            n = nn_flush(c->network, c->posteriors);
        c->n_ready = c->n_left = (uint32_t)n;
        engine_core_count(&c->network_us, base_clock_monotonic_us() - start_us);
    }
    if (c->n_left == 0)
        return 0;
    *ret_posteriors = c->posteriors + (size_t)(c->n_ready - c->n_left--) * nn_model_row_width(engine_model_network(c->model));
    c->n_steps++;
    engine_core_count(&c->steps, 1);
    return 1;
}

int engine_core_next(struct engine_core *c, const int16_t **ret_posteriors) {
    return next_step(c, false, ret_posteriors);
}

int engine_core_flush(struct engine_core *c, const int16_t **ret_posteriors) {
    return next_step(c, true, ret_posteriors);
}

uint32_t engine_core_behind(const struct engine_core *c) {
    int64_t hops = c->n_hops - engine_core_position(c);
    return hops > 0 ? (uint32_t)(hops / c->step_hops) : 0;
}

size_t engine_core_assume(struct engine_core *c, int16_t *ret_posteriors, size_t most) {
    unsigned width = nn_model_row_width(engine_model_network(c->model));
    size_t n = 0, more;
    base_assert(c->n_rows == 0 && c->n_left == 0);
    uint64_t start_us = base_clock_monotonic_us();
    memcpy(c->kept.memory, c->arena.memory, c->arena.used_bytes);
    while (n < most && (more = nn_flush(c->network, c->posteriors)) > 0) {
        more = more < most - n ? more : most - n;
        memcpy(ret_posteriors + n * width, c->posteriors, more * width * sizeof(*ret_posteriors));
        n += more;
    }
    memcpy(c->arena.memory, c->kept.memory, c->arena.used_bytes);
    engine_core_count(&c->network_us, base_clock_monotonic_us() - start_us);
    return n;
}

int64_t engine_core_position(const struct engine_core *c) {
    return c->has_row ? c->first_hop + (int64_t)(c->n_steps * c->step_hops) : 0;
}

int64_t engine_core_heard(const struct engine_core *c) {
    if (!c->has_row || c->n_steps == 0)
        return 0;
    /* Row 0 of the features came out with hop first_hop + 1. */
    int64_t row = nn_model_look_ahead_hops(engine_model_network(c->model)) + (int64_t)((c->n_steps - 1) * c->step_hops);
    int64_t heard = c->first_hop + 2 + row;
    return heard < c->n_hops ? heard : c->n_hops;
}

void engine_core_cost(const struct engine_core *c, struct engine_cost *ret) {
    ret->frontend_us = atomic_load_explicit(&c->frontend_us, memory_order_relaxed);
    ret->network_us = atomic_load_explicit(&c->network_us, memory_order_relaxed);
    ret->steps = atomic_load_explicit(&c->steps, memory_order_relaxed);
}
