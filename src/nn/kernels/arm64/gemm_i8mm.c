/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/arm64/gemm_i8mm.c: gemm_s8 for AArch64 with the matrix instructions (Armv8.6 I8MM: Cortex-A510, A710 and later; no
 * Raspberry Pi has them). They do not help with a single row, so that uses the dot product, which all such cores have.
 *
 * smmla multiplies two rows of eight bytes by the eight weights of two outputs and adds the four exact sums to a register: {row 0:
 * outputs 0 and 1, row 1: the same}. Two groups of four inputs of the packed layout, zipped, are the weights of two pairs of
 * outputs.
 */
#include "nn/kernels/arm64/requantise.h"
#include "nn/kernels/variants.h"

#include <arm_neon.h>
#include <string.h>

#define MAX_PAIRS 2
#define INLINE static inline __attribute__((always_inline)) /* n_pairs is a constant inside */

/* Eight inputs of two rows; if n_inputs is 4, the rest is zero. */
INLINE int8x16_t two_rows(const int8_t *x, ptrdiff_t x_stride, size_t n_inputs) {
    int64_t first = 0, second = 0;

    memcpy(&first, x, n_inputs);
    memcpy(&second, x + x_stride, n_inputs);
    return vreinterpretq_s8_s64(vcombine_s64(vcreate_s64((uint64_t)first), vcreate_s64((uint64_t)second)));
}

INLINE void add_products(size_t n_pairs, int32x4_t sum[MAX_PAIRS][8], const int8x16_t x[MAX_PAIRS], int8x16_t group, int8x16_t next,
                         size_t i) {
    int8x16_t w0 = vreinterpretq_s8_s32(vzip1q_s32(vreinterpretq_s32_s8(group), vreinterpretq_s32_s8(next)));
    int8x16_t w1 = vreinterpretq_s8_s32(vzip2q_s32(vreinterpretq_s32_s8(group), vreinterpretq_s32_s8(next)));

#pragma GCC unroll 2
    for (size_t p = 0; p < n_pairs; p++) {
        sum[p][2 * i] = vmmlaq_s32(sum[p][2 * i], x[p], w0);
        sum[p][2 * i + 1] = vmmlaq_s32(sum[p][2 * i + 1], x[p], w1);
    }
}

/* sum[p][j]: outputs 2 j and 2 j + 1 of the block at w, of the two rows of the p-th pair. */
INLINE void sum_pairs(size_t n_pairs, int32x4_t sum[MAX_PAIRS][8], const int8_t *x, ptrdiff_t x_stride, const int8_t *w,
                      const int32_t *bias, size_t k_in) {
    int8x16_t rows[MAX_PAIRS];
    size_t k = 0;

#pragma GCC unroll 2
    for (size_t p = 0; p < n_pairs; p++)
#pragma GCC unroll 8
        for (size_t j = 0; j < 8; j++)
            sum[p][j] = vcombine_s32(vld1_s32(bias + 2 * j), vld1_s32(bias + 2 * j));
    for (; k + 8 <= k_in; k += 8) {
#pragma GCC unroll 2
        for (size_t p = 0; p < n_pairs; p++)
            rows[p] = two_rows(x + (ptrdiff_t)(2 * p) * x_stride + k, x_stride, 8);
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++)
            add_products(n_pairs, sum, rows, vld1q_s8(w + k * 16 + i * 16), vld1q_s8(w + k * 16 + 64 + i * 16), i);
    }
    if (k < k_in) {
#pragma GCC unroll 2
        for (size_t p = 0; p < n_pairs; p++)
            rows[p] = two_rows(x + (ptrdiff_t)(2 * p) * x_stride + k, x_stride, 4);
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++)
            add_products(n_pairs, sum, rows, vld1q_s8(w + k * 16 + i * 16), vdupq_n_s8(0), i);
    }
}

INLINE void store_pairs(size_t n_pairs, int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, const int8_t *w,
                        const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out,
                        int32x4_t lowest) {
    for (size_t n = 0; n < n_out; n += NN_OUT_BLOCK) {
        int32x4_t sum[MAX_PAIRS][8];

        sum_pairs(n_pairs, sum, x, x_stride, w + n * k_in, bias + n, k_in);
        for (size_t p = 0; p < n_pairs; p++) {
            int32x4_t first[4], second[4];

#pragma GCC unroll 4
            for (size_t i = 0; i < 4; i++) {
                int64x2_t left = vreinterpretq_s64_s32(sum[p][2 * i]), right = vreinterpretq_s64_s32(sum[p][2 * i + 1]);

                first[i] = vreinterpretq_s32_s64(vzip1q_s64(left, right));
                second[i] = vreinterpretq_s32_s64(vzip2q_s64(left, right));
            }
            store_block(out + (ptrdiff_t)(2 * p) * out_stride + n, first, multiplier + n, shift + n, lowest);
            store_block(out + (ptrdiff_t)(2 * p + 1) * out_stride + n, second, multiplier + n, shift + n, lowest);
        }
    }
}

void nn_gemm_s8_i8mm(int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w,
                     const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out, int32_t low) {
    int32x4_t lowest = vdupq_n_s32(low);

    for (; n_rows >= 4; n_rows -= 4, out += 4 * out_stride, x += 4 * x_stride)
        store_pairs(2, out, out_stride, x, x_stride, w, bias, multiplier, shift, k_in, n_out, lowest);
    if (n_rows >= 2) {
        store_pairs(1, out, out_stride, x, x_stride, w, bias, multiplier, shift, k_in, n_out, lowest);
        n_rows -= 2, out += 2 * out_stride, x += 2 * x_stride;
    }
    if (n_rows > 0)
        nn_gemm_s8_dotprod(out, out_stride, x, x_stride, 1, w, bias, multiplier, shift, k_in, n_out, low);
}
