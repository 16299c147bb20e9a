/* SPDX-License-Identifier: Apache-2.0 */
/* base/ring.h: a non-blocking ring buffer between one producer and one consumer thread.
 *
 * It uses free-running 32-bit indices and a power-of-two number of elements; each side loads the other's index with acquire and
 * stores its own with release. The caller provides the memory (an arena).
 */
#ifndef TRAGUS_BASE_RING_H
#define TRAGUS_BASE_RING_H

#include <stdbool.h>
#include <stdint.h>

struct base_ring {
    unsigned char *elements;
    uint32_t element_bytes;
    uint32_t n_elements; /* a power of two */
    _Alignas(64) _Atomic uint32_t write_index;
    _Alignas(64) _Atomic uint32_t read_index;
};

/* elements: n_elements * element_bytes, owned by the caller. start_index is 0 except in the wrap-around test. */
void base_ring_init(struct base_ring *r, void *elements, uint32_t element_bytes, uint32_t n_elements, uint32_t start_index);

/* Producer: copies one element in. Returns false and writes nothing when the ring is full. */
bool base_ring_push(struct base_ring *r, const void *element);

/* Consumer: removes the oldest element into *ret_element. Returns false when the ring is empty. */
bool base_ring_pop(struct base_ring *r, void *ret_element);

/* Consumer: copies the oldest element without removing it. Returns false when the ring is empty. */
bool base_ring_peek(const struct base_ring *r, void *ret_element);

/* The number of elements in the ring; either side may call it. */
uint32_t base_ring_fill(const struct base_ring *r);

#endif
