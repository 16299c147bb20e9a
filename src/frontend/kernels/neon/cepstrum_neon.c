/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/neon/cepstrum_neon.c: the sums of the DCT for NEON (AArch64 and ARMv7): 4 products at a time, 4 rows at once. */
#include "frontend/kernels/variants.h"

#include <arm_neon.h>

static inline int32x2_t fold2(int32x4_t x) {
    return vadd_s32(vget_low_s32(x), vget_high_s32(x));
}

static inline int32x4_t add8(int32x4_t sum, const int16_t *table, int16x8_t x) {
    int16x8_t t = vld1q_s16(table);

    return vmlal_s16(vmlal_s16(sum, vget_low_s16(t), vget_low_s16(x)), vget_high_s16(t), vget_high_s16(x));
}

void frontend_cepstrum_sums_neon(int32_t *out, const int16_t (*table)[FRONTEND_BANDS], const int16_t x[FRONTEND_BANDS],
                                 size_t n_rows) {
    for (size_t i = 0; i < n_rows; i += 4, table += 4) {
        int32x4_t sum0 = vdupq_n_s32(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;

        for (unsigned k = 0; k < FRONTEND_BANDS; k += 8) {
            int16x8_t x8 = vld1q_s16(x + k);

            sum0 = add8(sum0, table[0] + k, x8);
            sum1 = add8(sum1, table[1] + k, x8);
            sum2 = add8(sum2, table[2] + k, x8);
            sum3 = add8(sum3, table[3] + k, x8);
        }
        vst1q_s32(out + i, vcombine_s32(vpadd_s32(fold2(sum0), fold2(sum1)), vpadd_s32(fold2(sum2), fold2(sum3))));
    }
}
