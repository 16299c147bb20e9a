/* SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WITH_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WITH_SANITIZER
#endif

static _Thread_local bool counting;
static _Thread_local struct calls counted;
static unsigned failing;
static void (*watching)(void *p);

void calls_start(void) {
    counted = (struct calls){0};
    counting = true;
}

struct calls calls_stop(void) {
    counting = false;
    return counted;
}

void calls_fail(unsigned n) {
    failing = n;
}

void calls_watch(void (*freed)(void *p)) {
    watching = freed;
}

#ifndef WITH_SANITIZER
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t alignment, size_t n);
extern void __libc_free(void *p);

static bool fails(void) {
    counted.n_allocated += counting;
    return counting && counted.n_allocated == failing;
}

void *malloc(size_t n) {
    return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size) {
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n) {
    return fails() ? NULL : __libc_realloc(p, n);
}

void *aligned_alloc(size_t alignment, size_t n) {
    return fails() ? NULL : __libc_memalign(alignment, n);
}

int posix_memalign(void **ret, size_t alignment, size_t n) {
    *ret = fails() ? NULL : __libc_memalign(alignment, n);
    return *ret ? 0 : 12;
}

void free(void *p) {
    counted.n_freed += counting;
    if (counting && watching && p)
        watching(p);
    __libc_free(p);
}
#endif

int __real_pthread_mutex_lock(pthread_mutex_t *m);
int __wrap_pthread_mutex_lock(pthread_mutex_t *m);
ssize_t __real_read(int fd, void *to, size_t n);
ssize_t __wrap_read(int fd, void *to, size_t n);
ssize_t __real_write(int fd, const void *from, size_t n);
ssize_t __wrap_write(int fd, const void *from, size_t n);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_pthread_mutex_lock(pthread_mutex_t *m) {
    counted.n_locked += counting;
    return __real_pthread_mutex_lock(m);
}

ssize_t __wrap_read(int fd, void *to, size_t n) {
    counted.n_files += counting;
    return __real_read(fd, to, n);
}

ssize_t __wrap_write(int fd, const void *from, size_t n) {
    counted.n_files += counting;
    return __real_write(fd, from, n);
}

int __wrap_open(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    int mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    counted.n_files += counting;
    return __real_open(path, flags, mode);
}
