/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/select.c: starts with the reference kernels and replaces them by better variants; no other file knows the
 * variants. */
#include "base/cpu.h"
#include "frontend/kernels/variants.h"

struct frontend_kernels frontend_kernels_select(uint32_t cpu_flags) {
    struct frontend_kernels k = {
        .window_name = "ref",
        .window_multiply = frontend_window_multiply_ref,
        .window_scale = frontend_window_scale_ref,
        .spectrum_name = "ref",
        .spectrum_convert = frontend_spectrum_convert_ref,
        .spectrum_fold = frontend_spectrum_fold_ref,
        .spectrum_round = frontend_spectrum_round_ref,
        .spectrum_product = frontend_spectrum_product_ref,
        .mel_name = "ref",
        .mel_sums = frontend_mel_sums_ref,
        .cepstrum_name = "ref",
        .cepstrum_sums = frontend_cepstrum_sums_ref,
        .gate_name = "ref",
        .gate_squares = frontend_gate_squares_ref,
    };

    (void)cpu_flags; /* unused where no variant is built */

#ifdef FRONTEND_KERNELS_X86_64
    if (cpu_flags & BASE_CPU_AVX2) {
        k.window_name = k.spectrum_name = k.mel_name = k.cepstrum_name = k.gate_name = "avx2";
        k.window_multiply = frontend_window_multiply_avx2;
        k.window_scale = frontend_window_scale_avx2;
        k.spectrum_convert = frontend_spectrum_convert_avx2;
        k.spectrum_fold = frontend_spectrum_fold_avx2;
        k.spectrum_round = frontend_spectrum_round_avx2;
        k.spectrum_product = frontend_spectrum_product_avx2;
        k.mel_sums = frontend_mel_sums_avx2;
        k.cepstrum_sums = frontend_cepstrum_sums_avx2;
        k.gate_squares = frontend_gate_squares_avx2;
    }
#endif

#ifdef FRONTEND_KERNELS_NEON
    if (cpu_flags & BASE_CPU_NEON) {
        k.window_name = k.spectrum_name = k.mel_name = k.cepstrum_name = k.gate_name = "neon";
        k.window_multiply = frontend_window_multiply_neon;
        k.window_scale = frontend_window_scale_neon;
        k.spectrum_convert = frontend_spectrum_convert_neon;
        k.spectrum_fold = frontend_spectrum_fold_neon;
        k.spectrum_round = frontend_spectrum_round_neon;
        k.spectrum_product = frontend_spectrum_product_neon;
        k.mel_sums = frontend_mel_sums_neon;
        k.cepstrum_sums = frontend_cepstrum_sums_neon;
        k.gate_squares = frontend_gate_squares_neon;
    }
#endif

    return k;
}
