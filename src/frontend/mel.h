/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/mel.h: the logarithms of a spectrum's energies in 40 mel bands. */
#ifndef TRAGUS_FRONTEND_MEL_H
#define TRAGUS_FRONTEND_MEL_H

#include "frontend/fft.h"
#include "frontend/kernels/kernels.h"

/* The energy added to each band before the logarithm, as log2: that of white noise of 1 step rms in one bin (150 = the sum of the
 * squared window). Digital silence gives this value, and dithered silence nearly this value. */
#define FRONTEND_FLOOR_LOG2 7

/* spectrum: of a frame in Q15 sample steps divided by 2^exponent (0..17). ret_q8: log2 of energy, in squared sample steps. */
void frontend_mel(const struct frontend_kernels *k, const struct frontend_spectrum *spectrum, unsigned exponent,
                  int16_t ret_q8[FRONTEND_BANDS]);

/* The same for a frame of zeros. */
void frontend_mel_silence(int16_t ret_q8[FRONTEND_BANDS]);

#endif
