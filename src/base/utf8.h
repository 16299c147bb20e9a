/* SPDX-License-Identifier: Apache-2.0 */
/* base/utf8.h: reading UTF-8 (RFC 3629) and folding case. */
#ifndef TRAGUS_BASE_UTF8_H
#define TRAGUS_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the character at *text (before end) and advances *text past it. For invalid UTF-8, returns U+FFFD and advances one
 * byte. */
uint32_t base_utf8_next(const char **text, const char *end);

/* Writes one character, 1 to 4 bytes without a NUL. Returns the number of bytes. */
size_t base_utf8_put(uint32_t c, char out[4]);

bool base_utf8_valid(const char *text, size_t len_bytes);

/* Takes away all bytes that are not UTF-8, such as those of a character that snprintf has cut in two. */
void base_utf8_mend(char *text);

/* Simple case folding (Unicode CaseFolding, status C and S): one character maps to one. */
uint32_t base_utf8_fold(uint32_t c);

/* Unicode white space (White_Space property). */
bool base_utf8_is_space(uint32_t c);

#endif
