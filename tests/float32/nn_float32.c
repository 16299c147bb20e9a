/* SPDX-License-Identifier: Apache-2.0 */
/* tests/float32/nn_float32.c: the network in float32, to say what its integers cost and bring; linked in place of nn/nn.c.
 *
 * The model file is the device's own with one section more, "float32", which models/training/device/quantise.py --float32 writes:
 * float input_gain[40], then for each operation but ADD bias[n_out] and weights [taps * n_in][n_out] (DEPTHWISE: [taps][n_out];
 * LOGITS: n_out labels rounded up to 16). The program, its shapes and look-aheads are the integers'; only the values are not
 * rounded.
 *
 * Rows live in rings of the lengths that the loader worked out. Sums run over 16 outputs at a time, so that the compiler keeps them
 * in vector registers: a plain but not a slow kernel.
 */
#include "base/assert.h"
#include "nn/model.h"

#include <math.h>
#include <string.h>

struct layer {
    const float *bias, *weights;
};

struct nn_state {
    const struct nn_model *m;
    const float *input_gain;
    struct layer layers[NN_MAX_OPS];
    float *rings[NN_MAX_OPS + 1]; /* row t of buffer i is at (t % n_keep) * n_channels */
    uint64_t hop, n_hops, n_steps;
};

/* Points the layers into the section. An assertion fails where the file has none, or another network's. */
static void find_weights(struct nn_state *s) {
    size_t n_bytes;
    const float *next = store_section(s->m->store, "float32", &n_bytes);
    base_assert(next);
    const float *end = next + n_bytes / sizeof(float);
    s->input_gain = next;
    next += NN_N_FEATURES;
    for (uint32_t i = 0; i < s->m->n_ops; i++) {
        const struct nn_op *op = &s->m->ops[i];
        if (op->kind == NN_ADD)
            continue;
        s->layers[i] = (struct layer){next, next + op->n_out};
        next += op->n_out + (size_t)op->taps * (op->kind == NN_DEPTHWISE ? 1 : op->n_in) * op->n_out;
    }
    base_assert(next == end);
}

struct nn_state *nn_place(struct base_arena *a, const struct nn_model *m) {
    struct nn_state *s = base_arena_place(a, sizeof(*s));
    for (uint32_t i = 0; i < m->n_ops; i++) {
        float *ring = base_arena_place(a, (size_t)m->buffers[i].n_keep * m->buffers[i].n_channels * sizeof(float));
        if (s)
            s->rings[i] = ring;
    }
    if (!s)
        return NULL;
    s->m = m;
    find_weights(s);
    nn_reset(s);
    return s;
}

void nn_reset(struct nn_state *s) {
    s->hop = s->n_steps = 0;
    s->n_hops = UINT64_MAX;
}

/* Row t of buffer i; NULL where it lies outside the sound, which is to be taken for zeros. */
static float *row_at(const struct nn_state *s, uint32_t i, int64_t t) {
    const struct nn_buffer *b = &s->m->buffers[i];
    if (t < 0 || (uint64_t)t * b->hops >= s->n_hops)
        return NULL;
    return s->rings[i] + (size_t)((uint64_t)t % b->n_keep) * b->n_channels;
}

/* sums[16] += sum_k x[k] * w[k][16]. */
static void multiply(float sums[NN_OUT_BLOCK], const float *x, const float *w, size_t n_in, size_t n_out) {
    float local[NN_OUT_BLOCK];
    memcpy(local, sums, sizeof(local));
    for (size_t k = 0; k < n_in; k++)
        for (size_t n = 0; n < NN_OUT_BLOCK; n++)
            local[n] += x[k] * w[k * n_out + n];
    memcpy(sums, local, sizeof(local));
}

/* Row t of operation i's output. */
static void compute(const struct nn_state *s, uint32_t i, int64_t t, float *out) {
    const struct nn_op *op = &s->m->ops[i];
    const struct layer *l = &s->layers[i];
    int64_t first = t * op->stride - op->left;

    if (op->kind == NN_ADD) {
        const float *a = row_at(s, op->from, t), *b = row_at(s, op->from_b, t);
        for (uint32_t n = 0; n < op->n_out; n++)
            out[n] = a[n] + b[n];
    } else {
        memcpy(out, l->bias, op->n_out * sizeof(float));
    }
    for (uint32_t tap = 0; op->kind != NN_ADD && tap < op->taps; tap++) {
        const float *x = row_at(s, op->from, first + tap);
        if (!x)
            continue;
        if (op->kind == NN_DEPTHWISE)
            for (uint32_t n = 0; n < op->n_out; n++)
                out[n] += x[n] * l->weights[tap * op->n_out + n];
        else
            for (uint32_t n = 0; n < op->n_out; n += NN_OUT_BLOCK)
                multiply(out + n, x, l->weights + (size_t)tap * op->n_in * op->n_out + n, op->n_in, op->n_out);
    }
    for (uint32_t n = 0; op->low == 0 && n < op->n_out; n++)
        out[n] = out[n] > 0 ? out[n] : 0;
}

static void log_softmax(const float *logits, unsigned n, int16_t *ret_q8) {
    float most = logits[0], sum = 0;
    for (unsigned i = 1; i < n; i++)
        most = fmaxf(most, logits[i]);
    for (unsigned i = 0; i < n; i++)
        sum += expf(logits[i] - most);
    for (unsigned i = 0; i < n; i++)
        ret_q8[i] = (int16_t)fmaxf(rintf(256 * (logits[i] - most - logf(sum))), INT16_MIN);
}

/* One hop on, as nn/nn.c's: each operation computes the row that is due. */
static bool advance(struct nn_state *s, const int16_t *row, int16_t *ret_posteriors) {
    bool step = false;
    float *input = row_at(s, 0, (int64_t)s->hop);
    for (uint32_t c = 0; row && c < NN_N_FEATURES; c++)
        input[c] = (float)row[c] * s->input_gain[c];
    for (uint32_t i = 0; i < s->m->n_ops; i++) {
        const struct nn_op *op = &s->m->ops[i];
        float logits[NN_MAX_LABELS];
        if (s->hop < op->look_ahead || (s->hop - op->look_ahead) % op->hops != 0 || s->hop - op->look_ahead >= s->n_hops)
            continue;
        int64_t t = (int64_t)((s->hop - op->look_ahead) / op->hops);
        step = op->kind == NN_LOGITS;
        compute(s, i, t, step ? logits : row_at(s, i + 1, t));
        if (step)
            log_softmax(logits, s->m->n_labels, ret_posteriors);
    }
    s->hop++;
    s->n_steps += step;
    return step;
}

size_t nn_push(struct nn_state *s, const int16_t *rows, size_t n_rows, int16_t *ret_posteriors) {
    size_t n_steps = 0;
    for (size_t i = 0; i < n_rows; i++)
        n_steps += advance(s, rows + i * NN_N_FEATURES, ret_posteriors + n_steps * s->m->n_labels);
    return n_steps;
}

size_t nn_flush(struct nn_state *s, int16_t *ret_posteriors) {
    if (s->n_hops == UINT64_MAX)
        s->n_hops = s->hop;
    while (s->n_steps * s->m->step_hops < s->n_hops)
        if (advance(s, NULL, ret_posteriors))
            return 1;
    return 0;
}

/* The model's own test vector is of its integers. */
int nn_model_check(const struct nn_model *m, tragus_error *reterr) {
    (void)m;
    (void)reterr;
    return 0;
}
