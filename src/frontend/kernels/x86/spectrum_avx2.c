/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/x86/spectrum_avx2.c: the steps around KissFFT for AVX2: 8 values at a time. */
#include "frontend/kernels/variants.h"

#include <immintrin.h>

#define HALF (FRONTEND_FFT_SIZE / 2)

static inline __m256i load8(const int32_t *x) {
    return _mm256_loadu_si256((const __m256i *)x);
}

static inline void store8(int32_t *x, __m256i value) {
    _mm256_storeu_si256((__m256i *)x, value);
}

/* x[0], x[-1] .. x[-7] */
static inline __m256i load8_backwards(const int32_t *x) {
    return _mm256_permutevar8x32_epi32(load8(x - 7), _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0));
}

static inline int32_t sum8(__m256i x) {
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));

    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1)));
}

/* Both lanes of a pair hold the greater of the two, so each pair counts twice. */
void frontend_spectrum_convert_avx2(float *out, const int32_t *x, size_t n, int32_t ret_sums[2]) {
    __m256i greater = _mm256_setzero_si256(), lesser = _mm256_setzero_si256();

    for (size_t i = 0; i < n; i += 8) {
        __m256i y = load8(x + i), magnitude = _mm256_abs_epi32(y), neighbour = _mm256_shuffle_epi32(magnitude, 0xb1);

        _mm256_storeu_ps(out + i, _mm256_cvtepi32_ps(y));
        greater = _mm256_add_epi32(greater, _mm256_max_epi32(magnitude, neighbour));
        lesser = _mm256_add_epi32(lesser, _mm256_min_epi32(magnitude, neighbour));
    }
    ret_sums[0] = sum8(greater) / 2;
    ret_sums[1] = sum8(lesser) / 2;
}

/* The mirror of n is within the window from n = 113 on: 18 times 8 values up to 256, which is its own mirror. In the sines of a
 * level, the last value is also its own mirror, so its result is corrected afterwards. */
void frontend_spectrum_fold_avx2(int32_t re[HALF], int32_t im[HALF], const int32_t frame[FRONTEND_WINDOW]) {
    enum { ALONE = FRONTEND_FFT_SIZE - FRONTEND_WINDOW };
    int32_t c[HALF + 1], s[HALF + 1];

    for (unsigned n = 0; n < ALONE; n += 8) {
        store8(c + n, load8(frame + n));
        store8(s + n, load8(frame + n));
    }
    c[ALONE] = s[ALONE] = frame[ALONE];
    for (unsigned n = ALONE + 1; n <= HALF; n += 8) {
        __m256i x = load8(frame + n), mirror = load8_backwards(frame + (FRONTEND_FFT_SIZE - n));

        store8(c + n, _mm256_add_epi32(x, mirror));
        store8(s + n, _mm256_sub_epi32(x, mirror));
    }
    c[HALF] = s[HALF] = frame[HALF];

    unsigned half = HALF, quarter = HALF / 2;
    for (; quarter >= 8; half = quarter, quarter /= 2) {
        int32_t middle = s[quarter];

        for (unsigned n = 0; n < quarter; n += 8) {
            __m256i x = load8(c + n), mirror = load8_backwards(c + half - n);

            store8(re + quarter + n, _mm256_sub_epi32(x, mirror));
            store8(c + n, _mm256_add_epi32(x, mirror));
        }
        for (unsigned n = 1; n <= quarter; n += 8) {
            __m256i x = load8_backwards(s + n + 7), mirror = load8(s + half - n - 7);

            store8(im + half - n - 7, _mm256_add_epi32(x, mirror));
            store8(s + n, _mm256_sub_epi32(load8(s + n), load8_backwards(s + half - n)));
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

void frontend_spectrum_round_avx2(int32_t *out, uint8_t *ret_near, const float *x, size_t n, int32_t band) {
    __m256 unit = _mm256_set1_ps((float)(1 << (10 - FRONTEND_FFT_STEP_BITS)));
    __m256i half = _mm256_set1_epi32(512), fraction = _mm256_set1_epi32(1023), outside = _mm256_set1_epi32(band + 1);

    for (size_t i = 0; i < n; i += 8) {
        __m256i q = _mm256_cvttps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i), unit));
        __m256i distance = _mm256_abs_epi32(_mm256_sub_epi32(_mm256_and_si256(q, fraction), half));

        store8(out + i, _mm256_srai_epi32(_mm256_add_epi32(q, half), 10));
        ret_near[i / 8] = (uint8_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(outside, distance)));
    }
}

/* Four 64-bit products at once, of the lower halves: first the even ones in place, then the odd ones, moved down while loading. */
static inline void add8(__m256i sums[2], const int32_t *a, const int32_t *b) {
    __m256i a_odd = _mm256_castps_si256(_mm256_movehdup_ps(_mm256_castsi256_ps(load8(a))));
    __m256i b_odd = _mm256_castps_si256(_mm256_movehdup_ps(_mm256_castsi256_ps(load8(b))));

    sums[0] = _mm256_add_epi64(sums[0], _mm256_mul_epi32(load8(a), load8(b)));
    sums[1] = _mm256_add_epi64(sums[1], _mm256_mul_epi32(a_odd, b_odd));
}

void frontend_spectrum_product_avx2(int64_t ret_sums[2], const int32_t *a, const int32_t *b, size_t n) {
    __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};

    for (; n >= 32; n -= 32, a += 32, b += 32) {
        add8(sums, a, b);
        add8(sums, a + 8, b + 8);
        add8(sums, a + 16, b + 16);
        add8(sums, a + 24, b + 24);
    }
    for (; n > 0; n -= 8, a += 8, b += 8)
        add8(sums, a, b);

    __m256i both = _mm256_add_epi64(_mm256_unpacklo_epi64(sums[0], sums[1]), _mm256_unpackhi_epi64(sums[0], sums[1]));

    _mm_storeu_si128((__m128i *)ret_sums, _mm_add_epi64(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1)));
}
