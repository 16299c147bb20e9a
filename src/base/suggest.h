/* SPDX-License-Identifier: Apache-2.0 */
/* base/suggest.h: "did you mean": the known word closest to a misspelt one. */
#ifndef TRAGUS_BASE_SUGGEST_H
#define TRAGUS_BASE_SUGGEST_H

#include <stddef.h>

enum { BASE_SUGGEST_LONGEST = 64 }; /* bytes of a word */
/* How many letters (of UTF-8: bytes) must be added, removed, changed or swapped with their neighbour to make one word of the other,
 * ignoring the case of ASCII letters. Both have at most BASE_SUGGEST_LONGEST bytes. */
size_t base_edit_distance(const char *a, size_t n, const char *b, size_t m);

/* Returns the known word that `word` most likely means, ignoring case, or NULL. At most a third of its letters (at least one) may
 * be wrong. Of equally close words, the first wins. A known word identical to `word` is not suggested. */
const char *base_suggest(const char *word, const char *const known[], size_t n);

/* The same, where get(words, i) returns the i-th known word, or NULL if it is not a candidate. */
const char *base_suggest_from(const char *word, const char *(*get)(const void *words, size_t i), const void *words, size_t n);

#endif
