/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/overrides.h: looks up a user's own pronunciations; lexicon.h has the functions that create them. */
#ifndef TRAGUS_LEXICON_OVERRIDES_H
#define TRAGUS_LEXICON_OVERRIDES_H

#include "lexicon/lexicon.h"

/* Gets the pronunciations of a folded word, in the order given. Returns their number (at most max). o may be NULL. */
size_t overrides_find(const struct lexicon_overrides *o, const char *folded, struct lexicon_pronunciation *out, size_t max);

#endif
