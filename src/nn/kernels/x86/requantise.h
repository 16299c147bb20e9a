/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/x86/requantise.h: converts eight sums to int8 values with AVX2, for gemm and dwconv.
 *
 * Static, so that each file has its own copy, compiled for its own instruction set (see variants.h).
 */
#ifndef TRAGUS_NN_KERNELS_X86_REQUANTISE_H
#define TRAGUS_NN_KERNELS_X86_REQUANTISE_H

#include <immintrin.h>
#include <stdint.h>

/* Four sums in the even 32-bit lanes -> four requantised values in the low halves of the 64-bit lanes. AVX2 has no arithmetic shift
 * of 64 bits. So 2^63 is added before the shift, and 2^63 shifted likewise is subtracted after it. |sum * multiplier| + half < 2^62
 * + 2^61 does not overflow.
 */
static inline __m256i requantise4(__m256i sum, __m256i multiplier, __m256i shift, __m256i low) {
    const __m256i top = _mm256_set1_epi64x(INT64_MIN), high = _mm256_set1_epi64x(127);
    __m256i half = _mm256_srli_epi64(_mm256_sllv_epi64(_mm256_set1_epi64x(1), shift), 1);
    __m256i y = _mm256_add_epi64(_mm256_mul_epi32(sum, multiplier), half);

    y = _mm256_sub_epi64(_mm256_srlv_epi64(_mm256_xor_si256(y, top), shift), _mm256_srlv_epi64(top, shift));
    y = _mm256_blendv_epi8(y, high, _mm256_cmpgt_epi64(y, high));
    return _mm256_blendv_epi8(y, low, _mm256_cmpgt_epi64(low, y));
}

/* The values in 32-bit lanes, in the order of the sums. */
static inline __m256i requantise8(__m256i sum, const int32_t *multiplier, const uint8_t *shift, __m256i low) {
    __m256i m = _mm256_loadu_si256((const __m256i *)multiplier);
    __m256i s = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)shift));
    __m256i even = requantise4(sum, m, _mm256_and_si256(s, _mm256_set1_epi64x(0xffffffff)), low);
    __m256i odd = requantise4(_mm256_srli_epi64(sum, 32), _mm256_srli_epi64(m, 32), _mm256_srli_epi64(s, 32), low);

    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}

#endif
