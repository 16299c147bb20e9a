/* SPDX-License-Identifier: Apache-2.0 */
/* base/assert.h: two levels of assertion, for bugs in our own code only. Input must never trigger one. */
#ifndef TRAGUS_BASE_ASSERT_H
#define TRAGUS_BASE_ASSERT_H

_Noreturn void base_assert_failed(const char *condition, const char *file, int line);

/* Always on, for cheap checks such as an index or a state. */
#define base_assert(condition) ((condition) ? (void)0 : base_assert_failed(#condition, __FILE__, __LINE__))

/* On only with --enable-debug, for checks on signal values and in inner loops. */
#ifdef TRAGUS_DEBUG
#define base_debug_assert(condition) base_assert(condition)
#else
#define base_debug_assert(condition) ((void)0)
#endif

#endif
