/* SPDX-License-Identifier: Apache-2.0 */
/* models/training/learning/vectors.h: lets GCC vectorise the functions that follow, for the CPU that runs the training. At -O2,
 * which follows any other option that a Makefile sets, GCC 12 does not vectorise loops of unknown length; they are four times
 * slower.
 */
#pragma once

#if defined __GNUC__ && !defined __clang__
#pragma GCC optimize("O3")
#endif
#if defined __x86_64__ && !defined __clang__
#define FOR_EACH_CPU __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define FOR_EACH_CPU
#endif
/* For parts of a FOR_EACH_CPU function, to compile them for each CPU, too. */
#define WITHIN static inline __attribute__((always_inline))
#pragma GCC visibility push(default)
