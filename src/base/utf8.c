/* SPDX-License-Identifier: Apache-2.0 */
/* base/utf8.c: see utf8.h. As RFC 3629 requires, rejects overlong forms, surrogates and anything beyond U+10FFFF. */
#include "base/utf8.h"

#include "base/assert.h"
#include "base/gen/fold.h"

#include <stdio.h>
#include <string.h>

#define REPLACEMENT 0xFFFDu

/* Decodes the character at p and returns its length; 0 if it is invalid. */
static size_t decode(const unsigned char *p, size_t n, uint32_t *ret) {
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (p[0] < 0x80) {
        *ret = p[0];
        return 1;
    }
    size_t len = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (len == 0 || len > n)
        return 0;
    uint32_t c = p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3fu);
    }
    if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *ret = c;
    return len;
}

uint32_t base_utf8_next(const char **text, const char *end) {
    base_assert(*text < end);
    uint32_t c = REPLACEMENT;
    size_t len = decode((const unsigned char *)*text, (size_t)(end - *text), &c);
    *text += len == 0 ? 1 : len;
    return c;
}

size_t base_utf8_put(uint32_t c, char out[4]) {
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        c = REPLACEMENT;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((0xf00u >> len & 0xffu) | c);
    return len;
}

bool base_utf8_valid(const char *text, size_t len_bytes) {
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < len_bytes;) {
        uint32_t c;
        size_t len = decode(p + i, len_bytes - i, &c);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

void base_utf8_mend(char *text) {
    unsigned char *from = (unsigned char *)text, *to = from;
    size_t n = strlen(text);
    uint32_t c;

    while (n > 0) {
        size_t len = decode(from, n, &c), step = len > 0 ? len : 1;
        memmove(to, from, len);
        to += len;
        from += step;
        n -= step;
    }
    *to = '\0';
}

void base_utf8_hide_controls(char *text) {
    const char *from = text, *end = text + strlen(text);
    char *to = text;

    while (from < end) {
        uint32_t c = base_utf8_next(&from, end);
        to += base_utf8_put(c < ' ' || (c >= 0x7f && c < 0xa0) ? '?' : c, to); /* never longer than what was read */
    }
    *to = '\0';
}

const char *base_utf8_vformat(char *out, size_t size_bytes, const char *format, va_list arguments) {
    (void)vsnprintf(out, size_bytes, format, arguments);
    base_utf8_mend(out);
    return out;
}

const char *base_utf8_format(char *out, size_t size_bytes, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    base_utf8_vformat(out, size_bytes, format, arguments);
    va_end(arguments);
    return out;
}

uint32_t base_utf8_fold(uint32_t c) {
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    /* Finds the last range that begins at or before c. */
    size_t low = 0, high = base_fold_n_ranges;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (base_fold_ranges[middle].first <= c)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return c;
    const struct base_fold_range *r = &base_fold_ranges[low - 1];
    return c <= r->last && (c - r->first) % r->step == 0 ? (uint32_t)((int64_t)c + r->delta) : c;
}

bool base_utf8_is_space(uint32_t c) {
    return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
           c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}
