/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/x86/add_avx2.c: add_s8 for AVX2: 16 elements at a time, in 32 bits (the limits of the contract prevent overflow). */
#include "nn/kernels/variants.h"

#include <immintrin.h>

static inline __m256i add8(const int8_t *a, const int8_t *b, __m256i ma, __m256i mb, __m256i half, __m128i shift, __m256i low) {
    __m256i x = _mm256_mullo_epi32(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)a)), ma);
    __m256i y = _mm256_mullo_epi32(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)b)), mb);
    __m256i sum = _mm256_sra_epi32(_mm256_add_epi32(_mm256_add_epi32(x, y), half), shift);

    return _mm256_max_epi32(_mm256_min_epi32(sum, _mm256_set1_epi32(127)), low);
}

void nn_add_s8_avx2(int8_t *out, const int8_t *a, const int8_t *b, size_t n, int32_t ma, int32_t mb, unsigned shift, int32_t low) {
    __m256i ma8 = _mm256_set1_epi32(ma), mb8 = _mm256_set1_epi32(mb), low8 = _mm256_set1_epi32(low);
    __m256i half8 = _mm256_set1_epi32(1 << (shift - 1));
    __m128i shift1 = _mm_cvtsi32_si128((int)shift);

    for (size_t i = 0; i < n; i += 16) {
        __m256i y = _mm256_packs_epi32(add8(a + i, b + i, ma8, mb8, half8, shift1, low8),
                                       add8(a + i + 8, b + i + 8, ma8, mb8, half8, shift1, low8));

        y = _mm256_permute4x64_epi64(y, 0xd8);
        _mm_storeu_si128((__m128i *)(out + i), _mm_packs_epi16(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1)));
    }
}
