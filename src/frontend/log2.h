/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/log2.h: the base-2 logarithm of an integer, in integers. */
#ifndef TRAGUS_FRONTEND_LOG2_H
#define TRAGUS_FRONTEND_LOG2_H

#include <stdint.h>

/* log2(x) in Q16, error below 1.3 / 2^16; x > 0. */
int32_t frontend_log2_q16_of(uint64_t x);

#endif
