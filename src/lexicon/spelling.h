/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/spelling.h: the two normal forms of a written word: as dictionaries are keyed, and as bare letters a to z. */
#ifndef TRAGUS_LEXICON_SPELLING_H
#define TRAGUS_LEXICON_SPELLING_H

#include <stddef.h>

#define SPELLING_MAX_BYTES 128

/* Folds case; typographic apostrophes and hyphens become ' and -. Returns the length, NUL-terminated in out; -EILSEQ where text is
 * not UTF-8, -E2BIG where the result does not fit. */
int spelling_fold(const char *text, size_t len_bytes, char out[SPELLING_MAX_BYTES]);

/* The letters of a folded word without their accents, e for an e with an acute, ss for a sharp s; apostrophes and combining accents
 * fall away. Returns how many; -ENOENT where something in it is neither; -E2BIG where the result does not fit. */
int spelling_letters(const char *folded, char out[SPELLING_MAX_BYTES]);

#endif
