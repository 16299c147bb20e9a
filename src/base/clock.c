/* SPDX-License-Identifier: Apache-2.0 */
/* base/clock.c: see clock.h. Neither clock can fail on Linux; the first needs no system call. */
#include "base/clock.h"

#include <time.h>

static uint64_t now_ns(clockid_t clock) {
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t base_clock_monotonic_us(void) {
    return now_ns(CLOCK_MONOTONIC) / 1000;
}

uint64_t base_clock_thread_cpu_ns(void) {
    return now_ns(CLOCK_THREAD_CPUTIME_ID);
}
