/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/kernels/kernels.h: the parts of the front end worth vectorising: contracts, and the table of the variants in use.
 *
 * As in nn/kernels/kernels.h, the reference (`*_ref.c`) is the specification, and each variant returns the same bytes for every
 * input in range. All kernels are sums and roundings of integers without overflow, so the order of additions is free; the only
 * floats are multiplied by a power of two and truncated. Operands need only the alignment of their types, and no memory is
 * accessed beyond what is named here.
 */
#ifndef TRAGUS_FRONTEND_KERNELS_KERNELS_H
#define TRAGUS_FRONTEND_KERNELS_KERNELS_H

#include "frontend/fft.h"

#include <stddef.h>
#include <stdint.h>

/* window_multiply: out[i] = x[i] * w[i] / 2^15, rounded half up; *ret_greatest: the greatest |out[i]|.
 *   |x| < 2^31, w <= 2^15; n a multiple of 8; out may be x. */
typedef void frontend_window_multiply(int32_t *out, const int32_t *x, const uint16_t *w, size_t n, int32_t *ret_greatest);

/* window_scale: x[i] = x[i] / 2^exponent, rounded half up.
 *   |x| + 2^exponent / 2 < 2^31, exponent 0..17; n a multiple of 8. */
typedef void frontend_window_scale(int32_t *x, size_t n, unsigned exponent);

/* spectrum_convert: out[i] = x[i] as float; ret_sums: over all pairs of neighbours |x[2 i]|, |x[2 i + 1]|, the sum of the greater
 * ones, and of the lesser ones.
 *   |x| <= 32767; n a multiple of 8, at most 2^15. */
typedef void frontend_spectrum_convert(float *out, const int32_t *x, size_t n, int32_t ret_sums[2]);

/* spectrum_fold: the factors of each cosine. With v the frame (followed by zeros), c0[n] = v[n] + v[512 - n] and
 * s0[n] = v[n] - v[512 - n], n = 0..256, but c0 = v for n = 0 and c0 = s0 = v for n = 256, for the levels N = 128, 64, .. 1:
 *   re[N + n] = c[n] - c[2 N - n], im[N + n] = s[N - n] + s[N + n], n = 0 .. N - 1, but im[N] = s[N];
 *   the c and s of the next level: c[n] + c[2 N - n], s[n] - s[2 N - n], n = 0 .. N - 1, and c[N], s[N].
 *   |v| <= 32767, so no sum exceeds 2^24; re[0] and im[0] are not written. */
typedef void frontend_spectrum_fold(int32_t re[FRONTEND_FFT_SIZE / 2], int32_t im[FRONTEND_FFT_SIZE / 2],
                                    const int32_t frame[FRONTEND_WINDOW]);

/* spectrum_round: with q = x[i] * 2^(10 - FRONTEND_FFT_STEP_BITS), truncated: out[i] = q / 1024, rounded half up; bit i % 8 of
 * ret_near[i / 8]: whether q is within band of a rounding boundary, |(q mod 1024) - 512| <= band.
 *   |x| < 2^25; n a multiple of 8; 0 <= band < 2^31 - 1. */
typedef void frontend_spectrum_round(int32_t *out, uint8_t *ret_near, const float *x, size_t n, int32_t band);

/* spectrum_product: ret_sums[0] = the sum of a[i] * b[i] over the even i, ret_sums[1] over the odd ones.
 *   n a multiple of 8; the sums of |a[i] * b[i]| fit 63 bits. */
typedef void frontend_spectrum_product(int64_t ret_sums[2], const int32_t *a, const int32_t *b, size_t n);

/* mel_sums: for n groups of neighbouring bins, where group i has n_bins[i] bins (0..64), with power = re^2 + im^2 of a bin (re and
 * im alternate in parts): out[i][0] = the sum of power, out[i][1] = the sum of power * weight_q15[bin].
 *   |re|, |im| < 2^19, weights <= 2^15. */
typedef void frontend_mel_sums(uint64_t (*out)[2], const int32_t *parts, const uint16_t *weight_q15, const uint8_t *n_bins,
                               size_t n);

/* cepstrum_sums: out[i] = the sum of table[i][j] * x[j], j < FRONTEND_BANDS.
 *   The sums of |table[i][j] * x[j]| fit 31 bits; n_rows a multiple of 4. */
typedef void frontend_cepstrum_sums(int32_t *out, const int16_t (*table)[FRONTEND_BANDS], const int16_t x[FRONTEND_BANDS],
                                    size_t n_rows);

/* gate_squares: ret_sums[0] = the sum of x[i]^2, ret_sums[1] that of (x[i] - before[i])^2.
 *   n a multiple of 16, at most 2^16. */
typedef void frontend_gate_squares(uint64_t ret_sums[2], const int16_t *x, const int16_t *before, size_t n);

struct frontend_kernels {
    const char *window_name; /* "ref", "avx2", "neon" */
    frontend_window_multiply *window_multiply;
    frontend_window_scale *window_scale;
    const char *spectrum_name;
    frontend_spectrum_convert *spectrum_convert;
    frontend_spectrum_fold *spectrum_fold;
    frontend_spectrum_round *spectrum_round;
    frontend_spectrum_product *spectrum_product;
    const char *mel_name;
    frontend_mel_sums *mel_sums;
    const char *cepstrum_name;
    frontend_cepstrum_sums *cepstrum_sums;
    const char *gate_name;
    frontend_gate_squares *gate_squares;
};

/* The reference kernels, each replaced by a better variant if this build has one that cpu_flags (base/cpu.h) allows. */
struct frontend_kernels frontend_kernels_select(uint32_t cpu_flags);

/* The reference kernels, with which every table begins. */
frontend_window_multiply frontend_window_multiply_ref;
frontend_window_scale frontend_window_scale_ref;
frontend_spectrum_convert frontend_spectrum_convert_ref;
frontend_spectrum_fold frontend_spectrum_fold_ref;
frontend_spectrum_round frontend_spectrum_round_ref;
frontend_spectrum_product frontend_spectrum_product_ref;
frontend_mel_sums frontend_mel_sums_ref;
frontend_cepstrum_sums frontend_cepstrum_sums_ref;
frontend_gate_squares frontend_gate_squares_ref;

#endif
