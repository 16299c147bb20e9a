/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/arm64/dwconv_neon.c: dwconv_s8 for every AArch64: 16 channels at a time.
 *
 * smull and smlal add two taps in 16 bits before they are widened: 2 * 127 * 127 = 32258 fits.
 */
#include "nn/kernels/variants.h"

#include <arm_neon.h>

static inline void accumulate(int32x4_t sum[4], int16x8_t pairs_low, int16x8_t pairs_high) {
    sum[0] = vaddw_s16(sum[0], vget_low_s16(pairs_low));
    sum[1] = vaddw_high_s16(sum[1], pairs_low);
    sum[2] = vaddw_s16(sum[2], vget_low_s16(pairs_high));
    sum[3] = vaddw_high_s16(sum[3], pairs_high);
}

/* As in gemm_neon.c. */
static inline int16x4_t requantise4(int32x4_t sum, const int32_t *multiplier, int32x4_t minus_shift, int32x4_t lowest) {
    int32x4_t m = vld1q_s32(multiplier);
    int64x2_t y0 = vrshlq_s64(vmull_s32(vget_low_s32(sum), vget_low_s32(m)), vmovl_s32(vget_low_s32(minus_shift)));
    int64x2_t y1 = vrshlq_s64(vmull_high_s32(sum, m), vmovl_high_s32(minus_shift));
    int32x4_t y = vqmovn_high_s64(vqmovn_s64(y0), y1);

    return vmovn_s32(vmaxq_s32(vminq_s32(y, vdupq_n_s32(127)), lowest));
}

static inline void store_block(int8_t *out, const int32x4_t sum[4], const int32_t *multiplier, const uint8_t *shift,
                               int32x4_t lowest) {
    int8x16_t minus_shift = vnegq_s8(vreinterpretq_s8_u8(vld1q_u8(shift)));
    int16x8_t shift_low = vmovl_s8(vget_low_s8(minus_shift)), shift_high = vmovl_high_s8(minus_shift);
    int16x4_t y0 = requantise4(sum[0], multiplier, vmovl_s16(vget_low_s16(shift_low)), lowest);
    int16x4_t y1 = requantise4(sum[1], multiplier + 4, vmovl_high_s16(shift_low), lowest);
    int16x4_t y2 = requantise4(sum[2], multiplier + 8, vmovl_s16(vget_low_s16(shift_high)), lowest);
    int16x4_t y3 = requantise4(sum[3], multiplier + 12, vmovl_high_s16(shift_high), lowest);

    vst1q_s8(out, vmovn_high_s16(vmovn_s16(vcombine_s16(y0, y1)), vcombine_s16(y2, y3)));
}

void nn_dwconv_s8_neon(int8_t *out, const int8_t *x, size_t n_rows, const int8_t *w, const int32_t *bias, const int32_t *multiplier,
                       const uint8_t *shift, size_t n_channels, size_t n_taps, int32_t low) {
    for (size_t m = 0; m < n_rows; m++)
        for (size_t c = 0; c < n_channels; c += 16) {
            const int8_t *xc = x + m * n_channels + c, *wc = w + c;
            int32x4_t sum[4];
            size_t t = 0;

#pragma GCC unroll 4
            for (size_t i = 0; i < 4; i++)
                sum[i] = vld1q_s32(bias + c + 4 * i);
            for (; t + 2 <= n_taps; t += 2, xc += 2 * n_channels, wc += 2 * n_channels) {
                int8x16_t x0 = vld1q_s8(xc), w0 = vld1q_s8(wc), x1 = vld1q_s8(xc + n_channels), w1 = vld1q_s8(wc + n_channels);
                int16x8_t pairs_low = vmull_s8(vget_low_s8(x0), vget_low_s8(w0)), pairs_high = vmull_high_s8(x0, w0);

                accumulate(sum, vmlal_s8(pairs_low, vget_low_s8(x1), vget_low_s8(w1)), vmlal_high_s8(pairs_high, x1, w1));
            }
            if (t < n_taps) {
                int8x16_t x0 = vld1q_s8(xc), w0 = vld1q_s8(wc);

                accumulate(sum, vmull_s8(vget_low_s8(x0), vget_low_s8(w0)), vmull_high_s8(x0, w0));
            }
            store_block(out + m * n_channels + c, sum, multiplier + c, shift + c, vdupq_n_s32(low));
        }
}
