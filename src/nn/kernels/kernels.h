/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/kernels.h: the kernel families of the network: their contracts, and the table of the selected variants.
 *
 * The reference (`*_ref.c`) is the specification, in simple loops. Each variant gives the same bytes for every input in range.
 * Arithmetic of all: int8 operands in [-127, 127]; exact int32 accumulation (checked at load to fit); then base_requantise
 * (base/fixed.h): one int64 product, add half, one arithmetic shift, clamp. No intermediate saturates.
 */
#ifndef TRAGUS_NN_KERNELS_KERNELS_H
#define TRAGUS_NN_KERNELS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define NN_OUT_BLOCK 16 /* outputs per block of packed weights */
#define NN_IN_BLOCK 4   /* consecutive inputs per output in a block */
#define NN_GROUP 64     /* weights that belong together: a block's outputs, NN_IN_BLOCK inputs each */

/* gemm_s8: out[m][n] = requantise(bias[n] + sum_k x[m][k] * w[k][n]).
 *   x: n_rows rows of k_in int8, row m begins at x + m * x_stride; rows may overlap (a convolution reads windows of one buffer).
 *   w: packed: for each block of 16 outputs, for each group of 4 inputs: 16 x 4 int8, output-major ({o0: i0 i1 i2 i3}, {o1: ...}).
 *      k_in is a multiple of 4, n_out of 16; padding weights are 0. 64-byte aligned.
 *   bias int32[n_out]; multiplier int32[n_out] in [0, 2^31-1]; shift uint8[n_out] in [1, 62]; low: -127, or 0 for a fused ReLU.
 *   out: row m at out + m * out_stride; n_out bytes each; aliases nothing. */
typedef void nn_gemm_s8(int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w,
                        const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out,
                        int32_t low);

/* gemm_s32: the same sums without requantisation: out[m][n] = bias[n] + sum; for the logits of the last layer. */
typedef void nn_gemm_s32(int32_t *out, ptrdiff_t out_stride_elements, const int8_t *x, ptrdiff_t x_stride, size_t n_rows,
                         const int8_t *w, const int32_t *bias, size_t k_in, size_t n_out);

/* dwconv_s8: depthwise: out[m][c] = requantise(bias[c] + sum_t x[m + t][c] * w[t][c]), t < n_taps <= 31.
 *   x: row r at x + r * n_channels (dense), n_rows + n_taps - 1 rows; w: n_taps x n_channels int8; n_channels a multiple of 16. */
typedef void nn_dwconv_s8(int8_t *out, const int8_t *x, size_t n_rows, const int8_t *w, const int32_t *bias,
                          const int32_t *multiplier, const uint8_t *shift, size_t n_channels, size_t n_taps, int32_t low);

/* add_s8: out[i] = clamp((a[i] * ma + b[i] * mb + half) >> shift, low, 127), exact in int32: |ma|, |mb| < 2^22; 1 <= shift <= 30.
 *   n a multiple of 16; out may be a or b. */
typedef void nn_add_s8(int8_t *out, const int8_t *a, const int8_t *b, size_t n, int32_t ma, int32_t mb, unsigned shift,
                       int32_t low);

/* unpack_s4: weights of four bits, in [-7, 7], to the bytes that gemm_s8 wants. A group of 64 weights is packed into 32 bytes: byte
 * i holds weight i in its lower half and weight i + 32 in its upper half, each plus 8. out: 64 n_groups bytes; packed: 32 n_groups
 * bytes; neither needs an alignment. */
typedef void nn_unpack_s4(int8_t *out, const uint8_t *packed, size_t n_groups);

struct nn_kernels {
    const char *gemm_name; /* "ref", "avx2", "neon", "dotprod", ... as shown to users */
    nn_gemm_s8 *gemm_s8;
    nn_gemm_s32 *gemm_s32;
    const char *dwconv_name;
    nn_dwconv_s8 *dwconv_s8;
    const char *add_name;
    nn_add_s8 *add_s8;
    const char *unpack_name;
    nn_unpack_s4 *unpack_s4;
};

/* Starts with the reference, then takes each better variant that this build has and cpu_flags (base/cpu.h) allows. */
struct nn_kernels nn_kernels_select(uint32_t cpu_flags);

/* The reference kernels; every table starts with them. */
nn_gemm_s8 nn_gemm_s8_ref;
nn_gemm_s32 nn_gemm_s32_ref;
nn_dwconv_s8 nn_dwconv_s8_ref;
nn_add_s8 nn_add_s8_ref;
nn_unpack_s4 nn_unpack_s4_ref;

#endif
