/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/subsets.h: numbers sets of states for subset constructions; equal sets have one number. */
#ifndef TRAGUS_GRAMMAR_SUBSETS_H
#define TRAGUS_GRAMMAR_SUBSETS_H

#include "grammar/pool.h"

#include <stdint.h>

struct grammar_subsets { /* zero-initialise, then set pool */
    struct grammar_pool *pool;
    uint32_t *elements; /* of all sets, one after another */
    size_t n_elements, size_elements;
    size_t *first; /* n + 1 */
    size_t n, size;
    uint32_t *table; /* set + 1 */
    size_t n_table;
};

/* Adds an element to the current set. Elements must be in ascending order without duplicates. */
void grammar_subsets_add(struct grammar_subsets *s, uint32_t element);

/* Completes the current set. Returns its number; a duplicate is dropped. */
uint32_t grammar_subsets_close(struct grammar_subsets *s);

/* For hash tables in this room: a hash of numbers (FNV-1a, one number at a time), and a table size for n entries. */
#define GRAMMAR_HASH_START 0xcbf29ce484222325u
uint64_t grammar_hash_words(uint64_t h, const uint32_t *words, size_t n);
size_t grammar_table_size(size_t n);

#endif
