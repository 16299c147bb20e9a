/* SPDX-License-Identifier: Apache-2.0 */
/* nn/model.h: the checked view of a model file, shared by the loader (model.c) and the runtime (nn.c). For this room only. */
#ifndef TRAGUS_NN_MODEL_H
#define TRAGUS_NN_MODEL_H

#include "nn/nn.h"
#include "nn/verifier.h"
#include "store/store.h"

#define NN_MAX_OPS 64
#define NN_UNPACKED_BYTES 16384

enum nn_op_kind { NN_CONV = 1, NN_DEPTHWISE = 2, NN_ADD = 3, NN_LOGITS = 4, NN_CONV_S4 = 5, NN_SKETCH = 6 };

/* Operation i writes buffer i + 1. Row t of that buffer can be computed when feature row t * hops + look_ahead is available. It
 * needs the rows of buffer `from` from t * stride - left on (and row t of from_b). */
struct nn_op {
    enum nn_op_kind kind;
    uint32_t from, from_b;
    uint32_t n_in, n_out, taps, stride, left;
    int32_t low;
    uint32_t shift;            /* ADD, LOGITS */
    const int32_t *bias;       /* all but ADD */
    const int32_t *multiplier; /* CONV, CONV_S4, DEPTHWISE, SKETCH: [n_out]; ADD: ma, mb; LOGITS: one */
    const uint8_t *shifts;     /* CONV, CONV_S4, DEPTHWISE, SKETCH */
    const int8_t *weights;     /* CONV, DEPTHWISE, SKETCH, LOGITS */
    const uint8_t *packed;     /* CONV_S4 */
    uint32_t hops, look_ahead;
};

/* Rows of n_channels int8. */
struct nn_buffer {
    uint32_t n_channels;
    uint32_t hops, look_ahead; /* as of its operation; buffer 0: 1 and 0 */
    uint32_t n_keep;           /* how many of the newest rows must be kept, at least 1 */
};

/* Blocks of outputs whose weights are unpacked together: as many as stay in the first cache of a small CPU. */
static inline size_t nn_unpacked_blocks(const struct nn_op *op) {
    size_t block_bytes = (size_t)op->taps * op->n_in * NN_OUT_BLOCK, n = NN_UNPACKED_BYTES / block_bytes;

    return n < 1 ? 1 : n;
}

#define NN_VERIFIER_TABLES 8u
#define NN_VERIFIER_MAX_HIDDEN 256u

struct nn_verifier { /* first NULL: the model has none */
    const struct nn_kernels *kernels;
    uint32_t n_channels, reach, n_inputs, n_hidden, n_second;
    uint32_t n_rows[NN_VERIFIER_TABLES];
    const int32_t *tables[NN_VERIFIER_TABLES];
    const int8_t *first, *second, *last;
    const int32_t *multiplier, *second_bias, *second_multiplier;
    const uint8_t *shift, *second_shift;
    int32_t last_bias, last_multiplier;
    uint32_t last_shift;
};

struct nn_model {
    struct store *store;
    struct nn_kernels kernels;
    uint32_t step_hops, n_labels, n_ops;
    uint32_t n_sketch; /* channels of the sketch, the result of operation n_ops - 2; 0: there is none */
    struct nn_verifier verifier;
    struct nn_op ops[NN_MAX_OPS];
    struct nn_buffer buffers[NN_MAX_OPS + 1];
    const int32_t *input_multiplier;
    const char *labels[NN_MAX_LABELS];
    const char *passport;
    size_t passport_bytes;
    uint32_t n_test_rows, n_test_steps;
    const int16_t *test_features, *test_result;
};

/* A position in a section. */
struct nn_reader {
    const unsigned char *next;
    size_t left_bytes;
};

/* The next n_bytes; NULL if there are not so many. */
static inline const void *nn_take(struct nn_reader *r, uint64_t n_bytes) {
    const void *p = r->next;

    if (n_bytes > r->left_bytes)
        return NULL;
    r->next += n_bytes;
    r->left_bytes -= (size_t)n_bytes;
    return p;
}

/* Loads the verifier of a model whose program is loaded. Returns 0, or -EBADMSG with a message that names the file. */
int nn_verifier_load(struct nn_model *m, const char *path, tragus_error *reterr);

#endif
