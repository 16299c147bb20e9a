/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/frontend.h: converts sound to features: one row of mean-normalised MFCCs for every hop of 10 ms.
 *
 * Pre-emphasis 0.97, 400-sample Hann window, 512-point FFT (KissFFT proposes, integers decide: fft.h), power, 40 triangular mel
 * bands from 20 to 7,600 Hz (HTK mel scale), log2, orthonormal DCT-II of all 40, minus a running mean. Everything after the FFT is
 * in integers, so the bits are the same on every CPU. Davis and Mermelstein, 1980; docs/FIXED-POINT.md has the formats.
 */
#ifndef TRAGUS_FRONTEND_FRONTEND_H
#define TRAGUS_FRONTEND_FRONTEND_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define FRONTEND_RATE 16000
#define FRONTEND_HOP 160     /* samples: 10 ms */
#define FRONTEND_WINDOW 400  /* samples: 25 ms */
#define FRONTEND_FEATURES 40 /* coefficients per row, int16, Q8 of log2 units */

struct frontend;

/* Places the state in an arena, including KissFFT's plan (called twice, see base/arena.h). Returns NULL while counting. cpu_flags:
 * the kernels that may be used (base/cpu.h). */
struct frontend *frontend_place(struct base_arena *a, uint32_t cpu_flags);

/* Resets to the state after placing: no history, the mean at its prior. */
void frontend_reset(struct frontend *f);

/* Takes one hop of 160 samples. When a window is full, writes a row and returns true. The row of hop i covers the 400 samples from
 * its first one on (hops i, i + 1 and half of i + 2), so the first two calls return false, and the look-ahead is fixed at 15 ms
 * after the hop. At the end of a sound, two hops of zeros give its last two rows. Never fails, never allocates. */
bool frontend_push(struct frontend *f, const int16_t hop[FRONTEND_HOP], int16_t ret_row[FRONTEND_FEATURES]);

/* The log-mel energies (log2, Q8) of the last row written; valid until the next push. For tests and `tragus features --log-mel`. */
const int16_t *frontend_log_mel(const struct frontend *f);

/* How many values the exact sum decided since the reset, and of how many (see fft.h). For the energy report and tests. */
void frontend_fft_counts(const struct frontend *f, uint64_t *ret_decided, uint64_t *ret_total);

#endif
