/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/fft.c: KissFFT proposes, integers decide. The only file that knows KissFFT, and the only floating point on the way from
 * sound to transcript. Compiled with -ffp-contract=off, though nothing here depends on it.
 *
 * The exact sum is cheapened by the symmetries of the cosine, without changing a bit: samples that meet the same cosine but for its
 * sign are added up first (fold), once a frame. An odd bin is left with 128 products of 400, an odd multiple of 2 with 64, of 4
 * with 32, and so on. What a sum multiplies with stands in a row in memory, so that it is a product of two vectors; the rows of all
 * bins are those of a quarter of them, since a sine is a cosine read backwards and bin 256 - k has the cosines of bin k with every
 * second sign changed: both are done to the samples instead.
 */
#include "frontend/fft.h"
#include "base/assert.h"
#include "base/fixed.h"

#include <kiss_fftr.h>
#include <stdlib.h>

#define HALF (FRONTEND_FFT_SIZE / 2)

/* The error of a proposed value is below BAND_NUMERATOR / 2^24 * S, S = sum over the pairs of neighbouring samples (they are the
 * complex numbers that KissFFT transforms) of |v[2m] + i v[2m + 1]|: docs/FIXED-POINT.md derives 57.8. */
#define BAND_NUMERATOR 58

/* Rows of n cosines, n = 128, 64, .. 1, of n / 2 bins each, at least one. */
#define N_ROW_TERMS 10923

struct frontend_fft {
    kiss_fftr_cfg plan;
    uint64_t n_decided;
    uint64_t n_total;
    int32_t band_q10;
    float samples[FRONTEND_FFT_SIZE];
    kiss_fft_cpx proposed[HALF + 1];
    /* [imaginary part][with every second sign changed]: what fold() leaves for the odd multiples of 2^i, n = 128 >> i terms, begins
     * at n; of the imaginary part backwards. */
    int32_t folded[2][2][HALF];
    int32_t rows[N_ROW_TERMS]; /* see first_row() */
};

/* Where the rows of n_terms begin: that of the odd bin o <= n_terms of a transform of 4 n_terms points is the (o / 2)-th. */
static unsigned first_row(unsigned n_terms) {
    return n_terms == 1 ? 0 : 1 + (n_terms * n_terms - 4) / 6;
}

static void fill_rows(struct frontend_fft *f) {
    for (unsigned n_terms = 1; n_terms < HALF; n_terms *= 2) {
        int32_t *row = f->rows + first_row(n_terms);
        for (unsigned odd = 1; odd <= n_terms; odd += 2, row += n_terms) {
            for (unsigned n = 0; n < n_terms; n++) {
                row[n] = frontend_cosine_q30[n * odd * (HALF / 2 / n_terms) % FRONTEND_FFT_SIZE];
            }
        }
    }
}

struct frontend_fft *frontend_fft_place(struct base_arena *a) {
    struct frontend_fft *f = base_arena_place(a, sizeof(*f));
    size_t len_bytes = 0;
    kiss_fftr_alloc(FRONTEND_FFT_SIZE, 0, NULL, &len_bytes);
    void *memory = base_arena_place(a, len_bytes);
    if (f == NULL || memory == NULL) {
        return NULL;
    }
    f->plan = kiss_fftr_alloc(FRONTEND_FFT_SIZE, 0, memory, &len_bytes);
    base_assert(f->plan != NULL);
    fill_rows(f);
    return f;
}

/* With c[n] = v[n] + v[512 - n] and s[n] = v[n] - v[512 - n] the sums are over half a period of 512: n = 0 .. 256. From there on,
 * with H the half period: cos(pi k (H - n) / H) is -cos(pi k n / H) for odd k, + for even k, and the sine the other way round. So
 * the odd bins need c[n] - c[H - n] and s[n] + s[H - n] over a quarter of the period (at its end the cosine is zero, at its
 * beginning the sine). c[n] + c[H - n] and s[n] - s[H - n] belong to the even bins: k / 2 on half as many, and so on. */
static void fold(struct frontend_fft *f, const int32_t frame[FRONTEND_WINDOW]) {
    int32_t c[HALF + 1], s[HALF + 1];
    for (unsigned n = 0; n <= HALF; n++) {
        unsigned mirror = FRONTEND_FFT_SIZE - n;
        int32_t other = mirror < FRONTEND_WINDOW && mirror != n ? frame[mirror] : 0;
        c[n] = frame[n] + other;
        s[n] = frame[n] - other;
    }
    for (unsigned half = HALF, quarter = HALF / 2; quarter > 0; half = quarter, quarter /= 2) {
        int32_t *re = f->folded[0][0] + quarter, *im = f->folded[1][0] + quarter;
        im[0] = s[quarter];
        re[0] = c[0] - c[half];
        c[0] += c[half];
        for (unsigned n = 1; n < quarter; n++) {
            re[n] = c[n] - c[half - n];
            im[quarter - n] = s[n] + s[half - n];
            c[n] += c[half - n];
            s[n] -= s[half - n];
        }
    }
    for (unsigned part = 0; part < 2; part++) {
        f->folded[part][1][1] = f->folded[part][0][1];
        for (unsigned n = 2; n < HALF; n += 2) { /* each of the parts but that of one term begins with an even n */
            f->folded[part][1][n] = f->folded[part][0][n];
            f->folded[part][1][n + 1] = -f->folded[part][0][n + 1];
        }
    }
}

/* n is a constant, a multiple of 4, where it is called: so compilers vectorise it. */
static inline __attribute__((always_inline)) int64_t product(const int32_t *restrict a, const int32_t *restrict b, unsigned n) {
    int64_t sum = 0;
    for (unsigned i = 0; i < n; i++) {
        sum += (int64_t)a[i] * b[i];
    }
    return sum;
}

/* With o the odd number that the bin is a multiple of, and N terms: cos(2 pi n o / 4 N) of n = N - m is the sine of m but for its
 * sign, which o says; the odd bin 2 N - o has the cosines of o times -1 for odd n. */
int64_t frontend_fft_exact(const struct frontend_fft *f, unsigned bin, bool imaginary) {
    unsigned n_terms = (unsigned)(HALF / 2) >> __builtin_ctz(bin), odd = bin >> __builtin_ctz(bin);
    bool mirrored = odd > n_terms, negative = imaginary && (odd + 1) / 2 % 2 == 1;
    const int32_t *folded = f->folded[imaginary][mirrored] + n_terms;
    const int32_t *row = f->rows + first_row(n_terms) + (size_t)((mirrored ? 2 * n_terms - odd : odd) / 2) * n_terms;
    int64_t sum;
    switch (n_terms) {
    case 128:
        sum = product(folded, row, 128);
        break;
    case 64:
        sum = product(folded, row, 64);
        break;
    case 32:
        sum = product(folded, row, 32);
        break;
    default:
        sum = product(folded, row, n_terms);
    }
    return negative ? -sum : sum;
}

static int32_t decide(struct frontend_fft *f, float value, unsigned bin, bool imaginary) {
    int32_t value_q10 = (int32_t)(value * (float)(1 << (10 - FRONTEND_FFT_STEP_BITS))); /* exact but for truncation */
    int32_t from_boundary = (value_q10 & 1023) - 512;
    if (from_boundary >= -f->band_q10 && from_boundary <= f->band_q10) {
        f->n_decided++;
        return (int32_t)base_round_shift(frontend_fft_exact(f, bin, imaginary), 30 + FRONTEND_FFT_STEP_BITS);
    }
    return (value_q10 + 512) >> 10;
}

/* Half the width of the band in 1/1024 of a step. |a + i b| <= greater + (sqrt(2) - 1) lesser, 425 / 1024 of it. Of the two units
 * added, one pays for rounding down here and one for cutting off in decide(). */
static int32_t band_q10(const int32_t frame[FRONTEND_WINDOW]) {
    int64_t greater = 0, lesser = 0;
    for (unsigned n = 0; n < FRONTEND_WINDOW; n += 2) {
        int32_t a = abs(frame[n]), b = abs(frame[n + 1]);
        greater += a > b ? a : b;
        lesser += a > b ? b : a;
    }
    return (int32_t)((BAND_NUMERATOR * (1024 * greater + 425 * lesser)) >> (24 + FRONTEND_FFT_STEP_BITS)) + 2;
}

void frontend_fft_run(struct frontend_fft *f, const int32_t frame[FRONTEND_WINDOW], struct frontend_spectrum *ret) {
    for (unsigned n = 0; n < FRONTEND_WINDOW; n++) {
        base_debug_assert(frame[n] >= -32767 && frame[n] <= 32767);
        f->samples[n] = (float)frame[n];
    }
    f->band_q10 = band_q10(frame);
    fold(f, frame);
    kiss_fftr(f->plan, f->samples, f->proposed);
    for (unsigned i = 0; i < FRONTEND_N_BINS; i++) {
        unsigned bin = FRONTEND_FIRST_BIN + i;
        ret->re[i] = decide(f, f->proposed[bin].r, bin, false);
        ret->im[i] = decide(f, f->proposed[bin].i, bin, true);
    }
    f->n_total += UINT64_C(2) * FRONTEND_N_BINS;
}

void frontend_fft_reset_counts(struct frontend_fft *f) {
    f->n_decided = f->n_total = 0;
}

void frontend_fft_get_counts(const struct frontend_fft *f, uint64_t *ret_decided, uint64_t *ret_total) {
    *ret_decided = f->n_decided;
    *ret_total = f->n_total;
}

const float *frontend_fft_proposed(const struct frontend_fft *f) {
    return &f->proposed[0].r;
}

int32_t frontend_fft_band_q10(const struct frontend_fft *f) {
    return f->band_q10;
}
