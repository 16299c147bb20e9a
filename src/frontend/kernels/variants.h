/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/variants.h: the variants that select.c may choose from. As explained in nn/kernels/variants.h, their files
 * include only this header and the system's headers of intrinsics, and no inline function that is not static.
 */
#ifndef TRAGUS_FRONTEND_KERNELS_VARIANTS_H
#define TRAGUS_FRONTEND_KERNELS_VARIANTS_H

#include "frontend/kernels/kernels.h"

/* x86/ */
frontend_window_multiply frontend_window_multiply_avx2;
frontend_window_scale frontend_window_scale_avx2;
frontend_spectrum_convert frontend_spectrum_convert_avx2;
frontend_spectrum_fold frontend_spectrum_fold_avx2;
frontend_spectrum_round frontend_spectrum_round_avx2;
frontend_spectrum_product frontend_spectrum_product_avx2;
frontend_mel_sums frontend_mel_sums_avx2;
frontend_cepstrum_sums frontend_cepstrum_sums_avx2;
frontend_gate_squares frontend_gate_squares_avx2;

/* neon/: one source for AArch64 and the 32-bit state */
frontend_window_multiply frontend_window_multiply_neon;
frontend_window_scale frontend_window_scale_neon;
frontend_spectrum_convert frontend_spectrum_convert_neon;
frontend_spectrum_fold frontend_spectrum_fold_neon;
frontend_spectrum_round frontend_spectrum_round_neon;
frontend_spectrum_product frontend_spectrum_product_neon;
frontend_mel_sums frontend_mel_sums_neon;
frontend_cepstrum_sums frontend_cepstrum_sums_neon;
frontend_gate_squares frontend_gate_squares_neon;

#endif
