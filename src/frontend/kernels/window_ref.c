/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/window_ref.c: the reference of window_multiply and window_scale. It is the specification, so it is not
 * optimised. */
#include "base/assert.h"
#include "base/fixed.h"
#include "frontend/kernels/kernels.h"

void frontend_window_multiply_ref(int32_t *out, const int32_t *x, const uint16_t *w, size_t n, int32_t *ret_greatest) {
    int32_t greatest = 0;
    base_debug_assert(n % 8 == 0);
    for (size_t i = 0; i < n; i++) {
        out[i] = (int32_t)base_round_shift((int64_t)x[i] * w[i], 15);
        int32_t magnitude = out[i] < 0 ? -out[i] : out[i];
        greatest = magnitude > greatest ? magnitude : greatest;
    }
    *ret_greatest = greatest;
}

void frontend_window_scale_ref(int32_t *x, size_t n, unsigned exponent) {
    int32_t half = (1 << exponent) >> 1;
    base_debug_assert(n % 8 == 0 && exponent <= 17);
    for (size_t i = 0; i < n; i++) {
        x[i] = (x[i] + half) >> exponent;
    }
}
