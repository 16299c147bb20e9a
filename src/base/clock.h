/* SPDX-License-Identifier: Apache-2.0 */
/* base/clock.h: time. */
#ifndef TRAGUS_BASE_CLOCK_H
#define TRAGUS_BASE_CLOCK_H

#include <stdint.h>

uint64_t base_clock_monotonic_us(void);  /* CLOCK_MONOTONIC */
uint64_t base_clock_thread_cpu_ns(void); /* CPU time of the calling thread */

#endif
