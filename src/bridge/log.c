/* SPDX-License-Identifier: Apache-2.0 */
#include "bridge/private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void bridge_log(enum bridge_log_level level, const char *format, ...) {
    va_list arguments;

    flockfile(stderr); /* lines of other threads do not mix with this one */
    if (getenv("JOURNAL_STREAM"))
        fprintf(stderr, "<%d>", (int)level);
    else
        fputs("tragus-bridge: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    putc('\n', stderr);
    funlockfile(stderr);
}
