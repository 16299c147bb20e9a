/* SPDX-License-Identifier: Apache-2.0 */
/* base/wake.h: how one thread wakes another: an eventfd (Linux, eventfd(2)) that counts calls and never blocks the caller.
 *
 * The waiting thread looks at its work after each return: several calls may wake it once.
 */
#ifndef TRAGUS_BASE_WAKE_H
#define TRAGUS_BASE_WAKE_H

struct base_wake {
    int fd; /* for poll: readable after base_wake_up; -1: not made */
};

/* Returns 0 or a negative errno, with w->fd -1. */
int base_wake_init(struct base_wake *w);
void base_wake_done(struct base_wake *w);
/* Any thread; no allocation, no lock. */
void base_wake_up(const struct base_wake *w);
/* Forgets the calls so far; does not block. */
void base_wake_clear(const struct base_wake *w);
/* Blocks until somebody calls base_wake_up, and forgets the calls so far. timeout_ms: -1 for ever. */
void base_wake_wait(const struct base_wake *w, int timeout_ms);

#endif
