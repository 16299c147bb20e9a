/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/arm/gemm_neon.c: gemm_s8 and gemm_s32 for ARMv7 with NEON.
 *
 * vmull and vmlal add two products of bytes in 16 bits: 2 * 127 * 127 = 32258 fits. vpadal adds pairs of these to 32-bit sums.
 * Eight bytes of weights contain four inputs of two outputs, so a register holds two partial sums for each of two outputs, which
 * vpadd adds at the end. The second product comes from the next group of four inputs.
 *
 * Eight of the sixteen registers hold sums: of 8 outputs of two rows, which share the loads of the weights, or of 16 outputs of one
 * row. Four hold products. The source fixes the order: all first products, then all second ones, then the sums, so that no
 * instruction waits for the previous one.
 *
 * One second of speech takes 49 million instructions with these kernels and 845 million with the reference
 * (tests/bench/instructions, gcc 12, the same build with and without --disable-kernels).
 */
#include "nn/kernels/arm/requantise.h"
#include "nn/kernels/variants.h"

#include <arm_neon.h>
#include <string.h>

/* Each of two groups of four inputs, repeated. */
static inline int8x8x2_t two_groups(const int8_t *x) {
    int32x2_t eight = vreinterpret_s32_s8(vld1_s8(x));

    return (int8x8x2_t){{vreinterpret_s8_s32(vdup_lane_s32(eight, 0)), vreinterpret_s8_s32(vdup_lane_s32(eight, 1))}};
}

static inline int8x8_t one_group(const int8_t *x) {
    int32_t four;

    memcpy(&four, x, sizeof(four));
    return vreinterpret_s8_s32(vdup_n_s32(four));
}

/* Adds the partial sums of four outputs, and the bias. */
static inline int32x4_t join(const int32x4_t halves[2], const int32_t *bias) {
    int32x2_t y0 = vpadd_s32(vget_low_s32(halves[0]), vget_high_s32(halves[0]));
    int32x2_t y1 = vpadd_s32(vget_low_s32(halves[1]), vget_high_s32(halves[1]));

    return vaddq_s32(vld1q_s32(bias), vcombine_s32(y0, y1));
}

/* 8 outputs of two rows; w points to the first of them in its block. sum0[i], sum1[i]: outputs 4 i .. 4 i + 3 of the row at x0,
 * x1. */
static inline void sum_two_rows(int32x4_t sum0[2], int32x4_t sum1[2], const int8_t *x0, const int8_t *x1, const int8_t *w,
                                const int32_t *bias, size_t k_in) {
    int32x4_t halves0[4], halves1[4];
    size_t k = 0;

#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++)
        halves0[i] = halves1[i] = vdupq_n_s32(0);
    for (; k + 8 <= k_in; k += 8, x0 += 8, x1 += 8, w += 128) {
        int8x8x2_t a = two_groups(x0), b = two_groups(x1);

#pragma GCC unroll 2
        for (size_t i = 0; i < 4; i += 2) {
            int8x16_t w0 = vld1q_s8(w + 8 * i), w1 = vld1q_s8(w + 64 + 8 * i);
            int16x8_t a0 = vmull_s8(vget_low_s8(w0), a.val[0]), b0 = vmull_s8(vget_low_s8(w0), b.val[0]);
            int16x8_t a1 = vmull_s8(vget_high_s8(w0), a.val[0]), b1 = vmull_s8(vget_high_s8(w0), b.val[0]);

            a0 = vmlal_s8(a0, vget_low_s8(w1), a.val[1]);
            b0 = vmlal_s8(b0, vget_low_s8(w1), b.val[1]);
            a1 = vmlal_s8(a1, vget_high_s8(w1), a.val[1]);
            b1 = vmlal_s8(b1, vget_high_s8(w1), b.val[1]);
            halves0[i] = vpadalq_s16(halves0[i], a0);
            halves1[i] = vpadalq_s16(halves1[i], b0);
            halves0[i + 1] = vpadalq_s16(halves0[i + 1], a1);
            halves1[i + 1] = vpadalq_s16(halves1[i + 1], b1);
        }
    }
    if (k < k_in) {
        int8x8_t a = one_group(x0), b = one_group(x1);

#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            int8x8_t w0 = vld1_s8(w + 8 * i);

            halves0[i] = vpadalq_s16(halves0[i], vmull_s8(w0, a));
            halves1[i] = vpadalq_s16(halves1[i], vmull_s8(w0, b));
        }
    }
#pragma GCC unroll 2
    for (size_t i = 0; i < 2; i++) {
        sum0[i] = join(halves0 + 2 * i, bias + 4 * i);
        sum1[i] = join(halves1 + 2 * i, bias + 4 * i);
    }
}

/* The 16 outputs of the block at w for one row. sum[i]: outputs 4 i .. 4 i + 3. */
static inline void sum_row(int32x4_t sum[4], const int8_t *x, const int8_t *w, const int32_t *bias, size_t k_in) {
    int32x4_t halves[8];
    size_t k = 0;

#pragma GCC unroll 8
    for (size_t i = 0; i < 8; i++)
        halves[i] = vdupq_n_s32(0);
    for (; k + 8 <= k_in; k += 8, x += 8, w += 128) {
        int8x8x2_t a = two_groups(x);

#pragma GCC unroll 2
        for (size_t i = 0; i < 8; i += 4) {
            int8x16_t w0 = vld1q_s8(w + 8 * i), w1 = vld1q_s8(w + 64 + 8 * i);
            int8x16_t v0 = vld1q_s8(w + 16 + 8 * i), v1 = vld1q_s8(w + 80 + 8 * i);
            int16x8_t y0 = vmull_s8(vget_low_s8(w0), a.val[0]), y1 = vmull_s8(vget_high_s8(w0), a.val[0]);
            int16x8_t y2 = vmull_s8(vget_low_s8(v0), a.val[0]), y3 = vmull_s8(vget_high_s8(v0), a.val[0]);

            y0 = vmlal_s8(y0, vget_low_s8(w1), a.val[1]);
            y1 = vmlal_s8(y1, vget_high_s8(w1), a.val[1]);
            y2 = vmlal_s8(y2, vget_low_s8(v1), a.val[1]);
            y3 = vmlal_s8(y3, vget_high_s8(v1), a.val[1]);
            halves[i] = vpadalq_s16(halves[i], y0);
            halves[i + 1] = vpadalq_s16(halves[i + 1], y1);
            halves[i + 2] = vpadalq_s16(halves[i + 2], y2);
            halves[i + 3] = vpadalq_s16(halves[i + 3], y3);
        }
    }
    if (k < k_in) {
        int8x8_t a = one_group(x);

#pragma GCC unroll 8
        for (size_t i = 0; i < 8; i++)
            halves[i] = vpadalq_s16(halves[i], vmull_s8(vld1_s8(w + 8 * i), a));
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++)
        sum[i] = join(halves + 2 * i, bias + 4 * i);
}

void nn_gemm_s8_neon(int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w,
                     const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out, int32_t low) {
    int8x8_t lowest = vdup_n_s8((int8_t)low);

    for (size_t n = 0; n < n_out; n += NN_OUT_BLOCK) {
        const int8_t *xm = x, *block = w + n * k_in;
        int8_t *y = out + n;
        size_t m = 0;

        for (; m + 2 <= n_rows; m += 2, xm += 2 * x_stride, y += 2 * out_stride)
            for (size_t half = 0; half < NN_OUT_BLOCK; half += 8) {
                int32x4_t sum0[2], sum1[2];
                int8x8_t y0, y1;

                sum_two_rows(sum0, sum1, xm, xm + x_stride, block + half * NN_IN_BLOCK, bias + n + half, k_in);
                y0 = requantise8(sum0, multiplier + n + half, shift + n + half, lowest);
                y1 = requantise8(sum1, multiplier + n + half, shift + n + half, lowest);
                vst1_s8(y + half, y0);
                vst1_s8(y + out_stride + half, y1);
            }
        if (m < n_rows) {
            int32x4_t sum[4];
            int8x8_t y0, y1;

            sum_row(sum, xm, block, bias + n, k_in);
            y0 = requantise8(sum, multiplier + n, shift + n, lowest);
            y1 = requantise8(sum + 2, multiplier + n + 8, shift + n + 8, lowest);
            vst1q_s8(y, vcombine_s8(y0, y1));
        }
    }
}

void nn_gemm_s32_neon(int32_t *out, ptrdiff_t out_stride_elements, const int8_t *x, ptrdiff_t x_stride, size_t n_rows,
                      const int8_t *w, const int32_t *bias, size_t k_in, size_t n_out) {
    for (size_t n = 0; n < n_out; n += NN_OUT_BLOCK) {
        const int8_t *xm = x, *block = w + n * k_in;
        int32_t *y = out + n;
        size_t m = 0;

        for (; m + 2 <= n_rows; m += 2, xm += 2 * x_stride, y += 2 * out_stride_elements)
            for (size_t half = 0; half < NN_OUT_BLOCK; half += 8) {
                int32x4_t sum0[2], sum1[2];

                sum_two_rows(sum0, sum1, xm, xm + x_stride, block + half * NN_IN_BLOCK, bias + n + half, k_in);
#pragma GCC unroll 2
                for (size_t i = 0; i < 2; i++) {
                    vst1q_s32(y + half + 4 * i, sum0[i]);
                    vst1q_s32(y + out_stride_elements + half + 4 * i, sum1[i]);
                }
            }
        if (m < n_rows) {
            int32x4_t sum[4];

            sum_row(sum, xm, block, bias + n, k_in);
#pragma GCC unroll 4
            for (size_t i = 0; i < 4; i++)
                vst1q_s32(y + 4 * i, sum[i]);
        }
    }
}
