/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/names.h: a map from names to things that keeps the order in which they came (open hashing, FNV-1a). */
#ifndef TRAGUS_GRAMMAR_NAMES_H
#define TRAGUS_GRAMMAR_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct grammar_pool;

struct grammar_named {
    const char *name;
    void *thing;
};

struct grammar_names {
    struct grammar_named *items; /* in order */
    size_t n, size;
    uint32_t *buckets; /* index + 1 into items, 0 = free */
    size_t n_buckets;
};

void *grammar_names_get(const struct grammar_names *m, const char *name); /* NULL: not there */

/* The place of the thing under a name, made (NULL) when it is not there. The name is not copied. Moves with the next new name. */
void **grammar_names_at(struct grammar_names *m, struct grammar_pool *p, const char *name);

/* For grammar_nearest. */
const char *grammar_names_nth(const void *names, size_t i);

#endif
