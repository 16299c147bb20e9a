/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/add_ref.c: the reference of add_s8. It is the specification, so it is never optimised. */
#include "base/assert.h"
#include "base/fixed.h"
#include "nn/kernels/kernels.h"

void nn_add_s8_ref(int8_t *out, const int8_t *a, const int8_t *b, size_t n, int32_t ma, int32_t mb, unsigned shift, int32_t low) {
    base_debug_assert(n % NN_OUT_BLOCK == 0 && shift >= 1 && shift <= 30);
    for (size_t i = 0; i < n; i++)
        out[i] = (int8_t)base_clamp(base_round_shift((int64_t)a[i] * ma + (int64_t)b[i] * mb, shift), low, 127);
}
