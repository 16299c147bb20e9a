/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/compile.c: reads, sorts and packs a pronouncing dictionary. */
#include "lexicon/compile.h"

#include "base/buffer.h"
#include "lexicon/dictionary.h"
#include "lexicon/endings.h"
#include "lexicon/phones.h"
#include "lexicon/spelling.h"
#include "store/store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char word[DICTIONARY_MAX_WORD_BYTES + 1]; /* folded */
    uint8_t word_bytes;
    int file, line;
    struct lexicon_pronunciation pronunciation;
};

struct entries {
    struct entry *items;
    size_t n_items, size_items;
    int n_files; /* that were read; the number of the one that is being read */
};

static int out_of_memory(tragus_error *reterr) {
    return base_error_set(reterr, -ENOMEM, "out of memory");
}

static int take_line(const struct phones_line *l, void *user, tragus_error *reterr) {
    struct entries *e = user;
    if (e->n_items == e->size_items) {
        size_t size_items = e->size_items ? 2 * e->size_items : 1024;
        struct entry *items = reallocarray(e->items, size_items, sizeof *items);
        if (!items)
            return out_of_memory(reterr);
        e->items = items;
        e->size_items = size_items;
    }
    struct entry *entry = &e->items[e->n_items];
    char folded[SPELLING_MAX_BYTES];
    int n = spelling_fold(l->word, l->word_bytes, folded);
    if (n < 1 || n > DICTIONARY_MAX_WORD_BYTES)
        return base_error_at(reterr, -EINVAL, l->file, l->line, 0, "the word is not UTF-8, or has more than %d bytes",
                             DICTIONARY_MAX_WORD_BYTES);
    *entry = (struct entry){.word_bytes = (uint8_t)n, .file = e->n_files, .line = l->line};
    memcpy(entry->word, folded, (size_t)n + 1);
    int r = phones_parse(phones_arpabet, PHONES_N_ARPABET, l->phones, l->file, l->line, l->column, &entry->pronunciation, reterr);
    if (r < 0)
        return r;
    e->n_items++;
    return 0;
}

/* Sorts by the bytes of the word, then later files first, because their entries replace those of earlier files, then by line. */
static int compare_entries(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    int order = strcmp(x->word, y->word);
    return order != 0 ? order : x->file != y->file ? y->file - x->file : x->line - y->line;
}

/* Sorts entries, and removes replaced words and repeated pronunciations. */
static int settle(struct entries *e, const char *const paths[], tragus_error *reterr) {
    size_t n = 0, first = 0; /* first: of the current word */
    if (e->n_items == 0)
        return base_error_set(reterr, -EINVAL, "the dictionary has no words");
    qsort(e->items, e->n_items, sizeof *e->items, compare_entries);
    for (size_t i = 0; i < e->n_items; i++) {
        const struct entry *entry = &e->items[i];
        if (n == 0 || strcmp(e->items[first].word, entry->word) != 0)
            first = n;
        bool known = first < n && e->items[first].file != entry->file;
        for (size_t k = first; k < n && !known; k++)
            known = e->items[k].pronunciation.n_phones == entry->pronunciation.n_phones &&
                    memcmp(e->items[k].pronunciation.phones, entry->pronunciation.phones, entry->pronunciation.n_phones) == 0;
        if (known)
            continue;
        if (n - first == LEXICON_MAX_VARIANTS)
            return base_error_at(reterr, -E2BIG, paths[entry->file], entry->line, 0, "\"%s\" has more than %d pronunciations",
                                 entry->word, LEXICON_MAX_VARIANTS);
        e->items[n++] = *entry;
    }
    e->n_items = n;
    return 0;
}

struct packed {
    struct base_buffer phones, blocks, words;
    uint32_t info[5];
};

static void add_byte(struct base_buffer *b, size_t value) {
    base_buffer_add(b, &(uint8_t){(uint8_t)value}, 1);
}

static void pack(const struct entries *e, struct packed *p) {
    const struct entry *before = NULL;
    uint32_t n_words = 0, n_blocks = 0;
    for (unsigned i = 1; i <= PHONES_N_ARPABET; i++)
        base_buffer_add(&p->phones, phones_arpabet[i], strlen(phones_arpabet[i]) + 1);
    for (size_t i = 0; i < e->n_items; i++) {
        const struct entry *entry = &e->items[i];
        if (!before || strcmp(before->word, entry->word) != 0) {
            size_t shared = 0;
            if (n_words++ % DICTIONARY_BLOCK_WORDS == 0) {
                uint32_t offset = (uint32_t)p->words.len_bytes;
                base_buffer_add(&p->blocks, &offset, sizeof(offset));
                n_blocks++;
            } else {
                while (shared < before->word_bytes && before->word[shared] == entry->word[shared])
                    shared++;
            }
            add_byte(&p->words, shared);
            add_byte(&p->words, entry->word_bytes - shared);
            base_buffer_add(&p->words, entry->word + shared, entry->word_bytes - shared);
            before = entry;
        }
        bool last = i + 1 == e->n_items || strcmp(e->items[i + 1].word, entry->word) != 0;
        const struct lexicon_pronunciation *sound = &entry->pronunciation;
        for (unsigned k = 0; k < sound->n_phones; k++) {
            unsigned ends = DICTIONARY_LAST_OF_PRONUNCIATION | (last ? DICTIONARY_LAST_OF_WORD : 0u);
            add_byte(&p->words, sound->phones[k] | (k + 1 == sound->n_phones ? ends : 0));
        }
    }
    const uint32_t info[5] = {DICTIONARY_VERSION, n_words, (uint32_t)e->n_items, n_blocks, DICTIONARY_BLOCK_WORDS};
    memcpy(p->info, info, sizeof info);
}

/* Reads and checks the rules of a file. *ret is empty if path is NULL. */
static int read_endings(struct base_buffer *ret, const char *path, tragus_error *reterr) {
    struct endings checked;
    char part[4096];
    size_t n;
    FILE *f = path ? fopen(path, "re") : NULL;
    if (path && !f)
        return base_error_at(reterr, -errno, path, 0, 0, "cannot be read: %s", strerror(errno));
    while (f && (n = fread(part, 1, sizeof part, f)) > 0)
        base_buffer_add(ret, part, n);
    bool failed = f && ferror(f);
    if (f)
        fclose(f);
    if (failed || ret->failed)
        return base_error_at(reterr, failed ? -EIO : -ENOMEM, path, 0, 0, "cannot be read");
    return path ? endings_parse(&checked, ret->data, ret->len_bytes, phones_arpabet, PHONES_N_ARPABET, path, reterr) : 0;
}

int lexicon_compile(const char *const paths[], int n_paths, const char *endings_path, const char *output, tragus_error *reterr) {
    struct entries e = {0};
    struct packed p = {0};
    struct base_buffer endings = {0};
    int r = read_endings(&endings, endings_path, reterr);
    for (; r == 0 && e.n_files < n_paths; e.n_files++)
        r = phones_read(paths[e.n_files], take_line, &e, reterr);
    if (r == 0)
        r = settle(&e, paths, reterr);
    if (r == 0) {
        pack(&e, &p);
        const struct store_part parts[] = {
            {"info", p.info, sizeof p.info, 0},
            {"phones", p.phones.data, p.phones.len_bytes, 0},
            {"blocks", p.blocks.data, p.blocks.len_bytes, 0},
            {"words", p.words.data, p.words.len_bytes, 0},
            {ENDINGS_SECTION, endings.data, endings.len_bytes, STORE_OPTIONAL},
        };
        size_t n_parts = sizeof parts / sizeof parts[0] - (endings.len_bytes ? 0 : 1);
        r = p.phones.failed || p.blocks.failed || p.words.failed ? out_of_memory(reterr)
                                                                 : store_write(output, STORE_LEXICON, parts, n_parts, reterr);
    }
    base_buffer_done(&p.phones);
    base_buffer_done(&p.blocks);
    base_buffer_done(&p.words);
    base_buffer_done(&endings);
    free(e.items);
    return r;
}
