/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/x86/gemm_avx2.c: gemm_s8 and gemm_s32 for AVX2.
 *
 * vpmaddubsw multiplies unsigned by signed bytes and adds pairs of products in 16 bits, with saturation. Here |x| is the unsigned
 * operand, and w takes the sign of x (vpsignb). It cannot saturate: with |x|, |w| <= 127 two products are at most 2 * 127 * 127 =
 * 32258 < 32767. vpmaddwd by ones then adds two such sums in 32 bits. A lane holds the four inputs of one output, and a packed
 * block of 16 outputs is two registers.
 */
#include "nn/kernels/variants.h"
#include "nn/kernels/x86/requantise.h"

#include <immintrin.h>
#include <string.h>

static inline __m256i add_products(__m256i sum, __m256i x, __m256i x_abs, const int8_t *w) {
    __m256i pairs = _mm256_maddubs_epi16(x_abs, _mm256_sign_epi8(_mm256_load_si256((const __m256i *)w), x));

    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

static inline __m256i broadcast_inputs(const int8_t *x) {
    int32_t four;

    memcpy(&four, x, sizeof(four));
    return _mm256_set1_epi32(four);
}

/* sum[0]: outputs 0..7 of the block at w, sum[1]: 8..15. */
static inline void sum_block(__m256i sum[2], const int8_t *x, const int8_t *w, const int32_t *bias, size_t k_in) {
    /* Two pairs of sums, because additions to a single pair would wait for each other. */
    __m256i even0 = _mm256_loadu_si256((const __m256i *)bias);
    __m256i even1 = _mm256_loadu_si256((const __m256i *)(bias + 8));
    __m256i odd0 = _mm256_setzero_si256();
    __m256i odd1 = _mm256_setzero_si256();
    size_t k = 0;

    for (; k + 8 <= k_in; k += 8) {
        __m256i x0 = broadcast_inputs(x + k), x1 = broadcast_inputs(x + k + 4);
        __m256i abs0 = _mm256_abs_epi8(x0), abs1 = _mm256_abs_epi8(x1);

        even0 = add_products(even0, x0, abs0, w + k * 16);
        even1 = add_products(even1, x0, abs0, w + k * 16 + 32);
        odd0 = add_products(odd0, x1, abs1, w + k * 16 + 64);
        odd1 = add_products(odd1, x1, abs1, w + k * 16 + 96);
    }
    if (k < k_in) {
        __m256i x0 = broadcast_inputs(x + k), abs0 = _mm256_abs_epi8(x0);

        even0 = add_products(even0, x0, abs0, w + k * 16);
        even1 = add_products(even1, x0, abs0, w + k * 16 + 32);
    }
    sum[0] = _mm256_add_epi32(even0, odd0);
    sum[1] = _mm256_add_epi32(even1, odd1);
}

static inline void store_block(int8_t *out, const __m256i sum[2], const int32_t *multiplier, const uint8_t *shift, __m256i low) {
    __m256i y0 = requantise8(sum[0], multiplier, shift, low);
    __m256i y1 = requantise8(sum[1], multiplier + 8, shift + 8, low);
    __m256i y = _mm256_permute4x64_epi64(_mm256_packs_epi32(y0, y1), 0xd8);

    _mm_storeu_si128((__m128i *)out, _mm_packs_epi16(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1)));
}

void nn_gemm_s8_avx2(int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w,
                     const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out, int32_t low) {
    for (size_t n = 0; n < n_out; n += NN_OUT_BLOCK)
        for (size_t m = 0; m < n_rows; m++) {
            __m256i sum[2];

            sum_block(sum, x + (ptrdiff_t)m * x_stride, w + n * k_in, bias + n, k_in);
            store_block(out + (ptrdiff_t)m * out_stride + n, sum, multiplier + n, shift + n, _mm256_set1_epi64x(low));
        }
}

void nn_gemm_s32_avx2(int32_t *out, ptrdiff_t out_stride_elements, const int8_t *x, ptrdiff_t x_stride, size_t n_rows,
                      const int8_t *w, const int32_t *bias, size_t k_in, size_t n_out) {
    for (size_t n = 0; n < n_out; n += NN_OUT_BLOCK)
        for (size_t m = 0; m < n_rows; m++) {
            __m256i sum[2];
            int32_t *row = out + (ptrdiff_t)m * out_stride_elements + n;

            sum_block(sum, x + (ptrdiff_t)m * x_stride, w + n * k_in, bias + n, k_in);
            _mm256_storeu_si256((__m256i *)row, sum[0]);
            _mm256_storeu_si256((__m256i *)(row + 8), sum[1]);
        }
}
