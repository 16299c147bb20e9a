/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/subsets.c: stores the elements of all sets in one array; a hash table with open addressing finds them. */
#include "grammar/subsets.h"

#include <string.h>

size_t grammar_table_size(size_t n) {
    size_t size = 64;
    while (size < n * 2)
        size *= 2;
    return size;
}

uint64_t grammar_hash_words(uint64_t h, const uint32_t *words, size_t n) {
    for (size_t i = 0; i < n; i++)
        h = (h ^ words[i]) * 0x100000001b3u;
    return h ^ h >> 29;
}

/* Of the set of n elements from `begin` on. While all sets are empty, there is no array. */
static size_t bucket_of(const struct grammar_subsets *s, size_t begin, size_t n) {
    const uint32_t *elements = n > 0 ? s->elements + begin : NULL;
    size_t at = (size_t)grammar_hash_words(GRAMMAR_HASH_START, elements, n) & (s->n_table - 1);
    for (; s->table[at]; at = (at + 1) & (s->n_table - 1)) {
        uint32_t other = s->table[at] - 1;
        if (s->first[other + 1] - s->first[other] == n &&
            (n == 0 || memcmp(s->elements + s->first[other], elements, n * sizeof *elements) == 0))
            break;
    }
    return at;
}

void grammar_subsets_add(struct grammar_subsets *s, uint32_t element) {
    *grammar_pool_push(s->pool, s->elements, s->n_elements, s->size_elements) = element;
}

uint32_t grammar_subsets_close(struct grammar_subsets *s) {
    if (!s->first)
        s->first = grammar_pool_grow(s->pool, NULL, 0, &s->size, sizeof *s->first);
    size_t begin = s->first[s->n], n = s->n_elements - begin;
    grammar_pool_spend(s->pool, 1 + n / 4);
    if (s->n * 2 >= s->n_table) {
        s->n_table = grammar_table_size(s->n * 2 + 64);
        s->table = grammar_pool_alloc(s->pool, s->n_table * sizeof *s->table);
        for (size_t i = 0; i < s->n; i++)
            s->table[bucket_of(s, s->first[i], s->first[i + 1] - s->first[i])] = (uint32_t)i + 1;
    }
    size_t at = bucket_of(s, begin, n);
    if (s->table[at]) {
        s->n_elements = begin;
        return s->table[at] - 1;
    }
    s->table[at] = (uint32_t)++s->n;
    size_t n_first = s->n;
    *grammar_pool_push(s->pool, s->first, n_first, s->size) = s->n_elements;
    return (uint32_t)s->n - 1;
}
