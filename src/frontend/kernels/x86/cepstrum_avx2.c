/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/x86/cepstrum_avx2.c: the sums of the DCT for AVX2: 16 products at a time, a row of 40 as 16, 16 and 8. */
#include "frontend/kernels/variants.h"

#include <immintrin.h>

/* The sum of a row, in four parts. */
static inline __m128i row(const int16_t *table, __m256i x0, __m256i x1, __m128i x2) {
    __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(x0, _mm256_loadu_si256((const __m256i *)table)),
                                   _mm256_madd_epi16(x1, _mm256_loadu_si256((const __m256i *)(table + 16))));
    __m128i rest = _mm_madd_epi16(x2, _mm_loadu_si128((const __m128i *)(table + 32)));

    return _mm_add_epi32(_mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1)), rest);
}

void frontend_cepstrum_sums_avx2(int32_t *out, const int16_t (*table)[FRONTEND_BANDS], const int16_t x[FRONTEND_BANDS],
                                 size_t n_rows) {
    __m256i x0 = _mm256_loadu_si256((const __m256i *)x), x1 = _mm256_loadu_si256((const __m256i *)(x + 16));
    __m128i x2 = _mm_loadu_si128((const __m128i *)(x + 32));

    for (size_t i = 0; i < n_rows; i += 4) {
        __m128i low = _mm_hadd_epi32(row(table[i], x0, x1, x2), row(table[i + 1], x0, x1, x2));
        __m128i high = _mm_hadd_epi32(row(table[i + 2], x0, x1, x2), row(table[i + 3], x0, x1, x2));

        _mm_storeu_si128((__m128i *)(out + i), _mm_hadd_epi32(low, high));
    }
}
