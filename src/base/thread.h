/* SPDX-License-Identifier: Apache-2.0 */
/* base/thread.h: the one way to start a thread: signals stay with the main thread, and the thread has a name (ps -L, top -H). */
#ifndef TRAGUS_BASE_THREAD_H
#define TRAGUS_BASE_THREAD_H

#include <pthread.h>
#include <stdint.h>

/* name: at most 15 bytes. Returns 0 or a negative errno; the caller joins *ret. */
int base_thread_start(pthread_t *ret, const char *name, void *(*run)(void *user), void *user);

/* CPU time that a thread has used so far; 0 where the system does not tell. Only for a thread that was not joined. */
uint64_t base_thread_cpu_us(pthread_t thread);

#endif
