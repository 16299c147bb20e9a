/* SPDX-License-Identifier: Apache-2.0 */
/* decoder/place.c: the memory and the options of a decoder. */
#include "base/assert.h"
#include "base/fixed.h"
#include "decoder/state.h"

#include <string.h>

#define MANY (1u << 24)
#define MAX_SWEEPS 16u
#define MAX_ROWS 4096     /* two minutes */
#define MOST_MS 86400000u /* a day, longer than any utterance: no sum of durations leaves 32 bits */

static uint32_t at_most_a_day(uint32_t ms) {
    return ms < MOST_MS ? ms : MOST_MS;
}

static struct decoder_options checked(const struct decoder_options *o) {
    struct decoder_options c = *o;
    c.blank_penalty_q8 = (int32_t)base_clamp(c.blank_penalty_q8, -32768, 32767);
    c.free_beam_q8 = (int32_t)base_clamp(c.free_beam_q8, 0, 1 << 24);
    c.beam_q8 = (int32_t)base_clamp(c.beam_q8, 0, 1 << 24);
    c.word_penalty_q8 = (int32_t)base_clamp(c.word_penalty_q8, 0, 1 << 16);
    c.prior_q8 = (int32_t)base_clamp(c.prior_q8, 0, 1 << 16);
    c.min_confidence_q15 = (int32_t)base_clamp(c.min_confidence_q15, 0, 1 << 15);
    c.filler_penalty_q8 = (int32_t)base_clamp(c.filler_penalty_q8, 0, 1 << 20);
    c.final_silence_ms = at_most_a_day(c.final_silence_ms);
    c.end_silence_ms = at_most_a_day(c.end_silence_ms);
    c.open_silence_ms = at_most_a_day(c.open_silence_ms);
    c.no_speech_ms = at_most_a_day(c.no_speech_ms);
    c.max_speech_ms = at_most_a_day(c.max_speech_ms);
    return c;
}

/* For each node, the fewest phones to a final node, and which one that is. Most arcs go to higher nodes, so few sweeps are
 * needed. */
static void measure_to_end(uint16_t *to_end, uint8_t *ending, const struct graph *g) {
    for (uint32_t n = 0; n < g->n_nodes; n++) {
        to_end[n] = g->is_final[n] ? 0 : UINT16_MAX;
        ending[n] = g->is_final[n];
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t n = g->n_nodes; n-- > 0;) {
            for (uint32_t a = g->first_arc[n]; a < g->first_arc[n + 1]; a++) {
                uint32_t through = to_end[g->arcs[a].to] + 1u;
                if (through < to_end[n]) {
                    to_end[n] = (uint16_t)through;
                    ending[n] = ending[g->arcs[a].to];
                    changed = true;
                }
            }
        }
    }
}

/* Counts the paths from the start to a final node, up to MANY; a loop counts as many. */
static uint32_t count_ways(uint32_t *ways, const struct graph *g) {
    memset(ways, 0, g->n_nodes * sizeof *ways);
    bool changed = true;
    for (unsigned sweep = 0; sweep < MAX_SWEEPS && changed; sweep++) {
        changed = false;
        for (uint32_t n = g->n_nodes; n-- > 0;) {
            uint32_t sum = g->is_final[n] > 0;
            for (uint32_t a = g->first_arc[n]; a < g->first_arc[n + 1]; a++) {
                sum += ways[g->arcs[a].to];
                sum = sum < MANY ? sum : MANY;
            }
            changed |= sum != ways[n];
            ways[n] = sum;
        }
    }
    return ways[g->start];
}

/* What only a step without free words needs. */
static void place_step(struct base_arena *a, struct decoder *d) {
    d->arc_index = base_arena_place(a, d->graph->n_arcs * sizeof *d->arc_index);
    d->nodes = base_arena_place(a, d->max_tokens * sizeof *d->nodes);
    d->handled = base_arena_place(a, d->max_tokens);
    d->arc_candidates = base_arena_place(a, d->graph->n_arcs * sizeof *d->arc_candidates);
    d->node_candidates = base_arena_place(a, d->max_tokens * sizeof *d->node_candidates);
}

struct decoder *decoder_place(struct base_arena *a, const struct decoder_setup *setup) {
    const struct graph *g = setup->graph;
    const struct decoder_options *o = &setup->options;
    unsigned n_labels = setup->n_labels;
    uint64_t most = (uint64_t)g->n_arcs + g->n_nodes;
    uint32_t max_tokens = (uint32_t)base_clamp(o->max_tokens, 1, (int64_t)most);
    uint32_t max_history = (uint32_t)base_clamp(o->max_history, LISTENER_MAX_WORDS, 1 << 24);
    struct decoder placed = {.options = checked(o),
                             .graph = g,
                             .n_labels = n_labels,
                             .row_width = setup->row_width,
                             .verifier = setup->verifier,
                             .max_tokens = max_tokens,
                             .max_history = max_history};
    base_assert(setup->row_width >= n_labels);
    placed.n_sketch = setup->verifier ? nn_verifier_n_channels(setup->verifier) : 0;
    struct decoder *d = base_arena_place(a, sizeof *d);
    placed.gain = base_arena_place(a, n_labels * sizeof *d->gain);
    placed.max_rows = (uint32_t)base_clamp(((int64_t)o->no_speech_ms + o->max_speech_ms) / o->step_ms + 8, 8, MAX_ROWS);
    placed.rows = base_arena_place(a, (size_t)placed.max_rows * n_labels * sizeof *d->rows);
    placed.sketches = placed.n_sketch > 0 ? base_arena_place(a, (size_t)placed.max_rows * placed.n_sketch) : NULL;
    placed.path_scores = base_arena_place(a, placed.max_rows * sizeof *d->path_scores);
    placed.tokens = base_arena_place(a, max_tokens * sizeof *d->tokens);
    placed.next_tokens = base_arena_place(a, max_tokens * sizeof *d->tokens);
    placed.node_index = base_arena_place(a, g->n_nodes * sizeof *d->node_index);
    placed.kept_tokens = base_arena_place(a, max_tokens * sizeof *d->kept_tokens);
    placed.kept_filler = base_arena_place(a, n_labels * sizeof *d->kept_filler);
    placed.history = base_arena_place(a, max_history * sizeof *d->history);
    placed.history_moved = base_arena_place(a, max_history * sizeof *d->history_moved);
    placed.to_end = base_arena_place(a, g->n_nodes * sizeof *d->to_end);
    placed.ending = base_arena_place(a, g->n_nodes);
    placed.rules = base_arena_place(a, (1 + (size_t)g->n_pauses) * DECODER_N_RULES * sizeof *d->rules);
    decoder_filler_place(a, &placed.filler, n_labels);
    if (g->lm)
        placed.free = decoder_free_place(a);
    else
        place_step(a, &placed);
    if (!d)
        return NULL;

    for (uint32_t i = 0; i < g->n_arcs; i++)
        base_assert(g->arcs[i].phone > 0 && g->arcs[i].phone < n_labels);
    for (uint32_t n = 0; n < g->n_nodes; n++)
        base_assert(g->is_final[n] <= 1 + g->n_pauses);
    *d = placed;
    measure_to_end(d->to_end, d->ending, g);
    d->choice_q8 = decoder_ln_q8(count_ways(d->node_index, g)); /* the index is free to use as scratch here */
    for (uint32_t i = 0; i <= g->n_pauses; i++)
        decoder_rules(d->rules + (size_t)i * DECODER_N_RULES, &d->options, i > 0 ? &g->pauses[i - 1] : NULL);
    decoder_start(d);
    return d;
}
