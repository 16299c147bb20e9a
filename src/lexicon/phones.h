/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/phones.h: names of phones, and reading pronunciations as people write them. */
#ifndef TRAGUS_LEXICON_PHONES_H
#define TRAGUS_LEXICON_PHONES_H

#include "base/error.h"
#include "lexicon/lexicon.h"

/* ARPAbet without stress, as English dictionaries use it: names[1..PHONES_N_ARPABET] in alphabetical order; names[0] is NULL. */
#define PHONES_N_ARPABET 39
extern const char *const phones_arpabet[PHONES_N_ARPABET + 1];

/* Which of names[1..n] this is: any case, and with a stress digit or without. The number, or -ENOENT. */
int phones_find(const char *const names[], unsigned n, const char *name, size_t len_bytes);

/* Reads phones parted by spaces into *ret (source LEXICON_USER). text is part of the line `line` of file (NULL and 0 = none) from
 * column on, for messages. 0, or -EINVAL or -E2BIG with how to mend it. */
int phones_parse(const char *const names[], unsigned n, const char *text, const char *file, int line, int column,
                 struct lexicon_pronunciation *ret, tragus_error *reterr);

#endif
