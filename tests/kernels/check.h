/* SPDX-License-Identifier: Apache-2.0 */
/* tests/kernels/check.h: what checkkernels.c and checkfrontend.c share: operands between inaccessible pages, their data,
 * comparison. */
#ifndef TESTS_KERNELS_CHECK_H
#define TESTS_KERNELS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILL 0x88
#define MARGIN 64 /* bytes compared on both sides of an output */

enum data { DATA_RANDOM, DATA_EXTREMES, DATA_ALTERNATING, N_DATA };
static const char *const data_names[N_DATA] = {"random", "extremes", "alternating"};

extern uint64_t random_state; /* of checkkernels.c */

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016. */
static inline uint32_t random_u32(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)(random_state * 0x2545F4914F6CDD1Du >> 32);
}

static inline int64_t random_between(int64_t low, int64_t high) {
    return low + (int64_t)(((uint64_t)random_u32() << 32 | random_u32()) % (uint64_t)(high - low + 1));
}

/* Memory between two inaccessible pages. */
struct guarded {
    unsigned char *map;
    size_t map_bytes;
    unsigned char *low, *high; /* the accessible range */
};

static inline struct guarded guarded_new(size_t n_bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (n_bytes + page - 1) / page * page + 2 * page;
    struct guarded g = {.map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), .map_bytes = n};

    if (g.map == MAP_FAILED || mprotect(g.map, page, PROT_NONE) != 0 || mprotect(g.map + n - page, page, PROT_NONE) != 0) {
        perror("guarded memory");
        exit(99);
    }
    g.low = g.map + page;
    g.high = g.map + n - page;
    return g;
}

static inline void guarded_free(struct guarded *g) {
    munmap(g->map, g->map_bytes);
}

/* Returns n_bytes at the end or the beginning of g. Operands of a kernel are aligned: to 64 bytes for the weights of gemm, else to
 * their type. */
static inline void *guarded_at(const struct guarded *g, size_t n_bytes, bool at_end) {
    return at_end ? g->high - n_bytes : g->low;
}

/* Allocates an output for the reference, with margins. */
static inline unsigned char *area_new(size_t n_bytes) {
    unsigned char *p = n_bytes < SIZE_MAX / 2 ? malloc(n_bytes) : NULL;

    if (!p) {
        fputs("not enough memory\n", stderr);
        exit(99);
    }
    return p;
}

static inline bool same(const char *family, const char *variant, const char *shape, enum data data, const unsigned char *expected,
                        const unsigned char *got, size_t n_bytes) {
    size_t i = 0;

    if (memcmp(expected, got, n_bytes) == 0)
        return true;
    while (expected[i] == got[i])
        i++;
    fprintf(stderr, "FAIL %s %s, %s, %s data: byte %td is %d, the reference has %d\n", family, variant, shape, data_names[data],
            (ptrdiff_t)i - MARGIN, (int8_t)got[i], (int8_t)expected[i]);
    return false;
}

/* lost: the result of CHECKED_CALL. */
static inline bool kept(const char *family, const char *variant, const char *lost) {
    if (lost)
        fprintf(stderr, "FAIL %s %s: the caller's register %s was not kept\n", family, variant, lost);
    return !lost;
}

/* Compares the kernels of the front end. only: the family, or NULL for all; list: only lists them. */
bool check_frontend(const char *only, bool list);
bool has_frontend_family(const char *name);

#endif
