/* SPDX-License-Identifier: Apache-2.0 */
/* base/cpu.h: the instruction sets that this CPU and kernel support. */
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

/* The flags of the CPU that this runs on. */
uint32_t base_cpu_detect(void);

/* Parses a mask: "none", "all", or comma-separated names as in `base_cpu_names` ("avx2,neon"). Returns 0 and sets *ret_mask, or
 * -EINVAL. A mask can only remove flags: use detected & mask. */
int base_cpu_parse(const char *text, uint32_t *ret_mask);

/* Writes the names of the set flags, comma-separated, or "none". Returns out. */
const char *base_cpu_names(uint32_t flags, char *out, size_t size_bytes);

#endif
