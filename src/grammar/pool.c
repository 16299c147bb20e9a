/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/pool.c: a list of chunks; each is twice as large as the previous one, up to 1 MiB. */
#include "grammar/pool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct grammar_pool_chunk {
    struct grammar_pool_chunk *next;
    size_t size_bytes;
    _Alignas(max_align_t) unsigned char memory[];
};

enum { FIRST_CHUNK = 4096, LARGEST_CHUNK = 1 << 20, ALIGNMENT = _Alignof(max_align_t) };

void grammar_pool_init(struct grammar_pool *p, size_t limit_bytes, struct base_budget *budget) {
    memset(p, 0, sizeof *p);
    p->limit_bytes = limit_bytes;
    p->budget = budget;
}

static void free_chunk(struct grammar_pool *p, struct grammar_pool_chunk *chunk) {
    p->total_bytes -= chunk->size_bytes;
    base_budget_give(p->budget, chunk->size_bytes);
    if (p->is_secret)
        explicit_bzero(chunk, sizeof *chunk + chunk->size_bytes);
    free(chunk);
}

/* Takes the newest chunk of a list away. */
static struct grammar_pool_chunk *pop(struct grammar_pool_chunk **list) {
    struct grammar_pool_chunk *chunk = *list;
    *list = chunk->next;
    return chunk;
}

void grammar_pool_done(struct grammar_pool *p) {
    while (p->chunks)
        free_chunk(p, pop(&p->chunks));
    while (p->spare)
        free_chunk(p, pop(&p->spare));
    p->used_bytes = 0;
}

_Noreturn void grammar_pool_escape(struct grammar_pool *p, int code) {
    while (p->outer)
        p = p->outer;
    p->code = code;
    longjmp(p->escape, 1);
}

int grammar_pool_run(struct grammar_pool *p, void (*work)(void *data), void *data) {
    if (setjmp(p->escape))
        return p->code;
    work(data);
    return 0;
}

static struct grammar_pool_chunk *new_chunk(struct grammar_pool *p, size_t n_bytes) {
    size_t size = p->chunks ? p->chunks->size_bytes * 2 : FIRST_CHUNK;
    if (size > LARGEST_CHUNK)
        size = LARGEST_CHUNK;
    if (size < n_bytes)
        size = n_bytes;
    if (size > p->limit_bytes - p->total_bytes)
        grammar_pool_escape(p, -E2BIG);
    if (base_budget_take(p->budget, size) < 0)
        grammar_pool_escape(p, base_budget_code(p->budget));
    struct grammar_pool_chunk *chunk = malloc(sizeof *chunk + size);
    if (!chunk) {
        base_budget_give(p->budget, size);
        grammar_pool_escape(p, -ENOMEM);
    }
    chunk->size_bytes = size;
    p->total_bytes += size;
    return chunk;
}

/* Takes a spare chunk with room for so much. Returns NULL if there is none. */
static struct grammar_pool_chunk *spare_chunk(struct grammar_pool *p, size_t n_bytes) {
    struct grammar_pool_chunk **at = &p->spare;
    while (*at && (*at)->size_bytes < n_bytes)
        at = &(*at)->next;
    return *at ? pop(at) : NULL;
}

/* Returns memory with any content. */
static void *take(struct grammar_pool *p, size_t n_bytes) {
    grammar_pool_spend(p, 1 + n_bytes / 256);
    if (n_bytes > p->limit_bytes)
        grammar_pool_escape(p, -E2BIG);
    n_bytes = (n_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!p->chunks || p->chunks->size_bytes - p->used_bytes < n_bytes) {
        struct grammar_pool_chunk *chunk = spare_chunk(p, n_bytes);
        if (!chunk)
            chunk = new_chunk(p, n_bytes);
        chunk->next = p->chunks;
        p->chunks = chunk;
        p->used_bytes = 0;
    }
    void *memory = p->chunks->memory + p->used_bytes;
    p->used_bytes += n_bytes;
    return memory;
}

void *grammar_pool_alloc(struct grammar_pool *p, size_t n_bytes) {
    return memset(take(p, n_bytes), 0, n_bytes);
}

char *grammar_pool_text(struct grammar_pool *p, const char *text, size_t len) {
    char *copy = grammar_pool_alloc(p, len + 1);
    memcpy(copy, text, len);
    return copy;
}

char *grammar_pool_format(struct grammar_pool *p, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n < 0 ? NULL : grammar_pool_alloc(p, (size_t)n + 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text ? text : grammar_pool_text(p, "", 0);
}

struct grammar_pool_mark grammar_pool_mark(const struct grammar_pool *p) {
    return (struct grammar_pool_mark){p->chunks, p->used_bytes};
}

void grammar_pool_release(struct grammar_pool *p, struct grammar_pool_mark m) {
    while (p->chunks != m.chunk) {
        struct grammar_pool_chunk *chunk = pop(&p->chunks);
        if (!p->keeps_spare) {
            free_chunk(p, chunk);
            continue;
        }
        chunk->next = p->spare;
        p->spare = chunk;
    }
    p->used_bytes = m.used_bytes;
}

void *grammar_pool_grow(struct grammar_pool *p, void *array, size_t n, size_t *size, size_t element_bytes) {
    size_t grown = *size ? *size * 2 : 4;
    if (grown > SIZE_MAX / element_bytes)
        grammar_pool_escape(p, -E2BIG);
    char *copy = take(p, grown * element_bytes);
    if (n)
        memcpy(copy, array, n * element_bytes);
    memset(copy + n * element_bytes, 0, (grown - n) * element_bytes);
    *size = grown;
    return copy;
}
