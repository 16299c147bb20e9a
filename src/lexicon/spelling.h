/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/spelling.h: two normal forms of a written word: as in dictionaries, and as letters a to z. */
#ifndef TRAGUS_LEXICON_SPELLING_H
#define TRAGUS_LEXICON_SPELLING_H

#include <stddef.h>

#define SPELLING_MAX_BYTES 128

/* Folds case; typographic apostrophes and hyphens become ' and -. out is NUL-terminated. Returns the length, -EILSEQ if text is not
 * UTF-8, or -E2BIG if the result does not fit. */
int spelling_fold(const char *text, size_t len_bytes, char out[SPELLING_MAX_BYTES]);

/* Gets the letters of a folded word without accents: e for an e with an acute, ss for a sharp s. Apostrophes and combining accents
 * are dropped. Returns their number, -ENOENT if a character is neither, or -E2BIG if the result does not fit. */
int spelling_letters(const char *folded, char out[SPELLING_MAX_BYTES]);

#endif
