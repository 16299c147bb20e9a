/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/x86/gemm_avx512vnni.c: gemm_s8 and gemm_s32 for AVX-512 VNNI (with F, BW, VL): a packed block is one register wide.
 *
 * vpdpbusd adds four products of unsigned by signed bytes to each 32-bit lane, without saturation. The weights are made unsigned by
 * adding 128 (their top bit flipped), so every sum comes out too large by 128 * sum(x): counted once a row and subtracted.
 *
 * Four rows by four blocks are computed at a time: a register of weights is loaded and flipped once for all rows, and sixteen sums
 * hide the five cycles that one vpdpbusd takes.
 */
#include "nn/kernels/variants.h"

#include <immintrin.h>
#include <string.h>

static inline __m512i broadcast_inputs(const int8_t *x) {
    int32_t four;

    memcpy(&four, x, sizeof(four));
    return _mm512_set1_epi32(four);
}

static inline __m512i load_unsigned(const int8_t *w) {
    return _mm512_xor_si512(_mm512_load_si512(w), _mm512_set1_epi8(-128));
}

/* 128 * sum(x), in all lanes. */
static inline __m512i excess_of(const int8_t *x, size_t k_in) {
    const __m512i offset = _mm512_set1_epi8(-128); /* 128 as an unsigned byte */
    __m512i sum = _mm512_setzero_si512();
    size_t k = 0;

    for (; k + 64 <= k_in; k += 64)
        sum = _mm512_dpbusd_epi32(sum, offset, _mm512_loadu_si512(x + k));
    sum = _mm512_dpbusd_epi32(sum, offset, _mm512_maskz_loadu_epi8(((__mmask64)1 << (k_in - k)) - 1, x + k));
    return _mm512_set1_epi32(_mm512_reduce_add_epi32(sum));
}

#define MAX_ROWS 4
#define MAX_BLOCKS 4
#define INLINE static inline __attribute__((always_inline)) /* n_rows and n_blocks are constants inside */

/* sum[m][b]: the b-th block at w for the m-th row. */
INLINE void sum_tile(size_t n_rows, size_t n_blocks, __m512i sum[MAX_ROWS][MAX_BLOCKS], const int8_t *x, ptrdiff_t x_stride,
                     const __m512i *excess, const int8_t *w, const int32_t *bias, size_t k_in) {
#pragma GCC unroll 4
    for (size_t m = 0; m < n_rows; m++)
#pragma GCC unroll 4
        for (size_t b = 0; b < n_blocks; b++)
            sum[m][b] = _mm512_sub_epi32(_mm512_loadu_si512(bias + b * NN_OUT_BLOCK), excess[m]);
    for (size_t k = 0; k < k_in; k += NN_IN_BLOCK) {
        __m512i weights[MAX_BLOCKS];

#pragma GCC unroll 4
        for (size_t b = 0; b < n_blocks; b++)
            weights[b] = load_unsigned(w + b * NN_OUT_BLOCK * k_in + k * NN_OUT_BLOCK);
#pragma GCC unroll 4
        for (size_t m = 0; m < n_rows; m++) {
            __m512i four = broadcast_inputs(x + (ptrdiff_t)m * x_stride + k);

#pragma GCC unroll 4
            for (size_t b = 0; b < n_blocks; b++)
                sum[m][b] = _mm512_dpbusd_epi32(sum[m][b], weights[b], four);
        }
    }
}

/* One row by one block: four sums of parts, because each would wait for its own products. */
static inline __m512i sum_block(const int8_t *x, __m512i excess, const int8_t *w, const int32_t *bias, size_t k_in) {
    __m512i sum0 = _mm512_sub_epi32(_mm512_loadu_si512(bias), excess), sum1 = _mm512_setzero_si512();
    __m512i sum2 = _mm512_setzero_si512(), sum3 = _mm512_setzero_si512();
    size_t k = 0;

    for (; k + 16 <= k_in; k += 16) {
        sum0 = _mm512_dpbusd_epi32(sum0, load_unsigned(w + k * 16), broadcast_inputs(x + k));
        sum1 = _mm512_dpbusd_epi32(sum1, load_unsigned(w + k * 16 + 64), broadcast_inputs(x + k + 4));
        sum2 = _mm512_dpbusd_epi32(sum2, load_unsigned(w + k * 16 + 128), broadcast_inputs(x + k + 8));
        sum3 = _mm512_dpbusd_epi32(sum3, load_unsigned(w + k * 16 + 192), broadcast_inputs(x + k + 12));
    }
    for (; k < k_in; k += 4)
        sum0 = _mm512_dpbusd_epi32(sum0, load_unsigned(w + k * 16), broadcast_inputs(x + k));
    return _mm512_add_epi32(_mm512_add_epi32(sum0, sum1), _mm512_add_epi32(sum2, sum3));
}

/* Eight sums in the even 32-bit lanes -> requantised values in 64-bit lanes. */
static inline __m512i requantise8(__m512i sum, __m512i multiplier, __m512i shift, __m512i low) {
    __m512i half = _mm512_srli_epi64(_mm512_sllv_epi64(_mm512_set1_epi64(1), shift), 1);
    __m512i y = _mm512_srav_epi64(_mm512_add_epi64(_mm512_mul_epi32(sum, multiplier), half), shift);

    return _mm512_max_epi64(_mm512_min_epi64(y, _mm512_set1_epi64(127)), low);
}

static inline void store_block(int8_t *out, __m512i sum, const int32_t *multiplier, const uint8_t *shift, __m512i low) {
    __m512i m = _mm512_loadu_si512(multiplier);
    __m512i s = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)shift));
    __m512i even = requantise8(sum, m, _mm512_and_si512(s, _mm512_set1_epi64(0xffffffff)), low);
    __m512i odd = requantise8(_mm512_srli_epi64(sum, 32), _mm512_srli_epi64(m, 32), _mm512_srli_epi64(s, 32), low);

    _mm_storeu_si128((__m128i *)out, _mm512_cvtepi32_epi8(_mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32))));
}

INLINE void store_tile(size_t n_rows, size_t n_blocks, int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride,
                       const __m512i *excess, const int8_t *w, const int32_t *bias, const int32_t *multiplier, const uint8_t *shift,
                       size_t k_in, __m512i low) {
    __m512i sum[MAX_ROWS][MAX_BLOCKS];

    sum_tile(n_rows, n_blocks, sum, x, x_stride, excess, w, bias, k_in);
#pragma GCC unroll 4
    for (size_t b = 0; b < n_blocks; b++)
#pragma GCC unroll 4
        for (size_t m = 0; m < n_rows; m++)
            store_block(out + (ptrdiff_t)m * out_stride + b * NN_OUT_BLOCK, sum[m][b], multiplier + b * NN_OUT_BLOCK,
                        shift + b * NN_OUT_BLOCK, low);
}

INLINE void some_rows(size_t n_rows, int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, const int8_t *w,
                      const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out,
                      int32_t low) {
    __m512i excess[MAX_ROWS], low64 = _mm512_set1_epi64(low);
    size_t n = 0;

    for (size_t m = 0; m < n_rows; m++)
        excess[m] = excess_of(x + (ptrdiff_t)m * x_stride, k_in);
    for (; n + MAX_BLOCKS * NN_OUT_BLOCK <= n_out; n += MAX_BLOCKS * NN_OUT_BLOCK)
        store_tile(n_rows, MAX_BLOCKS, out + n, out_stride, x, x_stride, excess, w + n * k_in, bias + n, multiplier + n, shift + n,
                   k_in, low64);
    for (; n < n_out; n += NN_OUT_BLOCK)
        store_tile(n_rows, 1, out + n, out_stride, x, x_stride, excess, w + n * k_in, bias + n, multiplier + n, shift + n, k_in,
                   low64);
}

static void one_row(int8_t *out, const int8_t *x, const int8_t *w, const int32_t *bias, const int32_t *multiplier,
                    const uint8_t *shift, size_t k_in, size_t n_out, int32_t low) {
    __m512i excess = excess_of(x, k_in), low64 = _mm512_set1_epi64(low);

    for (size_t n = 0; n < n_out; n += NN_OUT_BLOCK)
        store_block(out + n, sum_block(x, excess, w + n * k_in, bias + n, k_in), multiplier + n, shift + n, low64);
}

void nn_gemm_s8_avx512vnni(int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w,
                           const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out,
                           int32_t low) {
    for (; n_rows >= 4; n_rows -= 4, out += 4 * out_stride, x += 4 * x_stride)
        some_rows(4, out, out_stride, x, x_stride, w, bias, multiplier, shift, k_in, n_out, low);
    if (n_rows == 3)
        some_rows(3, out, out_stride, x, x_stride, w, bias, multiplier, shift, k_in, n_out, low);
    else if (n_rows == 2)
        some_rows(2, out, out_stride, x, x_stride, w, bias, multiplier, shift, k_in, n_out, low);
    else if (n_rows == 1)
        one_row(out, x, w, bias, multiplier, shift, k_in, n_out, low);
}

void nn_gemm_s32_avx512vnni(int32_t *out, ptrdiff_t out_stride_elements, const int8_t *x, ptrdiff_t x_stride, size_t n_rows,
                            const int8_t *w, const int32_t *bias, size_t k_in, size_t n_out) {
    for (size_t m = 0; m < n_rows; m++, out += out_stride_elements, x += x_stride) {
        __m512i excess = excess_of(x, k_in);

        for (size_t n = 0; n < n_out; n += NN_OUT_BLOCK)
            _mm512_storeu_si512(out + n, sum_block(x, excess, w + n * k_in, bias + n, k_in));
    }
}
