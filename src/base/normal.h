/* SPDX-License-Identifier: Apache-2.0 */
/* base/normal.h: one form for texts that read the same: Unicode's normal form C, and folding beyond base_utf8_fold. */
#ifndef TRAGUS_BASE_NORMAL_H
#define TRAGUS_BASE_NORMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BASE_FIRST_MARK 0x300 /* text without this character and those behind it is composed */
#define BASE_NORMAL_GROWTH 4  /* room for each character that base_normal_compose is given */
#define BASE_LONGEST_FOLD 3

/* Puts letters and their marks together as far as there are characters for it, in place, and half-width kana into full width.
 * `chars` has n characters and room for BASE_NORMAL_GROWTH times as many. Returns their new number. */
size_t base_normal_compose(uint32_t *chars, size_t n);

/* Folds a character for comparison: case folding that may give several letters ("ß", "ss"), an i with and without a dot is the
 * same, digits of all scripts are those of ASCII, full-width and half-width letters and ligatures are plain ones. Returns how many
 * letters there are. */
size_t base_fold_whole(uint32_t c, uint32_t ret[BASE_LONGEST_FOLD]);

/* The value of a decimal digit of any script, or -1. */
int base_digit_value(uint32_t c);

#endif
