/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/arm64/add_neon.c: add_s8 for every AArch64 CPU: 16 elements at a time, in 32 bits (the limits of the contract prevent
 * overflow; srshl by a negative count adds half and shifts right). */
#include "nn/kernels/variants.h"

#include <arm_neon.h>

static inline int16x4_t add4(int16x4_t a, int16x4_t b, int32_t ma, int32_t mb, int32x4_t minus_shift, int32x4_t lowest) {
    int32x4_t sum = vrshlq_s32(vmlaq_n_s32(vmulq_n_s32(vmovl_s16(a), ma), vmovl_s16(b), mb), minus_shift);

    return vmovn_s32(vmaxq_s32(vminq_s32(sum, vdupq_n_s32(127)), lowest));
}

static inline int8x8_t add8(int8x8_t a, int8x8_t b, int32_t ma, int32_t mb, int32x4_t minus_shift, int32x4_t lowest) {
    int16x8_t a8 = vmovl_s8(a), b8 = vmovl_s8(b);
    int16x4_t y0 = add4(vget_low_s16(a8), vget_low_s16(b8), ma, mb, minus_shift, lowest);
    int16x4_t y1 = add4(vget_high_s16(a8), vget_high_s16(b8), ma, mb, minus_shift, lowest);

    return vmovn_s16(vcombine_s16(y0, y1));
}

void nn_add_s8_neon(int8_t *out, const int8_t *a, const int8_t *b, size_t n, int32_t ma, int32_t mb, unsigned shift, int32_t low) {
    int32x4_t minus_shift = vdupq_n_s32(-(int32_t)shift), lowest = vdupq_n_s32(low);

    for (size_t i = 0; i < n; i += 16) {
        int8x16_t a16 = vld1q_s8(a + i), b16 = vld1q_s8(b + i);
        int8x8_t y0 = add8(vget_low_s8(a16), vget_low_s8(b16), ma, mb, minus_shift, lowest);
        int8x8_t y1 = add8(vget_high_s8(a16), vget_high_s8(b16), ma, mb, minus_shift, lowest);

        vst1q_s8(out + i, vcombine_s8(y0, y1));
    }
}
