/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/x86/mel_avx2.c: the sums of the filter bank for AVX2: two bins at a time; if their number is odd, the last one
 * is paired with zero. A power has 39 bits, so its halves are multiplied and added separately. */
#include "frontend/kernels/variants.h"

#include <immintrin.h>
#include <string.h>

struct sums {
    __m128i all, rising_low, rising_high;
};

/* weights: the lowest 16 bits for the first bin, the next for the second. */
static inline struct sums add2(struct sums s, __m128i bins, uint32_t weights) {
    __m128i im = _mm_srli_epi64(bins, 32), weight = _mm_cvtepu16_epi64(_mm_cvtsi32_si128((int32_t)weights));
    __m128i power = _mm_add_epi64(_mm_mul_epi32(bins, bins), _mm_mul_epi32(im, im));

    s.all = _mm_add_epi64(s.all, power);
    s.rising_low = _mm_add_epi64(s.rising_low, _mm_mul_epu32(power, weight));
    s.rising_high = _mm_add_epi64(s.rising_high, _mm_mul_epu32(_mm_srli_epi64(power, 32), weight));
    return s;
}

void frontend_mel_sums_avx2(uint64_t (*out)[2], const int32_t *parts, const uint16_t *weight_q15, const uint8_t *n_bins, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct sums s = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
        unsigned left = n_bins[i];

        for (; left >= 2; left -= 2, parts += 4, weight_q15 += 2) {
            uint32_t weights;

            memcpy(&weights, weight_q15, sizeof(weights));
            s = add2(s, _mm_loadu_si128((const __m128i *)parts), weights);
        }
        if (left > 0) {
            s = add2(s, _mm_loadl_epi64((const __m128i *)parts), *weight_q15);
            parts += 2;
            weight_q15++;
        }
        s.rising_low = _mm_add_epi64(s.rising_low, _mm_slli_epi64(s.rising_high, 32));
        _mm_storeu_si128((__m128i *)out[i],
                         _mm_add_epi64(_mm_unpacklo_epi64(s.all, s.rising_low), _mm_unpackhi_epi64(s.all, s.rising_low)));
    }
}
