/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/endings.h: how words of a language change at their ends, so that "lamps" is said where only "lamp" is known.
 *
 * The text that a lexicon keeps in its optional section "endings", one rule a line, `#` begins a comment:
 *
 *   ending WRITTEN [becomes TEXT] [known] [letters N] [not TEXT...] [after TEXT...]
 *       A word that ends in WRITTEN is the word with TEXT (nothing; only with known) in its place, and one of the sounds that
 * follow in the file. known: that word must stand in the dictionary or among the user's, or be capitals. letters: the whole word
 * has so many bytes. not: it does not end so. after: one of these stands before WRITTEN. Rules are tried in order. sound PHONES
 * [after PHONES] The sound of the endings before it: the first one whose `after` holds the last phone of the word, or that has
 * none.
 */
#ifndef TRAGUS_LEXICON_ENDINGS_H
#define TRAGUS_LEXICON_ENDINGS_H

#include "base/error.h"
#include "lexicon/lexicon.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENDINGS_SECTION "endings"
#define ENDINGS_MOST 16 /* endings, and sounds */
#define ENDINGS_MOST_TEXTS 8
#define ENDINGS_LONGEST 15 /* bytes */

struct endings_texts {
    unsigned n;
    char items[ENDINGS_MOST_TEXTS][ENDINGS_LONGEST + 1];
};

struct ending {
    char written[ENDINGS_LONGEST + 1], becomes[ENDINGS_LONGEST + 1];
    bool known;
    unsigned letters;
    struct endings_texts not, after;
    unsigned first_sound, n_sounds;
};

struct ending_sound {
    struct lexicon_pronunciation sound;
    uint64_t after; /* bit of each phone; 0: after any */
};

struct endings {
    struct ending items[ENDINGS_MOST];
    struct ending_sound sounds[ENDINGS_MOST];
    unsigned n_items, n_sounds;
};

/* Reads the rules. path is for messages. */
int endings_parse(struct endings *ret, const char *text, size_t len_bytes, const char *const phones[], unsigned n_phones,
                  const char *path, tragus_error *reterr);

/* Whether a folded word ends so. */
bool ending_fits(const struct ending *e, const char *folded, size_t len_bytes);

/* The sound of an ending behind a phone; NULL: none. */
const struct lexicon_pronunciation *ending_sound_after(const struct endings *all, const struct ending *e, uint8_t phone);

#endif
