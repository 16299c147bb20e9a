/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/fft.h: the spectrum of a frame of integers, identical on every CPU.
 *
 * It is defined without floating point: the real or imaginary part of bin k is the sum of the 400 samples times the committed Q30
 * cosine table, in int64, divided by 32 * 2^30 and rounded (base_round_shift). KissFFT proposes that number quickly, in float. If
 * its value is so near a rounding boundary that its error could change the result, the exact sum decides. docs/FIXED-POINT.md
 * proves the width of that band, which grows with the frame's sum of magnitudes, so the proof covers every frame.
 */
#ifndef TRAGUS_FRONTEND_FFT_H
#define TRAGUS_FRONTEND_FFT_H

#include "base/arena.h"
#include "frontend/gen/tables.h"

#define FRONTEND_FFT_STEP_BITS 5 /* a spectrum value is the sum / 2^5 */

#define FRONTEND_N_PARTS (((size_t)2 * FRONTEND_N_BINS + 7) / 8 * 8) /* kernels process eight values at a time */

struct frontend_fft;
struct frontend_kernels;

struct frontend_spectrum {
    int32_t parts[FRONTEND_N_PARTS]; /* bins FRONTEND_FIRST_BIN ..., for each the real, then the imaginary part; |value| < 2^19 */
};

/* Places the plan and work space. Returns NULL while counting. Copies the kernels. */
struct frontend_fft *frontend_fft_place(struct base_arena *a, const struct frontend_kernels *kernels);

/* frame: 400 samples within [-32767, 32767], zero-padded by 112. */
void frontend_fft_run(struct frontend_fft *f, const int32_t frame[FRONTEND_WINDOW], struct frontend_spectrum *ret);

/* Forgets the last frame, and sets the counts to 0. */
void frontend_fft_reset(struct frontend_fft *f);

/* How many values the exact sum decided, and of how many, since the reset. */
void frontend_fft_get_counts(const struct frontend_fft *f, uint64_t *ret_decided, uint64_t *ret_total);

/* For tests: KissFFT's own values for the last frame in 1/1024 of a step (re and im alternate, all bins from 0), half the width of
 * the band around a boundary in the same unit, and the exact sum of one value in Q30 (bin: 1 to 255). */
const float *frontend_fft_proposed(const struct frontend_fft *f);
int32_t frontend_fft_band_q10(const struct frontend_fft *f);
int64_t frontend_fft_exact(const struct frontend_fft *f, unsigned bin, bool imaginary);

#endif
