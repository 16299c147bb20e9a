/* SPDX-License-Identifier: Apache-2.0 */
#include "decoder/evidence.h"
#include "base/assert.h"
#include "base/fixed.h"
#include "decoder/state.h"

#define WINDOW_STEPS 6u /* 180 ms */
#define WIDE_STEPS 20u  /* 600 ms */
#define LOG2_E_Q8 369
#define HALF_NAT_Q8 128
#define EXACT_PRIOR_Q8 1536 /* 6 nats */
#define LN2_Q16 45426
#define LN_2_15_Q8 2662

/* 2^(-i / 16) in Q15 */
static const uint16_t exp2_q15[16] = {32768, 31379, 30048, 28774, 27554, 26386, 25268, 24196,
                                      23170, 22188, 21247, 20347, 19484, 18658, 17867, 17109};

/* exp(x) in Q15 for x <= 0 in Q8, within 5 %. */
static uint32_t exp_q15(int32_t x_q8) {
    uint32_t log2_q8 = (uint32_t)(-x_q8 * LOG2_E_Q8) >> 8;
    return log2_q8 >> 8 > 15 ? 0 : (uint32_t)exp2_q15[(log2_q8 >> 4) % 16] >> (log2_q8 >> 8);
}

int32_t decoder_ln_q8(uint32_t n) {
    if (n == 0)
        return 0;
    unsigned whole = 31u - (unsigned)__builtin_clz(n);
    int64_t log2_q8 = (int64_t)(((uint64_t)n << 8) >> whole) - 256 + (int64_t)whole * 256;
    return (int32_t)base_round_shift(log2_q8 * LN2_Q16, 16);
}

struct spread { /* of a row's likelihoods, relative to its greatest */
    int32_t log_sum_q8, entropy_q8;
};

static struct spread spread_of(const struct decoder *d, int64_t step) {
    const int16_t *row = decoder_row(d, step);
    uint32_t sum = 0;
    uint64_t weighted = 0;
    for (unsigned i = 0; i < d->n_labels; i++) {
        uint32_t p = exp_q15(row[i]);
        sum += p;
        weighted += (uint64_t)p * (uint32_t)-row[i];
    }
    int32_t log_sum = decoder_ln_q8(sum) - LN_2_15_Q8;
    return (struct spread){log_sum, log_sum + (int32_t)(weighted / (sum > 0 ? sum : 1))}; /* never 0: the greatest adds 2^15 */
}

static void raise_to(int32_t *most, int32_t value) {
    *most = value > *most ? value : *most;
}

/* Where a phone's posterior is greatest: the entropy there, and -ln of the posterior. */
static void add_peak(const struct decoder *d, const struct decoder_entry *e, int64_t *entropies, int64_t *surprises) {
    unsigned phone = d->graph->arcs[e->arc].phone;
    int32_t least = INT32_MAX, entropy = 0;
    for (uint32_t step = e->start_step; step <= e->end_step; step++) {
        struct spread s = spread_of(d, step);
        int32_t surprise = s.log_sum_q8 - decoder_row(d, step)[phone];
        if (surprise < least) {
            least = surprise;
            entropy = s.entropy_q8;
        }
    }
    *entropies += entropy;
    *surprises += least;
}

/* What a path loses in a step; `at` is the first of its phones that has not ended before. */
static int32_t loss_in(const struct decoder *d, const struct decoder_path *path, uint32_t at, int64_t step) {
    unsigned label = 0;
    if (at < path->n_phones) {
        const struct decoder_entry *e = decoder_history_phone(d, path, at);
        label = e->start_step <= step ? d->graph->arcs[e->arc].phone : 0;
    }
    return -decoder_row(d, step)[label];
}

static uint32_t phone_in(const struct decoder *d, const struct decoder_path *path, uint32_t at, int64_t step) {
    while (at < path->n_phones && decoder_history_phone(d, path, at)->end_step < step)
        at++;
    return at;
}

/* The greatest loss within n steps in a row. */
static int32_t worst_window(const struct decoder *d, const struct decoder_path *path, int64_t from, int64_t to, uint32_t n) {
    int32_t sum = 0, worst = 0;
    uint32_t at = 0, leaving_at = 0;
    for (int64_t step = from; step <= to; step++) {
        at = phone_in(d, path, at, step);
        sum += loss_in(d, path, at, step);
        if (step - from >= n) {
            leaving_at = phone_in(d, path, leaving_at, step - n);
            sum -= loss_in(d, path, leaving_at, step - n);
        }
        raise_to(&worst, sum);
    }
    return worst;
}

int32_t decoder_blank_loss(const struct decoder *d, const int16_t *posteriors) {
    int32_t blank = posteriors[0] - d->options.blank_penalty_q8, best = blank;
    for (unsigned i = 1; i < d->n_labels; i++)
        best = posteriors[i] > best ? posteriors[i] : best;
    return best - blank;
}

int32_t decoder_silence_lost(const struct decoder *d, int64_t from, int64_t to) {
    int32_t sum = 0;
    for (int64_t step = from; step <= to; step++)
        sum -= decoder_row(d, step)[0];
    return sum;
}

void decoder_set_ratios(int32_t f[DECODER_N_FEATURES]) {
    /* in the order of their ratios */
    static const enum decoder_feature losses[] = {DECODER_GAP, DECODER_WORD_GAP, DECODER_WINDOW, DECODER_WORD};
    for (unsigned i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
        int64_t ratio_q8 = (int64_t)f[losses[i]] * 256 / (f[DECODER_PEAK] + HALF_NAT_Q8);
        f[DECODER_GAP_RATIO + i] = (int32_t)(ratio_q8 < INT16_MAX ? ratio_q8 : INT16_MAX);
    }
}

/* Free words fit nearly every sound, so the sound of a whole path says little of the few exact words around them: "add" and "list"
 * may be heard in much talk. These have to fit on their own, and the fewer their phones are, the better. */
static int32_t exact_loss(const struct decoder *d, const struct decoder_path *path) {
    uint32_t n_exact = 0;
    int64_t lost_q8 = EXACT_PRIOR_Q8;
    for (uint32_t i = 0; i < path->n_phones; i++) {
        const struct decoder_entry *e = decoder_history_phone(d, path, i);
        if (e->arc >= d->graph->tree_arc)
            continue;
        n_exact++;
        lost_q8 -= e->score_q8 + (i > 0 ? e->gap_q8 : 0);
    }
    return n_exact == 0 || n_exact == path->n_phones ? 0 : (int32_t)base_clamp(lost_q8 / n_exact, 0, INT16_MAX);
}

bool decoder_evidence(const struct decoder *d, const struct decoder_path *path, int32_t f[DECODER_N_FEATURES],
                      struct decoder_worst *ret) {
    uint32_t n = path->n_phones;
    base_assert(n > 0);
    int64_t first = decoder_history_phone(d, path, 0)->start_step, last = path->last.end_step;
    int64_t from = first - DECODER_EDGE_STEPS, to = last + DECODER_EDGE_STEPS;
    from = from > -(int64_t)d->n_before ? from : 1 - (int64_t)d->n_before;
    to = to < d->step ? to : d->step;
    if (from + d->max_rows <= d->step)
        return false;
    f[DECODER_GAP] = f[DECODER_WORD_GAP] = 0;
    int64_t entropies = 0, surprises = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct decoder_entry *e = decoder_history_phone(d, path, i);
        add_peak(d, e, &entropies, &surprises);
        if (i == 0)
            continue;
        if (-e->gap_q8 > f[DECODER_GAP])
            ret->gap = i;
        raise_to(&f[DECODER_GAP], -e->gap_q8);
        if (d->graph->arcs[e->arc].first)
            raise_to(&f[DECODER_WORD_GAP], -e->gap_q8);
    }
    f[DECODER_EXACT] = exact_loss(d, path);
    decoder_doubts(d, path, from, to, f, &ret->doubt);
    f[DECODER_ENTROPY] = (int32_t)(entropies / n);
    f[DECODER_PEAK] = (int32_t)(surprises / n);
    f[DECODER_BEFORE] = decoder_silence_lost(d, from, first - 1);
    f[DECODER_AFTER] = decoder_silence_lost(d, last + 1, to);
    f[DECODER_WINDOW] = d->spots ? worst_window(d, path, first, last, WINDOW_STEPS) : worst_window(d, path, from, to, WINDOW_STEPS);
    f[DECODER_WIDE] = d->spots || f[DECODER_EXACT] > 0 ? 0 : worst_window(d, path, first, last, WIDE_STEPS);
    return true;
}
