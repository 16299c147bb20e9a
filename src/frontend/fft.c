/* SPDX-License-Identifier: Apache-2.0 */
/* frontend/fft.c: KissFFT proposes, integers decide. Only this file uses KissFFT, and it has the only floating point between sound
 * and transcript. It is compiled with -ffp-contract=off, though nothing here depends on that.
 *
 * Symmetries of the cosine make the exact sum cheaper without changing a bit. Once per frame, fold adds up the samples that are
 * multiplied by the same cosine or its negative. An odd bin then needs 128 products instead of 400, an odd multiple of 2 needs 64,
 * of 4 needs 32, and so on. The cosines of a sum are a row in memory, so that it is a product of two vectors. A quarter of the
 * bins provides the rows of all: a sine is a cosine read backwards, so for sines the samples are reversed instead; and bin 256 - k
 * has the cosines of bin k with every second sign changed, so even and odd terms are summed separately.
 */
#include "frontend/fft.h"
#include "base/assert.h"
#include "base/fixed.h"
#include "frontend/kernels/kernels.h"

#include <kiss_fftr.h>
#include <string.h>

#define HALF (FRONTEND_FFT_SIZE / 2)

/* The error of a proposed value is below BAND_NUMERATOR / 2^24 * S, where S is the sum of |v[2m] + i v[2m + 1]| over the pairs of
 * neighbouring samples (the complex numbers that KissFFT transforms): docs/FIXED-POINT.md derives 57.8. */
#define BAND_NUMERATOR 58

/* Rows of n cosines for n = 128, 64, .. 1, each for n / 2 bins, at least one; the shortest are padded to eight terms with zeros. */
#define ROW_LEAST_TERMS 8
#define N_ROW_TERMS (128 * 64 + 64 * 32 + 32 * 16 + 16 * 8 + 8 * 4 + 8 * 2 + 8 + 8)

/* The description of one part (real or imaginary) of a bin. */
struct part_sum {
    uint16_t folded, row; /* offsets of its two vectors */
    uint8_t n_terms;
    bool mirrored; /* odd terms have the opposite sign */
    bool negative;
};

struct frontend_fft {
    struct frontend_kernels kernels;
    kiss_fftr_cfg plan;
    uint64_t n_decided;
    uint64_t n_total;
    int32_t band_q10;
    float samples[FRONTEND_FFT_SIZE];
    kiss_fft_cpx proposed[HALF + 1];
    struct part_sum sums[HALF][2]; /* for each bin the real, then the imaginary part */
    /* Aligned for vector units. First for the real parts, then for the imaginary ones: the output of fold for the odd multiples of
     * 2^i begins at n = 128 >> i and has n terms; those of imaginary parts are reversed. */
    _Alignas(64) int32_t folded[2 * HALF];
    _Alignas(64) int32_t rows[N_ROW_TERMS];
};

/* Let o be the odd factor of the bin and N the number of terms: cos(2 pi n o / 4 N) for n = N - m is the sine for m, up to a sign
 * given by o; the odd bin 2 N - o has the cosines of o, times -1 for odd n. */
static void describe_sums(struct frontend_fft *f, unsigned bin, unsigned n_terms, bool mirrored, struct part_sum sum) {
    unsigned odd = bin >> __builtin_ctz(bin);
    sum.mirrored = mirrored;
    sum.folded = (uint16_t)n_terms;
    f->sums[bin][0] = sum;
    sum.folded = (uint16_t)(HALF + n_terms);
    sum.negative = (odd + 1) / 2 % 2 == 1;
    f->sums[bin][1] = sum;
}

static void fill_rows(struct frontend_fft *f) {
    unsigned at = 0;
    for (unsigned n_terms = HALF / 2, factor = 1; n_terms > 0; n_terms /= 2, factor *= 2) {
        unsigned row_terms = n_terms < ROW_LEAST_TERMS ? ROW_LEAST_TERMS : n_terms;
        for (unsigned odd = 1; odd <= n_terms; odd += 2, at += row_terms) {
            struct part_sum sum = {.row = (uint16_t)at, .n_terms = (uint8_t)row_terms};
            for (unsigned n = 0; n < n_terms; n++) {
                f->rows[at + n] = frontend_cosine_q30[n * odd * (HALF / 2 / n_terms) % FRONTEND_FFT_SIZE];
            }
            describe_sums(f, odd * factor, n_terms, false, sum);
            if (n_terms > 1) {
                describe_sums(f, (2 * n_terms - odd) * factor, n_terms, true, sum);
            }
        }
    }
    base_assert(at == N_ROW_TERMS);
}

struct frontend_fft *frontend_fft_place(struct base_arena *a, const struct frontend_kernels *kernels) {
    struct frontend_fft *f = base_arena_place(a, sizeof(*f));
    size_t len_bytes = 0;
    kiss_fftr_alloc(FRONTEND_FFT_SIZE, 0, NULL, &len_bytes);
    void *memory = base_arena_place(a, len_bytes);
    if (f == NULL || memory == NULL) {
        return NULL;
    }
    f->kernels = *kernels;
    f->plan = kiss_fftr_alloc(FRONTEND_FFT_SIZE, 0, memory, &len_bytes);
    base_assert(f->plan != NULL);
    fill_rows(f);
    return f;
}

static inline int64_t exact(const struct frontend_fft *f, unsigned bin, bool imaginary) {
    const struct part_sum *p = &f->sums[bin][imaginary];
    int64_t sums[2];
    f->kernels.spectrum_product(sums, f->folded + p->folded, f->rows + p->row, p->n_terms);
    int64_t sum = p->mirrored ? sums[0] - sums[1] : sums[0] + sums[1];
    return p->negative ? -sum : sum;
}

int64_t frontend_fft_exact(const struct frontend_fft *f, unsigned bin, bool imaginary) {
    return exact(f, bin, imaginary);
}

/* Half the width of the band in 1/1024 of a step, using |a + i b| <= greater + (sqrt(2) - 1) lesser, where the factor is rounded
 * up to 425 / 1024. The two units added cover the rounding down here and the truncation in spectrum_round. */
static int32_t band_q10(int64_t greater, int64_t lesser) {
    return (int32_t)((BAND_NUMERATOR * (1024 * greater + 425 * lesser)) >> (24 + FRONTEND_FFT_STEP_BITS)) + 2;
}

void frontend_fft_run(struct frontend_fft *f, const int32_t frame[FRONTEND_WINDOW], struct frontend_spectrum *ret) {
    int32_t sums[2];
    uint8_t near[FRONTEND_N_PARTS / 8];
    f->kernels.spectrum_convert(f->samples, frame, FRONTEND_WINDOW, sums);
    f->kernels.spectrum_fold(f->folded, f->folded + HALF, frame);
    f->band_q10 = band_q10(sums[0], sums[1]);
    kiss_fftr(f->plan, f->samples, f->proposed);
    f->kernels.spectrum_round(ret->parts, near, &f->proposed[FRONTEND_FIRST_BIN].r, FRONTEND_N_PARTS, f->band_q10);
    for (unsigned i = 0; i < FRONTEND_N_PARTS; i += 8) {
        for (unsigned bits = near[i / 8]; bits != 0; bits &= bits - 1) {
            unsigned part = i + (unsigned)__builtin_ctz(bits);
            if (part < 2 * FRONTEND_N_BINS) {
                int64_t sum = exact(f, FRONTEND_FIRST_BIN + part / 2, part % 2);
                ret->parts[part] = (int32_t)base_round_shift(sum, 30 + FRONTEND_FFT_STEP_BITS);
                f->n_decided++;
            }
        }
    }
    f->n_total += UINT64_C(2) * FRONTEND_N_BINS;
}

void frontend_fft_reset(struct frontend_fft *f) {
    f->n_decided = f->n_total = 0;
    f->band_q10 = 0;
    memset(f->samples, 0, sizeof(f->samples));
    memset(f->folded, 0, sizeof(f->folded));
    kiss_fftr(f->plan, f->samples, f->proposed); /* so that the plan's own memory holds nothing of the last frame, either */
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
