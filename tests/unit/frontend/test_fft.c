/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the spectrum: compares the exact sum with the plain transform, KissFFT's error with its proven bound, the bound with the
 * band, and every decided value with the exact sum. docs/FIXED-POINT.md has the derivation, with the same names.
 */
#include "base/cpu.h"
#include "base/fixed.h"
#include "frontend/fft.h"
#include "frontend/kernels/kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BAND_NUMERATOR 58 /* as in fft.c */

static struct base_arena arena;
static struct frontend_fft *fft;
static uint32_t random_state = 1;

static int32_t random_within(int32_t limit) {
    random_state = random_state * 1664525u + 1013904223u;
    return (int32_t)(((uint64_t)random_state * (uint32_t)(2 * limit + 1)) >> 32) - limit;
}

static int setup(void **state) {
    (void)state;
    struct base_arena size = {0};
    struct frontend_kernels kernels = frontend_kernels_select(base_cpu_detect());
    frontend_fft_place(&size, &kernels);
    assert_int_equal(base_arena_init(&arena, size.used_bytes), 0);
    fft = frontend_fft_place(&arena, &kernels);
    base_arena_seal(&arena);
    return fft == NULL;
}

static int teardown(void **state) {
    (void)state;
    base_arena_done(&arena);
    return 0;
}

/* The bound of docs/FIXED-POINT.md in units of u S, computed from its parts. */
static double derived_bound(void) {
    const double u = ldexp(1, -24);
    const double twiddle = sqrt(0.5) * 1.01;     /* a cosine and a sine, each rounded to float from double */
    const double first = 0;                      /* sums of integers below 2^24 */
    const double stage = 7 * sqrt(2) + twiddle;  /* six additions and a product, in any order */
    const double transform = first + 3 * stage;  /* 256 points = 4 * 4 * 4 * 4 */
    const double unpack = 12 + twiddle;          /* five additions and a product on 2 S */
    const double table = ldexp(1, -31) * 2 / u;  /* the committed cosine itself */
    const double second_order = 1 + 64 * 64 * u; /* all products of two errors */
    return (sqrt(2) * transform + unpack + table) * second_order;
}

static double sum_of_pairs(const int32_t frame[FRONTEND_WINDOW]) {
    double sum = 0;
    for (int n = 0; n < FRONTEND_WINDOW; n += 2) {
        sum += hypot(frame[n], frame[n + 1]);
    }
    return sum;
}

static void test_bound_is_below_the_band(void **state) {
    (void)state;
    assert_true(derived_bound() < BAND_NUMERATOR);
    assert_true(derived_bound() > 0.95 * BAND_NUMERATOR); /* no wider than necessary */
}

static void test_table_is_the_cosine(void **state) {
    (void)state;
    for (int j = 0; j < FRONTEND_FFT_SIZE; j++) {
        assert_true(fabs(frontend_cosine_q30[j] - ldexp(cos(2 * M_PI * j / FRONTEND_FFT_SIZE), 30)) < 0.5 + 1e-6);
        assert_int_equal(frontend_cosine_q30[j], frontend_cosine_q30[(FRONTEND_FFT_SIZE - j) % FRONTEND_FFT_SIZE]);
        assert_int_equal(frontend_cosine_q30[j], -frontend_cosine_q30[(j + FRONTEND_FFT_SIZE / 2) % FRONTEND_FFT_SIZE]);
    }
}

static int64_t plain_sum(const int32_t frame[FRONTEND_WINDOW], unsigned bin, bool imaginary) {
    int64_t sum = 0;
    for (unsigned n = 0; n < FRONTEND_WINDOW; n++) {
        unsigned phase = bin * n;
        int64_t factor = frontend_cosine_q30[phase % FRONTEND_FFT_SIZE];
        if (imaginary) {
            factor = -(int64_t)frontend_cosine_q30[(phase + 3 * FRONTEND_FFT_SIZE / 4) % FRONTEND_FFT_SIZE];
        }
        sum += frame[n] * factor;
    }
    return sum;
}

struct worst {
    double of_bound, of_step, decided, n_frames;
};

/* Runs one frame and compares all of it with the exact sums. */
static void check(const int32_t frame[FRONTEND_WINDOW], struct worst *w) {
    struct frontend_spectrum spectrum;
    frontend_fft_reset(fft);
    frontend_fft_run(fft, frame, &spectrum);
    uint64_t n_decided, n_total;
    frontend_fft_get_counts(fft, &n_decided, &n_total);
    assert_int_equal(n_total, 2 * FRONTEND_N_BINS);
    w->decided += (double)n_decided / (double)n_total;
    w->n_frames++;

    double bound = BAND_NUMERATOR * ldexp(1, -24) * sum_of_pairs(frame);
    assert_true(frontend_fft_band_q10(fft) >= bound * 1024 / (1 << FRONTEND_FFT_STEP_BITS) + 1);
    for (unsigned i = 0; i < FRONTEND_N_BINS; i++) {
        for (unsigned imaginary = 0; imaginary < 2; imaginary++) {
            unsigned bin = FRONTEND_FIRST_BIN + i;
            int64_t sum = frontend_fft_exact(fft, bin, imaginary);
            assert_int_equal(sum, plain_sum(frame, bin, imaginary));
            assert_int_equal(spectrum.parts[2 * i + imaginary], base_round_shift(sum, 30 + FRONTEND_FFT_STEP_BITS));
            double error = fabs(frontend_fft_proposed(fft)[2 * bin + imaginary] - ldexp((double)sum, -30));
            assert_true(error <= bound);
            w->of_bound = fmax(w->of_bound, bound > 0 ? error / bound : 0);
            w->of_step = fmax(w->of_step, error / (1 << FRONTEND_FFT_STEP_BITS));
        }
    }
}

static void report(const char *what, const struct worst *w) {
    print_message("%s: largest error %.5f of a step, %.3f of the bound; %.1f %% decided by the sum\n", what, w->of_step,
                  w->of_bound, 100 * w->decided / w->n_frames);
}

static void test_noise(void **state) {
    (void)state;
    for (int32_t limit = 32767; limit > 0; limit /= 181) {
        struct worst w = {0};
        for (int t = 0; t < 20; t++) {
            int32_t frame[FRONTEND_WINDOW];
            for (int n = 0; n < FRONTEND_WINDOW; n++) {
                frame[n] = random_within(limit);
            }
            check(frame, &w);
        }
        char name[32];
        snprintf(name, sizeof(name), "noise within %d", limit);
        report(name, &w);
    }
}

/* Harmonics under a window, as speech is. */
static void test_voice(void **state) {
    (void)state;
    struct worst w = {0};
    for (int t = 0; t < 50; t++) {
        double x[FRONTEND_WINDOW], peak = 0;
        for (int n = 0; n < FRONTEND_WINDOW; n++) {
            x[n] = 0;
            for (int k = 1; k * (90 + 3 * t) < 7000; k++) {
                x[n] += cos(2 * M_PI * k * (90 + 3 * t) * n / FRONTEND_RATE + t) / (1 + 0.01 * (k - t % 20) * (k - t % 20));
            }
            x[n] *= frontend_window_q15[n];
            peak = fmax(peak, fabs(x[n]));
        }
        int32_t frame[FRONTEND_WINDOW];
        for (int n = 0; n < FRONTEND_WINDOW; n++) {
            frame[n] = (int32_t)rint(x[n] / peak * 32767);
        }
        check(frame, &w);
    }
    report("voice", &w);
    assert_true(w.decided < 0.35 * w.n_frames); /* cheap for speech */
}

/* Speech, if alsa-utils is installed: its spoken channel names, every 50th hop, pre-emphasised, windowed and scaled to the full
 * 16 bits. */
static void test_speech(void **state) {
    (void)state;
    static const char *const names[] = {"Front_Center", "Front_Left", "Rear_Right", "Side_Left"};
    struct worst w = {0};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "/usr/share/sounds/alsa/%s.wav", names[i]);
        FILE *file = fopen(path, "rb");
        int16_t pcm[FRONTEND_WINDOW];
        for (long at = 44; file != NULL && fseek(file, at, SEEK_SET) == 0 && fread(pcm, sizeof(pcm), 1, file) == 1; at += 16000) {
            double x[FRONTEND_WINDOW], peak = 1;
            for (int n = 0; n < FRONTEND_WINDOW; n++) {
                x[n] = (pcm[n] - (n > 0 ? 0.97 * pcm[n - 1] : 0)) * frontend_window_q15[n];
                peak = fmax(peak, fabs(x[n]));
            }
            int32_t frame[FRONTEND_WINDOW];
            for (int n = 0; n < FRONTEND_WINDOW; n++) {
                frame[n] = (int32_t)rint(x[n] / peak * 32767);
            }
            check(frame, &w);
        }
        if (file != NULL) {
            fclose(file);
        }
    }
    if (w.n_frames == 0) {
        print_message("alsa-utils is not installed\n");
        skip();
    }
    report("speech", &w);
}

/* The largest sum of magnitudes, all in one bin: tones at the frequency of a bin, as squares and cosines, and an offset. */
static void test_extremes(void **state) {
    (void)state;
    struct worst w = {0};
    for (unsigned bin = 0; bin <= FRONTEND_FFT_SIZE / 2; bin += 3) {
        for (int kind = 0; kind < 3; kind++) {
            int32_t frame[FRONTEND_WINDOW];
            for (unsigned n = 0; n < FRONTEND_WINDOW; n++) {
                int64_t c = frontend_cosine_q30[(bin * n + (kind == 2 ? 77 : 0)) % FRONTEND_FFT_SIZE];
                frame[n] = kind == 0 ? (c >= 0 ? 32767 : -32767) : (int32_t)((c * 32767) >> 30);
            }
            check(frame, &w);
        }
    }
    report("extremes", &w);
}

/* One sample at a time: each path through the transform, with the product of its twiddles, alone. */
static void test_pulses(void **state) {
    (void)state;
    struct worst w = {0};
    for (int n = 0; n < FRONTEND_WINDOW; n++) {
        int32_t frame[FRONTEND_WINDOW] = {0};
        frame[n] = n % 2 ? 32767 : -32767;
        check(frame, &w);
    }
    report("pulses", &w);
}

/* Frames built so that values lie on a rounding boundary: bin 128 of a frame that repeats every 4 samples is a small integer. */
static void test_boundaries(void **state) {
    (void)state;
    for (int32_t k = 0; k < 64; k++) {
        int32_t frame[FRONTEND_WINDOW] = {0};
        frame[0] = 16 + k / 2; /* re of every bin: on the boundary of 0 and 1 where k = 0, and just beside it */
        frame[256] = k % 2;
        struct worst w = {0};
        check(frame, &w);
        frame[0] = -frame[0];
        check(frame, &w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound_is_below_the_band),
        cmocka_unit_test(test_table_is_the_cosine),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_voice),
        cmocka_unit_test(test_speech),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_pulses),
        cmocka_unit_test(test_boundaries),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
