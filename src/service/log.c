/* SPDX-License-Identifier: Apache-2.0 */
#include "service/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void service_log(enum service_log_level level, const char *format, ...) {
    char line[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (getenv("JOURNAL_STREAM"))
        fprintf(stderr, "<%d>%s\n", (int)level, line);
    else
        fprintf(stderr, "tragusd: %s\n", line);
}
