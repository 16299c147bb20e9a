/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/arm64/requantise.h: converts the sums of one block of 16 outputs to bytes, for gemm and dwconv.
 *
 * Static, so that each file has its own copy, compiled for its own instruction set (see variants.h).
 */
#ifndef TRAGUS_NN_KERNELS_ARM64_REQUANTISE_H
#define TRAGUS_NN_KERNELS_ARM64_REQUANTISE_H

#include <arm_neon.h>

/* srshl by a negative count adds half and shifts right, without intermediate overflow. */
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

#endif
