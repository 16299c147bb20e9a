/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/digits.h: typed numbers of ranges. */
#ifndef TRAGUS_GRAMMAR_DIGITS_H
#define TRAGUS_GRAMMAR_DIGITS_H

#include "grammar/model.h"

/* How digits with a sign between them can be read, in the order in which ranges try it. */
enum grammar_digits_reading {
    GRAMMAR_DIGITS_GROUPED, /* 1,000 is a thousand, where the language has such groups */
    GRAMMAR_DIGITS_DECIMAL, /* 1.5 or 1,5; 2½ */
    GRAMMAR_DIGITS_WHOLE,   /* 3 of 3.5, so that the rest is another number */
    GRAMMAR_N_DIGITS_READINGS
};

/* Reads the number of a range at chars[at]. Returns false if it is none, or not in the range. Else *ret_end is behind it, and
 * *ret_value is the slot's value. */
bool grammar_digits_in(const struct grammar_range *r, enum grammar_digits_reading reading, const uint32_t *chars, uint32_t n,
                       uint32_t at, uint32_t *ret_end, double *ret_value);

#endif
