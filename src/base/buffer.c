/* SPDX-License-Identifier: Apache-2.0 */
/* base/buffer.c: see buffer.h. The size doubles, so n additions cost O(n). A failure is remembered, so callers need to check only
 * once. */
#include "base/buffer.h"

#include "base/budget.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for n more bytes and a NUL. */
static bool reserve(struct base_buffer *b, size_t n) {
    if (b->failed)
        return false;
    if (n >= SIZE_MAX / 2 - b->len_bytes) {
        b->failed = true;
        return false;
    }
    size_t needed = b->len_bytes + n + 1;
    if (needed <= b->size_bytes)
        return true;
    size_t size = b->size_bytes < 128 ? 256 : b->size_bytes * 2;
    if (size < needed)
        size = needed;
    if (base_budget_take(b->budget, size - b->size_bytes) < 0) {
        b->failed = true;
        return false;
    }
    char *data = realloc(b->data, size);
    if (data == NULL) {
        base_budget_give(b->budget, size - b->size_bytes);
        b->failed = true;
        return false;
    }
    b->data = data;
    b->size_bytes = size;
    return true;
}

void base_buffer_done(struct base_buffer *b) {
    if (b == NULL)
        return;
    free(b->data);
    base_budget_give(b->budget, b->size_bytes);
    *b = (struct base_buffer){.budget = b->budget};
}

void base_buffer_clear(struct base_buffer *b) {
    b->len_bytes = 0;
    b->failed = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

void base_buffer_add(struct base_buffer *b, const void *bytes, size_t n) {
    if (!reserve(b, n))
        return;
    if (n > 0)
        memcpy(b->data + b->len_bytes, bytes, n);
    b->len_bytes += n;
    b->data[b->len_bytes] = '\0';
}

void base_buffer_add_text(struct base_buffer *b, const char *text) {
    base_buffer_add(b, text, strlen(text));
}

void base_buffer_format(struct base_buffer *b, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (n < 0) {
        b->failed = true;
        return;
    }
    if (!reserve(b, (size_t)n))
        return;
    va_start(arguments, format);
    vsnprintf(b->data + b->len_bytes, (size_t)n + 1, format, arguments);
    va_end(arguments);
    b->len_bytes += (size_t)n;
}

void *base_buffer_grow(struct base_buffer *b, size_t n) {
    if (!reserve(b, n))
        return NULL;
    char *begin = b->data + b->len_bytes;
    memset(begin, 0, n + 1);
    b->len_bytes += n;
    return begin;
}
