/* SPDX-License-Identifier: Apache-2.0 */
/* base/fixed.h: arithmetic shared by all fixed-point stages; see docs/FIXED-POINT.md for formats and bounds. */
#ifndef TRAGUS_BASE_FIXED_H
#define TRAGUS_BASE_FIXED_H

#include "base/assert.h"

#include <stdint.h>

/* value / 2^shift, half rounded up (towards plus infinity); shift 0..62. All fixed-point code rounds this way. */
static inline int64_t base_round_shift(int64_t value, unsigned shift) {
    base_debug_assert(shift <= 62);
    return shift == 0 ? value : (value + ((int64_t)1 << (shift - 1))) >> shift;
}

static inline int64_t base_clamp(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

/* Converts an accumulator to an int8 activation: round(acc * multiplier / 2^shift), clamped to [low, 127]. acc: any int32;
 * multiplier: 0..2^31-1; shift: 1..62; low: -127, or 0 with a fused ReLU. */
static inline int8_t base_requantise(int32_t acc, int32_t multiplier, unsigned shift, int32_t low) {
    return (int8_t)base_clamp(base_round_shift((int64_t)acc * multiplier, shift), low, 127);
}

#endif
