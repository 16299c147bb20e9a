/* SPDX-License-Identifier: Apache-2.0 */
#include "service/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const known[] = {"Grammar", "Language", "Partial", "OneShot"};

static void test_slips(void **state) {
    (void)state;
    assert_string_equal(service_suggest("Gramar", known, 4), "Grammar");
    assert_string_equal(service_suggest("grammar", known, 4), "Grammar");
    assert_string_equal(service_suggest("Oneshto", known, 4), "OneShot");
}

static void test_others(void **state) {
    (void)state;
    assert_null(service_suggest("Colour", known, 4));
    assert_null(service_suggest("", known, 4));
    assert_null(service_suggest("x", known, 0));
    assert_null(service_suggest("Grammmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmar", known, 4));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_slips), cmocka_unit_test(test_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
