/* SPDX-License-Identifier: Apache-2.0 */
/* nn/nn.c: runs a network on streaming features, in fixed memory.
 *
 * Row r of an operation is due with hop r * hops + look_ahead and reads its buffer from row r * stride - left on (model.h). Each
 * call runs all operations in order, and each computes the rows that are due by then, so a convolution loads its weights once for
 * several rows. Each buffer keeps its newest rows, oldest first and without gaps, so the window of a convolution is one contiguous
 * vector. When it is full, the rows that are still needed are moved to its start.
 *
 * Before a sound all rows are zero. Flushing continues with rows of zeros; rows beyond the end of each buffer are set to zero
 * instead of being computed, which is zero padding in every layer. So the results do not depend on how a sound is cut into calls.
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
    int64_t n;              /* rows of the sound so far; the newest is row n - 1 */
};

struct nn_state {
    const struct nn_model *m;
    uint64_t hop;     /* of the next row of features */
    uint64_t n_hops;  /* of the sound; UINT64_MAX while unknown */
    uint64_t n_steps; /* already returned */
    int8_t *unpacked; /* weights of the blocks that are being computed; NULL: the model has no CONV_S4 */
    struct rows buffers[NN_MAX_OPS + 1];
};

/* The bytes that the unpacked weights of any operation take. */
static size_t most_unpacked(const struct nn_model *m) {
    size_t most = 0;

    for (uint32_t i = 0; i < m->n_ops; i++) {
        const struct nn_op *op = &m->ops[i];
        size_t n = nn_unpacked_blocks(op) * NN_OUT_BLOCK * op->taps * op->n_in;

        if (op->kind == NN_CONV_S4 && n > most)
            most = n;
    }
    return most;
}

struct nn_state *nn_place(struct base_arena *a, const struct nn_model *m) {
    struct nn_state *s = base_arena_place(a, sizeof(*s));
    size_t n_unpacked = most_unpacked(m);
    int8_t *unpacked = n_unpacked > 0 ? base_arena_place(a, n_unpacked) : NULL;

    for (uint32_t i = 0; i < m->n_ops; i++) { /* the output of the last operation is not stored */
        const struct nn_buffer *b = &m->buffers[i];
        size_t n_max = 2 * (size_t)b->n_keep + NN_MAX_HOPS / b->hops + 1;
        int8_t *bytes = base_arena_place(a, n_max * b->n_channels);

        if (s)
            s->buffers[i] = (struct rows){.bytes = bytes, .n_max = n_max};
    }
    if (!s)
        return NULL;
    s->m = m;
    s->unpacked = unpacked;
    nn_reset(s);
    return s;
}

void nn_reset(struct nn_state *s) {
    s->hop = s->n_steps = 0;
    s->n_hops = UINT64_MAX;
    for (uint32_t i = 0; i < s->m->n_ops; i++) {
        struct rows *r = &s->buffers[i];

        r->n = 0;
        r->n_filled = s->m->buffers[i].n_keep;
        memset(r->bytes, 0, r->n_max * s->m->buffers[i].n_channels);
    }
}

/* Returns where the next n_new rows of buffer i go. */
static int8_t *add_rows(struct nn_state *s, uint32_t i, size_t n_new) {
    const struct nn_buffer *b = &s->m->buffers[i];
    struct rows *r = &s->buffers[i];

    if (r->n_filled + n_new > r->n_max) {
        memmove(r->bytes, r->bytes + (r->n_filled - b->n_keep) * b->n_channels, (size_t)b->n_keep * b->n_channels);
        r->n_filled = b->n_keep;
    }
    r->n_filled += n_new;
    r->n += (int64_t)n_new;
    return r->bytes + (r->n_filled - n_new) * b->n_channels;
}

/* Returns row `row` of the sound in buffer i; rows before the sound exist, too. */
static const int8_t *row_at(const struct nn_state *s, uint32_t i, int64_t row) {
    const struct rows *r = &s->buffers[i];
    size_t before_end = (size_t)(r->n - row);

    base_debug_assert(row < r->n && before_end <= r->n_filled);
    return r->bytes + (r->n_filled - before_end) * s->m->buffers[i].n_channels;
}

/* Computes rows of a CONV_S4: some blocks of outputs at a time, so that their unpacked weights stay in the cache. */
static void compute_s4(const struct nn_state *s, const struct nn_op *op, const int8_t *x, size_t n_rows, int8_t *out) {
    const struct nn_kernels *k = &s->m->kernels;
    size_t k_in = (size_t)op->taps * op->n_in, step = nn_unpacked_blocks(op) * NN_OUT_BLOCK;

    for (size_t n = 0; n < op->n_out; n += step) {
        size_t n_out = op->n_out - n < step ? op->n_out - n : step;

        k->unpack_s4(s->unpacked, op->packed + n * k_in / 2, n_out * k_in / NN_GROUP);
        k->gemm_s8(out + n, (ptrdiff_t)op->n_out, x, (ptrdiff_t)op->stride * (ptrdiff_t)op->n_in, n_rows, s->unpacked, op->bias + n,
                   op->multiplier + n, op->shifts + n, k_in, n_out, op->low);
    }
}

/* Computes the next n_rows rows of an operation, from row `row` of the sound on. */
static void compute_rows(const struct nn_state *s, const struct nn_op *op, uint64_t row, size_t n_rows, int8_t *out) {
    const struct nn_kernels *k = &s->m->kernels;
    const int8_t *x = row_at(s, op->from, (int64_t)(row * op->stride) - op->left);

    switch (op->kind) {
    case NN_CONV:
    case NN_SKETCH:
        k->gemm_s8(out, (ptrdiff_t)op->n_out, x, (ptrdiff_t)op->stride * (ptrdiff_t)op->n_in, n_rows, op->weights, op->bias,
                   op->multiplier, op->shifts, (size_t)op->taps * op->n_in, op->n_out, op->low);
        break;
    case NN_CONV_S4:
        compute_s4(s, op, x, n_rows, out);
        break;
    case NN_DEPTHWISE:
        k->dwconv_s8(out, x, n_rows, op->weights, op->bias, op->multiplier, op->shifts, op->n_out, op->taps, op->low);
        break;
    case NN_ADD:
        k->add_s8(out, x, row_at(s, op->from_b, (int64_t)row), n_rows * op->n_out, op->multiplier[0], op->multiplier[1], op->shift,
                  op->low);
        break;
    case NN_LOGITS:
        base_assert(false); /* its rows are not bytes */
        break;
    }
}

static void compute_posteriors(const struct nn_state *s, const struct nn_op *op, uint64_t row, size_t n_rows, int16_t *ret_rows) {
    const struct nn_model *m = s->m;
    int32_t sums[NN_MAX_HOPS * NN_MAX_LABELS];

    m->kernels.gemm_s32(sums, (ptrdiff_t)op->n_out, row_at(s, op->from, (int64_t)row), (ptrdiff_t)op->n_in, n_rows, op->weights,
                        op->bias, op->n_in, op->n_out);
    for (size_t i = 0; i < n_rows; i++) {
        int16_t *posteriors = ret_rows + i * nn_model_row_width(m);

        for (uint32_t n = 0; n < m->n_labels; n++)
            posteriors[n] = (int16_t)base_clamp(base_round_shift((int64_t)sums[i * op->n_out + n] * op->multiplier[0], op->shift),
                                                INT16_MIN, INT16_MAX);
        nn_log_softmax(posteriors, posteriors, m->n_labels);
        const int8_t *sketch = m->n_sketch > 0 ? row_at(s, m->n_ops - 1, (int64_t)(row + i)) : NULL;
        for (uint32_t c = 0; c < m->n_sketch; c++)
            posteriors[m->n_labels + c] = sketch[c];
    }
}

static void quantise_rows(const struct nn_model *m, const int16_t *rows, size_t n_rows, int8_t *out) {
    for (size_t i = 0; i < n_rows * NN_N_FEATURES; i++)
        out[i] = (int8_t)base_clamp(base_round_shift((int64_t)rows[i] * m->input_multiplier[i % NN_N_FEATURES], 16), -127, 127);
}

/* Returns how many rows of an operation are due after n_hops hops. */
static uint64_t rows_due(const struct nn_op *op, uint64_t n_hops) {
    return n_hops > op->look_ahead ? (n_hops - 1 - op->look_ahead) / op->hops + 1 : 0;
}

/* Processes n_rows hops. rows: features, or NULL after the end of the sound. Returns the number of posterior rows written. */
static size_t advance(struct nn_state *s, const int16_t *rows, size_t n_rows, int16_t *ret_rows) {
    const struct nn_model *m = s->m;
    int8_t *input = add_rows(s, 0, n_rows);
    size_t n_steps = 0;

    if (rows)
        quantise_rows(m, rows, n_rows, input);
    else
        memset(input, 0, n_rows * NN_N_FEATURES);
    for (uint32_t i = 0; i < m->n_ops; i++) {
        const struct nn_op *op = &m->ops[i];
        uint64_t first = rows_due(op, s->hop), n_all = s->n_hops / op->hops + (s->n_hops % op->hops != 0); /* of the sound */
        size_t n_new = (size_t)(rows_due(op, s->hop + n_rows) - first);
        size_t n_inside = n_all <= first ? 0 : n_all - first < n_new ? (size_t)(n_all - first) : n_new;

        if (op->kind == NN_LOGITS) {
            n_steps = n_inside;
            if (n_steps > 0)
                compute_posteriors(s, op, first, n_steps, ret_rows);
        } else if (n_new > 0) {
            int8_t *out = add_rows(s, i + 1, n_new);

            if (n_inside > 0)
                compute_rows(s, op, first, n_inside, out);
            memset(out + n_inside * op->n_out, 0, (n_new - n_inside) * op->n_out);
        }
    }
    s->hop += n_rows;
    s->n_steps += n_steps;
    return n_steps;
}

size_t nn_push(struct nn_state *s, const int16_t *rows, size_t n_rows, int16_t *ret_rows) {
    base_assert(s->n_hops == UINT64_MAX && n_rows <= NN_MAX_HOPS);
    return advance(s, rows, n_rows, ret_rows);
}

size_t nn_flush(struct nn_state *s, int16_t *ret_rows) {
    size_t n_steps = 0;

    if (s->n_hops == UINT64_MAX)
        s->n_hops = s->hop;
    while (n_steps == 0 && s->n_steps * s->m->step_hops < s->n_hops)
        n_steps = advance(s, NULL, NN_MAX_HOPS, ret_rows);
    return n_steps;
}

/* Compares one row with the expected one. Returns 0 or -EBADMSG. */
static int compare_step(const struct nn_model *m, uint32_t step, const int16_t *row, tragus_error *reterr) {
    const int16_t *expected = m->test_result + (size_t)step * nn_model_row_width(m);

    for (uint32_t n = 0; n < nn_model_row_width(m); n++)
        if (row[n] != expected[n])
            return base_error_set(reterr, -EBADMSG, "step %u, %s: the kernels %s, %s, %s and %s give %d, the model's own test %d",
                                  (unsigned)step, n < m->n_labels ? m->labels[n] : "sketch", m->kernels.gemm_name,
                                  m->kernels.dwconv_name, m->kernels.add_name, m->kernels.unpack_name, row[n], expected[n]);
    return 0;
}

/* Runs the file's own test on a fresh state. Returns 0 or -EBADMSG. */
static int run_test(struct nn_state *s, tragus_error *reterr) {
    const struct nn_model *m = s->m;
    int16_t posteriors[NN_MAX_HOPS * NN_MAX_WIDTH];
    uint32_t row = 0, step = 0;

    for (;;) {
        size_t n_rows = m->n_test_rows - row < NN_MAX_HOPS ? m->n_test_rows - row : NN_MAX_HOPS, n_steps;

        if (n_rows > 0)
            n_steps = nn_push(s, m->test_features + (size_t)row * NN_N_FEATURES, n_rows, posteriors);
        else if ((n_steps = nn_flush(s, posteriors)) == 0)
            break;
        row += (uint32_t)n_rows;
        for (size_t i = 0; i < n_steps; i++) {
            int r = compare_step(m, step++, posteriors + i * nn_model_row_width(m), reterr);

            if (r < 0)
                return r;
        }
    }
    base_assert(step == m->n_test_steps);
    return 0;
}

int nn_model_check(const struct nn_model *m, tragus_error *reterr) {
    struct base_arena a = {0};
    int r;

    nn_place(&a, m);
    r = base_arena_init(&a, a.used_bytes);
    if (r < 0)
        return base_error_set(reterr, r, "not enough memory for the network's state");
    r = run_test(nn_place(&a, m), reterr);
    base_arena_done(&a);
    return r;
}
