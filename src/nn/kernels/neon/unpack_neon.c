/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/neon/unpack_neon.c: unpack_s4 for every ARM CPU with NEON, 32 and 64 bits: half a group at a time. */
#include "nn/kernels/variants.h"

#include <arm_neon.h>

static inline int8x16_t centred(uint8x16_t nibbles) {
    return vsubq_s8(vreinterpretq_s8_u8(nibbles), vdupq_n_s8(8));
}

void nn_unpack_s4_neon(int8_t *out, const uint8_t *packed, size_t n_groups) {
    for (size_t i = 0; i < n_groups; i++, packed += NN_GROUP / 2, out += NN_GROUP)
        for (size_t half = 0; half < NN_GROUP / 2; half += 16) {
            uint8x16_t pairs = vld1q_u8(packed + half);

            vst1q_s8(out + half, centred(vandq_u8(pairs, vdupq_n_u8(15))));
            vst1q_s8(out + NN_GROUP / 2 + half, centred(vshrq_n_u8(pairs, 4)));
        }
}
