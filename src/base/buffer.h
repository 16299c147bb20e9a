/* SPDX-License-Identifier: Apache-2.0 */
/* base/buffer.h: a growing byte array for compilers and printers; never used on the audio path. */
#ifndef TRAGUS_BASE_BUFFER_H
#define TRAGUS_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct base_budget;

struct base_buffer {
    char *data; /* NUL-terminated after len_bytes once anything was added; NULL before */
    size_t len_bytes;
    size_t size_bytes;
    bool failed;                /* an allocation failed: later additions do nothing, so check once at the end */
    struct base_budget *budget; /* counts the memory; NULL = not counted */
};

void base_buffer_done(struct base_buffer *b);
void base_buffer_clear(struct base_buffer *b); /* keeps the memory */
void base_buffer_add(struct base_buffer *b, const void *bytes, size_t n);
void base_buffer_add_text(struct base_buffer *b, const char *text);
void base_buffer_format(struct base_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reserves n more zeroed bytes and returns a pointer to them, or NULL on failure. Invalidates pointers into data. */
void *base_buffer_grow(struct base_buffer *b, size_t n);

#endif
