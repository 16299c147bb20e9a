/* SPDX-License-Identifier: Apache-2.0 */
/* base/cpu.c: see cpu.h. On x86 we ask the CPU (CPUID, and XGETBV for the registers that the kernel saves). On ARM programs may
 * not read the identification registers, so we ask the kernel (HWCAP; Documentation/arch/arm64/elf_hwcaps in Linux). */
#include "base/cpu.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t flag;
} flag_names[] = {
    {"avx2", BASE_CPU_AVX2}, {"avx512vnni", BASE_CPU_AVX512VNNI}, {"avxvnni", BASE_CPU_AVXVNNI},
    {"neon", BASE_CPU_NEON}, {"dotprod", BASE_CPU_DOTPROD},       {"i8mm", BASE_CPU_I8MM},
};
#define N_FLAGS (sizeof flag_names / sizeof flag_names[0])

#if defined(__x86_64__) || defined(__i386__)

#include <cpuid.h>

/* The register files that the kernel saves on a context switch: bit 1 SSE, 2 AVX, 5..7 AVX-512. */
static uint32_t saved_registers(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

uint32_t base_cpu_detect(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_OSXSAVE) == 0)
        return 0;
    uint32_t saved = saved_registers();
    if ((saved & 0x06) != 0x06 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & bit_AVX2) == 0)
        return 0;
    uint32_t flags = BASE_CPU_AVX2;
    unsigned avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512VL;
    if ((saved & 0xe6) == 0xe6 && (b & avx512) == avx512 && (c & bit_AVX512VNNI) != 0)
        flags |= BASE_CPU_AVX512VNNI;
    unsigned last_subleaf = a;
    if (last_subleaf >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 4)) != 0)
        flags |= BASE_CPU_AVXVNNI;
    return flags;
}

#elif defined(__aarch64__)

#include <sys/auxv.h>

uint32_t base_cpu_detect(void) {
    unsigned long hwcap = getauxval(AT_HWCAP), hwcap2 = getauxval(AT_HWCAP2);
    uint32_t flags = 0;
    if (hwcap & (1ul << 1)) /* HWCAP_ASIMD */
        flags |= BASE_CPU_NEON;
    if (hwcap & (1ul << 20)) /* HWCAP_ASIMDDP */
        flags |= BASE_CPU_DOTPROD;
    if (hwcap2 & (1ul << 13)) /* HWCAP2_I8MM */
        flags |= BASE_CPU_I8MM;
    return flags;
}

#elif defined(__arm__)

#include <sys/auxv.h>

uint32_t base_cpu_detect(void) {
    return getauxval(AT_HWCAP) & (1ul << 12) /* HWCAP_NEON */ ? BASE_CPU_NEON : 0;
}

#else

uint32_t base_cpu_detect(void) {
    return 0;
}

#endif

int base_cpu_parse(const char *text, uint32_t *ret_mask) {
    uint32_t mask = 0;
    if (strcmp(text, "none") != 0 && strcmp(text, "all") != 0) {
        for (const char *name = text;; name += strspn(name, ",")) {
            size_t len = strcspn(name, ","), i;
            for (i = 0; i < N_FLAGS; i++)
                if (strlen(flag_names[i].name) == len && memcmp(flag_names[i].name, name, len) == 0)
                    break;
            if (i == N_FLAGS)
                return -EINVAL;
            mask |= flag_names[i].flag;
            name += len;
            if (*name == '\0')
                break;
        }
    } else if (strcmp(text, "all") == 0) {
        mask = UINT32_MAX;
    }
    *ret_mask = mask;
    return 0;
}

const char *base_cpu_names(uint32_t flags, char *out, size_t size_bytes) {
    size_t len = 0;
    snprintf(out, size_bytes, "none");
    for (size_t i = 0; i < N_FLAGS; i++) {
        if ((flags & flag_names[i].flag) == 0 || len >= size_bytes)
            continue;
        len += (size_t)snprintf(out + len, size_bytes - len, "%s%s", len == 0 ? "" : ",", flag_names[i].name);
    }
    return out;
}
