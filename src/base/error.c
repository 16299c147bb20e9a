/* SPDX-License-Identifier: Apache-2.0 */
/* base/error.c: see error.h. */
#include "base/error.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Copies a path. If it is too long, keeps its end, which tells more, starting at a character boundary. */
static void copy_path(char *out, size_t size_bytes, const char *path) {
    size_t len = strlen(path);
    const char *from = path + (len < size_bytes ? 0 : len - (size_bytes - 1));
    while (((unsigned char)*from & 0xc0) == 0x80)
        from++;
    memcpy(out, from, strlen(from) + 1);
}

__attribute__((format(printf, 6, 0))) static int set(tragus_error *e, int code, const char *file, int line, int column,
                                                     const char *format, va_list arguments) {
    if (e == NULL)
        return code;
    tragus_error filled = {.code = code, .line = line, .column = column};
    if (file != NULL)
        copy_path(filled.file, sizeof filled.file, file);
    base_utf8_vformat(filled.text, sizeof filled.text, format, arguments);
    /* Assigned last because the arguments may point into *e. */
    *e = filled;
    return code;
}

int base_error_set(tragus_error *e, int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    set(e, code, NULL, 0, 0, format, arguments);
    va_end(arguments);
    return code;
}

int base_error_at(tragus_error *e, int code, const char *file, int line, int column, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    set(e, code, file, line, column, format, arguments);
    va_end(arguments);
    return code;
}

const char *base_error_format(const tragus_error *e, char *out, size_t size_bytes) {
    if (e->file[0] == '\0')
        return base_utf8_format(out, size_bytes, "%s", e->text);
    if (e->line <= 0)
        return base_utf8_format(out, size_bytes, "%s: %s", e->file, e->text);
    if (e->column <= 0)
        return base_utf8_format(out, size_bytes, "%s:%d: %s", e->file, e->line, e->text);
    return base_utf8_format(out, size_bytes, "%s:%d:%d: %s", e->file, e->line, e->column, e->text);
}
