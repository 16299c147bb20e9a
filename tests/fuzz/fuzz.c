/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz.c: the entry that libFuzzer and replay.c call, and helpers for targets. */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Processor time, so that a busy machine does not matter. Sanitizers and counters make code about five times slower. */
#ifdef FUZZ_INSTRUMENTED
#define MOST_MS 5000
#else
#define MOST_MS 1000
#endif

#define EMULATED 20 /* times slower: under an emulator, which make check names in EMULATOR */

static double most_ms(void) {
    const char *emulator = getenv("EMULATOR");
    return emulator && *emulator ? MOST_MS * EMULATED : MOST_MS;
}

static double cpu_ms(void) {
    struct timespec t = {0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    (void)signal(SIGPIPE, SIG_IGN); /* as in the daemon and the bridge */
    if (fuzz_prepare)
        fuzz_prepare();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    double begin = cpu_ms();
    fuzz_one(data, size);
    double took = cpu_ms() - begin;
    if (took > most_ms()) {
        fprintf(stderr, "%s: %zu bytes took %.0f ms of processor time\n", fuzz_name, size, took);
        abort();
    }
    return 0;
}

void fuzz_check(bool good, const char *what) {
    if (good)
        return;
    fprintf(stderr, "%s: %s\n", fuzz_name, what);
    abort();
}

char *fuzz_text(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    fuzz_check(text != NULL, "out of memory");
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

const char *fuzz_file(const uint8_t *data, size_t size) {
    static char path[64];
    static int fd = -1;
    if (fd < 0)
        fd = memfd_create(fuzz_name, MFD_CLOEXEC);
    fuzz_check(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size, "no file in memory");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

static const char *below(char path[4096], const char *variable, const char *name) {
    const char *top = getenv(variable);
    fuzz_check(snprintf(path, 4096, "%s/%s", top ? top : ".", name) < 4096, "too long a path");
    return path;
}

const char *fuzz_source(const char *name) {
    static char path[4096];
    return below(path, "abs_top_srcdir", name);
}

const char *fuzz_built(const char *name) {
    static char path[4096];
    return below(path, "abs_top_builddir", name);
}

uint32_t fuzz_random(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}
