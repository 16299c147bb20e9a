/* SPDX-License-Identifier: Apache-2.0 */
/* base/utf8.h: reading and writing UTF-8 (RFC 3629), and folding case. */
#ifndef TRAGUS_BASE_UTF8_H
#define TRAGUS_BASE_UTF8_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the character at *text (before end) and advances *text past it. For invalid UTF-8, returns U+FFFD and advances one
 * byte. */
uint32_t base_utf8_next(const char **text, const char *end);

/* Writes one character, 1 to 4 bytes without a NUL. Returns the number of bytes. */
size_t base_utf8_put(uint32_t c, char out[4]);

bool base_utf8_valid(const char *text, size_t len_bytes);

/* Removes what is not UTF-8, such as a character of which only a part was kept. */
void base_utf8_mend(char *text);

/* Replaces control characters of valid UTF-8 by question marks: a text of others may neither begin a line of a log nor change the
 * colours of a terminal. */
void base_utf8_hide_controls(char *text);

/* Like snprintf, for people and for D-Bus: what a precision ("%.60s") or the size cuts off ends before a whole character. Returns
 * out. */
const char *base_utf8_format(char *out, size_t size_bytes, const char *format, ...) __attribute__((format(printf, 3, 4)));
const char *base_utf8_vformat(char *out, size_t size_bytes, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Simple case folding (Unicode CaseFolding, status C and S): one character maps to one. */
uint32_t base_utf8_fold(uint32_t c);

/* Unicode white space (White_Space property). */
bool base_utf8_is_space(uint32_t c);

#endif
