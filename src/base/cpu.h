/* SPDX-License-Identifier: Apache-2.0 */
/* base/cpu.h: which instruction sets this CPU and kernel offer. */
#ifndef TRAGUS_BASE_CPU_H
#define TRAGUS_BASE_CPU_H

#include <stddef.h>
#include <stdint.h>

enum base_cpu_flag {
    BASE_CPU_AVX2 = 1u << 0,
    BASE_CPU_AVX512VNNI = 1u << 1, /* with F, BW, VL */
    BASE_CPU_AVXVNNI = 1u << 2,
    BASE_CPU_NEON = 1u << 8,
    BASE_CPU_DOTPROD = 1u << 9,
    BASE_CPU_I8MM = 1u << 10,
};

/* The flags of the CPU that runs this. */
uint32_t base_cpu_detect(void);

/* Parses a mask: "none", "all" or names as `base_cpu_name` gives them, joined by commas ("avx2,neon"): 0 and *ret_mask, or
 * -EINVAL. A mask only takes flags away: use detected & mask. */
int base_cpu_parse(const char *text, uint32_t *ret_mask);

/* The names of the flags set, joined by commas, or "none". Returns out. */
const char *base_cpu_names(uint32_t flags, char *out, size_t size_bytes);

#endif
