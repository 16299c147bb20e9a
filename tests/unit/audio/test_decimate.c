/* SPDX-License-Identifier: Apache-2.0 */
/* The decimator: what passes, what does not, alignment, and the same bits for any cutting. */
#include "audio/decimate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N_OUT 4000

/* Thins a tone out in pieces; returns how many samples came. */
static size_t run(unsigned factor, double hertz, size_t piece, float out[N_OUT + 100]) {
    size_t n = (size_t)N_OUT * factor, n_out = 0;
    float *in = malloc(n * sizeof(*in));
    for (size_t i = 0; i < n; i++)
        in[i] = (float)sin(2 * M_PI * hertz * (double)i / (16000.0 * factor));
    struct audio_decimator *d = audio_decimator_new(factor, piece);
    assert_non_null(d);
    for (size_t i = 0; i < n; i += piece)
        n_out += audio_decimator_push(d, in + i, n - i < piece ? n - i : piece, out + n_out);
    n_out += audio_decimator_flush(d, out + n_out);
    audio_decimator_free(d);
    free(in);
    return n_out;
}

/* The largest difference to the tone itself, away from the ends. */
static double error_of(unsigned factor, double hertz, double gain) {
    static float out[N_OUT + 100];
    double most = 0;
    assert_int_equal(run(factor, hertz, 1000, out), N_OUT);
    for (size_t i = 500; i < N_OUT - 500; i++)
        most = fmax(most, fabs(out[i] - gain * sin(2 * M_PI * hertz * (double)i / 16000.0)));
    return most;
}

static void test_pass_band(void **state) {
    (void)state;
    for (unsigned factor = 2; factor <= 12; factor++)
        for (double hertz = 20; hertz <= 7600; hertz += 379)
            assert_true(error_of(factor, hertz, 1.0) < 3e-4); /* in place, and within 0.003 dB */
}

static void test_stop_band(void **state) {
    (void)state;
    for (unsigned factor = 2; factor <= 12; factor++)
        for (double hertz = 8400; hertz < 8000.0 * factor; hertz += 1777)
            assert_true(error_of(factor, hertz, 0.0) < 1.5e-4); /* -76 dB at the worst */
}

static void test_cutting(void **state) {
    static const size_t pieces[] = {1, 2, 5, 160, 12000};
    static float whole[N_OUT + 100], out[N_OUT + 100];
    (void)state;
    assert_int_equal(run(3, 1000, 3 * N_OUT, whole), N_OUT);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        assert_int_equal(run(3, 1000, pieces[i], out), N_OUT);
        assert_memory_equal(whole, out, N_OUT * sizeof(out[0]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pass_band), cmocka_unit_test(test_stop_band),
                                       cmocka_unit_test(test_cutting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
