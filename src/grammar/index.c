/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/index.c: a sorted table of the first letters of each entry. An entry that begins with a group or a number may begin in
 * several ways, and is tried at every text.
 */
#include "grammar/index.h"

#include "grammar/letters.h"

#include <stdlib.h>

enum { FEW_ENTRIES = 32 }; /* need no index */

struct keyed {
    uint64_t key;
    uint32_t entry;
};

struct grammar_index {
    uint64_t *keys;    /* of the entries that begin with letters, ascending */
    uint32_t *entries; /* of each key; ascending where keys are equal */
    size_t n;
    uint32_t *others; /* the other entries, ascending */
    size_t n_others;
};

/* A number for the first n letters of a word; those behind the first GRAMMAR_INDEX_LETTERS do not count. */
static uint64_t key_of(const uint32_t *chars, size_t n) {
    uint64_t key = 0;
    for (size_t i = 0; i < GRAMMAR_INDEX_LETTERS; i++)
        key = key << 21 | (i < n ? chars[i] : 0); /* characters have at most 21 bits */
    return key;
}

/* The key of the letters that an item begins with, up to the first border or what may be one; 0: it begins in several ways. */
static uint64_t key_of_item(const struct grammar_item *item) {
    while (item->kind == GRAMMAR_ITEM_SEQUENCE && item->n_items > 0)
        item = item->items[0];
    size_t n = 0;
    while (item->kind == GRAMMAR_ITEM_TEXT && n < item->n_chars && item->chars[n] != ' ' && item->chars[n] != GRAMMAR_NON_JOINER)
        n++;
    return n > 0 ? key_of(item->chars, n) : 0;
}

static int by_key(const void *pa, const void *pb) {
    const struct keyed *a = pa, *b = pb;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

const struct grammar_index *grammar_index_build(struct grammar_pool *pool, struct grammar_pool *scratch,
                                                const struct grammar_entry entries[], size_t n) {
    if (n < FEW_ENTRIES)
        return NULL;
    struct grammar_pool_mark mark = grammar_pool_mark(scratch);
    struct keyed *keyed = grammar_pool_alloc(scratch, n * sizeof *keyed);
    struct grammar_index *index = grammar_pool_alloc(pool, sizeof *index);
    for (size_t i = 0; i < n; i++) {
        keyed[i] = (struct keyed){key_of_item(entries[i].in), (uint32_t)i};
        index->n_others += keyed[i].key == 0;
    }
    qsort(keyed, n, sizeof *keyed, by_key); /* the others, with key 0, come first */
    index->n = n - index->n_others;
    index->keys = grammar_pool_alloc(pool, index->n * sizeof *index->keys);
    index->entries = grammar_pool_alloc(pool, index->n * sizeof *index->entries);
    index->others = grammar_pool_alloc(pool, index->n_others * sizeof *index->others);
    for (size_t i = 0; i < index->n_others; i++)
        index->others[i] = keyed[i].entry;
    for (size_t i = 0; i < index->n; i++) {
        index->keys[i] = keyed[index->n_others + i].key;
        index->entries[i] = keyed[index->n_others + i].entry;
    }
    grammar_pool_release(scratch, mark);
    return index;
}

/* Returns the first place whose key is not less. */
static size_t place_of(const struct grammar_index *index, uint64_t key) {
    size_t low = 0, high = index->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (index->keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void grammar_index_begin(struct grammar_index_search *s, const struct grammar_index *index, const uint32_t *chars, size_t n) {
    s->parts[0].at = index->others;
    s->parts[0].end = index->others + index->n_others;
    for (size_t letters = 1; letters <= GRAMMAR_INDEX_LETTERS; letters++) { /* words of one letter, of two, of more */
        uint64_t key = key_of(chars, letters <= n ? letters : n);
        size_t first = place_of(index, key), end = letters <= n ? place_of(index, key + 1) : first;
        s->parts[letters].at = index->entries + first;
        s->parts[letters].end = index->entries + end;
    }
}

bool grammar_index_next(struct grammar_index_search *s, size_t *ret) {
    size_t first = SIZE_MAX;
    for (size_t i = 0; i <= GRAMMAR_INDEX_LETTERS; i++)
        if (s->parts[i].at < s->parts[i].end && (first == SIZE_MAX || *s->parts[i].at < *s->parts[first].at))
            first = i;
    if (first == SIZE_MAX)
        return false;
    *ret = *s->parts[first].at++;
    return true;
}
