/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/neon/window_neon.c: the window and the block scaling for NEON (AArch64 and ARMv7). vrshrn, and vrshl by a
 * negative count, add half and shift right. */
#include "frontend/kernels/variants.h"

#include <arm_neon.h>

static inline int32x4_t multiply4(const int32_t *x, uint16x4_t w) {
    int32x4_t x4 = vld1q_s32(x), w4 = vreinterpretq_s32_u32(vmovl_u16(w));

    return vcombine_s32(vrshrn_n_s64(vmull_s32(vget_low_s32(x4), vget_low_s32(w4)), 15),
                        vrshrn_n_s64(vmull_s32(vget_high_s32(x4), vget_high_s32(w4)), 15));
}

void frontend_window_multiply_neon(int32_t *out, const int32_t *x, const uint16_t *w, size_t n, int32_t *ret_greatest) {
    int32x4_t greatest = vdupq_n_s32(0);

    for (size_t i = 0; i < n; i += 8) {
        uint16x8_t w8 = vld1q_u16(w + i);
        int32x4_t y0 = multiply4(x + i, vget_low_u16(w8)), y1 = multiply4(x + i + 4, vget_high_u16(w8));

        vst1q_s32(out + i, y0);
        vst1q_s32(out + i + 4, y1);
        greatest = vmaxq_s32(greatest, vmaxq_s32(vabsq_s32(y0), vabsq_s32(y1)));
    }
    int32x2_t m = vpmax_s32(vget_low_s32(greatest), vget_high_s32(greatest));

    *ret_greatest = vget_lane_s32(vpmax_s32(m, m), 0);
}

void frontend_window_scale_neon(int32_t *x, size_t n, unsigned exponent) {
    int32x4_t minus_exponent = vdupq_n_s32(-(int32_t)exponent);

    for (size_t i = 0; i < n; i += 8) {
        vst1q_s32(x + i, vrshlq_s32(vld1q_s32(x + i), minus_exponent));
        vst1q_s32(x + i + 4, vrshlq_s32(vld1q_s32(x + i + 4), minus_exponent));
    }
}
