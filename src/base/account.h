/* SPDX-License-Identifier: Apache-2.0 */
/* base/account.h: counts the memory of things that live and end in different threads. */
#ifndef TRAGUS_BASE_ACCOUNT_H
#define TRAGUS_BASE_ACCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct base_account { /* must outlive what is counted in it */
    _Atomic size_t bytes;
};

static inline void base_account_give_back(struct base_account *a, size_t bytes) {
    atomic_fetch_sub(&a->bytes, bytes);
}

/* Returns false, and counts nothing, if there would be more than `most` bytes. */
static inline bool base_account_take(struct base_account *a, size_t bytes, size_t most) {
    size_t before = atomic_fetch_add(&a->bytes, bytes);
    if (bytes <= most && before <= most - bytes)
        return true;
    base_account_give_back(a, bytes);
    return false;
}

#endif
