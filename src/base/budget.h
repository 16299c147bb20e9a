/* SPDX-License-Identifier: Apache-2.0 */
/* base/budget.h: how much processor time and memory a piece of work may take, and how another thread stops it.
 *
 * One thread works within a budget at a time. It counts units of work, each of some ten nanoseconds, and looks at its clock once
 * in a while; allocators count bytes. What is exceeded stays exceeded, so a deep function may just stop and let its callers find
 * out. All functions take NULL, a budget without limits.
 */
#ifndef TRAGUS_BASE_BUDGET_H
#define TRAGUS_BASE_BUDGET_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define BASE_BUDGET_INTERVAL 8192 /* units between two looks at the clock */

struct base_budget {
    atomic_bool cancelled; /* the only member that other threads touch */
    uint32_t max_cpu_ms;   /* 0 = no limit */
    size_t max_bytes;      /* 0 = no limit */
    uint64_t deadline_ns;  /* of the working thread's processor time, 0 = none */
    uint64_t units;        /* of work so far */
    uint64_t next_look;    /* in units */
    size_t used_bytes;
    int code; /* 0, or why the work must end */
};

/* Limits; 0 = none. Before any thread uses it. */
void base_budget_init(struct base_budget *b, uint32_t max_cpu_ms, size_t max_bytes);

/* The calling thread begins to work: its processor time counts from here. What was used is forgotten, a cancellation is not. */
void base_budget_start(struct base_budget *b);

/* From any thread: the work ends with -ECANCELED at its next look. */
void base_budget_cancel(struct base_budget *b);

/* 0, or why the work must end: -ETIME, -E2BIG (memory) or -ECANCELED. */
int base_budget_code(const struct base_budget *b);

/* Looks at clock and flag. Called by base_budget_spend. */
int base_budget_look(struct base_budget *b);

/* Counts units of work. 0, or why the work must end. */
static inline int base_budget_spend(struct base_budget *b, uint64_t units) {
    if (!b)
        return 0;
    b->units += units;
    return b->units < b->next_look ? b->code : base_budget_look(b);
}

/* Counts bytes about to be allocated. 0, or -E2BIG, and then they are not counted. */
int base_budget_take(struct base_budget *b, size_t n_bytes);

/* Bytes were freed. */
void base_budget_give(struct base_budget *b, size_t n_bytes);

/* malloc that counts; NULL: out of memory, or beyond the budget, which base_budget_code tells apart. Freed by free(). */
void *base_budget_malloc(struct base_budget *b, size_t n_bytes);

#endif
