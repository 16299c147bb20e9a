/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/neon/spectrum_neon.c: the steps around KissFFT for NEON (AArch64 and ARMv7): 4 values at a time. */
#include "frontend/kernels/variants.h"

#include <arm_neon.h>

#define HALF (FRONTEND_FFT_SIZE / 2)

/* x[0], x[-1], x[-2], x[-3] */
static inline int32x4_t load4_backwards(const int32_t *x) {
    int32x4_t y = vrev64q_s32(vld1q_s32(x - 3));

    return vcombine_s32(vget_high_s32(y), vget_low_s32(y));
}

static inline int32_t sum4(int32x4_t x) {
    int32x2_t sum = vadd_s32(vget_low_s32(x), vget_high_s32(x));

    return vget_lane_s32(vpadd_s32(sum, sum), 0);
}

void frontend_spectrum_convert_neon(float *out, const int32_t *x, size_t n, int32_t ret_sums[2]) {
    int32x4_t greater = vdupq_n_s32(0), lesser = vdupq_n_s32(0);

    for (size_t i = 0; i < n; i += 8) {
        int32x4_t y0 = vld1q_s32(x + i), y1 = vld1q_s32(x + i + 4);
        int32x4x2_t pairs = vuzpq_s32(vabsq_s32(y0), vabsq_s32(y1));

        vst1q_f32(out + i, vcvtq_f32_s32(y0));
        vst1q_f32(out + i + 4, vcvtq_f32_s32(y1));
        greater = vaddq_s32(greater, vmaxq_s32(pairs.val[0], pairs.val[1]));
        lesser = vaddq_s32(lesser, vminq_s32(pairs.val[0], pairs.val[1]));
    }
    ret_sums[0] = sum4(greater);
    ret_sums[1] = sum4(lesser);
}

/* The mirror of n is within the window from n = 113 on: 36 times 4 values up to 256, which is its own mirror. In the sines of a
 * level, the last value is also its own mirror, so its result is corrected afterwards. */
void frontend_spectrum_fold_neon(int32_t re[HALF], int32_t im[HALF], const int32_t frame[FRONTEND_WINDOW]) {
    enum { ALONE = FRONTEND_FFT_SIZE - FRONTEND_WINDOW };
    int32_t c[HALF + 1], s[HALF + 1];

    for (unsigned n = 0; n < ALONE; n += 4) {
        int32x4_t x = vld1q_s32(frame + n);

        vst1q_s32(c + n, x);
        vst1q_s32(s + n, x);
    }
    c[ALONE] = s[ALONE] = frame[ALONE];
    for (unsigned n = ALONE + 1; n <= HALF; n += 4) {
        int32x4_t x = vld1q_s32(frame + n), mirror = load4_backwards(frame + (FRONTEND_FFT_SIZE - n));

        vst1q_s32(c + n, vaddq_s32(x, mirror));
        vst1q_s32(s + n, vsubq_s32(x, mirror));
    }
    c[HALF] = s[HALF] = frame[HALF];

    unsigned half = HALF, quarter = HALF / 2;
    for (; quarter >= 4; half = quarter, quarter /= 2) {
        int32_t middle = s[quarter];

        for (unsigned n = 0; n < quarter; n += 4) {
            int32x4_t x = vld1q_s32(c + n), mirror = load4_backwards(c + half - n);

            vst1q_s32(re + quarter + n, vsubq_s32(x, mirror));
            vst1q_s32(c + n, vaddq_s32(x, mirror));
        }
        for (unsigned n = 1; n <= quarter; n += 4) {
            int32x4_t x = load4_backwards(s + n + 3), mirror = vld1q_s32(s + half - n - 3);

            vst1q_s32(im + half - n - 3, vaddq_s32(x, mirror));
            vst1q_s32(s + n, vsubq_s32(vld1q_s32(s + n), load4_backwards(s + half - n)));
        }
        im[quarter] = s[quarter] = middle;
    }
    for (; quarter > 0; half = quarter, quarter /= 2) {
        re[quarter] = c[0] - c[half];
        im[quarter] = s[quarter];
        c[0] += c[half];
        for (unsigned n = 1; n < quarter; n++) {
            re[quarter + n] = c[n] - c[half - n];
            im[half - n] = s[n] + s[half - n];
            c[n] += c[half - n];
            s[n] -= s[half - n];
        }
    }
}

/* Conversion to fixed point truncates. */
static inline uint16x4_t round4(int32_t *out, const float *x, int32x4_t band) {
    int32x4_t half = vdupq_n_s32(512), q = vcvtq_n_s32_f32(vld1q_f32(x), 10 - FRONTEND_FFT_STEP_BITS);

    vst1q_s32(out, vrshrq_n_s32(q, 10));
    return vmovn_u32(vcleq_s32(vabdq_s32(vandq_s32(q, vdupq_n_s32(1023)), half), band));
}

void frontend_spectrum_round_neon(int32_t *out, uint8_t *ret_near, const float *x, size_t n, int32_t band) {
    static const uint8_t bits[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    int32x4_t band4 = vdupq_n_s32(band);
    uint8x8_t bit = vld1_u8(bits);

    for (size_t i = 0; i < n; i += 8) {
        uint8x8_t near =
            vand_u8(vmovn_u16(vcombine_u16(round4(out + i, x + i, band4), round4(out + i + 4, x + i + 4, band4))), bit);

        near = vpadd_u8(near, near);
        near = vpadd_u8(near, near);
        vst1_lane_u8(ret_near + i / 8, vpadd_u8(near, near), 0);
    }
}

/* Loads and advances the pointer. In an unrolled loop, gcc for ARMv7 would instead compute the address of each load, which takes
 * more instructions than the sums. The empty asm statement prevents that, because it might change the pointer. */
static inline int32x4_t next4(const int32_t **x) {
    int32x4_t y = vld1q_s32(*x);

    *x += 4;
#ifdef __arm__
    __asm__("" : "+r"(*x));
#endif
    return y;
}

/* Two 64-bit products at once: an even one and an odd one. */
static inline void add8(int64x2_t sums[2], const int32_t **a, const int32_t **b) {
    int32x4_t a0 = next4(a), b0 = next4(b), a1 = next4(a), b1 = next4(b);

    sums[0] = vmlal_s32(sums[0], vget_low_s32(a0), vget_low_s32(b0));
    sums[1] = vmlal_s32(sums[1], vget_high_s32(a0), vget_high_s32(b0));
    sums[0] = vmlal_s32(sums[0], vget_low_s32(a1), vget_low_s32(b1));
    sums[1] = vmlal_s32(sums[1], vget_high_s32(a1), vget_high_s32(b1));
}

void frontend_spectrum_product_neon(int64_t ret_sums[2], const int32_t *a, const int32_t *b, size_t n) {
    int64x2_t sums[2] = {vdupq_n_s64(0), vdupq_n_s64(0)};

    for (; n >= 32; n -= 32) {
        add8(sums, &a, &b);
        add8(sums, &a, &b);
        add8(sums, &a, &b);
        add8(sums, &a, &b);
    }
    for (; n > 0; n -= 8)
        add8(sums, &a, &b);
    vst1q_s64(ret_sums, vaddq_s64(sums[0], sums[1]));
}
