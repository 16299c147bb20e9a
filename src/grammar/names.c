/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/names.c: the map from names to things. */
#include "grammar/names.h"

#include "grammar/pool.h"

#include <string.h>

static size_t hash(const char *name) {
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    return (size_t)(h ^ h >> 32);
}

/* The bucket that holds the name, or the free one where it would go. */
static size_t find(const struct grammar_names *m, const char *name) {
    size_t at = hash(name) & (m->n_buckets - 1);
    while (m->buckets[at] && strcmp(m->items[m->buckets[at] - 1].name, name) != 0)
        at = (at + 1) & (m->n_buckets - 1);
    return at;
}

void *grammar_names_get(const struct grammar_names *m, const char *name) {
    if (m->n == 0)
        return NULL;
    uint32_t index = m->buckets[find(m, name)];
    return index ? m->items[index - 1].thing : NULL;
}

void **grammar_names_at(struct grammar_names *m, struct grammar_pool *p, const char *name) {
    if (m->n * 2 >= m->n_buckets) {
        m->n_buckets = m->n_buckets ? m->n_buckets * 2 : 16;
        m->buckets = grammar_pool_alloc(p, m->n_buckets * sizeof *m->buckets);
        for (size_t i = 0; i < m->n; i++)
            m->buckets[find(m, m->items[i].name)] = (uint32_t)i + 1;
    }
    size_t at = find(m, name);
    if (m->buckets[at] == 0) {
        grammar_pool_push(p, m->items, m->n, m->size)->name = name;
        m->buckets[at] = (uint32_t)m->n;
    }
    return &m->items[m->buckets[at] - 1].thing;
}

const char *grammar_names_nth(const void *names, size_t i) {
    return ((const struct grammar_names *)names)->items[i].name;
}
