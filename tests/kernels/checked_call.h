/* SPDX-License-Identifier: Apache-2.0 */
/* tests/kernels/checked_call.h: calls a function and checks that it preserves the registers that belong to its caller.
 *
 *     CHECKED_CALL(function, WORD(a), WORD(b), ...)      gives NULL, or the name of a register that was changed
 *
 * x86-64 by the System V ABI (rbx, rbp, r12..r15), AArch64 by AAPCS64 (x19..x28, the low halves of v8..v15), 32-bit ARM by AAPCS
 * (r4..r11, d8..d15). There every argument is a word; those that do not fit in registers go on the stack. Other machines have no
 * variants to check; there it is a plain call.
 */
#ifndef TRAGUS_TESTS_KERNELS_CHECKED_CALL_H
#define TRAGUS_TESTS_KERNELS_CHECKED_CALL_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) || defined(__aarch64__) || defined(__arm__)

#define MAX_WORDS 12 /* the number of arguments of nn_gemm_s8 */
#define WORD(x) (uintptr_t)(x)
#define CHECKED_CALL(function, ...) checked_call((void (*)(void))(function), (const uintptr_t[MAX_WORDS]){__VA_ARGS__})

const char *checked_call(void (*function)(void), const uintptr_t words[MAX_WORDS]);

#else

#define WORD(x) (x)
#define CHECKED_CALL(function, ...) ((function)(__VA_ARGS__), (const char *)NULL)

#endif

#endif
