/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that errors contain code, position and message, and that long ones are cut between characters. */
#include "base/error.h"

#include "base/utf8.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_set_and_format(void **unused) {
    (void)unused;
    tragus_error e;
    char out[512];
    assert_int_equal(base_error_set(&e, -EINVAL, "wrong %s", "thing"), -EINVAL);
    assert_int_equal(e.code, -EINVAL);
    assert_string_equal(base_error_format(&e, out, sizeof out), "wrong thing");
    assert_int_equal(base_error_at(&e, -ENOENT, "a.yaml", 12, 18, "no list"), -ENOENT);
    assert_string_equal(base_error_format(&e, out, sizeof out), "a.yaml:12:18: no list");
    base_error_at(&e, -ENOENT, "a.yaml", 12, 0, "no list");
    assert_string_equal(base_error_format(&e, out, sizeof out), "a.yaml:12: no list");
    base_error_at(&e, -ENOENT, "a.yaml", 0, 0, "no list");
    assert_string_equal(base_error_format(&e, out, sizeof out), "a.yaml: no list");
    assert_string_equal(base_error_format(&e, out, 5), "a.ya");
    base_error_at(&e, -ENOENT, NULL, 0, 0, "no list");
    assert_string_equal(base_error_format(&e, out, sizeof out), "no list");
    assert_int_equal(base_error_set(NULL, -EIO, "nobody listens"), -EIO);
}

static void test_own_text_as_argument(void **unused) {
    (void)unused;
    tragus_error e;
    base_error_set(&e, -EIO, "inner");
    base_error_at(&e, -EIO, "f", 0, 0, "outer: %s", e.text);
    assert_string_equal(e.text, "outer: inner");
}

static void test_long_text(void **unused) {
    (void)unused;
    tragus_error e;
    char text[400];
    /* Each start moves the end to another position in a three-byte character. */
    for (size_t n_ascii = 0; n_ascii < 3; n_ascii++) {
        memset(text, 'a', n_ascii);
        text[n_ascii] = '\0';
        for (int i = 0; i < 100; i++)
            strcat(text, "\u20ac");
        base_error_set(&e, -EIO, "%s", text);
        assert_in_range(strlen(e.text), 253, 255);
        assert_true(base_utf8_valid(e.text, strlen(e.text)));
        assert_memory_equal(e.text, text, strlen(e.text));
    }
}

static void test_long_path(void **unused) {
    (void)unused;
    tragus_error e;
    char path[301] = "/\u00e4\u00e4/";
    memset(path + strlen(path), 'd', 280);
    strcpy(path + 285, "/name.yaml");
    base_error_at(&e, -EIO, path, 1, 1, "text");
    assert_int_equal(strlen(e.file), 127);
    assert_string_equal(e.file, path + strlen(path) - 127);
    /* If a path is cut inside a character, it begins with the next one. */
    strcpy(path, "x");
    for (int i = 0; i < 80; i++)
        strcat(path, "\u00e4");
    base_error_at(&e, -EIO, path, 1, 1, "text");
    assert_int_equal(strlen(e.file), 126);
    assert_true(base_utf8_valid(e.file, 126));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_and_format),
        cmocka_unit_test(test_own_text_as_argument),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_long_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
