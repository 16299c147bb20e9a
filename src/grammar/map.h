/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/map.h: a hash map from strings to pointers that keeps insertion order (open addressing, FNV-1a). */
#ifndef TRAGUS_GRAMMAR_MAP_H
#define TRAGUS_GRAMMAR_MAP_H

#include <stddef.h>
#include <stdint.h>

struct grammar_pool;

struct grammar_map_entry {
    const char *key;
    void *value;
};

struct grammar_map {
    struct grammar_map_entry *items; /* in order of insertion */
    size_t n, size;
    uint32_t *buckets; /* index + 1 into items, 0 = free */
    size_t n_buckets;
};

void *grammar_map_get(const struct grammar_map *m, const char *key); /* NULL: not found */

/* Returns the address of the key's value. A new key gets the value NULL. The key is not copied. Adding another key invalidates the
 * address.
 */
void **grammar_map_at(struct grammar_map *m, struct grammar_pool *p, const char *key);

/* Returns the i-th key of a `struct grammar_map`, for base_suggest. */
const char *grammar_map_key(const void *map, size_t i);

#endif
