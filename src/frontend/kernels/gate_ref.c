/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/gate_ref.c: the reference of gate_squares. It is the specification, so it is not optimised. */
#include "base/assert.h"
#include "frontend/kernels/kernels.h"

void frontend_gate_squares_ref(uint64_t ret_sums[2], const int16_t *x, const int16_t *before, size_t n) {
    uint64_t level = 0, change = 0;
    base_debug_assert(n % 16 == 0);
    for (size_t i = 0; i < n; i++) {
        int64_t step = x[i] - before[i];
        level += (uint64_t)(x[i] * x[i]);
        change += (uint64_t)(step * step);
    }
    ret_sums[0] = level;
    ret_sums[1] = change;
}
