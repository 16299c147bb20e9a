/* SPDX-License-Identifier: Apache-2.0 */
/* cli/progress.c: shows the progress on a terminal, after two seconds, five times per second. */
#include "base/clock.h"
#include "cli/cli.h"

#include <stdio.h>
#include <unistd.h>

void cli_progress_start(struct cli_progress *p, const char *what) {
    *p = (struct cli_progress){.what = what, .start_us = base_clock_monotonic_us()};
}

void cli_progress_at(struct cli_progress *p, size_t done, size_t all) {
    uint64_t now_us = base_clock_monotonic_us();
    if (now_us - p->start_us < 2000000 || now_us - p->shown_us < 200000 || !isatty(STDERR_FILENO))
        return;
    p->shown_us = now_us;
    p->shown = true;
    double left_s = done > 0 ? (double)(now_us - p->start_us) / 1e6 * (double)(all - done) / (double)done : 0.0;
    fprintf(stderr, "\r%s %zu of %zu, %.0f s left \033[K", p->what, done, all, left_s);
    fflush(stderr);
}

void cli_progress_end(struct cli_progress *p) {
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}
