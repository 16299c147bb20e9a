/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/gemm_ref.c: the reference of gemm_s8 and gemm_s32. It is the specification, so it is never optimised. */
#include "base/assert.h"
#include "base/fixed.h"
#include "nn/kernels/kernels.h"

static int32_t sum_of_products(const int8_t *x, const int8_t *w, size_t k_in, size_t output) {
    const int8_t *block = w + output / NN_OUT_BLOCK * NN_OUT_BLOCK * k_in;
    int32_t sum = 0;

    for (size_t k = 0; k < k_in; k++)
        sum += x[k] * block[(k / NN_IN_BLOCK * NN_OUT_BLOCK + output % NN_OUT_BLOCK) * NN_IN_BLOCK + k % NN_IN_BLOCK];
    return sum;
}

void nn_gemm_s8_ref(int8_t *out, ptrdiff_t out_stride, const int8_t *x, ptrdiff_t x_stride, size_t n_rows, const int8_t *w,
                    const int32_t *bias, const int32_t *multiplier, const uint8_t *shift, size_t k_in, size_t n_out, int32_t low) {
    base_debug_assert(k_in % NN_IN_BLOCK == 0 && n_out % NN_OUT_BLOCK == 0);
    for (size_t m = 0; m < n_rows; m++)
        for (size_t n = 0; n < n_out; n++)
            out[(ptrdiff_t)m * out_stride + (ptrdiff_t)n] =
                base_requantise(bias[n] + sum_of_products(x + (ptrdiff_t)m * x_stride, w, k_in, n), multiplier[n], shift[n], low);
}

void nn_gemm_s32_ref(int32_t *out, ptrdiff_t out_stride_elements, const int8_t *x, ptrdiff_t x_stride, size_t n_rows,
                     const int8_t *w, const int32_t *bias, size_t k_in, size_t n_out) {
    base_debug_assert(k_in % NN_IN_BLOCK == 0 && n_out % NN_OUT_BLOCK == 0);
    for (size_t m = 0; m < n_rows; m++)
        for (size_t n = 0; n < n_out; n++)
            out[(ptrdiff_t)m * out_stride_elements + (ptrdiff_t)n] =
                bias[n] + sum_of_products(x + (ptrdiff_t)m * x_stride, w, k_in, n);
}
