/* SPDX-License-Identifier: Apache-2.0 */
/* service/suggest.h: "did you mean": the nearest of the words that there are. */
#ifndef TRAGUS_SERVICE_SUGGEST_H
#define TRAGUS_SERVICE_SUGGEST_H

#include <stddef.h>

/* The known word nearest to `word` by edit distance, case aside, if it is near enough to be meant; else NULL. */
const char *service_suggest(const char *word, const char *const known[], size_t n);

#endif
