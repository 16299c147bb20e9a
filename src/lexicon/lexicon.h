/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/lexicon.h: pronunciations of words: a mapped dictionary, guesses for words that are not in it, and the user's overrides.
 *
 * Phones are numbered 1..n like the labels of the acoustic model (0 is the blank). For English they are ARPAbet without stress.
 */
#ifndef TRAGUS_LEXICON_LEXICON_H
#define TRAGUS_LEXICON_LEXICON_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define LEXICON_MAX_PHONES 48
#define LEXICON_MAX_VARIANTS 8

enum lexicon_source { LEXICON_USER, LEXICON_DICTIONARY, LEXICON_GUESS };

struct lexicon_pronunciation {
    uint8_t phones[LEXICON_MAX_PHONES];
    uint8_t n_phones;
    enum lexicon_source source;
};

struct lexicon;           /* mapped dictionary and letter-to-sound model; immutable, any thread */
struct lexicon_overrides; /* a user's own pronunciations; changed by the main thread only */

/* dictionary_path: written by the lexicon compiler; g2p_path: NULL = no guesses. */
int lexicon_open(struct lexicon **ret, const char *dictionary_path, const char *g2p_path, tragus_error *reterr);
void lexicon_free(struct lexicon *l);

size_t lexicon_n_words(const struct lexicon *l);
size_t lexicon_n_phones(const struct lexicon *l);
const char *lexicon_phone(const struct lexicon *l, unsigned phone); /* 1..n; "AA" */
int lexicon_find_phone(const struct lexicon *l, const char *name);  /* 1..n, or -ENOENT; case is ignored */

/* Overrides: lines `word PH PH PH` (ARPAbet), `#` comments; several lines for one word are variants. reterr names file and line;
 * for an unknown phone it lists the known ones. */
int lexicon_overrides_new(struct lexicon_overrides **ret);
void lexicon_overrides_free(struct lexicon_overrides *o);
int lexicon_overrides_add(struct lexicon_overrides *o, const struct lexicon *l, const char *word, const char *phones,
                          tragus_error *reterr);
int lexicon_overrides_load(struct lexicon_overrides *o, const struct lexicon *l, const char *path, tragus_error *reterr);

/* Gets the pronunciations of one word (any case, UTF-8): overrides (o may be NULL), else dictionary, else up to two guesses. A
 * single letter gives its name; a word with an inner hyphen, dot or underscore is split into parts; consecutive capitals ("TV",
 * "HVAC", if not in the dictionary) are spelled. Returns the number (1..max_variants), -ENOENT if nothing in it can be pronounced,
 * or -E2BIG if it has more phones than a word may have. */
int lexicon_pronounce(const struct lexicon *l, const struct lexicon_overrides *o, const char *word,
                      struct lexicon_pronunciation *out, size_t max_variants);

#endif
