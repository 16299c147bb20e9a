/* SPDX-License-Identifier: Apache-2.0 */
/* base/budget.c: see budget.h. */
#include "base/budget.h"

#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

void base_budget_init(struct base_budget *b, uint32_t max_cpu_ms, size_t max_bytes) {
    *b = (struct base_budget){.max_cpu_ms = max_cpu_ms, .max_bytes = max_bytes, .next_look = BASE_BUDGET_INTERVAL};
    atomic_init(&b->cancelled, false);
}

void base_budget_start(struct base_budget *b) {
    if (!b)
        return;
    b->deadline_ns = b->max_cpu_ms ? base_clock_thread_cpu_ns() + (uint64_t)b->max_cpu_ms * 1000000 : 0;
    b->units = 0;
    b->next_look = BASE_BUDGET_INTERVAL;
    b->used_bytes = 0;
    b->code = 0;
}

void base_budget_cancel(struct base_budget *b) {
    if (b)
        atomic_store_explicit(&b->cancelled, true, memory_order_relaxed);
}

int base_budget_code(const struct base_budget *b) {
    return b ? b->code : 0;
}

int base_budget_look(struct base_budget *b) {
    b->next_look = b->units + BASE_BUDGET_INTERVAL;
    if (b->code < 0)
        return b->code;
    if (atomic_load_explicit(&b->cancelled, memory_order_relaxed))
        b->code = -ECANCELED;
    else if (b->deadline_ns && base_clock_thread_cpu_ns() >= b->deadline_ns)
        b->code = -ETIME;
    return b->code;
}

int base_budget_take(struct base_budget *b, size_t n_bytes) {
    if (!b)
        return 0;
    if (b->max_bytes && n_bytes > b->max_bytes - b->used_bytes) {
        b->code = b->code ? b->code : -E2BIG;
        return b->code;
    }
    b->used_bytes += n_bytes;
    return 0;
}

void base_budget_give(struct base_budget *b, size_t n_bytes) {
    if (b)
        b->used_bytes -= n_bytes < b->used_bytes ? n_bytes : b->used_bytes;
}

void *base_budget_malloc(struct base_budget *b, size_t n_bytes) {
    if (base_budget_take(b, n_bytes) < 0)
        return NULL;
    void *memory = malloc(n_bytes ? n_bytes : 1);
    if (!memory)
        base_budget_give(b, n_bytes);
    return memory;
}
