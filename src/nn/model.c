/* SPDX-License-Identifier: Apache-2.0 */
/* nn/model.c: opens a model file and checks all of it, section by section as defined in nn/nn.h, so that the runtime needs no
 * checks.
 *
 * Each check relies only on earlier ones: first the shapes in the program, then the counts of numbers that they imply, then the
 * numbers.
 */
#include "nn/model.h"
#include "base/assert.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHANNELS 4096
#define MAX_TAPS 64
#define MAX_DEPTHWISE_TAPS 31 /* kernels.h */
#define MAX_STRIDE 16
#define MAX_HOPS 64          /* 0.64 s per step is more than any use needs */
#define MAX_LOOK_AHEAD 1000  /* hops: ten seconds are too late for any use */
#define MAX_STATE (16 << 20) /* bytes of rows that a state keeps */
/* The most that the products of a CONV_S4 leave of 32 bits */
#define MAX_PACKED_BIAS (INT32_MAX - 7 * 127 * MAX_TAPS * MAX_CHANNELS)
#define ADD_LIMIT (1 << 22) /* kernels.h: the sums of an addition fit in int32 */

/* gemm needs whole groups of inputs, and n_in is one of these. */
_Static_assert(NN_N_FEATURES % NN_IN_BLOCK == 0 && NN_OUT_BLOCK % NN_IN_BLOCK == 0, "inputs come in whole groups");

struct loader {
    struct nn_model *m;
    const char *path;
    tragus_error *reterr;
    const uint32_t *words; /* of the program */
    size_t n_words;
    struct nn_reader scale, weights;
};

#define refuse(l, ...) base_error_at((l)->reterr, -EBADMSG, (l)->path, 0, 0, __VA_ARGS__)

static int section(const struct loader *l, const char *name, const void **ret, size_t *ret_bytes) {
    *ret = store_section(l->m->store, name, ret_bytes);
    return *ret ? 0 : refuse(l, "the model has no section \"%s\"; it is not a speech model", name);
}

static int load_passport(struct loader *l) {
    const void *p;
    int r = section(l, "passport", &p, &l->m->passport_bytes);

    if (r < 0)
        return r;
    l->m->passport = p;
    if (memchr(p, '\0', l->m->passport_bytes) || !base_utf8_valid(p, l->m->passport_bytes))
        return refuse(l, "the passport is not UTF-8 text");
    return 0;
}

/* Checks that the program is complete and the numbers in its header are valid. */
static int load_program_header(struct loader *l) {
    struct nn_model *m = l->m;
    const void *p;
    size_t n_bytes;
    int r = section(l, "program", &p, &n_bytes);

    if (r < 0)
        return r;
    l->words = p;
    l->n_words = n_bytes / sizeof(uint32_t);
    if (n_bytes % sizeof(uint32_t) != 0 || l->n_words < 5)
        return refuse(l, "the program has %zu bytes, which is not a header and operations", n_bytes);
    if (l->words[0] != 1)
        return refuse(l, "the program has version %u, this tragus reads version 1", (unsigned)l->words[0]);
    if (l->words[1] != NN_N_FEATURES)
        return refuse(l, "the network wants %u features a hop, this tragus makes %d", (unsigned)l->words[1], NN_N_FEATURES);
    m->step_hops = l->words[2];
    m->n_labels = l->words[3];
    m->n_ops = l->words[4];
    if (m->n_labels < 2 || m->n_labels > NN_MAX_LABELS)
        return refuse(l, "the program has %u labels, it must be 2 to %d", (unsigned)m->n_labels, NN_MAX_LABELS);
    if (m->n_ops < 1 || m->n_ops > NN_MAX_OPS)
        return refuse(l, "the program has %u operations, it must be 1 to %d", (unsigned)m->n_ops, NN_MAX_OPS);
    if (l->n_words != 5 + (size_t)m->n_ops * 10)
        return refuse(l, "the program has %zu words, but %u operations take %u", l->n_words, (unsigned)m->n_ops,
                      5 + (unsigned)m->n_ops * 10);
    return 0;
}

/* Reads operation i into *op and checks the range of each word. */
static int read_op(const struct loader *l, uint32_t i, struct nn_op *op) {
    const uint32_t *w = l->words + 5 + (size_t)i * 10;
    bool last = i + 1 == l->m->n_ops;
    uint32_t max_taps, max_stride = 1, max_shift = 0;

    if (w[0] < NN_CONV || w[0] > NN_SKETCH)
        return refuse(l, "operation %u has the unknown kind %u", (unsigned)i, (unsigned)w[0]);
    op->kind = (enum nn_op_kind)w[0];
    if ((op->kind == NN_LOGITS) != last)
        return refuse(l, "operation %u %s", (unsigned)i, last ? "is the last and does not give logits" : "gives logits too early");
    op->from = w[1];
    op->from_b = w[2];
    op->n_in = w[3];
    op->n_out = w[4];
    op->taps = w[5];
    op->stride = w[6];
    op->left = w[7];
    op->low = w[8] ? 0 : -127;
    op->shift = w[9];

    switch (op->kind) {
    case NN_CONV:
    case NN_CONV_S4:
        max_taps = MAX_TAPS;
        max_stride = MAX_STRIDE;
        break;
    case NN_DEPTHWISE:
        max_taps = MAX_DEPTHWISE_TAPS;
        break;
    case NN_ADD:
        max_taps = 1;
        max_shift = 30;
        break;
    case NN_LOGITS:
        max_taps = 1;
        max_shift = 62;
        break;
    case NN_SKETCH:
        max_taps = 1;
        break;
    }
    if (op->from > i || op->from_b > i || (op->kind != NN_ADD && op->from_b != 0))
        return refuse(l, "operation %u reads buffer %u, which is not yet written", (unsigned)i,
                      (unsigned)(op->from > i ? op->from : op->from_b));
    if (op->taps < 1 || op->taps > max_taps || op->left >= op->taps || op->stride < 1 || op->stride > max_stride)
        return refuse(l, "operation %u has %u taps, %u of them past, and stride %u, which is out of range", (unsigned)i,
                      (unsigned)op->taps, (unsigned)op->left, (unsigned)op->stride);
    if (op->kind == NN_SKETCH && (i + 2 != l->m->n_ops || w[8] != 1 || w[1] != w[11] || op->n_out > NN_MAX_SKETCH))
        return refuse(l,
                      "operation %u is a sketch, which reads what the logits after it read and has at most %d channels and a ReLU",
                      (unsigned)i, NN_MAX_SKETCH);
    if (w[8] > 1 || (op->kind == NN_LOGITS && w[8] != 0))
        return refuse(l, "operation %u has %u for its ReLU", (unsigned)i, (unsigned)w[8]);
    if (op->shift > max_shift || (op->shift == 0) != (max_shift == 0))
        return refuse(l, "operation %u shifts by %u, which is out of range", (unsigned)i, (unsigned)op->shift);
    return 0;
}

/* When an operation's row is due, the oldest row that it reads is the n-th last of a buffer. */
static void keep_rows(struct nn_buffer *b, uint32_t n) {
    if (b->n_keep < n)
        b->n_keep = n;
}

/* Checks the shapes of operation i against the buffers that it reads, and computes the channels, rate and look-ahead of its output
 * buffer. */
static int place_op(const struct loader *l, uint32_t i, struct nn_op *op) {
    struct nn_model *m = l->m;
    struct nn_buffer *a = &m->buffers[op->from], *b = &m->buffers[op->from_b], *y = &m->buffers[i + 1];

    if (op->n_in != a->n_channels)
        return refuse(l, "operation %u wants %u channels of buffer %u, which has %u", (unsigned)i, (unsigned)op->n_in,
                      (unsigned)op->from, (unsigned)a->n_channels);
    if (op->n_out < 1 || op->n_out > MAX_CHANNELS || op->n_out % NN_OUT_BLOCK != 0 ||
        ((op->kind == NN_DEPTHWISE || op->kind == NN_ADD) && op->n_out != op->n_in) ||
        (op->kind == NN_LOGITS && op->n_out != (m->n_labels + NN_OUT_BLOCK - 1) / NN_OUT_BLOCK * NN_OUT_BLOCK))
        return refuse(l, "operation %u writes %u channels, which does not fit what it does", (unsigned)i, (unsigned)op->n_out);

    op->hops = a->hops * op->stride;
    op->look_ahead = a->look_ahead + a->hops * (op->taps - 1 - op->left);
    if (op->kind == NN_ADD) {
        if (b->n_channels != a->n_channels || b->hops != a->hops)
            return refuse(l, "operation %u adds buffers %u and %u, which differ in channels or rate", (unsigned)i,
                          (unsigned)op->from, (unsigned)op->from_b);
        if (op->look_ahead < b->look_ahead)
            op->look_ahead = b->look_ahead;
    }
    if (op->hops > MAX_HOPS || op->look_ahead > MAX_LOOK_AHEAD)
        return refuse(l, "operation %u has a row each %u hops and looks %u hops ahead, at most %d and %d are allowed", (unsigned)i,
                      (unsigned)op->hops, (unsigned)op->look_ahead, MAX_HOPS, MAX_LOOK_AHEAD);

    keep_rows(a, (op->look_ahead - a->look_ahead) / a->hops + op->left + 1);
    if (op->kind == NN_ADD)
        keep_rows(b, (op->look_ahead - b->look_ahead) / b->hops + 1);
    *y = (struct nn_buffer){.n_channels = op->n_out, .hops = op->hops, .look_ahead = op->look_ahead, .n_keep = 1};
    return 0;
}

/* Reads the operation's factors from the section "scale". */
static int load_scale(struct loader *l, uint32_t i, struct nn_op *op) {
    size_t n = op->kind == NN_ADD ? 2 : op->kind == NN_LOGITS ? 1 : op->n_out;
    int64_t lowest = 0, highest = INT32_MAX;

    if (op->kind == NN_ADD) {
        lowest = 1 - ADD_LIMIT;
        highest = ADD_LIMIT - 1;
    } else {
        op->bias = nn_take(&l->scale, op->n_out * sizeof(int32_t));
    }
    op->multiplier = nn_take(&l->scale, n * sizeof(int32_t));
    bool requantises = op->kind != NN_ADD && op->kind != NN_LOGITS;
    if (requantises)
        op->shifts = nn_take(&l->scale, n);
    if (!op->multiplier || (op->kind != NN_ADD && !op->bias) || (requantises && !op->shifts))
        return refuse(l, "the section \"scale\" ends before operation %u", (unsigned)i);
    for (size_t c = 0; c < n; c++) {
        if (op->multiplier[c] < lowest || op->multiplier[c] > highest)
            return refuse(l, "operation %u has the multiplier %d, which is out of range", (unsigned)i, (int)op->multiplier[c]);
        if (op->shifts && (op->shifts[c] < 1 || op->shifts[c] > 62))
            return refuse(l, "operation %u shifts by %u, which is out of range", (unsigned)i, (unsigned)op->shifts[c]);
    }
    return 0;
}

/* Checks weights of eight bits: their range, and that sums fit in 32 bits. */
static int check_weights(const struct loader *l, uint32_t i, const struct nn_op *op, size_t k_in) {
    for (size_t block = 0; block < op->n_out; block += NN_OUT_BLOCK) {
        int64_t sum[NN_OUT_BLOCK] = {0};

        for (size_t k = 0; k < k_in; k++)
            for (size_t n = 0; n < NN_OUT_BLOCK; n++) {
                /* A sum does not depend on the order within a packed block, only on the output to which a byte belongs. */
                size_t at = op->kind == NN_DEPTHWISE ? k * op->n_out + block + n : block * k_in + k * NN_OUT_BLOCK + n;
                size_t output = op->kind == NN_DEPTHWISE ? n : (k * NN_OUT_BLOCK + n) / NN_IN_BLOCK % NN_OUT_BLOCK;

                if (op->weights[at] == INT8_MIN)
                    return refuse(l, "operation %u has the weight -128, which is out of range", (unsigned)i);
                sum[output] += abs(op->weights[at]);
            }
        for (size_t n = 0; n < NN_OUT_BLOCK; n++) {
            int64_t bias = op->bias[block + n];

            if (sum[n] * 127 + (bias < 0 ? -bias : bias) > INT32_MAX)
                return refuse(l, "output %zu of operation %u may overflow 32 bits", block + n, (unsigned)i);
            if (op->kind == NN_LOGITS && block + n >= l->m->n_labels && (sum[n] != 0 || bias != 0))
                return refuse(l, "output %zu of operation %u belongs to no label and is not zero", block + n, (unsigned)i);
        }
    }
    return 0;
}

/* Checks the weights of a CONV_S4; no sum of them can overflow. */
static int check_packed(const struct loader *l, uint32_t i, const struct nn_op *op, size_t n_bytes) {
    for (size_t k = 0; k < n_bytes; k++)
        if ((op->packed[k] & 15) == 0 || op->packed[k] >> 4 == 0)
            return refuse(l, "operation %u has the weight -8, which is out of range", (unsigned)i);
    for (uint32_t n = 0; n < op->n_out; n++)
        if (op->bias[n] > MAX_PACKED_BIAS || op->bias[n] < -MAX_PACKED_BIAS)
            return refuse(l, "output %u of operation %u may overflow 32 bits", (unsigned)n, (unsigned)i);
    return 0;
}

/* Takes the operation's weights and checks them: their range, that sums fit in 32 bits, and that the padding is zero. */
static int load_weights(struct loader *l, uint32_t i, struct nn_op *op) {
    size_t k_in = (size_t)op->taps * (op->kind == NN_DEPTHWISE ? 1 : op->n_in);
    size_t n_bytes = k_in * op->n_out / (op->kind == NN_CONV_S4 ? 2 : 1), n_padding = (64 - n_bytes % 64) % 64;
    const void *weights = nn_take(&l->weights, n_bytes);
    const int8_t *padding = nn_take(&l->weights, n_padding);

    if (!weights || !padding)
        return refuse(l, "the section \"weights\" ends before operation %u", (unsigned)i);
    for (size_t k = 0; k < n_padding; k++)
        if (padding[k] != 0)
            return refuse(l, "the weights of operation %u are not padded with zeros", (unsigned)i);
    if (op->kind == NN_CONV_S4) {
        op->packed = weights;
        return check_packed(l, i, op, n_bytes);
    }
    op->weights = weights;
    return check_weights(l, i, op, k_in);
}

static int load_program(struct loader *l) {
    struct nn_model *m = l->m;
    const void *p;
    size_t n_state = 0;
    int r = load_program_header(l);

    if (r < 0)
        return r;
    r = section(l, "scale", &p, &l->scale.left_bytes);
    l->scale.next = p;
    if (r < 0)
        return r;
    r = section(l, "weights", &p, &l->weights.left_bytes);
    l->weights.next = p;
    if (r < 0)
        return r;

    m->buffers[0] = (struct nn_buffer){.n_channels = NN_N_FEATURES, .hops = 1, .n_keep = 1};
    m->input_multiplier = nn_take(&l->scale, NN_N_FEATURES * sizeof(int32_t));
    if (!m->input_multiplier)
        return refuse(l, "the section \"scale\" ends before the input multipliers");
    for (uint32_t i = 0; i < m->n_ops; i++) {
        struct nn_op *op = &m->ops[i];

        r = read_op(l, i, op);
        if (r >= 0)
            r = place_op(l, i, op);
        if (r >= 0)
            r = load_scale(l, i, op);
        if (r >= 0 && op->kind != NN_ADD)
            r = load_weights(l, i, op);
        if (r < 0)
            return r;
    }
    if (l->scale.left_bytes != 0 || l->weights.left_bytes != 0)
        return refuse(l, "%zu bytes of \"scale\" and %zu of \"weights\" belong to no operation", l->scale.left_bytes,
                      l->weights.left_bytes);
    if (m->step_hops != m->ops[m->n_ops - 1].hops)
        return refuse(l, "the program says %u hops a step, its operations make %u", (unsigned)m->step_hops,
                      (unsigned)m->ops[m->n_ops - 1].hops);
    if (m->n_ops > 1 && m->ops[m->n_ops - 2].kind == NN_SKETCH)
        m->n_sketch = m->ops[m->n_ops - 2].n_out;
    for (uint32_t i = 0; i <= m->n_ops; i++)
        n_state += (size_t)m->buffers[i].n_keep * m->buffers[i].n_channels;
    if (n_state > MAX_STATE)
        return refuse(l, "the network would keep %zu bytes for a sound, at most %d are allowed", n_state, MAX_STATE);
    return 0;
}

static int load_labels(struct loader *l) {
    struct nn_model *m = l->m;
    struct nn_reader names;
    const void *p;
    int r = section(l, "labels", &p, &names.left_bytes);

    if (r < 0)
        return r;
    names.next = p;
    for (uint32_t i = 0; i < m->n_labels; i++) {
        const unsigned char *end = memchr(names.next, '\0', names.left_bytes);

        if (!end || end == names.next)
            return refuse(l, "label %u of %u has no name", (unsigned)i, (unsigned)m->n_labels);
        m->labels[i] = nn_take(&names, (size_t)(end - names.next) + 1);
        if (!base_utf8_valid(m->labels[i], strlen(m->labels[i])))
            return refuse(l, "label %u is not UTF-8 text", (unsigned)i);
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(m->labels[i], m->labels[j]) == 0)
                return refuse(l, "labels %u and %u have the same name", (unsigned)j, (unsigned)i);
    }
    if (names.left_bytes != 0)
        return refuse(l, "the model has more names than its %u labels", (unsigned)m->n_labels);
    if (strcmp(m->labels[0], "<blank>") != 0)
        return refuse(l, "label 0 is not <blank>");
    return 0;
}

static int load_test(struct loader *l) {
    struct nn_model *m = l->m;
    struct nn_reader test;
    const void *p;
    const uint32_t *head;
    int r = section(l, "test", &p, &test.left_bytes);

    if (r < 0)
        return r;
    test.next = p;
    head = nn_take(&test, 2 * sizeof(uint32_t));
    if (!head || head[0] < 1 || head[0] > test.left_bytes || head[1] != (head[0] + m->step_hops - 1) / m->step_hops)
        return refuse(l, "the numbers of rows and steps of the model's own test are wrong");
    m->n_test_rows = head[0];
    m->n_test_steps = head[1];
    m->test_features = nn_take(&test, (uint64_t)m->n_test_rows * NN_N_FEATURES * sizeof(int16_t));
    m->test_result = nn_take(&test, (uint64_t)m->n_test_steps * nn_model_row_width(m) * sizeof(int16_t));
    if (!m->test_features || !m->test_result || test.left_bytes != 0)
        return refuse(l, "the model's own test does not have the size of %u rows and %u steps", (unsigned)head[0],
                      (unsigned)head[1]);
    return 0;
}

int nn_model_open(struct nn_model **ret, const char *path, uint32_t cpu_flags, tragus_error *reterr) {
    static const char *const known[] = {"passport", "labels", "program", "scale", "weights", "test", "verifier"};
    struct loader l = {.m = calloc(1, sizeof(struct nn_model)), .path = path, .reterr = reterr};
    int r;

    if (!l.m)
        return base_error_set(reterr, -ENOMEM, "not enough memory to open the model");
    r = store_open(&l.m->store, path, STORE_ACOUSTIC, known, sizeof(known) / sizeof(known[0]), reterr);
    if (r >= 0)
        r = load_passport(&l);
    if (r >= 0)
        r = load_program(&l);
    if (r >= 0)
        r = load_labels(&l);
    if (r >= 0)
        r = load_test(&l);
    if (r >= 0)
        r = nn_verifier_load(l.m, path, reterr);
    if (r < 0) {
        nn_model_free(l.m);
        return r;
    }
    l.m->kernels = nn_kernels_select(cpu_flags);
    *ret = l.m;
    return 0;
}

void nn_model_free(struct nn_model *m) {
    if (!m)
        return;
    store_free(m->store);
    free(m);
}

unsigned nn_model_n_labels(const struct nn_model *m) {
    return m->n_labels;
}

unsigned nn_model_row_width(const struct nn_model *m) {
    return m->n_labels + m->n_sketch;
}

const char *nn_model_label(const struct nn_model *m, unsigned label) {
    base_assert(label < m->n_labels);
    return m->labels[label];
}

int nn_model_find_label(const struct nn_model *m, const char *name) {
    for (uint32_t i = 0; i < m->n_labels; i++)
        if (strcmp(m->labels[i], name) == 0)
            return (int)i;
    return -ENOENT;
}

unsigned nn_model_step_hops(const struct nn_model *m) {
    return m->step_hops;
}

unsigned nn_model_look_ahead_hops(const struct nn_model *m) {
    return m->ops[m->n_ops - 1].look_ahead;
}

uint64_t nn_model_macs_per_step(const struct nn_model *m) {
    uint64_t macs = 0;

    for (uint32_t i = 0; i < m->n_ops; i++) {
        const struct nn_op *op = &m->ops[i];

        if (op->kind != NN_ADD)
            macs += (uint64_t)op->taps * (op->kind == NN_DEPTHWISE ? 1 : op->n_in) * op->n_out * m->step_hops / op->hops;
    }
    return macs;
}

const char *nn_model_passport(const struct nn_model *m, size_t *ret_len) {
    *ret_len = m->passport_bytes;
    return m->passport;
}

size_t nn_model_size_bytes(const struct nn_model *m) {
    return store_size_bytes(m->store);
}

const struct nn_kernels *nn_model_kernels(const struct nn_model *m) {
    return &m->kernels;
}

int nn_model_passport_value(const struct nn_model *m, const char *key, char *out, size_t size_bytes) {
    const char *line = m->passport, *end = m->passport + m->passport_bytes;
    size_t key_bytes = strlen(key);

    while (line < end) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *line_end = newline ? newline : end;

        if ((size_t)(line_end - line) > key_bytes && memcmp(line, key, key_bytes) == 0 && line[key_bytes] == ':') {
            const char *value = line + key_bytes + 1;

            while (value < line_end && *value == ' ')
                value++;
            if ((size_t)(line_end - value) >= size_bytes)
                return -ENOBUFS;
            memcpy(out, value, (size_t)(line_end - value));
            out[line_end - value] = '\0';
            return 0;
        }
        line = newline ? newline + 1 : end;
    }
    return -ENOENT;
}
