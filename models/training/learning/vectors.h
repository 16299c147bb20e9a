/* SPDX-License-Identifier: Apache-2.0 */
/* models/training/learning/vectors.h: the functions that follow are for the vector registers of whatever CPU trains. At -O2, which stands
 * after whatever a Makefile asks for, GCC 12 leaves loops of unknown length as they are: four times slower.
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
/* Part of a function FOR_EACH_CPU, and so compiled for each. */
#define WITHIN static inline __attribute__((always_inline))
#pragma GCC visibility push(default)
