/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/neon/gate_neon.c: the sums of the gate for NEON (AArch64 and ARMv7): 8 samples at a time. The square of a
 * 17-bit difference fits an unsigned lane. */
#include "frontend/kernels/variants.h"

#include <arm_neon.h>

static inline uint64x2_t add_squares(uint64x2_t sum, int32x4_t x) {
    return vpadalq_u32(sum, vreinterpretq_u32_s32(vmulq_s32(x, x)));
}

static inline uint64x2_t add_squares_of_16(uint64x2_t sum, int16x4_t x) {
    return vpadalq_u32(sum, vreinterpretq_u32_s32(vmull_s16(x, x)));
}

void frontend_gate_squares_neon(uint64_t ret_sums[2], const int16_t *x, const int16_t *before, size_t n) {
    uint64x2_t level = vdupq_n_u64(0), change = vdupq_n_u64(0);

    for (size_t i = 0; i < n; i += 8) {
        int16x8_t now = vld1q_s16(x + i), then = vld1q_s16(before + i);

        level = add_squares_of_16(level, vget_low_s16(now));
        level = add_squares_of_16(level, vget_high_s16(now));
        change = add_squares(change, vsubl_s16(vget_low_s16(now), vget_low_s16(then)));
        change = add_squares(change, vsubl_s16(vget_high_s16(now), vget_high_s16(then)));
    }
    vst1_u64(ret_sums, vadd_u64(vget_low_u64(level), vget_high_u64(level)));
    vst1_u64(ret_sums + 1, vadd_u64(vget_low_u64(change), vget_high_u64(change)));
}
