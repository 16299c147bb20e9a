/* SPDX-License-Identifier: Apache-2.0 */
/* tests/faults/fail_allocation.c: a library for LD_PRELOAD that makes one chosen allocation fail.
 *
 * FAULTS names a file of struct control, which this library maps. Another program sets `left` there, before the start or while the
 * program runs: 1 makes the next allocation fail, n the n-th from then on, 0 or less none. Only malloc and its relatives count, not
 * mmap; those of all libraries count, too, but not those of the loader before `main`. If the program then dies of a bad address in
 * the same library that did not get its memory, `library` tells which one: no caller can prevent that.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))

struct control {
    _Atomic int64_t left;  /* the allocation that fails, counted from now on */
    _Atomic int64_t count; /* allocations so far */
    _Atomic int64_t failed;
    char library[64];
};

static struct control *control;
static void *refused; /* who called for the allocation that failed */
static void *(*next_malloc)(size_t), *(*next_calloc)(size_t, size_t), *(*next_realloc)(void *, size_t),
    *(*next_aligned)(size_t, size_t);
static void (*next_free)(void *);

/* dlsym itself may allocate. */
static _Alignas(16) char early[4096];
static size_t early_bytes;

static void *early_malloc(size_t n) {
    size_t at = early_bytes, size = (n + 15) / 16 * 16;
    if (size < n || size > sizeof(early) - at)
        return NULL;
    early_bytes += size;
    return early + at;
}

static void find_next(void) {
    static int begun;
    if (begun)
        return;
    begun = 1;
    *(void **)&next_calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **)&next_aligned = dlsym(RTLD_NEXT, "aligned_alloc");
    *(void **)&next_free = dlsym(RTLD_NEXT, "free");
    *(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
}

#ifdef __x86_64__
static void on_bad_address(int number, siginfo_t *info, void *context) {
    ucontext_t *at = context;
    Dl_info dying, asking;
    (void)info;
    if (refused && dladdr((void *)at->uc_mcontext.gregs[REG_RIP], &dying) && dladdr(refused, &asking) &&
        strcmp(dying.dli_fname, asking.dli_fname) == 0) {
        const char *slash = strrchr(dying.dli_fname, '/');
        strncpy(control->library, slash ? slash + 1 : dying.dli_fname, sizeof(control->library) - 1);
    }
    raise(number); /* SA_RESETHAND: ends the program as usual */
}

static void watch(void) {
    struct sigaction action = {.sa_sigaction = on_bad_address, .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND)};
    (void)sigaction(SIGSEGV, &action, NULL);
}
#else
static void watch(void) {
}
#endif

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS");
    find_next();
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return;
    control = map;
    watch();
}

static int fails(void *caller) {
    if (!control)
        return 0;
    atomic_fetch_add(&control->count, 1);
    if (atomic_load(&control->left) <= 0 || atomic_fetch_sub(&control->left, 1) != 1)
        return 0;
    atomic_fetch_add(&control->failed, 1);
    refused = caller;
    errno = ENOMEM;
    return 1;
}

PUBLIC void *malloc(size_t n) {
    find_next();
    if (!next_malloc)
        return early_malloc(n);
    return fails(__builtin_return_address(0)) ? NULL : next_malloc(n);
}

PUBLIC void *calloc(size_t n, size_t size) {
    find_next();
    if (!next_calloc)
        return early_malloc(n * size); /* is zeroed and small */
    return fails(__builtin_return_address(0)) ? NULL : next_calloc(n, size);
}

PUBLIC void *realloc(void *old, size_t n) {
    find_next();
    return fails(__builtin_return_address(0)) ? NULL : next_realloc(old, n);
}

PUBLIC void *reallocarray(void *old, size_t n, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, bytes);
}

PUBLIC void *aligned_alloc(size_t alignment, size_t n) {
    find_next();
    return fails(__builtin_return_address(0)) ? NULL : next_aligned(alignment, n);
}

PUBLIC void *memalign(size_t alignment, size_t n) {
    return aligned_alloc(alignment, n);
}

PUBLIC int posix_memalign(void **ret, size_t alignment, size_t n) {
    void *p = aligned_alloc(alignment, n);
    if (!p)
        return ENOMEM;
    *ret = p;
    return 0;
}

PUBLIC void free(void *p) {
    find_next();
    if ((char *)p >= early && (char *)p < early + sizeof(early))
        return;
    next_free(p);
}
