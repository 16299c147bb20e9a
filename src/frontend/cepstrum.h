/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/cepstrum.h: converts log-mel energies to cepstral coefficients, and subtracts their running mean. */
#ifndef TRAGUS_FRONTEND_CEPSTRUM_H
#define TRAGUS_FRONTEND_CEPSTRUM_H

#include "frontend/gen/tables.h"
#include "frontend/kernels/kernels.h"

#define FRONTEND_MEAN_PRIOR_HOPS 100 /* weight of the prior, as hops: 1 s of sound */
#define FRONTEND_MEAN_HOPS 300       /* hops that the mean covers: 3 s */

struct frontend_mean {
    int32_t mean_q20[FRONTEND_FEATURES];
    int32_t n_hops; /* 100 at first, 300 at most */
};

/* Orthonormal DCT-II; |ret| < 320 log2 units. */
void frontend_dct(const struct frontend_kernels *k, const int16_t log_mel_q8[FRONTEND_BANDS], int32_t ret_q8[FRONTEND_FEATURES]);

void frontend_mean_reset(struct frontend_mean *m);

/* Updates the mean with the row, then subtracts the mean from the row; clamps to int16. */
void frontend_mean_subtract(struct frontend_mean *m, const int32_t row_q8[FRONTEND_FEATURES], int16_t ret_row[FRONTEND_FEATURES]);

#endif
