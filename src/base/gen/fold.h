/* SPDX-License-Identifier: Apache-2.0 */
/* base/gen/fold.h: the table behind base_utf8_fold. */
#ifndef TRAGUS_BASE_GEN_FOLD_H
#define TRAGUS_BASE_GEN_FOLD_H

#include <stddef.h>
#include <stdint.h>

struct base_fold_range { /* first, first + step, ... last fold to themselves plus delta; sorted, disjoint */
    uint32_t first, last;
    int32_t delta;
    uint32_t step; /* 1 or 2 */
};
extern const struct base_fold_range base_fold_ranges[];
extern const size_t base_fold_n_ranges;

#endif
