/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/arm/add_neon.c: add_s8 for ARMv7 with NEON: 8 elements at a time, in 32 bits (the limits of the contract prevent
 * overflow; vrshl by a negative count adds half and shifts right). Narrowing with saturation applies the upper clamp. */
#include "nn/kernels/variants.h"

#include <arm_neon.h>

static inline int16x4_t add4(int16x4_t a, int16x4_t b, int32x4_t ma, int32x4_t mb, int32x4_t minus_shift) {
    return vqmovn_s32(vrshlq_s32(vmlaq_s32(vmulq_s32(vmovl_s16(a), ma), vmovl_s16(b), mb), minus_shift));
}

void nn_add_s8_neon(int8_t *out, const int8_t *a, const int8_t *b, size_t n, int32_t ma, int32_t mb, unsigned shift, int32_t low) {
    int32x4_t factor_a = vdupq_n_s32(ma), factor_b = vdupq_n_s32(mb), minus_shift = vdupq_n_s32(-(int32_t)shift);
    int8x8_t lowest = vdup_n_s8((int8_t)low);

    for (size_t i = 0; i < n; i += 8) {
        int16x8_t a8 = vmovl_s8(vld1_s8(a + i)), b8 = vmovl_s8(vld1_s8(b + i));
        int16x4_t y0 = add4(vget_low_s16(a8), vget_low_s16(b8), factor_a, factor_b, minus_shift);
        int16x4_t y1 = add4(vget_high_s16(a8), vget_high_s16(b8), factor_a, factor_b, minus_shift);

        vst1_s8(out + i, vmax_s8(vqmovn_s16(vcombine_s16(y0, y1)), lowest));
    }
}
