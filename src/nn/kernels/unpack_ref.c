/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/unpack_ref.c: the reference of unpack_s4. It is the specification, so it is never optimised. */
#include "nn/kernels/kernels.h"

void nn_unpack_s4_ref(int8_t *out, const uint8_t *packed, size_t n_groups) {
    for (size_t i = 0; i < n_groups * NN_GROUP; i++) {
        uint8_t pair = packed[i / NN_GROUP * NN_GROUP / 2 + i % (NN_GROUP / 2)];

        out[i] = (int8_t)((i % NN_GROUP < NN_GROUP / 2 ? pair & 15 : pair >> 4) - 8);
    }
}
