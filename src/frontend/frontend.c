/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/frontend.c: the stages of one hop: pre-emphasis, window, block scaling, spectrum, mel, cepstrum, mean. */
#include "frontend/frontend.h"
#include "base/fixed.h"
#include "frontend/cepstrum.h"
#include "frontend/fft.h"
#include "frontend/kernels/kernels.h"
#include "frontend/mel.h"

#include <string.h>

#define PREEMPHASIS_Q15 31785 /* 0.97, as in HTK */
#define KEPT ((size_t)3 * FRONTEND_HOP)

struct frontend {
    struct frontend_kernels kernels;
    struct frontend_fft *fft;
    struct frontend_mean mean;
    unsigned n_hops; /* hops pushed, counted up to 3 */
    int16_t last_sample;
    int32_t emphasised_q15[KEPT]; /* the last three hops */
    int16_t log_mel_q8[FRONTEND_BANDS];
};

struct frontend *frontend_place(struct base_arena *a, uint32_t cpu_flags) {
    struct frontend_kernels kernels = frontend_kernels_select(cpu_flags);
    struct frontend *f = base_arena_place(a, sizeof(*f));
    struct frontend_fft *fft = frontend_fft_place(a, &kernels);
    if (f == NULL || fft == NULL) {
        return NULL;
    }
    f->kernels = kernels;
    f->fft = fft;
    frontend_reset(f);
    return f;
}

void frontend_reset(struct frontend *f) {
    f->n_hops = 0;
    f->last_sample = 0;
    memset(f->emphasised_q15, 0, sizeof(f->emphasised_q15));
    frontend_mel_silence(f->log_mel_q8);
    frontend_mean_reset(&f->mean);
    frontend_fft_reset(f->fft);
}

/* Windows 400 samples and scales them to 16 bits: ret = windowed / 2^exponent, with the smallest exponent that fits. Frames below
 * one sample step are not scaled up, because they are below the floor of the mel energies. Returns the exponent; *ret_silent: all
 * zero. */
static unsigned window(const struct frontend *f, int32_t ret[FRONTEND_WINDOW], bool *ret_silent) {
    int32_t greatest;
    f->kernels.window_multiply(ret, f->emphasised_q15, frontend_window_q15, FRONTEND_WINDOW, &greatest);
    unsigned exponent = 0;
    while (base_round_shift(greatest, exponent) > INT16_MAX) {
        exponent++;
    }
    f->kernels.window_scale(ret, FRONTEND_WINDOW, exponent); /* for values below 1.98 * 2^30 */
    *ret_silent = greatest == 0;
    return exponent;
}

bool frontend_push(struct frontend *f, const int16_t hop[FRONTEND_HOP], int16_t ret_row[FRONTEND_FEATURES]) {
    memmove(f->emphasised_q15, f->emphasised_q15 + FRONTEND_HOP, (KEPT - FRONTEND_HOP) * sizeof(f->emphasised_q15[0]));
    int32_t *newest = f->emphasised_q15 + KEPT - FRONTEND_HOP;
    int16_t samples[1 + FRONTEND_HOP];
    samples[0] = f->last_sample;
    memcpy(samples + 1, hop, FRONTEND_HOP * sizeof(*hop));
    for (unsigned n = 0; n < FRONTEND_HOP; n++) { /* within 1.97 * 2^30 */
        newest[n] = samples[n + 1] * 32768 - PREEMPHASIS_Q15 * samples[n];
    }
    f->last_sample = samples[FRONTEND_HOP];
    if (f->n_hops < 3) {
        f->n_hops++;
    }
    if (f->n_hops < 3) {
        return false;
    }

    int32_t frame[FRONTEND_WINDOW], cepstrum_q8[FRONTEND_FEATURES];
    bool silent;
    unsigned exponent = window(f, frame, &silent);
    if (silent) {
        frontend_mel_silence(f->log_mel_q8);
    } else {
        struct frontend_spectrum spectrum;
        frontend_fft_run(f->fft, frame, &spectrum);
        frontend_mel(&f->kernels, &spectrum, exponent, f->log_mel_q8);
    }
    frontend_dct(&f->kernels, f->log_mel_q8, cepstrum_q8);
    frontend_mean_subtract(&f->mean, cepstrum_q8, ret_row);
    return true;
}

const int16_t *frontend_log_mel(const struct frontend *f) {
    return f->log_mel_q8;
}

void frontend_fft_counts(const struct frontend *f, uint64_t *ret_decided, uint64_t *ret_total) {
    frontend_fft_get_counts(f->fft, ret_decided, ret_total);
}
