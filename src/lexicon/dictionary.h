/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/dictionary.h: the mapped pronouncing dictionary.
 *
 * Store kind STORE_LEXICON, sections:
 *   info    u32: version = 1, n_words, n_pronunciations, n_blocks, words per block
 *   phones  NUL-terminated names of phones 1..n
 *   blocks  u32 per block: its offset in `words`
 *   words   the entries, ascending by bytes: {u8 length shared with the previous word (0 where a block begins), u8 length of the
 *           rest, the rest, phones}. A phone is a byte: bits 0-5 its number, bit 6 set on the last of a pronunciation, bit 7 also
 *           set on the last of the word. So no lengths of pronunciations are stored, and an entry takes about twelve bytes.
 *   endings text, optional: lexicon/endings.h
 *
 * A word is found by bisecting the first words of the blocks, which are stored whole, and then reading one block.
 */
#ifndef TRAGUS_LEXICON_DICTIONARY_H
#define TRAGUS_LEXICON_DICTIONARY_H

#include "base/error.h"
#include "lexicon/lexicon.h"

#include <stddef.h>
#include <stdint.h>

#define DICTIONARY_VERSION 1
#define DICTIONARY_MAX_WORD_BYTES 63
#define DICTIONARY_MAX_PHONE 63
#define DICTIONARY_BLOCK_WORDS 16

enum dictionary_phone_bits {
    DICTIONARY_PHONE = 0x3f,
    DICTIONARY_LAST_OF_PRONUNCIATION = 0x40,
    DICTIONARY_LAST_OF_WORD = 0x80,
};

struct dictionary { /* a view of a mapped file */
    const char *phones;
    size_t phones_bytes;
    const char *phone_names[DICTIONARY_MAX_PHONE + 1]; /* point into phones; [0] unused */
    unsigned n_phones;
    const uint32_t *blocks;
    uint32_t n_blocks;
    const uint8_t *words;
    size_t words_bytes;
    uint32_t n_words;
};

struct store;

/* Checks every byte of the sections and fills *ret, which points into the store. path is for messages. */
int dictionary_view(struct dictionary *ret, const struct store *s, const char *path, tragus_error *reterr);

/* Gets the pronunciations of one word, spelled as in the file. Returns their number (at most max), 0 if it has none. */
size_t dictionary_find(const struct dictionary *d, const char *word, size_t len_bytes, struct lexicon_pronunciation *out,
                       size_t max);

/* The sections that this version can read. */
extern const char *const dictionary_sections[];
extern const size_t dictionary_n_sections;

#endif
