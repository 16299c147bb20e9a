/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/cepstrum.c: all 40 coefficients are kept, so no information is lost; they are only less correlated than the bands,
 * which suits 8-bit activations better. Subtracting the mean removes what room, microphone and gain add to every row (cepstral
 * mean normalisation, Atal, 1974). A recursive mean, whose time constant grows from 100 to 300 hops, tracks like a sliding mean
 * and needs no history.
 */
#include "frontend/cepstrum.h"
#include "base/assert.h"
#include "base/fixed.h"

/* Subtracted from the log-mel energies (0 .. 2^14) before the sum and added back after it. They are then within 2^13; the
 * magnitudes in a table row add up to at most 207,240 < 2^17.7, so the sum of 40 products stays within 2^30.7. */
#define CENTRE_Q8 8192

void frontend_dct(const struct frontend_kernels *k, const int16_t log_mel_q8[FRONTEND_BANDS], int32_t ret_q8[FRONTEND_FEATURES]) {
    int16_t centred_q8[FRONTEND_BANDS];
    int32_t sums[FRONTEND_FEATURES];
    for (unsigned j = 0; j < FRONTEND_BANDS; j++) {
        base_debug_assert(log_mel_q8[j] >= 0 && log_mel_q8[j] < 2 * CENTRE_Q8);
        centred_q8[j] = (int16_t)(log_mel_q8[j] - CENTRE_Q8);
    }
    k->cepstrum_sums(sums, frontend_dct_q15, centred_q8, FRONTEND_FEATURES);
    for (unsigned i = 0; i < FRONTEND_FEATURES; i++) {
        ret_q8[i] = (int32_t)base_round_shift(sums[i] + (int64_t)frontend_dct_sum_q15[i] * CENTRE_Q8, 15);
    }
}

void frontend_mean_reset(struct frontend_mean *m) {
    for (unsigned i = 0; i < FRONTEND_FEATURES; i++) {
        m->mean_q20[i] = frontend_mean_prior_q8[i] * 4096;
    }
    m->n_hops = FRONTEND_MEAN_PRIOR_HOPS;
}

void frontend_mean_subtract(struct frontend_mean *m, const int32_t row_q8[FRONTEND_FEATURES], int16_t ret_row[FRONTEND_FEATURES]) {
    if (m->n_hops < FRONTEND_MEAN_HOPS) {
        m->n_hops++;
    }
    for (unsigned i = 0; i < FRONTEND_FEATURES; i++) {
        m->mean_q20[i] += (row_q8[i] * 4096 - m->mean_q20[i]) / m->n_hops; /* |row| < 320: below 2^30 in Q20 */
        ret_row[i] = (int16_t)base_clamp(row_q8[i] - base_round_shift(m->mean_q20[i], 12), INT16_MIN, INT16_MAX);
    }
}
