/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/x86/gemm_avx512vnni.c: gemm_s8 and gemm_s32 for AVX-512 VNNI (with F, BW, VL): a packed block is one register wide.
 *
 * vpdpbusd adds four products of unsigned by signed bytes to each 32-bit lane, without saturation. Flipping the top bit of the
 * weights adds 128 and makes them unsigned, so every sum is too large by 128 * sum(x), which is computed once per row and
 * subtracted.
 *
 * Four rows by four blocks are computed at a time: a register of weights is loaded and flipped once for all rows, and sixteen sums
 * hide the latency of vpdpbusd, five cycles.
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

/* sum + products. In assembler, because with many sums GCC 12 copies most of them between registers, and some to memory, around
 * each _mm512_dpbusd_epi32. */
static inline __m512i add_products(__m512i sum, __m512i w, __m512i x) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(w), "v"(x));
    return sum;
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
#define MAX_BLOCKS ((size_t)4)
#define ROWS_AT_ONCE 16
#define INLINE static inline __attribute__((always_inline)) /* n_rows and n_blocks become constants */

/* sum[m][b]: row m, the b-th block at w. */
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
                sum[m][b] = add_products(sum[m][b], weights[b], four);
        }
    }
}

/* One row by one block, in four partial sums, because additions to a single one would wait for each other. */
static inline __m512i sum_block(const int8_t *x, __m512i excess, const int8_t *w, const int32_t *bias, size_t k_in) {
    __m512i sum0 = _mm512_sub_epi32(_mm512_loadu_si512(bias), excess), sum1 = _mm512_setzero_si512();
    __m512i sum2 = _mm512_setzero_si512(), sum3 = _mm512_setzero_si512();
    size_t k = 0;

    for (; k + 16 <= k_in; k += 16) {
        sum0 = add_products(sum0, load_unsigned(w + k * 16), broadcast_inputs(x + k));
        sum1 = add_products(sum1, load_unsigned(w + k * 16 + 64), broadcast_inputs(x + k + 4));
        sum2 = add_products(sum2, load_unsigned(w + k * 16 + 128), broadcast_inputs(x + k + 8));
        sum3 = add_products(sum3, load_unsigned(w + k * 16 + 192), broadcast_inputs(x + k + 12));
    }
    for (; k < k_in; k += 4)
        sum0 = add_products(sum0, load_unsigned(w + k * 16), broadcast_inputs(x + k));
    return _mm512_add_epi32(_mm512_add_epi32(sum0, sum1), _mm512_add_epi32(sum2, sum3));
}

/* The factors to requantise the sums of a block, eight outputs per register. */
struct factors {
    __m512i multiplier[2], half[2], shift[2];
};

static inline struct factors load_factors(const int32_t *multiplier, const uint8_t *shift) {
    struct factors f;

#pragma GCC unroll 2
    for (size_t i = 0; i < 2; i++) {
        f.multiplier[i] = _mm512_cvtepi32_epi64(_mm256_loadu_si256((const __m256i *)(multiplier + 8 * i)));
        f.shift[i] = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)(shift + 8 * i)));
        f.half[i] = _mm512_srli_epi64(_mm512_sllv_epi64(_mm512_set1_epi64(1), f.shift[i]), 1);
    }
    return f;
}

/* Narrowing to bytes saturates, so only the lower clamp is needed. */
static inline __m128i requantise8(__m256i sum, const struct factors *f, size_t i) {
    __m512i product = _mm512_mul_epi32(_mm512_cvtepi32_epi64(sum), f->multiplier[i]);

    return _mm512_cvtsepi64_epi8(_mm512_srav_epi64(_mm512_add_epi64(product, f->half[i]), f->shift[i]));
}

static inline void store_block(int8_t *out, __m512i sum, const struct factors *f, int32_t low) {
    __m128i first = requantise8(_mm512_castsi512_si256(sum), f, 0), second = requantise8(_mm512_extracti64x4_epi64(sum, 1), f, 1);

    _mm_storeu_si128((__m128i *)out, _mm_max_epi8(_mm_unpacklo_epi64(first, second), _mm_set1_epi8((char)low)));
}

INLINE void store_tile(size_t n_rows, size_t n_blocks, int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride,
                       const __m512i *excess, const int8_t *w, const int32_t *bias, const int32_t *multiplier, const uint8_t *shift,
                       size_t k_in, int32_t low) {
    __m512i sum[MAX_ROWS][MAX_BLOCKS];

    sum_tile(n_rows, n_blocks, sum, x, x_stride, excess, w, bias, k_in);
#pragma GCC unroll 4
    for (size_t b = 0; b < n_blocks; b++) {
        struct factors f = load_factors(multiplier + b * NN_OUT_BLOCK, shift + b * NN_OUT_BLOCK);

#pragma GCC unroll 4
        for (size_t m = 0; m < n_rows; m++)
            store_block(out + (ptrdiff_t)m * out_stride + b * NN_OUT_BLOCK, sum[m][b], &f, low);
    }
}

/* All rows by n_blocks blocks, which stay in the L1 cache meanwhile. */
INLINE void store_blocks(size_t n_blocks, int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows,
                         const __m512i *excess, const int8_t *w, const int32_t *bias, const int32_t *multiplier,
                         const uint8_t *shift, size_t k_in, int32_t low) {
    for (; n_rows >= 4; n_rows -= 4, excess += 4, out += 4 * out_stride, x += 4 * x_stride)
        store_tile(4, n_blocks, out, out_stride, x, x_stride, excess, w, bias, multiplier, shift, k_in, low);
    if (n_rows == 3)
        store_tile(3, n_blocks, out, out_stride, x, x_stride, excess, w, bias, multiplier, shift, k_in, low);
    else if (n_rows == 2)
        store_tile(2, n_blocks, out, out_stride, x, x_stride, excess, w, bias, multiplier, shift, k_in, low);
    else if (n_rows == 1)
        store_tile(1, n_blocks, out, out_stride, x, x_stride, excess, w, bias, multiplier, shift, k_in, low);
}

static void some_rows(int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w,
                      const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out,
                      int32_t low) {
    __m512i excess[ROWS_AT_ONCE];
    size_t n = 0;

    for (size_t m = 0; m < n_rows; m++)
        excess[m] = excess_of(x + (ptrdiff_t)m * x_stride, k_in);
    for (; n + MAX_BLOCKS * NN_OUT_BLOCK <= n_out; n += MAX_BLOCKS * NN_OUT_BLOCK)
        store_blocks(MAX_BLOCKS, out + n, out_stride, x, x_stride, n_rows, excess, w + n * k_in, bias + n, multiplier + n,
                     shift + n, k_in, low);
    switch ((n_out - n) / NN_OUT_BLOCK) {
    case 3:
        store_blocks(3, out + n, out_stride, x, x_stride, n_rows, excess, w + n * k_in, bias + n, multiplier + n, shift + n, k_in,
                     low);
        break;
    case 2:
        store_blocks(2, out + n, out_stride, x, x_stride, n_rows, excess, w + n * k_in, bias + n, multiplier + n, shift + n, k_in,
                     low);
        break;
    case 1:
        store_blocks(1, out + n, out_stride, x, x_stride, n_rows, excess, w + n * k_in, bias + n, multiplier + n, shift + n, k_in,
                     low);
        break;
    default:
        break;
    }
}

static void one_row(int8_t *out, const int8_t *x, const int8_t *w, const int32_t *bias, const int32_t *multiplier,
                    const uint8_t *shift, size_t k_in, size_t n_out, int32_t low) {
    __m512i excess = excess_of(x, k_in);

    for (size_t n = 0; n < n_out; n += NN_OUT_BLOCK) {
        struct factors f = load_factors(multiplier + n, shift + n);

        store_block(out + n, sum_block(x, excess, w + n * k_in, bias + n, k_in), &f, low);
    }
}

void nn_gemm_s8_avx512vnni(int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w,
                           const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out,
                           int32_t low) {
    while (n_rows > 1) {
        size_t n = n_rows < ROWS_AT_ONCE ? n_rows : ROWS_AT_ONCE;

        some_rows(out, out_stride, x, x_stride, n, w, bias, multiplier, shift, k_in, n_out, low);
        n_rows -= n, out += (ptrdiff_t)n * out_stride, x += (ptrdiff_t)n * x_stride;
    }
    if (n_rows == 1)
        one_row(out, x, w, bias, multiplier, shift, k_in, n_out, low);
}

/* Two or four rows by three blocks, as a model's labels need. */
INLINE void store_sums(size_t n_rows, int32_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, const int8_t *w,
                       const int32_t *bias, size_t k_in) {
    __m512i sum[MAX_ROWS][MAX_BLOCKS], excess[MAX_ROWS];

    for (size_t m = 0; m < n_rows; m++)
        excess[m] = excess_of(x + (ptrdiff_t)m * x_stride, k_in);
    sum_tile(n_rows, 3, sum, x, x_stride, excess, w, bias, k_in);
#pragma GCC unroll 4
    for (size_t m = 0; m < n_rows; m++)
#pragma GCC unroll 3
        for (size_t b = 0; b < 3; b++)
            _mm512_storeu_si512(out + (ptrdiff_t)m * out_stride + b * NN_OUT_BLOCK, sum[m][b]);
}

void nn_gemm_s32_avx512vnni(int32_t *out, ptrdiff_t out_stride_elements, const int8_t *x, ptrdiff_t x_stride, size_t n_rows,
                            const int8_t *w, const int32_t *bias, size_t k_in, size_t n_out) {
    for (size_t n_done = 0; n_rows > 0;
         n_rows -= n_done, out += (ptrdiff_t)n_done * out_stride_elements, x += (ptrdiff_t)n_done * x_stride) {
        size_t n = 0, width = (size_t)3 * NN_OUT_BLOCK;

        n_done = n_rows >= 4 ? 4 : n_rows >= 2 ? 2 : 1;
        for (; n_done > 1 && n + width <= n_out; n += width) {
            if (n_done == 4)
                store_sums(4, out + n, out_stride_elements, x, x_stride, w + n * k_in, bias + n, k_in);
            else
                store_sums(2, out + n, out_stride_elements, x, x_stride, w + n * k_in, bias + n, k_in);
        }
        for (size_t m = 0; m < n_done && n < n_out; m++) {
            const int8_t *row = x + (ptrdiff_t)m * x_stride;
            __m512i excess = excess_of(row, k_in);

            for (size_t i = n; i < n_out; i += NN_OUT_BLOCK)
                _mm512_storeu_si512(out + (ptrdiff_t)m * out_stride_elements + i,
                                    sum_block(row, excess, w + i * k_in, bias + i, k_in));
        }
    }
}
