/* SPDX-License-Identifier: Apache-2.0 */
/* nn/verifier.c: computes what nn/verifier.h defines, with the kernels of the network. */
#include "nn/verifier.h"
#include "base/assert.h"
#include "base/fixed.h"
#include "nn/model.h"

#define SUM_SHIFT 3u /* of a gap's sketches */

const struct nn_verifier *nn_model_verifier(const struct nn_model *m) {
    return m->verifier.first ? &m->verifier : NULL;
}

unsigned nn_verifier_reach(const struct nn_verifier *v) {
    return v->reach;
}

unsigned nn_verifier_n_channels(const struct nn_verifier *v) {
    return v->n_channels;
}

/* Exact up to 11 rows. */
static uint32_t gap_class(uint32_t n_rows) {
    static const uint32_t from[] = {12, 16, 24, 48};
    uint32_t class = n_rows < from[0] ? n_rows : from[0] - 1;
    for (unsigned i = 0; i < sizeof(from) / sizeof(from[0]); i++)
        class += n_rows >= from[i];
    return class;
}

static uint32_t length_class(uint32_t n_rows) {
    return (uint32_t)base_clamp((int64_t)n_rows - 1, 0, NN_VERIFIER_LENGTHS - 1);
}

/* By half nats. */
static uint32_t loss_class(int32_t loss_q8) {
    return (uint32_t)base_clamp(loss_q8 / 128, 0, NN_VERIFIER_LOSSES - 1);
}

static void add_gap(const struct nn_verifier *v, struct nn_verifier_pair *p) {
    int8_t *mean = p->x + (size_t)2 * (2 * v->reach + 1) * v->n_channels, *sum = mean + v->n_channels;
    int32_t n = p->n_gap > 0 ? (int32_t)p->n_gap : 1;
    for (uint32_t c = 0; c < v->n_channels; c++) { /* sketches are not negative */
        mean[c] = (int8_t)base_clamp((p->gap[c] + n / 2) / n, 0, 127);
        sum[c] = (int8_t)base_clamp(base_round_shift(p->gap[c], SUM_SHIFT), 0, 127);
    }
}

/* The rows of the tables that this pair selects. */
static void select_rows(const struct nn_verifier *v, const struct nn_verifier_pair *p, const int32_t *ret[NN_VERIFIER_TABLES]) {
    const uint32_t at[NN_VERIFIER_TABLES] = {p->before.label,
                                             p->after.label,
                                             gap_class(p->n_gap),
                                             length_class(p->before.n_rows),
                                             length_class(p->after.n_rows),
                                             loss_class(p->before.loss_q8),
                                             loss_class(p->after.loss_q8),
                                             loss_class(p->gap_loss_q8)};
    for (unsigned i = 0; i < NN_VERIFIER_TABLES; i++) {
        base_assert(at[i] < v->n_rows[i]);
        ret[i] = v->tables[i] + (size_t)at[i] * v->n_hidden;
    }
}

int32_t nn_verifier_logit(const struct nn_verifier *v, struct nn_verifier_pair *p) {
    const int32_t *rows[NN_VERIFIER_TABLES];
    int32_t bias[NN_VERIFIER_MAX_HIDDEN], sum = v->last_bias;
    int8_t hidden[NN_VERIFIER_MAX_HIDDEN], second[NN_VERIFIER_MAX_HIDDEN];
    add_gap(v, p);
    select_rows(v, p, rows);
    for (uint32_t h = 0; h < v->n_hidden; h++) {
        bias[h] = 0;
        for (unsigned i = 0; i < NN_VERIFIER_TABLES; i++)
            bias[h] += rows[i][h];
    }
    v->kernels->gemm_s8(hidden, v->n_hidden, p->x, v->n_inputs, 1, v->first, bias, v->multiplier, v->shift, v->n_inputs,
                        v->n_hidden, 0);
    v->kernels->gemm_s8(second, v->n_second, hidden, v->n_hidden, 1, v->second, v->second_bias, v->second_multiplier,
                        v->second_shift, v->n_hidden, v->n_second, 0);
    for (uint32_t i = 0; i < v->n_second; i++)
        sum += second[i] * v->last[i];
    return (int32_t)base_clamp(base_round_shift((int64_t)sum * v->last_multiplier, v->last_shift), INT16_MIN, INT16_MAX);
}
