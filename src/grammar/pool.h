/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/pool.h: memory that lives as long as a builder, a grammar or a match, and is freed all at once.
 *
 * The compiler allocates very many small objects with the same lifetime. If an allocation fails, or exceeds the pool's limit (a
 * hostile grammar) or its budget, it leaves by longjmp to grammar_pool_run, within which all work with the pool is done. So callers
 * need no checks. Nothing leaks, because all their data is in the pool or owned by their caller.
 */
#ifndef TRAGUS_GRAMMAR_POOL_H
#define TRAGUS_GRAMMAR_POOL_H

#include "base/budget.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

struct grammar_pool_chunk;

struct grammar_pool {
    struct grammar_pool_chunk *chunks; /* newest first */
    struct grammar_pool_chunk *spare;  /* released; used again before more memory is taken from the system */
    bool keeps_spare;   /* set by the owner of a pool for temporary data, of which much is released and taken again: what
                           goes back to the system is filled with zeros, page by page, when it comes back */
    size_t used_bytes;  /* of the newest chunk */
    size_t total_bytes; /* also of spare chunks */
    size_t limit_bytes;
    struct base_budget *budget; /* counts memory and work; NULL: not counted */
    bool is_secret;             /* it holds what was said, so it is zeroed before it is freed */
    struct grammar_pool *outer; /* the pool whose run is left instead; NULL: this one */
    jmp_buf escape;
    int code; /* why the run was left */
};

struct grammar_pool_mark {
    struct grammar_pool_chunk *chunk;
    size_t used_bytes;
};

void grammar_pool_init(struct grammar_pool *p, size_t limit_bytes, struct base_budget *budget);
void grammar_pool_done(struct grammar_pool *p);

/* Returns zeroed memory, aligned for any type; never NULL. */
void *grammar_pool_alloc(struct grammar_pool *p, size_t n_bytes);
char *grammar_pool_text(struct grammar_pool *p, const char *text, size_t len);
char *grammar_pool_format(struct grammar_pool *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* grammar_pool_release frees everything allocated since the mark. */
struct grammar_pool_mark grammar_pool_mark(const struct grammar_pool *p);
void grammar_pool_release(struct grammar_pool *p, struct grammar_pool_mark m);

/* Doubles an array of n elements, which is full; the old copy stays in the pool. */
void *grammar_pool_grow(struct grammar_pool *p, void *array, size_t n, size_t *size, size_t element_bytes);
/* Appends an element to an array, zeroed unless the place was used before, and returns its address. */
#define grammar_pool_push(p, array, n, size) \
    ((n) < (size) ? (void)0 : (void)((array) = grammar_pool_grow((p), (array), (n), &(size), sizeof *(array))), &(array)[(n)++])

/* Calls work(data). Returns 0, or the code with which work was left: -ENOMEM, -E2BIG, that of the budget, or that given to
 * grammar_pool_escape. */
int grammar_pool_run(struct grammar_pool *p, void (*work)(void *data), void *data);
_Noreturn void grammar_pool_escape(struct grammar_pool *p, int code);

/* Counts work against the budget, for loops that allocate little. Leaves the run if the budget is exceeded. */
static inline void grammar_pool_spend(struct grammar_pool *p, size_t units) {
    int code = base_budget_spend(p->budget, units);
    if (code < 0)
        grammar_pool_escape(p, code);
}

#endif
