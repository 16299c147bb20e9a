/* SPDX-License-Identifier: Apache-2.0 */
/* nn/verifier_load.c: reads and checks the section "verifier" as nn/verifier.h defines it, so that nothing is checked later. */
#include "nn/model.h"

#include <errno.h>
#include <stdlib.h>

#define N_WORDS 5
#define LIMIT (1 << 24) /* of an entry of a table, and of a bias */

struct loader {
    struct nn_verifier *v;
    struct nn_reader from;
    const char *path;
    tragus_error *reterr;
};

#define refuse(l, ...) base_error_at((l)->reterr, -EBADMSG, (l)->path, 0, 0, __VA_ARGS__)

static int load_shape(struct loader *l, const struct nn_model *m) {
    struct nn_verifier *v = l->v;
    const uint32_t *w = nn_take(&l->from, N_WORDS * sizeof(uint32_t));
    const uint32_t n_rows[NN_VERIFIER_TABLES] = {m->n_labels,         m->n_labels,        NN_VERIFIER_GAPS,   NN_VERIFIER_LENGTHS,
                                                 NN_VERIFIER_LENGTHS, NN_VERIFIER_LOSSES, NN_VERIFIER_LOSSES, NN_VERIFIER_LOSSES};

    if (!w || w[0] != 1)
        return refuse(l, "the verifier has version %u, this tragus reads version 1", w ? (unsigned)w[0] : 0);
    v->n_channels = w[1];
    v->reach = w[2];
    v->n_hidden = w[3];
    v->n_second = w[4];
    if (v->n_channels != m->n_sketch || m->n_sketch == 0)
        return refuse(l, "the verifier wants %u channels, the sketch has %u", (unsigned)v->n_channels, (unsigned)m->n_sketch);
    if (v->reach > NN_VERIFIER_MAX_REACH || v->n_hidden < NN_OUT_BLOCK || v->n_hidden > NN_VERIFIER_MAX_HIDDEN ||
        v->n_hidden % NN_OUT_BLOCK != 0 || v->n_second < NN_OUT_BLOCK || v->n_second > NN_VERIFIER_MAX_HIDDEN ||
        v->n_second % NN_OUT_BLOCK != 0)
        return refuse(l, "the verifier has reach %u and %u and %u units, which is out of range", (unsigned)v->reach,
                      (unsigned)v->n_hidden, (unsigned)v->n_second);
    v->n_inputs = (2 * (2 * v->reach + 1) + 2) * v->n_channels;
    for (unsigned i = 0; i < NN_VERIFIER_TABLES; i++)
        v->n_rows[i] = n_rows[i];
    return 0;
}

static bool are_within(const int32_t *x, size_t n, int32_t least, int32_t most) {
    for (size_t i = 0; i < n; i++)
        if (x[i] < least || x[i] > most)
            return false;
    return true;
}

static bool are_shifts(const uint8_t *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (x[i] < 1 || x[i] > 62)
            return false;
    return true;
}

/* Everything but the weights. */
static int load_numbers(struct loader *l) {
    struct nn_verifier *v = l->v;
    bool right = true;

    for (unsigned i = 0; i < NN_VERIFIER_TABLES && right; i++) {
        size_t n = (size_t)v->n_rows[i] * v->n_hidden;
        v->tables[i] = nn_take(&l->from, n * sizeof(int32_t));
        right = v->tables[i] && are_within(v->tables[i], n, -LIMIT, LIMIT);
    }
    v->multiplier = nn_take(&l->from, v->n_hidden * sizeof(int32_t));
    v->shift = nn_take(&l->from, v->n_hidden);
    v->second_bias = nn_take(&l->from, v->n_second * sizeof(int32_t));
    v->second_multiplier = nn_take(&l->from, v->n_second * sizeof(int32_t));
    v->second_shift = nn_take(&l->from, v->n_second);
    const int32_t *last = nn_take(&l->from, 3 * sizeof(int32_t));
    if (!right || !v->multiplier || !v->shift || !v->second_bias || !v->second_multiplier || !v->second_shift || !last ||
        !are_within(v->multiplier, v->n_hidden, 0, INT32_MAX) || !are_shifts(v->shift, v->n_hidden) ||
        !are_within(v->second_bias, v->n_second, -LIMIT, LIMIT) || !are_within(v->second_multiplier, v->n_second, 0, INT32_MAX) ||
        !are_shifts(v->second_shift, v->n_second) || !are_within(last, 1, -LIMIT, LIMIT) ||
        !are_within(last + 1, 1, 0, INT32_MAX) || !are_within(last + 2, 1, 1, 62))
        return refuse(l, "the numbers of the verifier are missing or out of range");
    v->last_bias = last[0];
    v->last_multiplier = last[1];
    v->last_shift = (uint32_t)last[2];
    return 0;
}

/* No sum can overflow: of at most NN_VERIFIER_MAX_INPUTS products and NN_VERIFIER_TABLES entries. */
_Static_assert((int64_t)NN_VERIFIER_MAX_INPUTS * 127 * 127 + (int64_t)NN_VERIFIER_TABLES * LIMIT <= INT32_MAX,
               "sums fit in 32 bits");

static int load_weights(struct loader *l, const unsigned char *section) {
    struct nn_verifier *v = l->v;
    size_t n_first = (size_t)v->n_inputs * v->n_hidden, n_second = (size_t)v->n_hidden * v->n_second;
    size_t padding = (64 - (size_t)(l->from.next - section) % 64) % 64;
    const unsigned char *zeros = nn_take(&l->from, padding);
    const int8_t *weights = nn_take(&l->from, n_first + n_second + v->n_second);

    if (!zeros || !weights || l->from.left_bytes != 0)
        return refuse(l, "the weights of the verifier do not have the size that its shape implies");
    for (size_t i = 0; i < padding; i++)
        if (zeros[i] != 0)
            return refuse(l, "the numbers of the verifier are not padded with zeros");
    for (size_t i = 0; i < n_first + n_second + v->n_second; i++)
        if (weights[i] == INT8_MIN)
            return refuse(l, "the verifier has the weight -128, which is out of range");
    v->second = weights + n_first;
    v->last = v->second + n_second;
    v->first = weights;
    return 0;
}

int nn_verifier_load(struct nn_model *m, const char *path, tragus_error *reterr) {
    struct loader l = {.v = &m->verifier, .path = path, .reterr = reterr};
    const unsigned char *section = store_section(m->store, "verifier", &l.from.left_bytes);
    int r;

    if (!section)
        return 0;
    l.from.next = section;
    m->verifier.kernels = &m->kernels;
    r = load_shape(&l, m);
    if (r >= 0)
        r = load_numbers(&l);
    if (r >= 0)
        r = load_weights(&l, section);
    return r;
}
