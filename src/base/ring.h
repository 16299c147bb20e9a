/* SPDX-License-Identifier: Apache-2.0 */
/* base/ring.h: a ring of equal elements between one producer and one consumer thread; it never blocks.
 *
 * Free-running 32-bit indices, a power of two of elements, acquire on the other side's index and release on one's own.
 * The elements live in the caller's memory (an arena).
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

/* elements: n_elements * element_bytes, owned by the caller. start_index is 0 except in the test of the wrap. */
void base_ring_init(struct base_ring *r, void *elements, uint32_t element_bytes, uint32_t n_elements, uint32_t start_index);

/* Producer: copies one element in. False, and nothing written, when the ring is full. */
bool base_ring_push(struct base_ring *r, const void *element);

/* Consumer: copies the oldest element out. False when the ring is empty. */
bool base_ring_pop(struct base_ring *r, void *ret_element);

/* Consumer: copies the oldest element out and leaves it there. False when the ring is empty. */
bool base_ring_peek(const struct base_ring *r, void *ret_element);

/* How many elements stand in the ring, seen from either side. */
uint32_t base_ring_fill(const struct base_ring *r);

#endif
