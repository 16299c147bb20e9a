/* SPDX-License-Identifier: Apache-2.0 */
/* Compares logarithm, mel bands and DCT with libm. */
#include "base/cpu.h"
#include "base/fixed.h"
#include "frontend/cepstrum.h"
#include "frontend/log2.h"
#include "frontend/mel.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint64_t random64(void) {
    static uint64_t x = 88172645463325252u; /* xorshift, Marsaglia 2003 */
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

static void test_log2(void **state) {
    (void)state;
    double worst = 0;
    for (int i = 0; i < 400000; i++) {
        uint64_t x = i < 70000 ? (uint64_t)i + 1 : random64() >> (i % 63);
        x += x == 0;
        worst = fmax(worst, fabs(frontend_log2_q16_of(x) - 65536 * log2((double)x)));
    }
    print_message("largest error %.3f / 2^16\n", worst);
    assert_true(worst < 1.3);
    for (int k = 0; k < 64; k++) {
        assert_int_equal(frontend_log2_q16_of((uint64_t)1 << k), k * 65536);
    }
    assert_int_equal(frontend_log2_q16_of(UINT64_MAX), 64 * 65536);
}

static double mel(double hz) {
    return 2595 * log10(1 + hz / 700);
}

/* Power in one bin at a time, so loud that the floor has no effect: the energies are the bin's weights in the triangles. */
static void test_triangles(void **state) {
    (void)state;
    struct frontend_kernels kernels = frontend_kernels_select(base_cpu_detect());
    double first = mel(20), apart = (mel(7600) - mel(20)) / (FRONTEND_BANDS + 1);
    for (int i = 0; i < FRONTEND_N_BINS; i++) {
        struct frontend_spectrum spectrum = {0};
        spectrum.parts[2 * i] = 300000;
        spectrum.parts[2 * i + 1] = -200000;
        int16_t log_mel_q8[FRONTEND_BANDS];
        frontend_mel(&kernels, &spectrum, 16, log_mel_q8);
        double power = log2(13e10) + 2 * (FRONTEND_FFT_STEP_BITS + 16 - 15), sum = 0;
        double place = (mel((i + FRONTEND_FIRST_BIN) * 31.25) - first) / apart;
        for (int b = 0; b < FRONTEND_BANDS; b++) {
            double weight = exp2(log_mel_q8[b] / 256.0 - power);
            assert_true(fabs(weight - fmax(0, 1 - fabs(place - b - 1))) < 0.002);
            sum += weight;
        }
        if (place >= 1 && place <= FRONTEND_BANDS) {
            assert_true(fabs(sum - 1) < 0.003);
        }
    }
}

/* The same power at every block exponent, and the floor. */
static void test_exponent_and_floor(void **state) {
    (void)state;
    struct frontend_kernels kernels = frontend_kernels_select(base_cpu_detect());
    const unsigned bin = 101, band = 28;
    unsigned begin = FRONTEND_FIRST_BIN;
    for (unsigned b = 0; b < band; b++) {
        begin += frontend_mel_bins[b];
    }
    assert_in_range(bin, begin, begin + frontend_mel_bins[band] - 1);
    for (unsigned exponent = 0; exponent <= 17; exponent++) {
        struct frontend_spectrum spectrum = {0};
        int16_t log_mel_q8[FRONTEND_BANDS];
        frontend_mel(&kernels, &spectrum, exponent, log_mel_q8);
        for (int b = 0; b < FRONTEND_BANDS; b++) {
            assert_int_equal(log_mel_q8[b], FRONTEND_FLOOR_LOG2 * 256);
        }
        spectrum.parts[2 * (bin - FRONTEND_FIRST_BIN)] = 1 << (17 - exponent);
        frontend_mel(&kernels, &spectrum, exponent, log_mel_q8);
        double weight = frontend_mel_weight_q15[bin - FRONTEND_FIRST_BIN] / 32768.0;
        double expected = log2(weight * exp2(2 * (17 + FRONTEND_FFT_STEP_BITS - 15)) + exp2(FRONTEND_FLOOR_LOG2));
        assert_true(fabs(log_mel_q8[band] - 256 * expected) < 0.6);
    }
}

static void test_dct(void **state) {
    (void)state;
    struct frontend_kernels kernels = frontend_kernels_select(base_cpu_detect());
    for (int t = 0; t < 200; t++) {
        int16_t in[FRONTEND_BANDS];
        int32_t out[FRONTEND_FEATURES];
        for (int j = 0; j < FRONTEND_BANDS; j++) {
            in[j] = (int16_t)(t == 0 ? 48 * 256 : (int)(random64() % (48 * 256)));
        }
        frontend_dct(&kernels, in, out);
        for (int i = 0; i < FRONTEND_FEATURES; i++) {
            double sum = 0;
            for (int j = 0; j < FRONTEND_BANDS; j++) {
                sum += in[j] * cos(M_PI * i * (j + 0.5) / FRONTEND_BANDS);
            }
            sum *= sqrt((i == 0 ? 1.0 : 2.0) / FRONTEND_BANDS);
            assert_true(fabs(out[i] - sum) < 0.5 + 8); /* 40 entries, each off by half of 2^-15, times 48 * 256 */
        }
    }
}

/* Compares the sums in 32 bits with sums in 64, also for the inputs that make each coefficient largest. */
static void test_dct_sums(void **state) {
    (void)state;
    struct frontend_kernels kernels = frontend_kernels_select(base_cpu_detect());
    for (int t = 0; t < 2 * FRONTEND_FEATURES + 200; t++) {
        int16_t in[FRONTEND_BANDS];
        int32_t out[FRONTEND_FEATURES];
        for (int j = 0; j < FRONTEND_BANDS; j++) {
            bool high = t < 2 * FRONTEND_FEATURES ? (frontend_dct_q15[t / 2][j] >= 0) == (t % 2 == 0) : random64() % 2 == 0;
            in[j] = (int16_t)(t >= 2 * FRONTEND_FEATURES && t % 2 == 0 ? (int)(random64() % 16384) : high ? 16383 : 0);
        }
        frontend_dct(&kernels, in, out);
        for (int i = 0; i < FRONTEND_FEATURES; i++) {
            int64_t sum = 0;
            for (int j = 0; j < FRONTEND_BANDS; j++) {
                sum += (int64_t)frontend_dct_q15[i][j] * in[j];
            }
            assert_int_equal(out[i], base_round_shift(sum, 15));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log2), cmocka_unit_test(test_triangles), cmocka_unit_test(test_exponent_and_floor),
        cmocka_unit_test(test_dct),  cmocka_unit_test(test_dct_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
