/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/select.c: starts with the reference and replaces it step by step by better variants. No other file knows the
 * variants. */
#include "base/cpu.h"
#include "nn/kernels/variants.h"

struct nn_kernels nn_kernels_select(uint32_t cpu_flags) {
    struct nn_kernels k = {
        .gemm_name = "ref",
        .gemm_s8 = nn_gemm_s8_ref,
        .gemm_s32 = nn_gemm_s32_ref,
        .dwconv_name = "ref",
        .dwconv_s8 = nn_dwconv_s8_ref,
        .add_name = "ref",
        .add_s8 = nn_add_s8_ref,
        .unpack_name = "ref",
        .unpack_s4 = nn_unpack_s4_ref,
    };

    (void)cpu_flags; /* unused if no variant is built */

#ifdef NN_KERNELS_X86_64
    if (!(cpu_flags & BASE_CPU_AVX2))
        return k;
    k.gemm_name = k.dwconv_name = k.add_name = k.unpack_name = "avx2";
    k.gemm_s8 = nn_gemm_s8_avx2;
    k.gemm_s32 = nn_gemm_s32_avx2;
    k.dwconv_s8 = nn_dwconv_s8_avx2;
    k.add_s8 = nn_add_s8_avx2;
    k.unpack_s4 = nn_unpack_s4_avx2;

#ifdef NN_KERNELS_AVXVNNI
    if (cpu_flags & BASE_CPU_AVXVNNI) {
        k.gemm_name = "avxvnni";
        k.gemm_s8 = nn_gemm_s8_avxvnni;
        k.gemm_s32 = nn_gemm_s32_avxvnni;
    }
#endif
    if (cpu_flags & BASE_CPU_AVX512VNNI) {
        k.gemm_name = "avx512vnni";
        k.gemm_s8 = nn_gemm_s8_avx512vnni;
        k.gemm_s32 = nn_gemm_s32_avx512vnni;
    }
#endif

#if defined(NN_KERNELS_AARCH64) || defined(NN_KERNELS_ARM)
    if (!(cpu_flags & BASE_CPU_NEON))
        return k;
    k.gemm_name = k.dwconv_name = k.add_name = k.unpack_name = "neon";
    k.gemm_s8 = nn_gemm_s8_neon;
    k.gemm_s32 = nn_gemm_s32_neon;
    k.dwconv_s8 = nn_dwconv_s8_neon;
    k.add_s8 = nn_add_s8_neon;
    k.unpack_s4 = nn_unpack_s4_neon;
#endif

#ifdef NN_KERNELS_AARCH64
    if (cpu_flags & BASE_CPU_DOTPROD) {
        k.gemm_name = "dotprod";
        k.gemm_s8 = nn_gemm_s8_dotprod;
        k.gemm_s32 = nn_gemm_s32_dotprod;
    }
    if ((cpu_flags & BASE_CPU_DOTPROD) && (cpu_flags & BASE_CPU_I8MM)) {
        k.gemm_name = "i8mm";
        k.gemm_s8 = nn_gemm_s8_i8mm;
    }
#endif

    return k;
}
