/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/gate.c: the noise floor is the minimum of the smoothed energy over the last 3.2 s (minimum statistics, Martin, 1994,
 * without its bias term). It falls immediately. Steady noise of any level raises it within 3.2 s, but speech does not, because it
 * has gaps.
 *
 * It starts at least_q8: a sound that begins with speech opens the gate; a noisy room opens it once and then closes it again. The
 * lag was chosen on commands in white noise at 10 dB: differences over one sample lose speech in 37 % of the clips, over four
 * samples in 5 %.
 */
#include "frontend/gate.h"
#include "base/fixed.h"
#include "frontend/log2.h"

#include <string.h>

#define LOG2_HOP_Q16 479850               /* log2(160) */
#define FULL_SCALE_Q8 ((int64_t)30 * 256) /* log2 of 32768 squared */

struct frontend_gate_options frontend_gate_defaults(void) {
    return (struct frontend_gate_options){.open_q8 = 2 * 256, .open_hops = 3, .hang_hops = 80, .least_q8 = 3 * 256};
}

void frontend_gate_init(struct frontend_gate *g, const struct frontend_gate_options *options, uint32_t cpu_flags) {
    *g = (struct frontend_gate){
        .options = options != NULL ? *options : frontend_gate_defaults(),
        .squares = frontend_kernels_select(cpu_flags).gate_squares,
    };
    g->floor_q8 = g->smooth_q8 = g->change_q8 = g->options.least_q8;
    for (unsigned i = 0; i < FRONTEND_GATE_MINIMA; i++) {
        g->minima_q8[i] = g->options.least_q8;
    }
    g->span = FRONTEND_GATE_MINIMA - 1; /* so that the first hop begins span 0 */
    g->span_hops = FRONTEND_GATE_SPAN;
}

/* log2 of the mean, given the sum of 160 squares. A sum of 0 counts as 1. */
static int32_t mean_square_q8(uint64_t sum) {
    return (int32_t)base_round_shift(frontend_log2_q16_of(sum > 0 ? sum : 1) - LOG2_HOP_Q16, 8);
}

/* Begins a span in place of the oldest one. Only then must the minima of the other spans be recomputed. */
static void begin_span(struct frontend_gate *g) {
    g->span = (g->span + 1) % FRONTEND_GATE_MINIMA;
    g->minima_q8[g->span] = g->smooth_q8;
    g->others_q8 = INT32_MAX;
    for (unsigned i = 0; i < FRONTEND_GATE_MINIMA; i++)
        if (i != g->span && g->minima_q8[i] < g->others_q8)
            g->others_q8 = g->minima_q8[i];
    g->span_hops = 0;
}

static void follow_floor(struct frontend_gate *g) {
    g->smooth_q8 += (g->change_q8 - g->smooth_q8) / 4;
    int32_t *newest = &g->minima_q8[g->span];
    if (g->span_hops == FRONTEND_GATE_SPAN) {
        begin_span(g);
        newest = &g->minima_q8[g->span];
    } else if (g->smooth_q8 < *newest) {
        *newest = g->smooth_q8;
    }
    g->span_hops++;
    g->floor_q8 = *newest < g->others_q8 ? *newest : g->others_q8;
    g->floor_q8 = g->floor_q8 < g->options.least_q8 ? g->options.least_q8 : g->floor_q8;
}

bool frontend_gate_push(struct frontend_gate *g, const int16_t hop[FRONTEND_HOP]) {
    memcpy(g->samples + FRONTEND_GATE_LAG, hop, FRONTEND_HOP * sizeof(*hop));
    g->squares(g->sums, g->samples + FRONTEND_GATE_LAG, g->samples, FRONTEND_HOP);
    memcpy(g->samples, g->samples + FRONTEND_HOP, FRONTEND_GATE_LAG * sizeof(*hop));
    g->level_q8 = mean_square_q8(g->sums[0]);
    g->change_q8 = mean_square_q8(g->sums[1]);
    follow_floor(g);

    uint32_t above = g->change_q8 > g->floor_q8 + g->options.open_q8;
    g->n_recent += above - (g->recent >> (FRONTEND_GATE_RECENT - 1) & 1);
    g->recent = g->recent << 1 | above;
    bool active = g->n_recent >= g->options.open_hops;
    g->quiet_hops = active ? 0 : g->quiet_hops + 1;
    g->open = active || (g->open && g->quiet_hops < g->options.hang_hops);
    return g->open;
}

static int32_t in_cdb(int32_t level_q8) {
    return (int32_t)base_clamp((level_q8 - FULL_SCALE_Q8) * 30103 / 25600, -9000, 0); /* 100 * 3.0103 dB a unit */
}

int32_t frontend_gate_level_cdb(const struct frontend_gate *g) {
    return in_cdb(g->level_q8);
}

int32_t frontend_level_cdb(uint64_t mean_square) {
    return in_cdb(frontend_log2_q16_of(mean_square + 1) >> 8);
}
