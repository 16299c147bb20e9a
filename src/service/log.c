/* SPDX-License-Identifier: Apache-2.0 */
#include "service/log.h"
#include "base/clock.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What clients do causes lines, too, so their number is limited: MOST_LINES at once, then one each second. */
#define MOST_LINES 100
#define PAUSE_US 1000000

static void put(enum service_log_level level, const char *line) {
    if (getenv("JOURNAL_STREAM"))
        fprintf(stderr, "<%d>%s\n", (int)level, line);
    else
        fprintf(stderr, "tragusd: %s\n", line);
}

/* Whether there may be a line now. A line pays for PAUSE_US, and MOST_LINES can be paid in advance. */
static bool may_put(void) {
    static uint64_t paid_until_us;
    uint64_t now_us = base_clock_monotonic_us();

    if (paid_until_us < now_us)
        paid_until_us = now_us;
    if (paid_until_us - now_us > (uint64_t)(MOST_LINES - 1) * PAUSE_US)
        return false;
    paid_until_us += PAUSE_US;
    return true;
}

void service_log(enum service_log_level level, const char *format, ...) {
    static unsigned n_left_out;
    char line[1024];
    va_list arguments;

    if (!may_put()) {
        n_left_out++;
        return;
    }
    if (n_left_out > 0) {
        snprintf(line, sizeof(line), "%u lines were left out here: there were too many", n_left_out);
        put(SERVICE_LOG_WARNING, line);
        n_left_out = 0;
    }
    va_start(arguments, format);
    (void)base_utf8_vformat(line, sizeof(line), format, arguments);
    va_end(arguments);
    base_utf8_hide_controls(line); /* it may quote names of files, devices and users */
    put(level, line);
}
