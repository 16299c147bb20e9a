/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/dwconv_ref.c: the reference of dwconv_s8. It is the specification, so it is never optimised. */
#include "base/assert.h"
#include "base/fixed.h"
#include "nn/kernels/kernels.h"

void nn_dwconv_s8_ref(int8_t *out, const int8_t *x, size_t n_rows, const int8_t *w, const int32_t *bias, const int32_t *multiplier,
                      const uint8_t *shift, size_t n_channels, size_t n_taps, int32_t low) {
    base_debug_assert(n_channels % NN_OUT_BLOCK == 0 && n_taps <= 31);
    for (size_t m = 0; m < n_rows; m++)
        for (size_t c = 0; c < n_channels; c++) {
            int32_t sum = bias[c];

            for (size_t t = 0; t < n_taps; t++)
                sum += x[(m + t) * n_channels + c] * w[t * n_channels + c];
            out[m * n_channels + c] = base_requantise(sum, multiplier[c], shift[c], low);
        }
}
