/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "bridge/private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts of other programs, such as an error of Home Assistant, may not begin a line of their own or change the colours of a
 * terminal. */
static void put_line(const char *text) {
    const char *end = text + strlen(text);
    char bytes[4];

    while (text < end) {
        uint32_t c = base_utf8_next(&text, end);
        bool is_control = c < ' ' || (c >= 0x7f && c < 0xa0);
        fwrite(bytes, 1, base_utf8_put(is_control ? '?' : c, bytes), stderr);
    }
    putc('\n', stderr);
}

void bridge_log(enum bridge_log_level level, const char *format, ...) {
    char text[2048];
    va_list arguments;

    va_start(arguments, format);
    (void)base_utf8_vformat(text, sizeof(text), format, arguments);
    va_end(arguments);
    flockfile(stderr); /* lines of other threads do not mix with this one */
    if (getenv("JOURNAL_STREAM"))
        fprintf(stderr, "<%d>", (int)level);
    else
        fputs("tragus-bridge: ", stderr);
    put_line(text);
    funlockfile(stderr);
}
