/* SPDX-License-Identifier: Apache-2.0 */
/* nn/kernels/variants.h: the variants that select.c chooses from; each is in a file with its name.
 *
 * Every file is compiled with the flags of its instruction set. So it includes only this header and the system's headers of
 * intrinsics, and nothing with inline functions that are not static: the linker might keep a copy of such a function that only
 * newer CPUs can run.
 */
#ifndef TRAGUS_NN_KERNELS_VARIANTS_H
#define TRAGUS_NN_KERNELS_VARIANTS_H

#include "nn/kernels/kernels.h"

/* x86/ */
nn_gemm_s8 nn_gemm_s8_avx2, nn_gemm_s8_avxvnni, nn_gemm_s8_avx512vnni;
nn_gemm_s32 nn_gemm_s32_avx2, nn_gemm_s32_avxvnni, nn_gemm_s32_avx512vnni;
nn_dwconv_s8 nn_dwconv_s8_avx2;
nn_add_s8 nn_add_s8_avx2;
nn_unpack_s4 nn_unpack_s4_avx2;

/* arm64/, arm/ for 32-bit ARM, and neon/ for both: neon has the same names in both, and a build contains only one of them */
nn_gemm_s8 nn_gemm_s8_neon, nn_gemm_s8_dotprod, nn_gemm_s8_i8mm;
nn_gemm_s32 nn_gemm_s32_neon, nn_gemm_s32_dotprod;
nn_dwconv_s8 nn_dwconv_s8_neon;
nn_add_s8 nn_add_s8_neon;
nn_unpack_s4 nn_unpack_s4_neon;

#endif
