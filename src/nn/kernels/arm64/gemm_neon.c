/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/arm64/gemm_neon.c: gemm_s8 and gemm_s32 for every AArch64 CPU.
 *
 * smull and smlal add two products of bytes in 16 bits: 2 * 127 * 127 = 32258 fits. sadalp adds pairs of these to 32-bit sums. A
 * register of weights contains four inputs of four outputs, so a sum register holds two partial sums for each of two outputs, which
 * addp adds at the end. The second product comes from the next group of four inputs.
 *
 * Pairs of rows share the loads of the weights. An in-order core (Cortex-A53) stalls when a product is used too early and when
 * loads are mixed with products. So this loop is written in assembler: loads together, then eight products of each kind before the
 * next kind. The orders that compilers choose are a fifth to a half slower there (tests/bench/cycles).
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
    int32x4_t low[4], high[4]; /* partial sums of outputs 4 i, 4 i + 1, and of 4 i + 2, 4 i + 3 */
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

/* One iteration for half of a block: 8 outputs, 8 inputs, two rows. Weights: v4 and v5, of the next group v6 and v7. Inputs of the
 * rows: v0 and v1, of the next group v2 and v3. */
#define PRODUCTS                        \
    "smull  v8.8h,  v4.8b,  v0.8b\n\t"  \
    "smull2 v9.8h,  v4.16b, v0.16b\n\t" \
    "smull  v10.8h, v4.8b,  v1.8b\n\t"  \
    "smull2 v11.8h, v4.16b, v1.16b\n\t" \
    "smull  v12.8h, v5.8b,  v0.8b\n\t"  \
    "smull2 v13.8h, v5.16b, v0.16b\n\t" \
    "smull  v14.8h, v5.8b,  v1.8b\n\t"  \
    "smull2 v15.8h, v5.16b, v1.16b\n\t" \
    "smlal  v8.8h,  v6.8b,  v2.8b\n\t"  \
    "smlal2 v9.8h,  v6.16b, v2.16b\n\t" \
    "smlal  v10.8h, v6.8b,  v3.8b\n\t"  \
    "smlal2 v11.8h, v6.16b, v3.16b\n\t" \
    "smlal  v12.8h, v7.8b,  v2.8b\n\t"  \
    "smlal2 v13.8h, v7.16b, v2.16b\n\t" \
    "smlal  v14.8h, v7.8b,  v3.8b\n\t"  \
    "smlal2 v15.8h, v7.16b, v3.16b\n\t"

/* sum[m][i]: outputs 4 i .. 4 i + 3 of the block at w for the rows at x and x_next. */
static inline void sum_two(int32x4_t sum[2][4], const int8_t *x, const int8_t *x_next, const int8_t *w, const int32_t *bias,
                           size_t k_in) {
    int32x4_t halves[4][2][2]; /* [i][m]: outputs 4 i and 4 i + 1; 4 i + 2 and 4 i + 3 */
    size_t n_turns = k_in / 8;
    int32x4_t *to = &halves[0][0][0];

    __asm__("movi v16.4s, #0\n\t"
            "movi v17.4s, #0\n\t"
            "movi v18.4s, #0\n\t"
            "movi v19.4s, #0\n\t"
            "movi v20.4s, #0\n\t"
            "movi v21.4s, #0\n\t"
            "movi v22.4s, #0\n\t"
            "movi v23.4s, #0\n\t"
            "movi v24.4s, #0\n\t"
            "movi v25.4s, #0\n\t"
            "movi v26.4s, #0\n\t"
            "movi v27.4s, #0\n\t"
            "movi v28.4s, #0\n\t"
            "movi v29.4s, #0\n\t"
            "movi v30.4s, #0\n\t"
            "movi v31.4s, #0\n\t"
            "cbz  %[n], 2f\n"
            "1:\n\t"
            "ldr  d2, [%[x]], #8\n\t"
            "ldr  d3, [%[x_next]], #8\n\t"
            "ldp  q4, q5, [%[w]]\n\t"
            "ldp  q6, q7, [%[w], #64]\n\t"
            "subs %[n], %[n], #1\n\t"
            "dup  v0.4s, v2.s[0]\n\t"
            "dup  v1.4s, v3.s[0]\n\t"
            "dup  v2.4s, v2.s[1]\n\t"
            "dup  v3.4s, v3.s[1]\n\t" PRODUCTS /* outputs 0 to 7 */
            "ldp  q4, q5, [%[w], #32]\n\t"
            "ldp  q6, q7, [%[w], #96]\n\t"
            "add  %[w], %[w], #128\n\t"
            "sadalp v16.4s, v8.8h\n\t"
            "sadalp v17.4s, v9.8h\n\t"
            "sadalp v18.4s, v10.8h\n\t"
            "sadalp v19.4s, v11.8h\n\t"
            "sadalp v20.4s, v12.8h\n\t"
            "sadalp v21.4s, v13.8h\n\t"
            "sadalp v22.4s, v14.8h\n\t"
            "sadalp v23.4s, v15.8h\n\t" PRODUCTS /* outputs 8 to 15 */
            "sadalp v24.4s, v8.8h\n\t"
            "sadalp v25.4s, v9.8h\n\t"
            "sadalp v26.4s, v10.8h\n\t"
            "sadalp v27.4s, v11.8h\n\t"
            "sadalp v28.4s, v12.8h\n\t"
            "sadalp v29.4s, v13.8h\n\t"
            "sadalp v30.4s, v14.8h\n\t"
            "sadalp v31.4s, v15.8h\n\t"
            "b.ne 1b\n"
            "2:\n\t"
            "st1  {v16.4s-v19.4s}, [%[to]], #64\n\t"
            "st1  {v20.4s-v23.4s}, [%[to]], #64\n\t"
            "st1  {v24.4s-v27.4s}, [%[to]], #64\n\t"
            "st1  {v28.4s-v31.4s}, [%[to]]"
            : [x] "+r"(x), [x_next] "+r"(x_next), [w] "+r"(w), [n] "+r"(n_turns), [to] "+r"(to)
            :
            : "cc", "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15",
              "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
    for (size_t m = 0; m < 2; m++) {
        int8x16_t last = k_in % 8 ? broadcast_inputs(m == 0 ? x : x_next) : vdupq_n_s8(0);

#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            int32x4_t low = halves[i][m][0], high = halves[i][m][1];

            if (k_in % 8) {
                int8x16_t w0 = vld1q_s8(w + i * 16);

                low = vpadalq_s16(low, vmull_s8(vget_low_s8(w0), vget_low_s8(last)));
                high = vpadalq_s16(high, vmull_high_s8(w0, last));
            }
            sum[m][i] = vaddq_s32(vld1q_s32(bias + 4 * i), vpaddq_s32(low, high));
        }
    }
}

void nn_gemm_s8_neon(int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w,
                     const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out, int32_t low) {
    int32x4_t lowest = vdupq_n_s32(low), sum[2][4];

    for (size_t n = 0; n < n_out; n += NN_OUT_BLOCK) {
        const int8_t *row = x;
        int8_t *to = out + n;
        size_t left = n_rows;

        for (; left >= 2; left -= 2, row += 2 * x_stride, to += 2 * out_stride) {
            sum_two(sum, row, row + x_stride, w + n * k_in, bias + n, k_in);
            store_block(to, sum[0], multiplier + n, shift + n, lowest);
            store_block(to + out_stride, sum[1], multiplier + n, shift + n, lowest);
        }
        if (left > 0) {
            sum_block(sum[0], row, w + n * k_in, bias + n, k_in);
            store_block(to, sum[0], multiplier + n, shift + n, lowest);
        }
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
