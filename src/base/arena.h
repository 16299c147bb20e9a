/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena.h: one block of memory, sized first and handed out in 64-byte-aligned pieces, then sealed.
 *
 * A room's `_place` function runs twice over the same code: on an arena without memory it only adds up sizes (every piece is
 * NULL), then base_arena_init allocates the sum and the second run hands the pieces out. After base_arena_seal a further
 * piece is an assertion: this is how the audio path is kept free of allocation.
 */
#ifndef TRAGUS_BASE_ARENA_H
#define TRAGUS_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct base_arena {
    unsigned char *memory; /* NULL = only counting */
    size_t used_bytes;
    size_t size_bytes;
    bool sealed;
};

/* Allocates size_bytes of zeroed memory. 0, or -ENOMEM. `*a = (struct base_arena){0}` is a counting arena. */
int base_arena_init(struct base_arena *a, size_t size_bytes);

/* Zeroes the memory (explicit_bzero) and frees it. Takes a counting arena and NULL. */
void base_arena_done(struct base_arena *a);

/* The next piece, 64-byte aligned, zeroed; NULL from a counting arena. */
void *base_arena_place(struct base_arena *a, size_t size_bytes);

void base_arena_seal(struct base_arena *a);

#endif
