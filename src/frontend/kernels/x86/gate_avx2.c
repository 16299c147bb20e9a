/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/x86/gate_avx2.c: the sums of the gate for AVX2: 16 samples at a time. The square of a 17-bit difference and the
 * sum of two squares of 16 bits fit an unsigned lane. */
#include "frontend/kernels/variants.h"

#include <immintrin.h>

/* sum (64-bit lanes) + the lanes of x (32 bits, unsigned). */
static inline __m256i add_lanes(__m256i sum, __m256i x) {
    __m256i even = _mm256_and_si256(x, _mm256_set1_epi64x(UINT32_MAX));

    return _mm256_add_epi64(sum, _mm256_add_epi64(even, _mm256_srli_epi64(x, 32)));
}

static inline __m256i add_step_squares(__m256i sum, const int16_t *x, const int16_t *before) {
    __m256i now = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)x));
    __m256i step = _mm256_sub_epi32(now, _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)before)));

    return add_lanes(sum, _mm256_mullo_epi32(step, step));
}

static inline uint64_t sum4(__m256i x) {
    __m128i two = _mm_add_epi64(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));

    return (uint64_t)_mm_cvtsi128_si64(_mm_add_epi64(two, _mm_unpackhi_epi64(two, two)));
}

void frontend_gate_squares_avx2(uint64_t ret_sums[2], const int16_t *x, const int16_t *before, size_t n) {
    __m256i level = _mm256_setzero_si256(), change = _mm256_setzero_si256();

    for (size_t i = 0; i < n; i += 16) {
        __m256i now = _mm256_loadu_si256((const __m256i *)(x + i));

        level = add_lanes(level, _mm256_madd_epi16(now, now));
        change = add_step_squares(change, x + i, before + i);
        change = add_step_squares(change, x + i + 8, before + i + 8);
    }
    ret_sums[0] = sum4(level);
    ret_sums[1] = sum4(change);
}
