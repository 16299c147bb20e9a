/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena.c: see arena.h. Piece sizes are rounded up to 64 bytes, a cache line and the widest vector, so no two pieces share
 * one. */
#include "base/arena.h"

#include "base/assert.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGN ((size_t)64)

static size_t round_up(size_t size_bytes) {
    base_assert(size_bytes <= SIZE_MAX - (ARENA_ALIGN - 1));
    return (size_bytes + (ARENA_ALIGN - 1)) & ~(ARENA_ALIGN - 1);
}

int base_arena_init(struct base_arena *a, size_t size_bytes) {
    if (size_bytes > SIZE_MAX / 2)
        return -ENOMEM;
    size_t size = size_bytes == 0 ? ARENA_ALIGN : round_up(size_bytes);
    unsigned char *memory = aligned_alloc(ARENA_ALIGN, size);
    if (memory == NULL)
        return -ENOMEM;
    /* Touches every page now, so that the audio path causes no page faults. */
    memset(memory, 0, size);
    *a = (struct base_arena){.memory = memory, .size_bytes = size};
    return 0;
}

void base_arena_done(struct base_arena *a) {
    if (a == NULL)
        return;
    if (a->memory != NULL) {
        explicit_bzero(a->memory, a->size_bytes);
        free(a->memory);
    }
    *a = (struct base_arena){0};
}

void *base_arena_place(struct base_arena *a, size_t size_bytes) {
    size_t size = round_up(size_bytes);
    base_assert(!a->sealed);
    base_assert(size <= SIZE_MAX - a->used_bytes);
    void *piece = NULL;
    if (a->memory != NULL) {
        base_assert(size <= a->size_bytes - a->used_bytes);
        piece = a->memory + a->used_bytes;
    }
    a->used_bytes += size;
    return piece;
}

void base_arena_seal(struct base_arena *a) {
    a->sealed = true;
}
