/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/arm/requantise.h: converts the sums of 8 outputs to bytes, for gemm and dwconv.
 *
 * Static, so that each file has its own copy, compiled for its own instruction set (see variants.h).
 */
#ifndef TRAGUS_NN_KERNELS_ARM_REQUANTISE_H
#define TRAGUS_NN_KERNELS_ARM_REQUANTISE_H

#include <arm_neon.h>

/* vrshl by a negative count adds half and shifts right, without intermediate overflow. Narrowing with saturation applies the upper
 * clamp.
 */
static inline int16x4_t requantise4(int32x4_t sum, const int32_t *multiplier, int32x4_t minus_shift) {
    int32x4_t m = vld1q_s32(multiplier);
    int64x2_t y0 = vrshlq_s64(vmull_s32(vget_low_s32(sum), vget_low_s32(m)), vmovl_s32(vget_low_s32(minus_shift)));
    int64x2_t y1 = vrshlq_s64(vmull_s32(vget_high_s32(sum), vget_high_s32(m)), vmovl_s32(vget_high_s32(minus_shift)));

    return vqmovn_s32(vcombine_s32(vqmovn_s64(y0), vqmovn_s64(y1)));
}

static inline int8x8_t requantise8(const int32x4_t sum[2], const int32_t *multiplier, const uint8_t *shift, int8x8_t lowest) {
    int16x8_t minus_shift = vmovl_s8(vneg_s8(vreinterpret_s8_u8(vld1_u8(shift))));
    int16x4_t y0 = requantise4(sum[0], multiplier, vmovl_s16(vget_low_s16(minus_shift)));
    int16x4_t y1 = requantise4(sum[1], multiplier + 4, vmovl_s16(vget_high_s16(minus_shift)));

    return vmax_s8(vqmovn_s16(vcombine_s16(y0, y1)), lowest);
}

#endif
