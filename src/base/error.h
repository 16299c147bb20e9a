/* SPDX-License-Identifier: Apache-2.0 */
/* base/error.h: errors, as a code for programs (a negative errno) and one sentence for people.
 *
 * A function that can fail returns 0 or a count, or a negative errno. If the cause needs words, its last argument is `tragus_error
 * *reterr`, which may be NULL and is written only on failure. Nothing here allocates.
 */
#ifndef TRAGUS_BASE_ERROR_H
#define TRAGUS_BASE_ERROR_H

#include "tragus.h" /* tragus_error */

#include <stddef.h>

/* Fills *e (if not NULL) with a code and a formatted sentence, without a position. Returns code, for `return base_error_set(...)`.
 */
int base_error_set(tragus_error *e, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with a position. file may be NULL, line and column 0. */
int base_error_at(tragus_error *e, int code, const char *file, int line, int column, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Writes "file:line:column: text" into out, without the parts that are unset, truncated to size_bytes including the NUL. Returns
 * out. */
const char *base_error_format(const tragus_error *e, char *out, size_t size_bytes);

#endif
