/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/lexicon.h: how words are spoken: a mapped dictionary, a guess for what is not in it, and the user's own overrides.
 *
 * Phones are numbered 1..n as the acoustic model's labels are (0 is the blank): ARPAbet without stress for English.
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
struct lexicon_overrides; /* a user's own pronunciations; changed by main only */

/* dictionary_path: made by the lexicon compiler; g2p_path: NULL = no guesses. */
int lexicon_open(struct lexicon **ret, const char *dictionary_path, const char *g2p_path, tragus_error *reterr);
void lexicon_free(struct lexicon *l);

size_t lexicon_n_words(const struct lexicon *l);
size_t lexicon_n_phones(const struct lexicon *l);
const char *lexicon_phone(const struct lexicon *l, unsigned phone); /* 1..n; "AA" */
int lexicon_find_phone(const struct lexicon *l, const char *name);  /* 1..n, or -ENOENT; case does not matter */

/* Overrides: lines `word PH PH PH` (ARPAbet), `#` comments; a word may stand several times (variants).
 * reterr names file and line: an unknown phone says which there are. */
int lexicon_overrides_new(struct lexicon_overrides **ret);
void lexicon_overrides_free(struct lexicon_overrides *o);
int lexicon_overrides_add(struct lexicon_overrides *o, const struct lexicon *l, const char *word, const char *phones,
                          tragus_error *reterr);
int lexicon_overrides_load(struct lexicon_overrides *o, const struct lexicon *l, const char *path, tragus_error *reterr);

/* The pronunciations of one word (any case, UTF-8): overrides (o may be NULL), else dictionary, else up to two guesses. A single
 * letter is its name; a word with an inner hyphen, dot or underscore falls into its parts; capitals in a row ("TV", "HVAC", when
 * not in the dictionary) are spelled. Returns how many (1..max_variants), -ENOENT when nothing in it can be spoken, -E2BIG when
 * it has more phones than a word may have. */
int lexicon_pronounce(const struct lexicon *l, const struct lexicon_overrides *o, const char *word,
                      struct lexicon_pronunciation *out, size_t max_variants);

#endif
