/* SPDX-License-Identifier: Apache-2.0 */
/* base/suggest.h: "did you mean": the known word nearest to a misspelt one. */
#ifndef TRAGUS_BASE_SUGGEST_H
#define TRAGUS_BASE_SUGGEST_H

#include <stddef.h>

/* The known word that `word` most likely means, case aside, or NULL: at most a third of its letters (at least one) may be wrong. Of
 * equally near words the first. A known word that equals `word` byte for byte is no suggestion. */
const char *base_suggest(const char *word, const char *const known[], size_t n);

/* The same where get(words, i) gives the i-th known word; NULL: not a candidate. */
const char *base_suggest_from(const char *word, const char *(*get)(const void *words, size_t i), const void *words, size_t n);

#endif
