/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that a buffer grows as needed, stays terminated, and remembers a failure. */
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_adds(void **unused) {
    (void)unused;
    struct base_buffer b = {0};
    base_buffer_add_text(&b, "");
    assert_string_equal(b.data, "");
    base_buffer_add_text(&b, "one");
    base_buffer_add(&b, " two", 4);
    base_buffer_format(&b, " %d%s", 3, "");
    assert_string_equal(b.data, "one two 3");
    assert_int_equal(b.len_bytes, 9);
    unsigned char *grown = base_buffer_grow(&b, 3);
    assert_non_null(grown);
    assert_memory_equal(grown, "\0\0\0", 3);
    memcpy(grown, "abc", 3);
    assert_string_equal(b.data, "one two 3abc");
    base_buffer_clear(&b);
    assert_int_equal(b.len_bytes, 0);
    assert_string_equal(b.data, "");
    base_buffer_done(&b);
    assert_null(b.data);
    base_buffer_done(NULL);
}

static void test_grows_over_many_sizes(void **unused) {
    (void)unused;
    struct base_buffer b = {0};
    for (unsigned i = 0; i < 20000; i++)
        base_buffer_format(&b, "%05u", i);
    assert_false(b.failed);
    assert_int_equal(b.len_bytes, 100000);
    for (unsigned i = 0; i < 20000; i += 997) {
        char text[6] = {0};
        memcpy(text, b.data + 5 * i, 5);
        assert_int_equal(strtoul(text, NULL, 10), i);
    }
    base_buffer_done(&b);
}

static void test_failure_sticks(void **unused) {
    (void)unused;
    struct base_buffer b = {0};
    base_buffer_add_text(&b, "kept");
    assert_null(base_buffer_grow(&b, SIZE_MAX - 2));
    assert_true(b.failed);
    base_buffer_add_text(&b, "lost");
    base_buffer_format(&b, "%s", "lost");
    assert_string_equal(b.data, "kept");
    base_buffer_clear(&b);
    base_buffer_add_text(&b, "again");
    assert_false(b.failed);
    assert_string_equal(b.data, "again");
    base_buffer_done(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adds),
        cmocka_unit_test(test_grows_over_many_sizes),
        cmocka_unit_test(test_failure_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
