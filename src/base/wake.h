/* SPDX-License-Identifier: Apache-2.0 */
/* base/wake.h: lets one thread wake another through an eventfd (eventfd(2)), without blocking the caller.
 *
 * Several calls may cause only one wake-up, so the waiting thread must check for all its work each time.
 */
#ifndef TRAGUS_BASE_WAKE_H
#define TRAGUS_BASE_WAKE_H

struct base_wake {
    int fd; /* for poll: readable after base_wake_up; -1: not created */
};

/* Returns 0 or a negative errno, with w->fd -1. */
int base_wake_init(struct base_wake *w);
void base_wake_done(struct base_wake *w);
/* From any thread; no allocation, no lock. */
void base_wake_up(const struct base_wake *w);
/* Discards the calls so far; does not block. */
void base_wake_clear(const struct base_wake *w);
/* Blocks until somebody calls base_wake_up, then discards the calls so far. timeout_ms: -1 for ever. */
void base_wake_wait(const struct base_wake *w, int timeout_ms);

#endif
