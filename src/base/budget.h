/* SPDX-License-Identifier: Apache-2.0 */
/* base/budget.h: limits on the CPU time and memory of a piece of work, and a way to cancel it from another thread.
 *
 * Only one thread works within a budget at a time. It counts units of work of about ten nanoseconds each and checks its clock
 * every BASE_BUDGET_INTERVAL units; allocators count bytes. Once exceeded, a budget stays exceeded, so an inner function can
 * simply stop and its callers will see why. All functions accept NULL, which means no limits.
 */
#ifndef TRAGUS_BASE_BUDGET_H
#define TRAGUS_BASE_BUDGET_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define BASE_BUDGET_INTERVAL 8192 /* units between two checks of the clock */

struct base_budget {
    atomic_bool cancelled; /* the only member that other threads access */
    uint32_t max_cpu_ms;   /* 0 = no limit */
    size_t max_bytes;      /* 0 = no limit */
    uint64_t deadline_ns;  /* in CPU time of the working thread; 0 = none */
    uint64_t units;        /* units of work so far */
    uint64_t next_look;    /* the next check, in units */
    size_t used_bytes;
    int code; /* 0, or why the work must stop */
};

/* Sets the limits; 0 = none. Call it before any thread uses the budget. */
void base_budget_init(struct base_budget *b, uint32_t max_cpu_ms, size_t max_bytes);

/* Starts work on the calling thread: CPU time counts from here. Resets what was used, but not a cancellation. */
void base_budget_start(struct base_budget *b);

/* From any thread: the work stops with -ECANCELED at its next check. */
void base_budget_cancel(struct base_budget *b);

/* Returns 0, or why the work must stop: -ETIME, -E2BIG (memory) or -ECANCELED. */
int base_budget_code(const struct base_budget *b);

/* Checks the clock and the cancel flag. Called by base_budget_spend. */
int base_budget_look(struct base_budget *b);

/* Counts units of work. Returns 0, or why the work must stop. */
static inline int base_budget_spend(struct base_budget *b, uint64_t units) {
    if (!b)
        return 0;
    b->units += units;
    return b->units < b->next_look ? b->code : base_budget_look(b);
}

/* Counts bytes about to be allocated. Returns 0, or -E2BIG and does not count them. */
int base_budget_take(struct base_budget *b, size_t n_bytes);

/* Subtracts bytes that were freed. */
void base_budget_give(struct base_budget *b, size_t n_bytes);

/* malloc that counts. Returns NULL when out of memory or over budget; base_budget_code tells which. Free with free(). */
void *base_budget_malloc(struct base_budget *b, size_t n_bytes);

#endif
