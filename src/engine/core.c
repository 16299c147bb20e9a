/* SPDX-License-Identifier: Apache-2.0 */
/* engine/core.c: one sound's front end and network, and the decoders on it; all memory is taken when they are made. */
#include "base/arena.h"
#include "base/assert.h"
#include "base/clock.h"
#include "engine/private.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct engine_core {
    struct base_arena arena;
    tragus_model *model;
    struct frontend *frontend;
    struct nn_state *network;
    unsigned step_hops;
    int64_t n_hops;    /* pushed since the last reset */
    int64_t first_hop; /* that the first row of the network stands for, counted from the last reset */
    uint64_t n_steps;  /* since the last reset */
    bool has_row;
    uint32_t n_rows;          /* that wait for the network */
    uint32_t n_ready, n_left; /* steps that it computed together, and how many of them were not yet given */
    _Atomic uint64_t frontend_ns, network_ns, steps;
    int16_t rows[NN_MAX_HOPS][FRONTEND_FEATURES];
    int16_t posteriors[NN_MAX_HOPS * NN_MAX_LABELS];
};

struct engine_listener {
    struct base_arena arena;
    tragus_grammar *grammar;
    struct decoder *decoder;
    uint64_t start_hop;
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
    if (base_arena_init(&c->arena, counting.used_bytes) < 0) {
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
    tragus_model_unref(c->model);
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
    explicit_bzero(c->rows, sizeof(c->rows));
    explicit_bzero(c->posteriors, sizeof(c->posteriors));
}

static void add_ns(_Atomic uint64_t *counter, uint64_t from_us, uint64_t to_us) {
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + (to_us - from_us) * 1000,
                          memory_order_relaxed);
}

bool engine_core_push(struct engine_core *c, const int16_t hop[FRONTEND_HOP]) {
    base_assert(c->n_rows < NN_MAX_HOPS);
    uint64_t start_us = base_clock_monotonic_us();
    bool has_row = frontend_push(c->frontend, hop, c->rows[c->n_rows]);
    add_ns(&c->frontend_ns, start_us, base_clock_monotonic_us());
    c->n_hops++;
    if (has_row) {
        /* The row that comes out is that of the hop before the one that went in. */
        if (!c->has_row)
            c->first_hop = c->n_hops - 2;
        c->has_row = true;
        c->n_rows++;
    }
    return c->n_rows == NN_MAX_HOPS;
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
        add_ns(&c->network_ns, start_us, base_clock_monotonic_us());
    }
    if (c->n_left == 0)
        return 0;
    *ret_posteriors = c->posteriors + (size_t)(c->n_ready - c->n_left--) * nn_model_n_labels(engine_model_network(c->model));
    c->n_steps++;
    atomic_store_explicit(&c->steps, atomic_load_explicit(&c->steps, memory_order_relaxed) + 1, memory_order_relaxed);
    return 1;
}

int engine_core_next(struct engine_core *c, const int16_t **ret_posteriors) {
    return next_step(c, false, ret_posteriors);
}

int engine_core_flush(struct engine_core *c, const int16_t **ret_posteriors) {
    return next_step(c, true, ret_posteriors);
}

int64_t engine_core_position(const struct engine_core *c) {
    return c->has_row ? c->first_hop + (int64_t)(c->n_steps * c->step_hops) : 0;
}

int64_t engine_core_heard(const struct engine_core *c) {
    if (!c->has_row || c->n_steps == 0)
        return 0;
    /* Row 0 of the features came with hop first_hop + 1. */
    int64_t row = nn_model_look_ahead_hops(engine_model_network(c->model)) + (int64_t)((c->n_steps - 1) * c->step_hops);
    int64_t heard = c->first_hop + 2 + row;
    return heard < c->n_hops ? heard : c->n_hops;
}

void engine_core_times(const struct engine_core *c, uint64_t *ret_frontend_ns, uint64_t *ret_network_ns, uint64_t *ret_steps) {
    *ret_frontend_ns = atomic_load_explicit(&c->frontend_ns, memory_order_relaxed);
    *ret_network_ns = atomic_load_explicit(&c->network_ns, memory_order_relaxed);
    *ret_steps = atomic_load_explicit(&c->steps, memory_order_relaxed);
}

struct engine_listener *engine_listener_new(tragus_model *m, tragus_grammar *g, const struct decoder_options *o) {
    struct engine_listener *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->grammar = tragus_grammar_ref(g);
    unsigned n_labels = nn_model_n_labels(engine_model_network(m));
    struct base_arena counting = {0};
    decoder_place(&counting, engine_grammar_graph(g), n_labels, o);
    if (base_arena_init(&l->arena, counting.used_bytes) < 0) {
        engine_listener_free(l);
        return NULL;
    }
    l->decoder = decoder_place(&l->arena, engine_grammar_graph(g), n_labels, o);
    base_arena_seal(&l->arena);
    return l;
}

void engine_listener_free(struct engine_listener *l) {
    if (!l)
        return;
    base_arena_done(&l->arena);
    tragus_grammar_unref(l->grammar);
    free(l);
}

void engine_listener_start(struct engine_listener *l, uint64_t hop) {
    l->start_hop = hop;
    decoder_start(l->decoder);
}

uint64_t engine_listener_start_hop(const struct engine_listener *l) {
    return l->start_hop;
}

struct decoder *engine_listener_decoder(struct engine_listener *l) {
    return l->decoder;
}

tragus_grammar *engine_listener_grammar(struct engine_listener *l) {
    return l->grammar;
}
