/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/x86/window_avx2.c: the window and the block scaling for AVX2, 8 samples at a time. A product takes 64 bits, so
 * even and odd samples are multiplied separately. Only the lower 32 bits of each rounded product are needed, so an unsigned shift
 * is enough. */
#include "frontend/kernels/variants.h"

#include <immintrin.h>

static inline __m256i multiply8(const int32_t *x, const uint16_t *w) {
    __m256i x8 = _mm256_loadu_si256((const __m256i *)x), w8 = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)w));
    __m256i half = _mm256_set1_epi64x(1 << 14);
    __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x8, w8), half);
    __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x8, 32), _mm256_srli_epi64(w8, 32)), half);

    return _mm256_blend_epi32(_mm256_srli_epi64(even, 15), _mm256_slli_epi64(odd, 17), 0xaa);
}

void frontend_window_multiply_avx2(int32_t *out, const int32_t *x, const uint16_t *w, size_t n, int32_t *ret_greatest) {
    __m256i greatest = _mm256_setzero_si256();

    for (size_t i = 0; i < n; i += 8) {
        __m256i y = multiply8(x + i, w + i);

        _mm256_storeu_si256((__m256i *)(out + i), y);
        greatest = _mm256_max_epi32(greatest, _mm256_abs_epi32(y));
    }
    __m128i m = _mm_max_epi32(_mm256_castsi256_si128(greatest), _mm256_extracti128_si256(greatest, 1));

    m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0x4e));
    m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0xb1));
    *ret_greatest = _mm_cvtsi128_si32(m);
}

void frontend_window_scale_avx2(int32_t *x, size_t n, unsigned exponent) {
    __m256i half = _mm256_set1_epi32((1 << exponent) >> 1);
    __m128i shift = _mm_cvtsi32_si128((int)exponent);

    for (size_t i = 0; i < n; i += 8) {
        __m256i y = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)(x + i)), half);

        _mm256_storeu_si256((__m256i *)(x + i), _mm256_sra_epi32(y, shift));
    }
}
