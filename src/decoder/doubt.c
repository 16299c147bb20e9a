/* SPDX-License-Identifier: Apache-2.0 */
/* decoder/doubt.c: asks the model's verifier (nn/verifier.h) about each two neighbouring phones of a path, and about its beginning
 * and end. */
#include "decoder/state.h"

#include <string.h>

#define END_STEPS 4         /* from the first or last phone to the place before or after it that is looked at: 120 ms */
#define SIDE_STEPS 8        /* before the first phone and after the last, which count as their gap */
#define MOST_DOUBT_Q8 30720 /* 120 nats */

/* ln(1 + exp(-x)) for x = -8, -7.5 .. 8, Q8. */
#define SOFTPLUS_MAX_Q8 (8 * 256)
static const uint16_t softplus_q8[33] = {2048, 1920, 1792, 1664, 1537, 1409, 1282, 1155, 1029, 904, 780,
                                         660,  544,  436,  336,  249,  177,  121,  80,   52,   32,  20,
                                         12,   8,    5,    3,    2,    1,    1,    0,    0,    0,   0};

static int32_t doubt_of(int32_t logit_q8) {
    if (logit_q8 <= -SOFTPLUS_MAX_Q8)
        return -logit_q8;
    if (logit_q8 >= SOFTPLUS_MAX_Q8)
        return 0;
    uint32_t at = (uint32_t)(logit_q8 + SOFTPLUS_MAX_Q8);
    uint32_t low = softplus_q8[at / 128], high = softplus_q8[at / 128 + 1];
    return (int32_t)(low - ((low - high) * (at % 128) + 64) / 128);
}

struct rows { /* that may be looked at */
    int64_t first, last;
};

static int8_t *sketch_in(const struct decoder *d, int64_t step) {
    return d->sketches + (size_t)((d->max_rows + d->base_row + step) % d->max_rows) * d->n_sketch;
}

void decoder_hear_sketch(struct decoder *d, const int16_t *row) {
    if (!d->verifier)
        return;
    int8_t *sketch = sketch_in(d, d->step);
    for (unsigned i = 0; i < d->n_sketch; i++)
        sketch[i] = (int8_t)row[d->n_labels + i];
}

/* Copies the sketches around a step; rows that may not be looked at are 0. */
static void copy_around(const struct decoder *d, const struct rows *r, int64_t middle, int8_t *to) {
    int64_t reach = nn_verifier_reach(d->verifier);
    for (int64_t step = middle - reach; step <= middle + reach; step++, to += d->n_sketch) {
        if (step < r->first || step > r->last)
            memset(to, 0, d->n_sketch);
        else
            memcpy(to, sketch_in(d, step), d->n_sketch);
    }
}

/* The rows from..to, as far as they may be looked at. */
static void add_gap(const struct decoder *d, const struct rows *r, int64_t from, int64_t to, struct nn_verifier_pair *p) {
    from = from > r->first ? from : r->first;
    to = to < r->last ? to : r->last;
    memset(p->gap, 0, sizeof(p->gap));
    p->n_gap = from <= to ? (uint32_t)(to - from + 1) : 0;
    p->gap_loss_q8 = decoder_silence_lost(d, from, to);
    for (int64_t step = from; step <= to; step++) {
        const int8_t *sketch = sketch_in(d, step);
        for (unsigned i = 0; i < d->n_sketch; i++)
            p->gap[i] += sketch[i];
    }
}

static struct nn_verifier_phone phone_of(const struct decoder *d, const struct decoder_entry *e) {
    struct nn_verifier_phone p = {
        .label = d->graph->arcs[e->arc].phone, .n_rows = e->end_step - e->start_step + 1, .loss_q8 = INT32_MAX};
    for (uint32_t step = e->start_step; step <= e->end_step; step++) {
        int32_t loss_q8 = -decoder_row(d, step)[p.label];
        p.loss_q8 = loss_q8 < p.loss_q8 ? loss_q8 : p.loss_q8;
    }
    return p;
}

/* Phone i of a path, or the place before or after all. Returns the step in its middle. */
static int64_t look(const struct decoder *d, const struct decoder_path *path, int64_t i, struct nn_verifier_phone *ret) {
    *ret = (struct nn_verifier_phone){.n_rows = 1};
    if (i < 0)
        return (int64_t)decoder_history_phone(d, path, 0)->start_step - END_STEPS;
    if (i == path->n_phones)
        return (int64_t)path->last.end_step + END_STEPS;
    const struct decoder_entry *e = decoder_history_phone(d, path, (uint32_t)i);
    *ret = phone_of(d, e);
    return ((int64_t)e->start_step + e->end_step) / 2;
}

/* What the verifier doubts of the pair of phones i - 1 and i, Q8 nats. */
static int32_t doubt_before(const struct decoder *d, const struct decoder_path *path, const struct rows *r, uint32_t i) {
    struct nn_verifier_pair p;
    int64_t around = (2 * (int64_t)nn_verifier_reach(d->verifier) + 1) * d->n_sketch;
    copy_around(d, r, look(d, path, (int64_t)i - 1, &p.before), p.x);
    copy_around(d, r, look(d, path, i, &p.after), p.x + around);
    int64_t from =
        i > 0 ? decoder_history_phone(d, path, i - 1)->end_step : decoder_history_phone(d, path, 0)->start_step - SIDE_STEPS - 1;
    int64_t to = i < path->n_phones ? decoder_history_phone(d, path, i)->start_step : path->last.end_step + SIDE_STEPS + 1;
    add_gap(d, r, from + 1, to - 1, &p);
    return doubt_of(nn_verifier_logit(d->verifier, &p));
}

static bool is_free(const struct decoder *d, const struct decoder_path *path, uint32_t i) {
    return i < path->n_phones && decoder_history_phone(d, path, i)->arc >= d->graph->tree_arc;
}

void decoder_doubts(const struct decoder *d, const struct decoder_path *path, int64_t from, int64_t to,
                    int32_t f[DECODER_N_FEATURES], uint32_t *ret_worst) {
    const struct rows r = {from, to};
    int64_t sum = 0;
    f[DECODER_DOUBT] = f[DECODER_WORST_DOUBT] = 0;
    if (!d->verifier || d->spots)
        return;
    for (uint32_t i = 0; i <= path->n_phones; i++) {
        if (is_free(d, path, i) || (i > 0 && is_free(d, path, i - 1)))
            continue;
        int32_t doubt = doubt_before(d, path, &r, i);
        sum += doubt;
        if (doubt > f[DECODER_WORST_DOUBT])
            *ret_worst = i;
        f[DECODER_WORST_DOUBT] = doubt > f[DECODER_WORST_DOUBT] ? doubt : f[DECODER_WORST_DOUBT];
    }
    f[DECODER_DOUBT] = (int32_t)(sum < MOST_DOUBT_Q8 ? sum : MOST_DOUBT_Q8);
}
