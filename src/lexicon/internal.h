/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/internal.h: the contents of a lexicon; for this room only. */
#ifndef TRAGUS_LEXICON_INTERNAL_H
#define TRAGUS_LEXICON_INTERNAL_H

#include "lexicon/dictionary.h"
#include "lexicon/endings.h"
#include "lexicon/g2p.h"
#include "store/store.h"

#include <stdbool.h>

struct lexicon {
    struct store *dictionary_store, *g2p_store;
    struct dictionary dictionary;
    struct g2p g2p;
    struct endings endings;
    bool can_guess;
};

#endif
