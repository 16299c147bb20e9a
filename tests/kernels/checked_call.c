/* SPDX-License-Identifier: Apache-2.0 */
/* tests/kernels/checked_call.c: fills the registers with patterns, calls the function, and stores what they contain afterwards.
 * This is in assembler, because a compiler may use the registers in between. */
#include "checked_call.h"

#if defined(__x86_64__) || defined(__aarch64__) || defined(__arm__)

/* Calls function with the words. kept: the registers' contents before, replaced by those after the call; eight bytes each. */
__attribute__((visibility("hidden"))) void call_with_registers(void (*function)(void), const uintptr_t words[MAX_WORDS],
                                                               uint64_t *kept);

#ifdef __x86_64__
static const char *const kept_names[] = {"rbx", "rbp", "r12", "r13", "r14", "r15"};
__asm__(".text\n"
        ".globl call_with_registers\n"
        ".hidden call_with_registers\n"
        ".type call_with_registers, @function\n"
        "call_with_registers:\n"
        "    push %rbx\n    push %rbp\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n"
        "    push %rdx\n"
        "    push 88(%rsi)\n    push 80(%rsi)\n    push 72(%rsi)\n    push 64(%rsi)\n    push 56(%rsi)\n    push 48(%rsi)\n"
        "    mov (%rdx), %rbx\n    mov 8(%rdx), %rbp\n    mov 16(%rdx), %r12\n"
        "    mov 24(%rdx), %r13\n    mov 32(%rdx), %r14\n    mov 40(%rdx), %r15\n"
        "    mov %rdi, %rax\n"
        "    mov (%rsi), %rdi\n    mov 16(%rsi), %rdx\n    mov 24(%rsi), %rcx\n"
        "    mov 32(%rsi), %r8\n    mov 40(%rsi), %r9\n    mov 8(%rsi), %rsi\n"
        "    call *%rax\n"
        "    add $48, %rsp\n"
        "    pop %rdx\n"
        "    mov %rbx, (%rdx)\n    mov %rbp, 8(%rdx)\n    mov %r12, 16(%rdx)\n"
        "    mov %r13, 24(%rdx)\n    mov %r14, 32(%rdx)\n    mov %r15, 40(%rdx)\n"
        "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbp\n    pop %rbx\n"
        "    ret\n"
        ".size call_with_registers, . - call_with_registers\n");
#elif defined(__aarch64__)
static const char *const kept_names[] = {"x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27",
                                         "x28", "d8",  "d9",  "d10", "d11", "d12", "d13", "d14", "d15"};
__asm__(".text\n"
        ".globl call_with_registers\n"
        ".hidden call_with_registers\n"
        ".type call_with_registers, %function\n"
        "call_with_registers:\n"
        "    stp x29, x30, [sp, #-176]!\n    mov x29, sp\n    str x2, [sp, #160]\n"
        "    stp x19, x20, [sp, #16]\n    stp x21, x22, [sp, #32]\n    stp x23, x24, [sp, #48]\n    stp x25, x26, [sp, #64]\n"
        "    stp x27, x28, [sp, #80]\n    stp d8, d9, [sp, #96]\n    stp d10, d11, [sp, #112]\n    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    ldp x19, x20, [x2]\n    ldp x21, x22, [x2, #16]\n    ldp x23, x24, [x2, #32]\n    ldp x25, x26, [x2, #48]\n"
        "    ldp x27, x28, [x2, #64]\n    ldp d8, d9, [x2, #80]\n    ldp d10, d11, [x2, #96]\n    ldp d12, d13, [x2, #112]\n"
        "    ldp d14, d15, [x2, #128]\n"
        "    ldp x9, x10, [x1, #80]\n    stp x9, x10, [sp, #-16]!\n    ldp x9, x10, [x1, #64]\n    stp x9, x10, [sp, #-16]!\n"
        "    mov x9, x0\n"
        "    ldp x6, x7, [x1, #48]\n    ldp x4, x5, [x1, #32]\n    ldp x2, x3, [x1, #16]\n    ldp x0, x1, [x1]\n"
        "    blr x9\n"
        "    add sp, sp, #32\n    ldr x2, [sp, #160]\n"
        "    stp x19, x20, [x2]\n    stp x21, x22, [x2, #16]\n    stp x23, x24, [x2, #32]\n    stp x25, x26, [x2, #48]\n"
        "    stp x27, x28, [x2, #64]\n    stp d8, d9, [x2, #80]\n    stp d10, d11, [x2, #96]\n    stp d12, d13, [x2, #112]\n"
        "    stp d14, d15, [x2, #128]\n"
        "    ldp x19, x20, [sp, #16]\n    ldp x21, x22, [sp, #32]\n    ldp x23, x24, [sp, #48]\n    ldp x25, x26, [sp, #64]\n"
        "    ldp x27, x28, [sp, #80]\n    ldp d8, d9, [sp, #96]\n    ldp d10, d11, [sp, #112]\n    ldp d12, d13, [sp, #128]\n"
        "    ldp d14, d15, [sp, #144]\n    ldp x29, x30, [sp], #176\n"
        "    ret\n"
        ".size call_with_registers, . - call_with_registers\n");
#else
static const char *const kept_names[] = {"r4", "r5", "r6",  "r7",  "r8",  "r9",  "r10", "r11",
                                         "d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15"};
__asm__(".text\n"
        ".syntax unified\n"
        ".arm\n"
        ".balign 4\n"
        ".globl call_with_registers\n"
        ".hidden call_with_registers\n"
        ".type call_with_registers, %function\n"
        "call_with_registers:\n"
        "    push {r4-r11, lr}\n    vpush {d8-d15}\n    push {r2}\n"
        "    add r3, r1, #16\n    ldm r3, {r4-r11}\n    push {r4-r11}\n"
        "    ldr r4, [r2]\n    ldr r5, [r2, #8]\n    ldr r6, [r2, #16]\n    ldr r7, [r2, #24]\n"
        "    ldr r8, [r2, #32]\n    ldr r9, [r2, #40]\n    ldr r10, [r2, #48]\n    ldr r11, [r2, #56]\n"
        "    add r2, r2, #64\n    vldm r2, {d8-d15}\n"
        "    mov r12, r0\n"
        "    ldm r1, {r0-r3}\n"
        "    blx r12\n"
        "    add sp, sp, #32\n    pop {r2}\n"
        "    str r4, [r2]\n    str r5, [r2, #8]\n    str r6, [r2, #16]\n    str r7, [r2, #24]\n"
        "    str r8, [r2, #32]\n    str r9, [r2, #40]\n    str r10, [r2, #48]\n    str r11, [r2, #56]\n"
        "    add r2, r2, #64\n    vstm r2, {d8-d15}\n"
        "    vpop {d8-d15}\n    pop {r4-r11, pc}\n"
        ".size call_with_registers, . - call_with_registers\n");
#endif

#define N_KEPT (sizeof(kept_names) / sizeof(kept_names[0]))

const char *checked_call(void (*function)(void), const uintptr_t words[MAX_WORDS]) {
    uint64_t kept[N_KEPT];

    for (size_t i = 0; i < N_KEPT; i++)
        kept[i] = 0x9e3779b97f4a7c15u * (i + 1);
    call_with_registers(function, words, kept);
    for (size_t i = 0; i < N_KEPT; i++)
        if (kept[i] != 0x9e3779b97f4a7c15u * (i + 1))
            return kept_names[i];
    return NULL;
}

#endif
