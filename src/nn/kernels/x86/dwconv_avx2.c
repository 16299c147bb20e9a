/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/x86/dwconv_avx2.c: dwconv_s8 for AVX2: 16 channels at a time, in 16 bits.
 *
 * Two taps are added before they are widened: 2 * 127 * 127 = 32258 fits in 16 bits.
 */
#include "nn/kernels/variants.h"
#include "nn/kernels/x86/requantise.h"

#include <immintrin.h>

static inline __m256i product(const int8_t *x, const int8_t *w) {
    return _mm256_mullo_epi16(_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)x)),
                              _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)w)));
}

static inline void accumulate(__m256i sum[2], __m256i pairs) {
    sum[0] = _mm256_add_epi32(sum[0], _mm256_cvtepi16_epi32(_mm256_castsi256_si128(pairs)));
    sum[1] = _mm256_add_epi32(sum[1], _mm256_cvtepi16_epi32(_mm256_extracti128_si256(pairs, 1)));
}

void nn_dwconv_s8_avx2(int8_t *out, const int8_t *x, size_t n_rows, const int8_t *w, const int32_t *bias, const int32_t *multiplier,
                       const uint8_t *shift, size_t n_channels, size_t n_taps, int32_t low) {
    __m256i low64 = _mm256_set1_epi64x(low);

    for (size_t m = 0; m < n_rows; m++)
        for (size_t c = 0; c < n_channels; c += 16) {
            const int8_t *xc = x + m * n_channels + c, *wc = w + c;
            __m256i sum[2] = {_mm256_loadu_si256((const __m256i *)(bias + c)), _mm256_loadu_si256((const __m256i *)(bias + c + 8))};
            size_t t = 0;

            for (; t + 2 <= n_taps; t += 2, xc += 2 * n_channels, wc += 2 * n_channels)
                accumulate(sum, _mm256_add_epi16(product(xc, wc), product(xc + n_channels, wc + n_channels)));
            if (t < n_taps)
                accumulate(sum, product(xc, wc));

            __m256i y = _mm256_packs_epi32(requantise8(sum[0], multiplier + c, shift + c, low64),
                                           requantise8(sum[1], multiplier + c + 8, shift + c + 8, low64));
            y = _mm256_permute4x64_epi64(y, 0xd8);
            _mm_storeu_si128((__m128i *)(out + m * n_channels + c),
                             _mm_packs_epi16(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1)));
        }
}
