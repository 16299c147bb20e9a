/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/mel_ref.c: the reference of mel_sums. It is the specification, so it is not optimised. */
#include "frontend/kernels/kernels.h"

void frontend_mel_sums_ref(uint64_t (*out)[2], const int32_t *parts, const uint16_t *weight_q15, const uint8_t *n_bins, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint64_t all = 0, rising = 0;
        for (unsigned bin = 0; bin < n_bins[i]; bin++, parts += 2, weight_q15++) {
            int64_t re = parts[0], im = parts[1];
            uint64_t power = (uint64_t)(re * re + im * im);
            all += power;
            rising += power * *weight_q15;
        }
        out[i][0] = all;
        out[i][1] = rising;
    }
}
