/* SPDX-License-Identifier: Apache-2.0 */
/* nn/logsoftmax.c: computes -d - ln(sum of exp(-d)), with d = largest logit - logit.
 *
 * exp(-d) is the product of one table for whole nats and one for 1/256 nat. The sum is split into a power of two and a mantissa in
 * [1, 2); the logarithm of the mantissa is interpolated between 129 points, with an error below (1 / 128)^2 / 8 = 2^-17.
 */
#include "nn/logsoftmax.h"
#include "base/assert.h"
#include "base/fixed.h"

#define LN2_Q16 45426

static int64_t exp_minus_q30(int32_t d_q8) {
    int32_t whole = d_q8 >> 8;

    /* exp(-22) is below half of the last bit. */
    return whole > 21 ? 0 : base_round_shift((int64_t)nn_exp_whole_q30[whole] * nn_exp_part_q30[d_q8 & 255], 30);
}

/* x_q30: 1 to 64, because each of at most 64 terms is at most 1 and one is 1. */
static int32_t ln_q8(int64_t x_q30) {
    int octave = 33 - __builtin_clzll((unsigned long long)x_q30);
    int64_t mantissa = (x_q30 >> octave) - ((int64_t)1 << 30);
    int64_t i = mantissa >> 23, part_q23 = mantissa & ((1 << 23) - 1);
    int64_t y_q16 = nn_ln_q16[i] + base_round_shift((nn_ln_q16[i + 1] - nn_ln_q16[i]) * part_q23, 23) + (int64_t)octave * LN2_Q16;

    return (int32_t)base_round_shift(y_q16, 8);
}

void nn_log_softmax(int16_t *out, const int16_t *logits, size_t n) {
    int32_t largest = logits[0], ln_sum;
    int64_t sum_q30 = 0;

    base_assert(n >= 1 && n <= 64);
    for (size_t i = 1; i < n; i++)
        largest = logits[i] > largest ? logits[i] : largest;
    for (size_t i = 0; i < n; i++)
        sum_q30 += exp_minus_q30(largest - logits[i]);
    ln_sum = ln_q8(sum_q30);
    for (size_t i = 0; i < n; i++)
        out[i] = (int16_t)base_clamp(logits[i] - largest - ln_sum, INT16_MIN, 0);
}
