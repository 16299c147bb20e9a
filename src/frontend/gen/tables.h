/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/gen/tables.h: the committed tables of the front end; the scripts beside them make them. */
#ifndef TRAGUS_FRONTEND_GEN_TABLES_H
#define TRAGUS_FRONTEND_GEN_TABLES_H

#include "frontend/frontend.h"

#include <stdint.h>

#define FRONTEND_FFT_SIZE 512
#define FRONTEND_BANDS 40
#define FRONTEND_FIRST_BIN 1 /* 31.25 Hz: the first bin above 20 Hz */
#define FRONTEND_N_BINS 243  /* the last is bin 243, 7,593.75 Hz */

extern const uint16_t frontend_window_q15[FRONTEND_WINDOW];
extern const int32_t frontend_cosine_q30[FRONTEND_FFT_SIZE];
extern const uint8_t frontend_mel_bins[FRONTEND_BANDS + 1];     /* how many bins rise in band 0..40 */
extern const uint16_t frontend_mel_weight_q15[FRONTEND_N_BINS]; /* of bin FIRST_BIN + i there; the rest falls in the band below */
extern const int32_t frontend_log2_q16[257];                    /* log2(1 + i / 256) */
extern const int16_t frontend_dct_q15[FRONTEND_FEATURES][FRONTEND_BANDS];
extern const int32_t frontend_dct_sum_q15[FRONTEND_FEATURES];   /* of each row */
extern const int32_t frontend_mean_prior_q8[FRONTEND_FEATURES]; /* mean of each coefficient over many speakers (gen/mean_prior.c) */

#endif
