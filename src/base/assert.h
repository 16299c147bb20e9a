/* SPDX-License-Identifier: Apache-2.0 */
/* base/assert.h: two strengths of assertion, for our own mistakes only; strange input is never a mistake. */
#ifndef TRAGUS_BASE_ASSERT_H
#define TRAGUS_BASE_ASSERT_H

_Noreturn void base_assert_failed(const char *condition, const char *file, int line);

/* Always on; cheap checks: an index, a state. */
#define base_assert(condition) ((condition) ? (void)0 : base_assert_failed(#condition, __FILE__, __LINE__))

/* On under --enable-debug only: checks on values of the signal, inner loops. */
#ifdef TRAGUS_DEBUG
#define base_debug_assert(condition) base_assert(condition)
#else
#define base_debug_assert(condition) ((void)0)
#endif

#endif
