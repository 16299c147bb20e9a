/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/levels.h"

#include <string.h>

#define NOISE_PERCENT 10
#define SPEECH_PERCENT 95
#define CLIPPED 32700 /* a filter rounds the flat tops off a little */

void levels_init(struct levels *l, uint32_t cpu_flags) {
    memset(l, 0, sizeof(*l));
    frontend_gate_init(&l->gate, NULL, cpu_flags);
}

void levels_push_db(struct levels *l, double level_db) {
    int bin = (int)(0.5 - level_db);
    l->counts[bin < 0 ? 0 : bin < LEVELS_BINS ? bin : LEVELS_BINS - 1]++;
    l->n_hops++;
}

static void end_hop(struct levels *l) {
    int64_t sum = 0, squares = 0;

    for (size_t i = 0; i < FRONTEND_HOP; i++) {
        sum += l->hop[i];
        squares += (int64_t)l->hop[i] * l->hop[i];
    }
    int64_t mean_square = (squares - sum * sum / FRONTEND_HOP) / FRONTEND_HOP;
    levels_push_db(l, frontend_level_cdb((uint64_t)mean_square) / 100.0);
    l->n_open += frontend_gate_push(&l->gate, l->hop);
    l->n_in_hop = 0;
}

void levels_push(struct levels *l, const int16_t *pcm, size_t n) {
    for (size_t i = 0; i < n; i++) {
        l->sum += pcm[i];
        l->n_clipped += pcm[i] >= CLIPPED || pcm[i] <= -CLIPPED;
        l->hop[l->n_in_hop++] = pcm[i];
        if (l->n_in_hop == FRONTEND_HOP)
            end_hop(l);
    }
    l->n_samples += n;
}

/* The level below which this share of the hops is. */
static double percentile_db(const struct levels *l, unsigned percent) {
    uint64_t above = 0;
    int bin = 0;

    for (; bin < LEVELS_BINS - 1; bin++) {
        above += l->counts[bin];
        if (above * 100 > l->n_hops * (100 - percent))
            break;
    }
    return -bin;
}

void levels_end(const struct levels *l, struct levels_result *ret) {
    double n = l->n_samples > 0 ? (double)l->n_samples : 1.0;

    *ret = (struct levels_result){
        .noise_db = percentile_db(l, NOISE_PERCENT),
        .speech_db = percentile_db(l, SPEECH_PERCENT),
        .clipped = (double)l->n_clipped / n,
        .offset = (double)l->sum / n / 32768.0,
        .open_ms = l->n_open * FRONTEND_HOP * 1000 / FRONTEND_RATE,
        .only_silence = l->counts[LEVELS_BINS - 1] == l->n_hops,
    };
}
