/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/mel.c: power, 40 triangles that are linear on the mel axis (as in HTK: each bin belongs to the rising side of one band
 * and the falling side of the band below, with weights that add up to one), floor, log2.
 *
 * Bounds: |re|, |im| < 2^19 and re^2 + im^2 < 2^37.3 (400 samples of at most 2^15, step 32); with weights of at most 2^15 and at
 * most 37 bins in a band, energies stay below 2^58.
 */
#include "frontend/mel.h"
#include "base/assert.h"
#include "base/fixed.h"
#include "frontend/log2.h"

/* An energy is in units of step^2 * 2^-15 (the weight) * 2^(2 (exponent - 15)) squared sample steps; this is the log2 of that unit
 * for exponent 0. */
#define UNIT_LOG2 (2 * FRONTEND_FFT_STEP_BITS - 15 - 30)

void frontend_mel(const struct frontend_kernels *k, const struct frontend_spectrum *spectrum, unsigned exponent,
                  int16_t ret_q8[FRONTEND_BANDS]) {
    base_debug_assert(exponent <= 17);
    uint64_t floor = (uint64_t)1 << ((unsigned)(FRONTEND_FLOOR_LOG2 - UNIT_LOG2) - 2 * exponent);
    int32_t unit_q16 = (UNIT_LOG2 + 2 * (int32_t)exponent) * 65536;
    uint64_t sums[FRONTEND_BANDS + 1][2];
    k->mel_sums(sums, spectrum->parts, frontend_mel_weight_q15, frontend_mel_bins, FRONTEND_BANDS + 1);
    for (unsigned b = 0; b < FRONTEND_BANDS; b++) { /* what is not on the rising side of b + 1 is on the falling side of b */
        uint64_t energy = sums[b][1] + (32768 * sums[b + 1][0] - sums[b + 1][1]);
        ret_q8[b] = (int16_t)base_round_shift(frontend_log2_q16_of(energy + floor) + unit_q16, 8);
    }
}

void frontend_mel_silence(int16_t ret_q8[FRONTEND_BANDS]) {
    for (unsigned b = 0; b < FRONTEND_BANDS; b++) {
        ret_q8[b] = FRONTEND_FLOOR_LOG2 * 256;
    }
}
