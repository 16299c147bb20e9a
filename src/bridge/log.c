/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "bridge/private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void bridge_log(enum bridge_log_level level, const char *format, ...) {
    char text[2048];
    va_list arguments;

    va_start(arguments, format);
    (void)base_utf8_vformat(text, sizeof(text), format, arguments);
    va_end(arguments);
    base_utf8_hide_controls(text); /* it may contain texts of other programs, such as an error of Home Assistant */
    flockfile(stderr);             /* lines of other threads do not mix with this one */
    if (getenv("JOURNAL_STREAM"))
        fprintf(stderr, "<%d>", (int)level);
    else
        fputs("tragus-bridge: ", stderr);
    fprintf(stderr, "%s\n", text);
    funlockfile(stderr);
}
