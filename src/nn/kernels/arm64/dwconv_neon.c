/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/arm64/dwconv_neon.c: dwconv_s8 for every AArch64 CPU: 16 channels at a time.
 *
 * smull and smlal add two taps in 16 bits before they are widened: 2 * 127 * 127 = 32258 fits.
 */
#include "nn/kernels/arm64/requantise.h"
#include "nn/kernels/variants.h"

static inline void accumulate(int32x4_t sum[4], int16x8_t pairs_low, int16x8_t pairs_high) {
    sum[0] = vaddw_s16(sum[0], vget_low_s16(pairs_low));
    sum[1] = vaddw_high_s16(sum[1], pairs_low);
    sum[2] = vaddw_s16(sum[2], vget_low_s16(pairs_high));
    sum[3] = vaddw_high_s16(sum[3], pairs_high);
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
