/* SPDX-License-Identifier: Apache-2.0 */
/* base/error.h: what went wrong, for a program (a negative errno) and for a person (one sentence).
 *
 * A function that can fail returns 0 or a count, or a negative errno. Where the cause needs words it takes a last argument
 * `tragus_error *reterr`, which may be NULL and is written on failure only. Nothing here allocates.
 */
#ifndef TRAGUS_BASE_ERROR_H
#define TRAGUS_BASE_ERROR_H

#include "tragus.h" /* tragus_error */

/* Fills *e (if not NULL) with a code and a formatted sentence, no place. Returns code, so that `return base_error_set(...)` works.
 */
int base_error_set(tragus_error *e, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with a place. file may be NULL, line and column 0. */
int base_error_at(tragus_error *e, int code, const char *file, int line, int column, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Writes "file:line:column: text" (the parts that there are) into out, cut to size_bytes with a NUL. Returns out. */
const char *base_error_format(const tragus_error *e, char *out, unsigned long size_bytes);

#endif
