/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/arm64/gemm_dotprod.c: gemm_s8 and gemm_s32 for AArch64 with the dot product instructions (Armv8.2 DotProd: Cortex-A55,
 * A75 and later; the Raspberry Pi 5).
 *
 * sdot adds four exact products of signed bytes to each 32-bit lane; the packed layout is designed for it. A register holds sixteen
 * inputs; each of its lanes holds the four inputs of one group. Four rows share the loads of the weights, or two, the most frequent
 * number in the daemon.
 */
#include "nn/kernels/arm64/requantise.h"
#include "nn/kernels/variants.h"

#include <arm_neon.h>
#include <string.h>

/* sum[i]: outputs 4 i .. 4 i + 3 of the block at w. */
static inline void sum_block(int32x4_t sum[4], const int8_t *x, const int8_t *w, const int32_t *bias, size_t k_in) {
    int32x4_t odd[4]; /* sums of every second group, because additions to a single set would wait for each other */
    size_t k = 0;

#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++) {
        sum[i] = vld1q_s32(bias + 4 * i);
        odd[i] = vdupq_n_s32(0);
    }
    for (; k + 16 <= k_in; k += 16) {
        int8x16_t x16 = vld1q_s8(x + k);

#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            sum[i] = vdotq_laneq_s32(sum[i], vld1q_s8(w + k * 16 + i * 16), x16, 0);
            odd[i] = vdotq_laneq_s32(odd[i], vld1q_s8(w + k * 16 + 64 + i * 16), x16, 1);
            sum[i] = vdotq_laneq_s32(sum[i], vld1q_s8(w + k * 16 + 128 + i * 16), x16, 2);
            odd[i] = vdotq_laneq_s32(odd[i], vld1q_s8(w + k * 16 + 192 + i * 16), x16, 3);
        }
    }
    for (; k < k_in; k += 4) {
        int32_t four;

        memcpy(&four, x + k, sizeof(four));
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++)
            sum[i] = vdotq_s32(sum[i], vld1q_s8(w + k * 16 + i * 16), vreinterpretq_s8_s32(vdupq_n_s32(four)));
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++)
        sum[i] = vaddq_s32(sum[i], odd[i]);
}

/* The same for n_rows rows, a constant: 2 or 4. sum[m]: of row m. */
static inline __attribute__((always_inline)) void sum_rows(int32x4_t sum[][4], size_t n_rows, const int8_t *x, ptrdiff_t x_stride,
                                                           const int8_t *w, const int32_t *bias, size_t k_in) {
    int8x16_t x16[4];
    size_t k = 0;

#pragma GCC unroll 4
    for (size_t m = 0; m < n_rows; m++)
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++)
            sum[m][i] = vld1q_s32(bias + 4 * i);
    for (; k + 16 <= k_in; k += 16) {
#pragma GCC unroll 4
        for (size_t m = 0; m < n_rows; m++)
            x16[m] = vld1q_s8(x + (ptrdiff_t)m * x_stride + k);
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            int8x16_t w0 = vld1q_s8(w + k * 16 + i * 16), w1 = vld1q_s8(w + k * 16 + 64 + i * 16);
            int8x16_t w2 = vld1q_s8(w + k * 16 + 128 + i * 16), w3 = vld1q_s8(w + k * 16 + 192 + i * 16);

#pragma GCC unroll 4
            for (size_t m = 0; m < n_rows; m++)
                sum[m][i] = vdotq_laneq_s32(sum[m][i], w0, x16[m], 0);
#pragma GCC unroll 4
            for (size_t m = 0; m < n_rows; m++)
                sum[m][i] = vdotq_laneq_s32(sum[m][i], w1, x16[m], 1);
#pragma GCC unroll 4
            for (size_t m = 0; m < n_rows; m++)
                sum[m][i] = vdotq_laneq_s32(sum[m][i], w2, x16[m], 2);
#pragma GCC unroll 4
            for (size_t m = 0; m < n_rows; m++)
                sum[m][i] = vdotq_laneq_s32(sum[m][i], w3, x16[m], 3);
        }
    }
    for (; k < k_in; k += 4)
#pragma GCC unroll 4
        for (size_t m = 0; m < n_rows; m++) {
            int32_t four;

            memcpy(&four, x + (ptrdiff_t)m * x_stride + k, sizeof(four));
#pragma GCC unroll 4
            for (size_t i = 0; i < 4; i++)
                sum[m][i] = vdotq_s32(sum[m][i], vld1q_s8(w + k * 16 + i * 16), vreinterpretq_s8_s32(vdupq_n_s32(four)));
        }
}

void nn_gemm_s8_dotprod(int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w,
                        const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out,
                        int32_t low) {
    int32x4_t lowest = vdupq_n_s32(low), sum[4][4];

    for (size_t n = 0; n < n_out; n += NN_OUT_BLOCK) {
        const int8_t *row = x;
        int8_t *to = out + n;
        size_t left = n_rows;

        for (; left >= 4; left -= 4, row += 4 * x_stride) {
            sum_rows(sum, 4, row, x_stride, w + n * k_in, bias + n, k_in);
            for (size_t m = 0; m < 4; m++, to += out_stride)
                store_block(to, sum[m], multiplier + n, shift + n, lowest);
        }
        if (left >= 2) {
            sum_rows(sum, 2, row, x_stride, w + n * k_in, bias + n, k_in);
            for (size_t m = 0; m < 2; m++, to += out_stride)
                store_block(to, sum[m], multiplier + n, shift + n, lowest);
            left -= 2;
            row += 2 * x_stride;
        }
        if (left > 0) {
            sum_block(sum[0], row, w + n * k_in, bias + n, k_in);
            store_block(to, sum[0], multiplier + n, shift + n, lowest);
        }
    }
}

void nn_gemm_s32_dotprod(int32_t *out, ptrdiff_t out_stride_elements, const int8_t *x, ptrdiff_t x_stride, size_t n_rows,
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
