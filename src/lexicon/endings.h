/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/endings.h: how words of a language inflect at their ends, so that "lamps" can be pronounced if only "lamp" is known.
 *
 * The rules are text in a lexicon's optional section "endings", one rule per line; `#` begins a comment:
 *
 *   ending WRITTEN [becomes TEXT] [known] [letters N] [not TEXT...] [after TEXT...]
 *       A word that ends in WRITTEN is pronounced like the word with TEXT (nothing by default; only with known) in its place,
 *       followed by one of the sounds below it in the file. known: that word must be in the dictionary, among the user's, or be
 *       capitals. letters: the whole word has at least N bytes. not: it does not end in these. after: one of these comes before
 *       WRITTEN. Rules are tried in order.
 *   sound PHONES [after PHONES]
 *       The sound of the endings above it. The first one applies whose `after` contains the word's last phone or that has none.
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
    uint64_t after; /* bit set of phones; 0: after any phone */
};

struct endings {
    struct ending items[ENDINGS_MOST];
    struct ending_sound sounds[ENDINGS_MOST];
    unsigned n_items, n_sounds;
};

/* Reads the rules. path is for messages. */
int endings_parse(struct endings *ret, const char *text, size_t len_bytes, const char *const phones[], unsigned n_phones,
                  const char *path, tragus_error *reterr);

/* Returns whether a folded word has this ending. */
bool ending_fits(const struct ending *e, const char *folded, size_t len_bytes);

/* Returns the sound of an ending after a phone, or NULL. */
const struct lexicon_pronunciation *ending_sound_after(const struct endings *all, const struct ending *e, uint8_t phone);

#endif
