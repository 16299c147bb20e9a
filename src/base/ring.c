/* SPDX-License-Identifier: Apache-2.0 */
/* base/ring.c: see ring.h. Indices run freely and are masked only on access, so a full ring differs from an empty one. They may
 * wrap at 32 bits because n_elements divides 2^32 (Lamport, 1977, for one producer and one consumer). */
#include "base/ring.h"

#include "base/assert.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "the ring must not lock");

void base_ring_init(struct base_ring *r, void *elements, uint32_t element_bytes, uint32_t n_elements, uint32_t start_index) {
    base_assert(n_elements > 0 && n_elements <= UINT32_C(1) << 31 && (n_elements & (n_elements - 1)) == 0);
    r->elements = elements;
    r->element_bytes = element_bytes;
    r->n_elements = n_elements;
    atomic_init(&r->write_index, start_index);
    atomic_init(&r->read_index, start_index);
}

static unsigned char *element(const struct base_ring *r, uint32_t index) {
    return r->elements + (size_t)(index & (r->n_elements - 1)) * r->element_bytes;
}

bool base_ring_push(struct base_ring *r, const void *from) {
    uint32_t write = atomic_load_explicit(&r->write_index, memory_order_relaxed);
    if (write - atomic_load_explicit(&r->read_index, memory_order_acquire) == r->n_elements)
        return false;
    memcpy(element(r, write), from, r->element_bytes);
    atomic_store_explicit(&r->write_index, write + 1, memory_order_release);
    return true;
}

bool base_ring_peek(const struct base_ring *r, void *ret_element) {
    uint32_t read = atomic_load_explicit(&r->read_index, memory_order_relaxed);
    if (atomic_load_explicit(&r->write_index, memory_order_acquire) == read)
        return false;
    memcpy(ret_element, element(r, read), r->element_bytes);
    return true;
}

bool base_ring_pop(struct base_ring *r, void *ret_element) {
    if (!base_ring_peek(r, ret_element))
        return false;
    uint32_t read = atomic_load_explicit(&r->read_index, memory_order_relaxed);
    atomic_store_explicit(&r->read_index, read + 1, memory_order_release);
    return true;
}

uint32_t base_ring_fill(const struct base_ring *r) {
    /* One index is the caller's own. The other can only have moved such that the difference stays within 0..n_elements. */
    uint32_t read = atomic_load_explicit(&r->read_index, memory_order_acquire);
    return atomic_load_explicit(&r->write_index, memory_order_acquire) - read;
}
