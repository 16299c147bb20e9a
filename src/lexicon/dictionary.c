/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/dictionary.c: checks and reads the mapped dictionary; dictionary.h describes the layout. */
#include "lexicon/dictionary.h"

#include "lexicon/endings.h"

#include "store/store.h"

#include <errno.h>
#include <string.h>

const char *const dictionary_sections[] = {"info", "phones", "blocks", "words", ENDINGS_SECTION};
const size_t dictionary_n_sections = sizeof dictionary_sections / sizeof dictionary_sections[0];

#define INFO_WORDS 5

static int damaged(tragus_error *reterr, const char *path, const char *what) {
    return base_error_at(reterr, -EBADMSG, path, 0, 0, "the dictionary is damaged: %s; build or install it again", what);
}

/* Unlike memcmp, never reads beyond the shorter text. */
static int compare(const char *a, size_t a_bytes, const char *b, size_t b_bytes) {
    int order = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
    return order != 0 ? order : a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

/* Returns "" or what is wrong with the names of the phones. */
static const char *view_phones(struct dictionary *d) {
    if (d->phones_bytes == 0 || d->phones[d->phones_bytes - 1] != '\0')
        return "the list of phones has no end";
    for (size_t at = 0; at < d->phones_bytes; at += strlen(d->phones + at) + 1) {
        if (d->phones[at] == '\0')
            return "a phone has no name";
        if (d->n_phones == DICTIONARY_MAX_PHONE)
            return "there are more phones than the format can number";
        d->phone_names[++d->n_phones] = d->phones + at;
    }
    return "";
}

/* Checks the entry at *at; returns "" or what is wrong. Moves *at behind the entry. word holds the previous word and receives this
 * one. */
static const char *check_entry(const struct dictionary *d, size_t *at, char *word, size_t *len_bytes, size_t *n_pronunciations) {
    const uint8_t *entry = d->words + *at;
    size_t left = d->words_bytes - *at;
    if (left < 2 || left - 2 < entry[1])
        return "a word is cut off";
    size_t shared = entry[0], rest = entry[1];
    if (shared > *len_bytes || shared + rest > DICTIONARY_MAX_WORD_BYTES || rest == 0)
        return "the length of a word is wrong";

    char before[DICTIONARY_MAX_WORD_BYTES];
    size_t before_bytes = *len_bytes;
    memcpy(before, word, before_bytes);
    memcpy(word + shared, entry + 2, rest);
    *len_bytes = shared + rest;
    if (memchr(word, '\0', *len_bytes))
        return "a word holds a NUL";
    if (before_bytes > 0 && compare(before, before_bytes, word, *len_bytes) >= 0)
        return "the words are not in order";

    size_t i = 2 + rest, n_phones = 0, n_variants = 0;
    for (;; i++) {
        if (i == left)
            return "a pronunciation is cut off";
        unsigned phone = entry[i] & DICTIONARY_PHONE;
        if (phone == 0 || phone > d->n_phones)
            return "a pronunciation has a phone that does not exist";
        if (++n_phones > LEXICON_MAX_PHONES)
            return "a pronunciation is too long";
        if (entry[i] & DICTIONARY_LAST_OF_PRONUNCIATION) {
            n_phones = 0;
            if (++n_variants > LEXICON_MAX_VARIANTS)
                return "a word has too many pronunciations";
        }
        if (entry[i] & DICTIONARY_LAST_OF_WORD)
            break;
    }
    if (n_phones != 0)
        return "a pronunciation has no end";
    *n_pronunciations += n_variants;
    *at += i + 1;
    return "";
}

int dictionary_view(struct dictionary *ret, const struct store *s, const char *path, tragus_error *reterr) {
    struct dictionary d = {0};
    size_t info_bytes = 0, blocks_bytes = 0;
    const uint32_t *info = store_section(s, "info", &info_bytes);
    d.phones = store_section(s, "phones", &d.phones_bytes);
    d.blocks = store_section(s, "blocks", &blocks_bytes);
    d.words = store_section(s, "words", &d.words_bytes);
    if (!info || !d.phones || !d.blocks || !d.words || info_bytes != INFO_WORDS * sizeof *info)
        return damaged(reterr, path, "a section is missing or too short");
    if (info[0] != DICTIONARY_VERSION)
        return base_error_at(reterr, -EBADMSG, path, 0, 0, "this dictionary has format %u, this program reads format %d",
                             (unsigned)info[0], DICTIONARY_VERSION);
    uint32_t n_pronunciations = info[2], block_words = info[4];
    d.n_words = info[1];
    d.n_blocks = info[3];
    if (d.n_words == 0 || block_words == 0 || blocks_bytes != (uint64_t)d.n_blocks * sizeof *d.blocks ||
        d.n_blocks != (d.n_words - 1) / block_words + 1)
        return damaged(reterr, path, "the number of words and blocks do not agree");

    const char *wrong = view_phones(&d);
    char word[DICTIONARY_MAX_WORD_BYTES];
    size_t at = 0, len_bytes = 0, n_found = 0;
    for (uint32_t n = 0; n < d.n_words && !*wrong; n++) {
        if (n % block_words == 0 && (d.blocks[n / block_words] != at || d.words_bytes == at || d.words[at] != 0)) {
            wrong = "a block begins at the wrong place";
            break;
        }
        wrong = check_entry(&d, &at, word, &len_bytes, &n_found);
    }
    if (!*wrong && (at != d.words_bytes || n_found != n_pronunciations))
        wrong = "there is more or less in it than its header says";
    if (*wrong)
        return damaged(reterr, path, wrong);
    *ret = d;
    return 0;
}

/* Returns the end of a block. */
static size_t block_end(const struct dictionary *d, uint32_t block) {
    return block + 1 < d->n_blocks ? d->blocks[block + 1] : d->words_bytes;
}

static size_t read_pronunciations(const uint8_t *phones, struct lexicon_pronunciation *out, size_t max) {
    size_t n = 0;
    while (n < max) {
        out[n] = (struct lexicon_pronunciation){.source = LEXICON_DICTIONARY};
        uint8_t phone;
        do {
            phone = *phones++;
            out[n].phones[out[n].n_phones++] = phone & DICTIONARY_PHONE;
        } while (!(phone & DICTIONARY_LAST_OF_PRONUNCIATION));
        n++;
        if (phone & DICTIONARY_LAST_OF_WORD)
            break;
    }
    return n;
}

size_t dictionary_find(const struct dictionary *d, const char *word, size_t len_bytes, struct lexicon_pronunciation *out,
                       size_t max) {
    if (len_bytes == 0 || len_bytes > DICTIONARY_MAX_WORD_BYTES)
        return 0;
    uint32_t low = 0, high = d->n_blocks; /* the block, if there is one, is in [low, high) */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        const uint8_t *first = d->words + d->blocks[middle];
        if (compare((const char *)first + 2, first[1], word, len_bytes) <= 0)
            low = middle;
        else
            high = middle;
    }
    char entry_word[DICTIONARY_MAX_WORD_BYTES];
    for (size_t at = d->blocks[low]; at < block_end(d, low);) {
        size_t shared = d->words[at], rest = d->words[at + 1];
        memcpy(entry_word + shared, d->words + at + 2, rest);
        at += 2 + rest;
        int order = compare(entry_word, shared + rest, word, len_bytes);
        if (order == 0)
            return read_pronunciations(d->words + at, out, max);
        if (order > 0)
            break;
        while (!(d->words[at++] & DICTIONARY_LAST_OF_WORD))
            ;
    }
    return 0;
}
