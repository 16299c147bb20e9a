/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the one rounding: halves go up, on both sides of zero, at every shift and at the ends of the range. */
#include "base/fixed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_round_shift(void **unused) {
    (void)unused;
    static const struct {
        int64_t value;
        unsigned shift;
        int64_t expected;
    } cases[] = {
        {5, 0, 5},
        {-5, 0, -5},
        {3, 1, 2},
        {-3, 1, -1},
        {1, 1, 1},
        {-1, 1, 0},
        {7, 2, 2},
        {6, 2, 2},
        {5, 2, 1},
        {-6, 2, -1},
        {-7, 2, -2},
        {-5, 2, -1},
        {INT32_MAX, 31, 1},
        {INT32_MIN, 31, -1},
        {INT64_MIN / 2, 62, -1},
        {INT64_C(1) << 61, 62, 1},
        {(INT64_C(1) << 61) - 1, 62, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(base_round_shift(cases[i].value, cases[i].shift), cases[i].expected);
}

static void test_requantise(void **unused) {
    (void)unused;
    /* half = 2^30 / 2^31 */
    const int32_t half = INT32_C(1) << 30;
    assert_int_equal(base_requantise(101, half, 31, -127), 51);
    assert_int_equal(base_requantise(-101, half, 31, -127), -50);
    assert_int_equal(base_requantise(INT32_MAX, INT32_MAX, 1, -127), 127);
    assert_int_equal(base_requantise(INT32_MIN, INT32_MAX, 1, -127), -127);
    assert_int_equal(base_requantise(INT32_MIN, INT32_MAX, 1, 0), 0);
    assert_int_equal(base_requantise(-3, half, 31, 0), 0);
    assert_int_equal(base_requantise(254, half, 31, 0), 127);
    assert_int_equal(base_requantise(255, half, 31, 0), 127);
    /* The largest product, -2^31 * (2^31 - 1), plus half fits in 64 bits at every shift. */
    for (unsigned shift = 1; shift <= 62; shift++) {
        int64_t expected = -(INT64_C(1) << (62 - shift));
        assert_int_equal(base_requantise(INT32_MIN, INT32_MAX, shift, -127), expected < -127 ? -127 : expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_shift),
        cmocka_unit_test(test_requantise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
