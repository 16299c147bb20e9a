/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what counts as a typing error, and which word is suggested. */
#include "base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const known[] = {"Grammar", "Language", "Partial", "OneShot"};

static void test_slips(void **state) {
    (void)state;
    assert_string_equal(base_suggest("Gramar", known, 4), "Grammar");
    assert_string_equal(base_suggest("grammar", known, 4), "Grammar");
    assert_string_equal(base_suggest("Oneshto", known, 4), "OneShot"); /* a transposition is one error */
}

static void test_others(void **state) {
    (void)state;
    assert_null(base_suggest("Colour", known, 4));
    assert_null(base_suggest("Grammar", known, 1)); /* identical, so no suggestion */
    assert_null(base_suggest("", known, 4));
    assert_null(base_suggest("x", known, 0));
    assert_null(base_suggest("Grammmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmar", known, 4));
}

static void test_nearest(void **state) {
    (void)state;
    static const char *const near[] = {"lights", "light", "fight"};
    assert_string_equal(base_suggest("ligth", near, 3), "light");
    assert_string_equal(base_suggest("xight", near, 3), "light"); /* the first of equally near words */
}

static const char *without_first(const void *words, size_t i) {
    return i == 0 ? NULL : ((const char *const *)words)[i];
}

static void test_getter(void **state) {
    (void)state;
    assert_null(base_suggest_from("Gramar", without_first, known, 4));
    assert_string_equal(base_suggest_from("Langage", without_first, known, 4), "Language");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_slips), cmocka_unit_test(test_others), cmocka_unit_test(test_nearest),
                                       cmocka_unit_test(test_getter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
