/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/normal.h: one form for texts that read the same, by utf8proc: Unicode's normal form C, and folding beyond base_utf8_fold.
 */
#ifndef TRAGUS_GRAMMAR_NORMAL_H
#define TRAGUS_GRAMMAR_NORMAL_H

#include <stddef.h>
#include <stdint.h>

#define GRAMMAR_FIRST_MARK 0x300 /* text without this character and those behind it is composed */
#define GRAMMAR_COMPOSE_GROWTH 4 /* room for each character that grammar_compose is given */
#define GRAMMAR_LONGEST_FOLD 3

/* Puts letters and their marks together as far as there are characters for it, in place (Unicode Standard Annex 15), and half-width
 * kana into full width. `chars` has n characters and room for GRAMMAR_COMPOSE_GROWTH times as many. Returns their new number. */
size_t grammar_compose(uint32_t *chars, size_t n);

/* Folds a character for comparison: case folding that may give several letters ("ß", "ss"), an i with and without a dot is the
 * same, digits of all scripts are those of ASCII, full-width and half-width letters and ligatures are plain ones. Returns how many
 * letters there are. */
size_t grammar_fold_whole(uint32_t c, uint32_t ret[GRAMMAR_LONGEST_FOLD]);

/* The value of a decimal digit of any script, or -1. */
int grammar_digit_value(uint32_t c);

#endif
