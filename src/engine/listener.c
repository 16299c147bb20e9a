/* SPDX-License-Identifier: Apache-2.0 */
/* engine/listener.c: allocates a session's listener. The only place that chooses among the tables of listener/listener.h.
 */
#include "engine/private.h"
#include "nn/nn.h"

#include <errno.h>
#include <stdlib.h>

/* Added to the longest pause that a sentence may contain, so that the gate never ends a sentence before the endpoint rules do. */
#define HANG_MARGIN_HOPS 20
#define NEVER_MS 86400000u

static uint32_t longest(uint32_t a, uint32_t b, uint32_t c) {
    uint32_t ab = a > b ? a : b;
    return ab > c ? ab : c;
}

static uint32_t longest_pause_ms(const struct decoder_options *o, const struct graph *g) {
    uint32_t most_ms = longest(o->final_silence_ms, o->end_silence_ms, o->open_silence_ms);
    for (uint32_t i = 0; i < g->n_pauses; i++) {
        const struct grammar_pauses *p = &g->pauses[i];
        uint32_t ms = longest(p->final_silence_ms, p->end_silence_ms, p->open_silence_ms);
        most_ms = ms > most_ms ? ms : most_ms;
    }
    return most_ms;
}

/* g NULL: the graph belongs to the model. */
static struct engine_listener *listener_new(tragus_grammar *g, const struct decoder_setup *setup, const struct listener_ops *ops) {
    struct engine_listener *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->grammar = tragus_grammar_ref(g);
    l->ops = ops;
    l->row_width = setup->row_width;
    struct base_arena counting = {0};
    l->ops->place(&counting, setup);
    if (base_arena_init(&l->arena, counting.used_bytes) < 0) {
        engine_listener_free(l);
        return NULL;
    }
    l->state = l->ops->place(&l->arena, setup);
    base_arena_seal(&l->arena);
    return l;
}

static struct engine_listener *grammar_listener_new(tragus_model *m, tragus_grammar *g, const tragus_session_options *o,
                                                    const struct listener_ops *ops) {
    struct decoder_setup setup = {.graph = engine_grammar_graph(g),
                                  .n_labels = nn_model_n_labels(engine_model_network(m)),
                                  .row_width = nn_model_row_width(engine_model_network(m)),
                                  .verifier = nn_model_verifier(engine_model_network(m)),
                                  .options = engine_decoder_options(m, o)};
    uint16_t min_confidence_q15 = (uint16_t)setup.options.min_confidence_q15;
    /* The decoder does not know what sentences mean. So it keeps whatever the least demanding intent would accept. */
    int32_t least_q15 = (int32_t)(grammar_least_confidence(engine_grammar_sentences(g)) * (1 << 15));
    if (least_q15 > 0 && least_q15 < setup.options.min_confidence_q15)
        setup.options.min_confidence_q15 = least_q15;
    struct engine_listener *l = listener_new(g, &setup, ops);
    if (!l)
        return NULL;
    l->min_confidence_q15 = min_confidence_q15;
    l->hang_hops = longest_pause_ms(&setup.options, setup.graph) / ENGINE_HOP_MS +
                   nn_model_look_ahead_hops(engine_model_network(m)) + HANG_MARGIN_HOPS;
    return l;
}

struct engine_listener *engine_listener_new(tragus_model *m, tragus_grammar *g, const tragus_session_options *o) {
    return grammar_listener_new(m, g, o, &decoder_listener);
}

struct engine_listener *engine_spotter_new(tragus_model *m, tragus_grammar *g, const tragus_session_options *o) {
    return grammar_listener_new(m, g, o, &decoder_spotter);
}

/* The session's own listener decides when an utterance ends, so no silence ends it for this one. */
int engine_fallback_new(struct engine_listener **ret, tragus_model *m, const tragus_session_options *o) {
    *ret = NULL;
    if (!o || !o->fallback)
        return 0;
    struct decoder_setup setup = {.graph = engine_model_dictation(m, NULL),
                                  .n_labels = nn_model_n_labels(engine_model_network(m)),
                                  .row_width = nn_model_row_width(engine_model_network(m)),
                                  .options = engine_decoder_options(m, o)};
    if (!setup.graph)
        return -ENODATA;
    setup.options.final_silence_ms = setup.options.end_silence_ms = setup.options.open_silence_ms = NEVER_MS;
    setup.options.min_confidence_q15 = 0;
    *ret = listener_new(NULL, &setup, &decoder_listener);
    return *ret ? 0 : -ENOMEM;
}

void engine_listener_free(struct engine_listener *l) {
    if (!l)
        return;
    if (l->account)
        base_account_give_back(l->account, l->arena.size_bytes);
    base_arena_done(&l->arena);
    tragus_grammar_unref(l->grammar);
    free(l);
}

size_t engine_listener_bytes(const struct engine_listener *l) {
    return l->arena.size_bytes;
}

bool engine_listener_count(struct engine_listener *l, struct base_account *a, size_t most_bytes) {
    if (!base_account_take(a, l->arena.size_bytes, most_bytes))
        return false;
    l->account = a;
    return true;
}

uint32_t engine_listener_hang_hops(const struct engine_listener *l) {
    return l->hang_hops;
}
