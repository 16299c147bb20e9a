/* SPDX-License-Identifier: Apache-2.0 */
/* Compares log-softmax in integers with the exact value in long double. */
#include "nn/logsoftmax.h"

#include <math.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The documented bound: half a step of rounding, and the errors of the tables. */
#define BOUND 0.51L

static uint32_t state = 1;

static int random_below(int n) {
    state = state * 1664525u + 1013904223u; /* Numerical Recipes, 1992, section 7.1 */
    return (int)(state >> 8) % n;
}

static void check(const int16_t *logits, size_t n) {
    int16_t out[64];
    long double sum = 0;
    int largest = INT16_MIN;

    for (size_t i = 0; i < n; i++)
        largest = logits[i] > largest ? logits[i] : largest;
    for (size_t i = 0; i < n; i++)
        sum += expl((logits[i] - largest) / 256.0L);
    nn_log_softmax(out, logits, n);
    for (size_t i = 0; i < n; i++) {
        long double real = logits[i] - largest - 256 * logl(sum);

        if (real < INT16_MIN)
            real = INT16_MIN;
        assert_true(fabsl(out[i] - real) <= BOUND);
        assert_true(out[i] <= 0);
    }
}

static void test_random(void **unused) {
    (void)unused;
    for (int run = 0; run < 20000; run++) {
        int16_t logits[64];
        int spread = 1 + random_below(run % 2 ? 65536 : 2000), centre = random_below(65536) - 32768;
        size_t n = (size_t)random_below(64) + 1;

        for (size_t i = 0; i < n; i++) {
            int v = centre + random_below(spread) - spread / 2;

            logits[i] = (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
        }
        check(logits, n);
    }
}

/* Every distance between two labels, so all entries of both tables of the exponential. */
static void test_every_distance(void **unused) {
    (void)unused;
    for (int d = 0; d <= 65535; d++)
        check((int16_t[]){INT16_MAX, (int16_t)(INT16_MAX - d)}, 2);
}

static void test_extremes(void **unused) {
    int16_t logits[64], out[64];

    (void)unused;
    for (size_t n = 1; n <= 64; n++) { /* equal logits: every value of the sum's integer part */
        for (size_t i = 0; i < n; i++)
            logits[i] = n % 2 ? INT16_MAX : INT16_MIN;
        check(logits, n);
    }
    nn_log_softmax(out, (int16_t[]){-5}, 1);
    assert_int_equal(out[0], 0);
    logits[0] = INT16_MAX;
    logits[1] = INT16_MIN;
    nn_log_softmax(logits, logits, 2); /* in place */
    assert_int_equal(logits[0], 0);
    assert_int_equal(logits[1], INT16_MIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_every_distance),
        cmocka_unit_test(test_extremes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
