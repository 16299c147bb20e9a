/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/arm64/gemm_neon.c: gemm_s8 and gemm_s32 for every AArch64.
 *
 * smull and smlal add two products of bytes in 16 bits: 2 * 127 * 127 = 32258 fits. sadalp adds neighbours of these to 32-bit sums.
 * A register of weights holds four inputs of four outputs, so a sum register holds two halves of two outputs, which addp joins at
 * the end. The second product comes from the next group of four inputs.
 */
#include "nn/kernels/arm64/requantise.h"
#include "nn/kernels/variants.h"

#include <arm_neon.h>
#include <string.h>

static inline int8x16_t broadcast_inputs(const int8_t *x) {
    int32_t four;

    memcpy(&four, x, sizeof(four));
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

/* sum[i]: outputs 4 i .. 4 i + 3 of the block at w. */
static inline void sum_block(int32x4_t sum[4], const int8_t *x, const int8_t *w, const int32_t *bias, size_t k_in) {
    int32x4_t low[4], high[4]; /* halves of outputs 4 i, 4 i + 1, and of 4 i + 2, 4 i + 3 */
    size_t k = 0;

#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++)
        low[i] = high[i] = vdupq_n_s32(0);
    for (; k + 8 <= k_in; k += 8) {
        int8x16_t x0 = broadcast_inputs(x + k), x1 = broadcast_inputs(x + k + 4);

#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            int8x16_t w0 = vld1q_s8(w + k * 16 + i * 16), w1 = vld1q_s8(w + k * 16 + 64 + i * 16);
            int16x8_t pairs_low = vmull_s8(vget_low_s8(w0), vget_low_s8(x0)), pairs_high = vmull_high_s8(w0, x0);

            low[i] = vpadalq_s16(low[i], vmlal_s8(pairs_low, vget_low_s8(w1), vget_low_s8(x1)));
            high[i] = vpadalq_s16(high[i], vmlal_high_s8(pairs_high, w1, x1));
        }
    }
    if (k < k_in) {
        int8x16_t x0 = broadcast_inputs(x + k);

#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            int8x16_t w0 = vld1q_s8(w + k * 16 + i * 16);

            low[i] = vpadalq_s16(low[i], vmull_s8(vget_low_s8(w0), vget_low_s8(x0)));
            high[i] = vpadalq_s16(high[i], vmull_high_s8(w0, x0));
        }
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++)
        sum[i] = vaddq_s32(vld1q_s32(bias + 4 * i), vpaddq_s32(low[i], high[i]));
}

void nn_gemm_s8_neon(int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w,
                     const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out, int32_t low) {
    for (size_t n = 0; n < n_out; n += NN_OUT_BLOCK)
        for (size_t m = 0; m < n_rows; m++) {
            int32x4_t sum[4];

            sum_block(sum, x + (ptrdiff_t)m * x_stride, w + n * k_in, bias + n, k_in);
            store_block(out + (ptrdiff_t)m * out_stride + n, sum, multiplier + n, shift + n, vdupq_n_s32(low));
        }
}

void nn_gemm_s32_neon(int32_t *out, ptrdiff_t out_stride_elements, const int8_t *x, ptrdiff_t x_stride, size_t n_rows,
                      const int8_t *w, const int32_t *bias, size_t k_in, size_t n_out) {
    for (size_t n = 0; n < n_out; n += NN_OUT_BLOCK)
        for (size_t m = 0; m < n_rows; m++) {
            int32x4_t sum[4];

            sum_block(sum, x + (ptrdiff_t)m * x_stride, w + n * k_in, bias + n, k_in);
#pragma GCC unroll 4
            for (size_t i = 0; i < 4; i++)
                vst1q_s32(out + (ptrdiff_t)m * out_stride_elements + n + 4 * i, sum[i]);
        }
}
