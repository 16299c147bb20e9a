/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/neon/mel_neon.c: the sums of the filter bank for NEON (AArch64 and ARMv7): two bins at a time; if their number
 * is odd, the last one is paired with zero. A power has 39 bits, so its halves are multiplied and added separately. */
#include "frontend/kernels/variants.h"

#include <arm_neon.h>
#include <string.h>

struct sums {
    uint64x2_t all, rising_low, rising_high;
};

static inline struct sums add2(struct sums s, int32x2x2_t bins, uint32x2_t weights) {
    int64x2_t squares = vmlal_s32(vmull_s32(bins.val[0], bins.val[0]), bins.val[1], bins.val[1]);
    uint64x2_t power = vreinterpretq_u64_s64(squares);

    s.all = vaddq_u64(s.all, power);
    s.rising_low = vmlal_u32(s.rising_low, vmovn_u64(power), weights);
    s.rising_high = vmlal_u32(s.rising_high, vshrn_n_u64(power, 32), weights);
    return s;
}

static inline uint32x2_t load_weights(const uint16_t *weight_q15) {
    uint32_t two;

    memcpy(&two, weight_q15, sizeof(two));
    return vget_low_u32(vmovl_u16(vreinterpret_u16_u32(vdup_n_u32(two))));
}

void frontend_mel_sums_neon(uint64_t (*out)[2], const int32_t *parts, const uint16_t *weight_q15, const uint8_t *n_bins, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct sums s = {vdupq_n_u64(0), vdupq_n_u64(0), vdupq_n_u64(0)};
        unsigned left = n_bins[i];

        for (; left >= 2; left -= 2, parts += 4, weight_q15 += 2)
            s = add2(s, vld2_s32(parts), load_weights(weight_q15));
        if (left > 0) {
            int32x2x2_t none = {{vdup_n_s32(0), vdup_n_s32(0)}};

            s = add2(s, vld2_lane_s32(parts, none, 0), vdup_n_u32(*weight_q15));
            parts += 2;
            weight_q15++;
        }
        s.rising_low = vaddq_u64(s.rising_low, vshlq_n_u64(s.rising_high, 32));
        vst1q_u64(out[i], vcombine_u64(vadd_u64(vget_low_u64(s.all), vget_high_u64(s.all)),
                                       vadd_u64(vget_low_u64(s.rising_low), vget_high_u64(s.rising_low))));
    }
}
