/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/phones.h: names of phones, and a parser for written pronunciations. */
#ifndef TRAGUS_LEXICON_PHONES_H
#define TRAGUS_LEXICON_PHONES_H

#include "base/error.h"
#include "lexicon/lexicon.h"

/* ARPAbet without stress, as in English dictionaries: names[1..PHONES_N_ARPABET] in alphabetical order; names[0] is NULL. */
#define PHONES_N_ARPABET 39
extern const char *const phones_arpabet[PHONES_N_ARPABET + 1];

/* Returns the index of a name in names[1..n], or -ENOENT. Case and a stress digit are ignored. */
int phones_find(const char *const names[], unsigned n, const char *name, size_t len_bytes);

/* Parses phones separated by spaces into *ret (source LEXICON_USER). For messages: text is part of the line `line` of file (NULL
 * and 0 = none) from column on. Returns 0, or -EINVAL or -E2BIG and how to fix it. */
int phones_parse(const char *const names[], unsigned n, const char *text, const char *file, int line, int column,
                 struct lexicon_pronunciation *ret, tragus_error *reterr);

/* A line of a pronouncing dictionary: `word PH PH`, or `word(2) PH PH` for variants as in CMUdict. */
struct phones_line {
    const char *file;
    int line, column;
    const char *word; /* of word_bytes */
    size_t word_bytes;
    const char *phones; /* at that column, for phones_parse */
};

/* Calls take for each line of a file but empty ones and comments, which begin with #. Returns its first negative result, or a
 * negative errno and a message if the file cannot be read, or is not text. */
int phones_read(const char *path, int (*take)(const struct phones_line *l, void *user, tragus_error *reterr), void *user,
                tragus_error *reterr);

#endif
