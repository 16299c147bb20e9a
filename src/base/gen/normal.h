/* SPDX-License-Identifier: Apache-2.0 */
/* base/gen/normal.h: the tables behind base/normal.h. All are sorted. */
#ifndef TRAGUS_BASE_GEN_NORMAL_H
#define TRAGUS_BASE_GEN_NORMAL_H

#include <stddef.h>
#include <stdint.h>

struct base_canonical { /* c is the same as its parts; one part only if the second is 0 */
    uint32_t c, parts[2];
};
extern const struct base_canonical base_canonicals[];   /* by c */
extern const struct base_canonical base_compositions[]; /* those that are composed, by parts */
extern const size_t base_canonicals_n, base_compositions_n;

struct base_combining { /* first..last have this canonical combining class */
    uint32_t first, last, order;
};
extern const struct base_combining base_combinings[];
extern const size_t base_combinings_n;

struct base_long_fold {
    uint32_t c, to[3]; /* as many as there are before a 0 */
};
extern const struct base_long_fold base_long_folds[];
extern const size_t base_long_folds_n;

extern const uint16_t base_narrow_kana[]; /* full-width kana for U+FF66 and those behind it */
extern const size_t base_narrow_kana_n;
extern const uint32_t base_digit_zeros[]; /* the zeros of all scripts that have ten digits in a row */
extern const size_t base_digit_zeros_n;

#endif
