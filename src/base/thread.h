/* SPDX-License-Identifier: Apache-2.0 */
/* base/thread.h: how every thread is started: with all signals blocked, so that the main thread gets them, and with a name (ps -L,
 * top -H). */
#ifndef TRAGUS_BASE_THREAD_H
#define TRAGUS_BASE_THREAD_H

#include <pthread.h>
#include <stdint.h>

/* name: at most 15 bytes. Returns 0 or a negative errno; the caller joins *ret. */
int base_thread_start(pthread_t *ret, const char *name, void *(*run)(void *user), void *user);

/* CPU time used by a thread so far; 0 if the system cannot tell. The thread must not have been joined. */
uint64_t base_thread_cpu_us(pthread_t thread);

#endif
