/* SPDX-License-Identifier: Apache-2.0 */
/* nn/nn.c: runs a network on a sound as it comes, in fixed memory.
 *
 * Each buffer holds its newest rows, oldest first and without gaps, so that the window of a convolution is one contiguous vector.
 * When it is full the rows still needed are moved to its beginning, once every n_keep rows. Each operation's row is due at a known
 * hop, and what it reads stands at a known distance behind its buffer's newest row: both were worked out at load (model.h), so the
 * runtime is one loop over the operations and there is no difference between the ways in which a sound can be cut into calls.
 *
 * Before a sound all rows are zero. After it, flushing goes on with rows of zeros and every buffer's rows beyond its own end are
 * zero too, instead of being computed: this is what zero padding of every layer means.
 */
#include "base/assert.h"
#include "base/fixed.h"
#include "nn/logsoftmax.h"
#include "nn/model.h"

#include <errno.h>
#include <string.h>

struct rows {
    int8_t *bytes;
    size_t n_filled, n_max; /* rows */
};

struct nn_state {
    const struct nn_model *m;
    uint64_t hop;     /* of the next row of features */
    uint64_t n_hops;  /* of the sound; UINT64_MAX while it is not known */
    uint64_t n_steps; /* given out */
    struct rows buffers[NN_MAX_OPS + 1];
};

struct nn_state *nn_place(struct base_arena *a, const struct nn_model *m) {
    struct nn_state *s = base_arena_place(a, sizeof(*s));

    for (uint32_t i = 0; i < m->n_ops; i++) { /* the last operation's output leaves the network */
        size_t n_max = 2 * (size_t)m->buffers[i].n_keep;
        int8_t *bytes = base_arena_place(a, n_max * m->buffers[i].n_channels);

        if (s)
            s->buffers[i] = (struct rows){.bytes = bytes, .n_max = n_max};
    }
    if (!s)
        return NULL;
    s->m = m;
    nn_reset(s);
    return s;
}

void nn_reset(struct nn_state *s) {
    s->hop = s->n_steps = 0;
    s->n_hops = UINT64_MAX;
    for (uint32_t i = 0; i < s->m->n_ops; i++) {
        struct rows *r = &s->buffers[i];

        r->n_filled = s->m->buffers[i].n_keep - 1;
        memset(r->bytes, 0, r->n_max * s->m->buffers[i].n_channels);
    }
}

/* Where the next row of buffer i is to be written. */
static int8_t *next_row(struct nn_state *s, uint32_t i) {
    const struct nn_buffer *b = &s->m->buffers[i];
    struct rows *r = &s->buffers[i];

    if (r->n_filled == r->n_max) {
        r->n_filled = b->n_keep - 1;
        memmove(r->bytes, r->bytes + (r->n_max - r->n_filled) * b->n_channels, r->n_filled * b->n_channels);
    }
    return r->bytes + r->n_filled++ * b->n_channels;
}

/* The row of buffer i that lies `back` rows before the newest. */
static const int8_t *row_before(const struct nn_state *s, uint32_t i, uint32_t back) {
    return s->buffers[i].bytes + (s->buffers[i].n_filled - 1 - back) * s->m->buffers[i].n_channels;
}

static void compute_row(const struct nn_state *s, const struct nn_op *op, int8_t *out) {
    const struct nn_kernels *k = &s->m->kernels;
    const int8_t *x = row_before(s, op->from, op->back);

    switch (op->kind) {
    case NN_CONV:
        k->gemm_s8(out, 0, x, 0, 1, op->weights, op->bias, op->multiplier, op->shifts, (size_t)op->taps * op->n_in, op->n_out,
                   op->low);
        break;
    case NN_DEPTHWISE:
        k->dwconv_s8(out, x, 1, op->weights, op->bias, op->multiplier, op->shifts, op->n_out, op->taps, op->low);
        break;
    case NN_ADD:
        k->add_s8(out, x, row_before(s, op->from_b, op->back_b), op->n_out, op->multiplier[0], op->multiplier[1], op->shift,
                  op->low);
        break;
    case NN_LOGITS:
        base_assert(false); /* its row is not one of bytes */
        break;
    }
}

static void compute_posteriors(const struct nn_state *s, const struct nn_op *op, int16_t *ret_posteriors) {
    int32_t sums[NN_MAX_LABELS];

    s->m->kernels.gemm_s32(sums, 0, row_before(s, op->from, op->back), 0, 1, op->weights, op->bias, op->n_in, op->n_out);
    for (uint32_t n = 0; n < s->m->n_labels; n++)
        ret_posteriors[n] =
            (int16_t)base_clamp(base_round_shift((int64_t)sums[n] * op->multiplier[0], op->shift), INT16_MIN, INT16_MAX);
    nn_log_softmax(ret_posteriors, ret_posteriors, s->m->n_labels);
}

static void quantise_row(const struct nn_model *m, const int16_t *row, int8_t *out) {
    for (size_t c = 0; c < NN_N_FEATURES; c++)
        out[c] = (int8_t)base_clamp(base_round_shift((int64_t)row[c] * m->input_multiplier[c], 16), -127, 127);
}

/* One hop on. row: features, or NULL behind the end of the sound. True when a row of posteriors was written. */
static bool advance(struct nn_state *s, const int16_t *row, int16_t *ret_posteriors) {
    const struct nn_model *m = s->m;
    int8_t *input = next_row(s, 0);
    bool step = false;

    if (row)
        quantise_row(m, row, input);
    else
        memset(input, 0, NN_N_FEATURES);
    for (uint32_t i = 0; i < m->n_ops; i++) {
        const struct nn_op *op = &m->ops[i];
        bool outside;

        if (s->hop < op->look_ahead || (s->hop - op->look_ahead) % op->hops != 0)
            continue;
        outside = s->hop - op->look_ahead >= s->n_hops;
        if (op->kind == NN_LOGITS) {
            step = !outside;
            if (step)
                compute_posteriors(s, op, ret_posteriors);
        } else {
            int8_t *out = next_row(s, i + 1);

            if (outside)
                memset(out, 0, op->n_out);
            else
                compute_row(s, op, out);
        }
    }
    s->hop++;
    s->n_steps += step;
    return step;
}

bool nn_push(struct nn_state *s, const int16_t row[NN_N_FEATURES], int16_t *ret_posteriors) {
    base_assert(s->n_hops == UINT64_MAX);
    return advance(s, row, ret_posteriors);
}

bool nn_flush(struct nn_state *s, int16_t *ret_posteriors) {
    if (s->n_hops == UINT64_MAX)
        s->n_hops = s->hop;
    while (s->n_steps * s->m->step_hops < s->n_hops)
        if (advance(s, NULL, ret_posteriors))
            return true;
    return false;
}

/* Compares one row with the expected one. 0, or -EBADMSG. */
static int compare_step(const struct nn_model *m, uint32_t step, const int16_t *posteriors, struct base_error *reterr) {
    const int16_t *expected = m->test_posteriors + (size_t)step * m->n_labels;

    for (uint32_t n = 0; n < m->n_labels; n++)
        if (posteriors[n] != expected[n])
            return base_error_set(reterr, -EBADMSG, "step %u, label %s: the kernels %s, %s and %s give %d, the model's own test %d",
                                  (unsigned)step, m->labels[n], m->kernels.gemm_name, m->kernels.dwconv_name, m->kernels.add_name,
                                  posteriors[n], expected[n]);
    return 0;
}

int nn_model_check(const struct nn_model *m, struct base_error *reterr) {
    struct base_arena a = {0};
    int16_t posteriors[NN_MAX_LABELS];
    struct nn_state *s;
    uint32_t step = 0;
    int r;

    nn_place(&a, m);
    r = base_arena_init(&a, a.used_bytes);
    if (r < 0)
        return base_error_set(reterr, r, "not enough memory for the network's state");
    s = nn_place(&a, m);
    for (uint32_t i = 0; r >= 0 && i < m->n_test_rows; i++)
        if (nn_push(s, m->test_features + (size_t)i * NN_N_FEATURES, posteriors))
            r = compare_step(m, step++, posteriors, reterr);
    while (r >= 0 && nn_flush(s, posteriors))
        r = compare_step(m, step++, posteriors, reterr);
    if (r >= 0)
        base_assert(step == m->n_test_steps);
    base_arena_done(&a);
    return r;
}
