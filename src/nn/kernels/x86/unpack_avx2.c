/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/x86/unpack_avx2.c: unpack_s4 for AVX2: a group of 64 weights at a time. */
#include "nn/kernels/variants.h"

#include <immintrin.h>

void nn_unpack_s4_avx2(int8_t *out, const uint8_t *packed, size_t n_groups) {
    __m256i nibble = _mm256_set1_epi8(15), eight = _mm256_set1_epi8(8);

    for (size_t i = 0; i < n_groups; i++, packed += NN_GROUP / 2, out += NN_GROUP) {
        __m256i pairs = _mm256_loadu_si256((const __m256i *)packed);
        __m256i low = _mm256_and_si256(pairs, nibble), high = _mm256_and_si256(_mm256_srli_epi16(pairs, 4), nibble);

        _mm256_storeu_si256((__m256i *)out, _mm256_sub_epi8(low, eight));
        _mm256_storeu_si256((__m256i *)(out + NN_GROUP / 2), _mm256_sub_epi8(high, eight));
    }
}
