/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena.h: one block of memory, handed out in 64-byte-aligned pieces, then sealed.
 *
 * A room's `_place` function runs twice. The first run uses an arena without memory, which only adds up the sizes and returns NULL
 * for every piece. base_arena_init then allocates the sum, and the second run returns the pieces. Placing another piece after
 * base_arena_seal fails an assertion, which keeps the audio path free of allocation.
 */
#ifndef TRAGUS_BASE_ARENA_H
#define TRAGUS_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct base_arena {
    unsigned char *memory; /* NULL = counting only */
    size_t used_bytes;
    size_t size_bytes;
    bool sealed;
};

/* Allocates size_bytes of zeroed memory. Returns 0 or -ENOMEM. `*a = (struct base_arena){0}` makes a counting arena. */
int base_arena_init(struct base_arena *a, size_t size_bytes);

/* Zeroes the memory (explicit_bzero) and frees it. Accepts a counting arena and NULL. */
void base_arena_done(struct base_arena *a);

/* Returns the next piece, 64-byte aligned and zeroed; NULL from a counting arena. */
void *base_arena_place(struct base_arena *a, size_t size_bytes);

void base_arena_seal(struct base_arena *a);

#endif
