/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/cepstrum_ref.c: the reference of cepstrum_sums. It is the specification, so it is not optimised. */
#include "base/assert.h"
#include "frontend/kernels/kernels.h"

void frontend_cepstrum_sums_ref(int32_t *out, const int16_t (*table)[FRONTEND_BANDS], const int16_t x[FRONTEND_BANDS],
                                size_t n_rows) {
    base_debug_assert(n_rows % 4 == 0);
    for (size_t i = 0; i < n_rows; i++) {
        int32_t sum = 0;
        for (unsigned j = 0; j < FRONTEND_BANDS; j++) {
            sum += table[i][j] * x[j];
        }
        out[i] = sum;
    }
}
