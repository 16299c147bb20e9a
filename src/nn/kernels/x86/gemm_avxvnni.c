/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/x86/gemm_avxvnni.c: gemm_s8 and gemm_s32 for AVX-VNNI (with AVX2): vpdpbusd in 256 bits, for CPUs that have it but not
 * AVX-512. A packed block is two registers.
 *
 * As in gemm_avx512vnni.c, flipping the top bit of the weights makes them unsigned, so every sum is too large by 128 * sum(x),
 * which is computed once per row and subtracted. Rows are computed in pairs, as the daemon passes them, and blocks in pairs: eight
 * sums hide the latency of vpdpbusd, five cycles, and fit in the sixteen registers together with their operands.
 *
 * AVX-512 VNNI also has vpdpbusd of 256 bits, with another encoding. tests/kernels also tests this file in that encoding, and
 * tests/bench/beside measures it: on an AMD EPYC with 416 x 416 it is 1.3 times as fast as gemm_avx2.c for one row, 2.2 times for
 * two.
 */
#include "nn/kernels/variants.h"
#include "nn/kernels/x86/requantise.h"

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline)) /* n_rows and n_blocks become constants */

static inline __m256i broadcast_inputs(const int8_t *x) {
    int32_t four;

    memcpy(&four, x, sizeof(four));
    return _mm256_set1_epi32(four);
}

static inline __m256i load_unsigned(const int8_t *w) {
    return _mm256_xor_si256(_mm256_load_si256((const __m256i *)w), _mm256_set1_epi8(-128));
}

static inline __m256i load_sums(const int32_t *bias) {
    return _mm256_loadu_si256((const __m256i *)bias);
}

/* sum + products. In assembler, because with many sums GCC 12 copies most of them between registers around each
 * _mm256_dpbusd_epi32. Without {vex} the assembler chooses the encoding of AVX-512. */
static inline __m256i add_products(__m256i sum, __m256i w, __m256i x) {
#ifdef __AVXVNNI__
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(w), "x"(x));
#else
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(w), "v"(x));
#endif
    return sum;
}

/* 128 * sum(x), in all lanes. */
static inline __m256i excess_of(const int8_t *x, size_t k_in) {
    const __m256i offset = _mm256_set1_epi8(-128); /* 128 as an unsigned byte */
    __m256i sum = _mm256_setzero_si256();
    size_t k = 0;

    for (; k + 32 <= k_in; k += 32)
        sum = add_products(sum, offset, _mm256_loadu_si256((const __m256i *)(x + k)));
    sum = _mm256_add_epi32(sum, _mm256_permute2x128_si256(sum, sum, 1));
    sum = _mm256_add_epi32(sum, _mm256_shuffle_epi32(sum, 0x4e));
    sum = _mm256_add_epi32(sum, _mm256_shuffle_epi32(sum, 0xb1));
    for (; k < k_in; k += 4)
        sum = add_products(sum, offset, broadcast_inputs(x + k));
    return sum;
}

/* sum[m][0..1]: row m, the first block at w; sum[m][2..3]: the second block. */
INLINE void sum_tile(size_t n_rows, size_t n_blocks, __m256i sum[2][4], const int8_t *x, ptrdiff_t x_stride, const __m256i *excess,
                     const int8_t *w, const int32_t *bias, size_t k_in) {
#pragma GCC unroll 2
    for (size_t m = 0; m < n_rows; m++)
#pragma GCC unroll 4
        for (size_t i = 0; i < 2 * n_blocks; i++)
            sum[m][i] = _mm256_sub_epi32(load_sums(bias + 8 * i), excess[m]);
    for (size_t k = 0; k < k_in; k += NN_IN_BLOCK) {
        __m256i four[2];

#pragma GCC unroll 2
        for (size_t m = 0; m < n_rows; m++)
            four[m] = broadcast_inputs(x + (ptrdiff_t)m * x_stride + k);
#pragma GCC unroll 4
        for (size_t i = 0; i < 2 * n_blocks; i++) {
            __m256i weights = load_unsigned(w + i / 2 * NN_OUT_BLOCK * k_in + k * NN_OUT_BLOCK + i % 2 * 32);

#pragma GCC unroll 2
            for (size_t m = 0; m < n_rows; m++)
                sum[m][i] = add_products(sum[m][i], weights, four[m]);
        }
    }
}

/* One row by one block, in four partial sums per half, because additions to a single one would wait for each other. */
static inline void sum_block(__m256i sum[2], const int8_t *x, __m256i excess, const int8_t *w, const int32_t *bias, size_t k_in) {
    __m256i part[4][2] = {{_mm256_sub_epi32(load_sums(bias), excess), _mm256_sub_epi32(load_sums(bias + 8), excess)}};
    size_t k = 0;

#pragma GCC unroll 3
    for (size_t i = 1; i < 4; i++)
        part[i][0] = part[i][1] = _mm256_setzero_si256();
    for (; k + 16 <= k_in; k += 16)
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            __m256i four = broadcast_inputs(x + k + 4 * i);

            part[i][0] = add_products(part[i][0], load_unsigned(w + k * 16 + 64 * i), four);
            part[i][1] = add_products(part[i][1], load_unsigned(w + k * 16 + 64 * i + 32), four);
        }
    for (; k < k_in; k += 4) {
        __m256i four = broadcast_inputs(x + k);

        part[0][0] = add_products(part[0][0], load_unsigned(w + k * 16), four);
        part[0][1] = add_products(part[0][1], load_unsigned(w + k * 16 + 32), four);
    }
#pragma GCC unroll 2
    for (size_t i = 0; i < 2; i++)
        sum[i] = _mm256_add_epi32(_mm256_add_epi32(part[0][i], part[1][i]), _mm256_add_epi32(part[2][i], part[3][i]));
}

/* Where sums are stored: requantised to bytes, or unchanged to sums. */
struct output {
    bool requantised;
    int8_t *bytes;
    int32_t *sums;
    ptrdiff_t stride;
    const int32_t *multiplier;
    const uint8_t *shift;
    int32_t low;
};

/* Stores the block of outputs from n on, of row m. */
INLINE void store_block(const struct output *o, size_t m, size_t n, const __m256i sum[2]) {
    ptrdiff_t at = (ptrdiff_t)m * o->stride + (ptrdiff_t)n;

    if (!o->requantised) {
        _mm256_storeu_si256((__m256i *)(o->sums + at), sum[0]);
        _mm256_storeu_si256((__m256i *)(o->sums + at + 8), sum[1]);
    } else {
        __m256i low = _mm256_set1_epi64x(o->low);
        __m256i y = _mm256_packs_epi32(requantise8(sum[0], o->multiplier + n, o->shift + n, low),
                                       requantise8(sum[1], o->multiplier + n + 8, o->shift + n + 8, low));

        y = _mm256_permute4x64_epi64(y, 0xd8);
        _mm_storeu_si128((__m128i *)(o->bytes + at), _mm_packs_epi16(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1)));
    }
}

/* The rows from `first` to `end` by n_blocks blocks from output n on, which stay in the L1 cache meanwhile. */
INLINE void store_blocks(size_t n_blocks, const struct output *o, const int8_t *x, ptrdiff_t x_stride, size_t first, size_t end,
                         const __m256i *excess, const int8_t *w, const int32_t *bias, size_t k_in, size_t n) {
    size_t m = first;

    for (; m + 2 <= end; m += 2) {
        __m256i sum[2][4];

        sum_tile(2, n_blocks, sum, x + (ptrdiff_t)m * x_stride, x_stride, excess + (m - first), w + n * k_in, bias + n, k_in);
#pragma GCC unroll 2
        for (size_t b = 0; b < n_blocks; b++) {
            store_block(o, m, n + b * NN_OUT_BLOCK, sum[0] + 2 * b);
            store_block(o, m + 1, n + b * NN_OUT_BLOCK, sum[1] + 2 * b);
        }
    }
    for (size_t b = 0; b < n_blocks && m < end; b++) {
        size_t at = n + b * NN_OUT_BLOCK;
        __m256i sum[2];

        sum_block(sum, x + (ptrdiff_t)m * x_stride, excess[m - first], w + at * k_in, bias + at, k_in);
        store_block(o, m, at, sum);
    }
}

#define ROWS_AT_ONCE 16

INLINE void gemm(const struct output *o, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w, const int32_t *bias,
                 size_t k_in, size_t n_out) {
    for (size_t first = 0; first < n_rows; first += ROWS_AT_ONCE) {
        size_t end = n_rows - first < ROWS_AT_ONCE ? n_rows : first + ROWS_AT_ONCE, n = 0;
        __m256i excess[ROWS_AT_ONCE];

        for (size_t m = first; m < end; m++)
            excess[m - first] = excess_of(x + (ptrdiff_t)m * x_stride, k_in);
        for (; n + (size_t)2 * NN_OUT_BLOCK <= n_out; n += (size_t)2 * NN_OUT_BLOCK)
            store_blocks(2, o, x, x_stride, first, end, excess, w, bias, k_in, n);
        if (n < n_out)
            store_blocks(1, o, x, x_stride, first, end, excess, w, bias, k_in, n);
    }
}

void nn_gemm_s8_avxvnni(int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w,
                        const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out,
                        int32_t low) {
    const struct output o = {
        .requantised = true, .bytes = out, .stride = out_stride, .multiplier = multiplier, .shift = shift, .low = low};

    gemm(&o, x, x_stride, n_rows, w, bias, k_in, n_out);
}

void nn_gemm_s32_avxvnni(int32_t *out, ptrdiff_t out_stride_elements, const int8_t *x, ptrdiff_t x_stride, size_t n_rows,
                         const int8_t *w, const int32_t *bias, size_t k_in, size_t n_out) {
    const struct output o = {.sums = out, .stride = out_stride_elements};

    gemm(&o, x, x_stride, n_rows, w, bias, k_in, n_out);
}
