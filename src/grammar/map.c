/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/map.c: see map.h. */
#include "grammar/map.h"

#include "grammar/pool.h"

#include <string.h>

static size_t hash(const char *key) {
    uint64_t h = 0xcbf29ce484222325u;
    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * 0x100000001b3u;
    return (size_t)(h ^ h >> 32);
}

/* Returns the bucket of the key, or the free one where it belongs. */
static size_t find(const struct grammar_map *m, const char *key) {
    size_t at = hash(key) & (m->n_buckets - 1);
    while (m->buckets[at] && strcmp(m->items[m->buckets[at] - 1].key, key) != 0)
        at = (at + 1) & (m->n_buckets - 1);
    return at;
}

void *grammar_map_get(const struct grammar_map *m, const char *key) {
    if (m->n == 0)
        return NULL;
    uint32_t index = m->buckets[find(m, key)];
    return index ? m->items[index - 1].value : NULL;
}

void **grammar_map_at(struct grammar_map *m, struct grammar_pool *p, const char *key) {
    if (m->n * 2 >= m->n_buckets) {
        m->n_buckets = m->n_buckets ? m->n_buckets * 2 : 16;
        m->buckets = grammar_pool_alloc(p, m->n_buckets * sizeof *m->buckets);
        for (size_t i = 0; i < m->n; i++)
            m->buckets[find(m, m->items[i].key)] = (uint32_t)i + 1;
    }
    size_t at = find(m, key);
    grammar_pool_spend(p, (at - hash(key)) & (m->n_buckets - 1)); /* hostile keys may be chosen to collide */
    if (m->buckets[at] == 0) {
        grammar_pool_push(p, m->items, m->n, m->size)->key = key;
        m->buckets[at] = (uint32_t)m->n;
    }
    return &m->items[m->buckets[at] - 1].value;
}

const char *grammar_map_key(const void *map, size_t i) {
    return ((const struct grammar_map *)map)->items[i].key;
}
