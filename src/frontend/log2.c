/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/log2.c: the exponent is found by counting zeros, the mantissa by linear interpolation in a table of 257 points.
 * Interpolation is off by at most (1/256)^2 / (8 ln 2) = 0.18 / 2^16; rounding in the table and of the result add 0.5 each. */
#include "frontend/log2.h"
#include "base/assert.h"
#include "base/fixed.h"
#include "frontend/gen/tables.h"

int32_t frontend_log2_q16_of(uint64_t x) {
    base_debug_assert(x > 0);
    int exponent = 63 - __builtin_clzll(x);
    uint64_t mantissa = x << (63 - exponent); /* 1.63 */
    unsigned i = (unsigned)(mantissa >> 55) & 255;
    int64_t between_q16 = (int64_t)(mantissa >> 39) & 0xffff;
    int32_t low = frontend_log2_q16[i], high = frontend_log2_q16[i + 1];
    return exponent * 65536 + low + (int32_t)base_round_shift((high - low) * between_q16, 16);
}
