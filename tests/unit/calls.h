/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/calls.h: counts what the audio path may not do: allocate, lock, open, read, write. It can also let an allocation fail,
 * and show what is freed.
 *
 * Allocation is counted in the whole process, shared libraries too (glibc lets a program replace malloc), except under a sanitizer,
 * which replaces it itself. The others are counted where the program itself calls them (the linker's --wrap, see CALLS_LDFLAGS).
 */
#ifndef TRAGUS_TESTS_CALLS_H
#define TRAGUS_TESTS_CALLS_H

struct calls {
    unsigned n_allocated, n_freed, n_locked, n_files;
};

void calls_start(void);        /* counts from here on, on this thread */
struct calls calls_stop(void); /* what was counted since */

/* Not under a sanitizer: */
void calls_fail(unsigned n);              /* the n-th allocation counted fails; 0: none */
void calls_watch(void (*freed)(void *p)); /* is called before memory is freed while counting; NULL: nothing is */

#endif
