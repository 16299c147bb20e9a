/* SPDX-License-Identifier: Apache-2.0 */
/* Tests UTF-8: encoding and decoding of every character, rejection of every wrong form without losing synchronisation, and
 * folding. */
#include "base/utf8.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_every_character(void **unused) {
    (void)unused;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        if (c >= 0xd800 && c <= 0xdfff)
            continue;
        char bytes[4];
        size_t n = base_utf8_put(c, bytes);
        const char *text = bytes;
        /* Plain comparisons first: a million cmocka assertions take long. */
        if (base_utf8_next(&text, bytes + n) != c || text != bytes + n || !base_utf8_valid(bytes, n) ||
            base_utf8_valid(bytes, n - 1) != (n == 1))
            fail_msg("U+%04X does not come back", c);
    }
}

static void test_wrong_forms(void **unused) {
    (void)unused;
    static const char *const wrong[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2\x41",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xe2\x82",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xfe\xfe",
        "\xe2\x28\xa1",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *text = wrong[i], *end = wrong[i] + strlen(wrong[i]);
        assert_false(base_utf8_valid(text, strlen(text)));
        assert_int_equal(base_utf8_next(&text, end), 0xfffd);
        assert_ptr_equal(text, wrong[i] + 1);
        while (text < end)
            base_utf8_next(&text, end);
        assert_ptr_equal(text, end);
    }
    /* Does not read beyond end, although the next byte would complete the character. */
    const char *text = "\xe2\x82\xac";
    assert_int_equal(base_utf8_next(&text, text + 2), 0xfffd);
    char bytes[4];
    assert_int_equal(base_utf8_put(0xd800, bytes), 3);
    assert_memory_equal(bytes, "\xef\xbf\xbd", 3);
    assert_int_equal(base_utf8_put(0x110000, bytes), 3);
}

static void test_fold(void **unused) {
    (void)unused;
    static const uint32_t pairs[][2] = {
        {'A', 'a'},
        {'z', 'z'},
        {'[', '['},
        {'1', '1'},
        {0xc4, 0xe4},
        {0xd7, 0xd7} /* times sign */,
        {0xdf, 0xdf},
        {0xde, 0xfe},
        {0xb5, 0x3bc},
        {0x100, 0x101},
        {0x101, 0x101},
        {0x130, 0x130},
        {0x178, 0xff},
        {0x17f, 's'},
        {0x1e9e, 0xdf},
        {0x391, 0x3b1},
        {0x3c2, 0x3c3} /* final sigma */,
        {0x3a9, 0x3c9},
        {0x410, 0x430},
        {0x401, 0x451},
        {0x42f, 0x44f},
        {0x1f88, 0x1f80},
        {0x212a, 'k'},
        {0x2126, 0x3c9},
        {0xff21, 0xff41},
        {0x10400, 0x10428},
        {0x10ffff, 0x10ffff},
        {0x80, 0x80},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(base_utf8_fold(pairs[i][0]), pairs[i][1]);
    /* Folding is idempotent. */
    for (uint32_t c = 0; c <= 0x10ffff; c++)
        if (base_utf8_fold(base_utf8_fold(c)) != base_utf8_fold(c))
            fail_msg("U+%04X folds further", c);
}

static void test_space(void **unused) {
    (void)unused;
    unsigned n = 0;
    for (uint32_t c = 0; c <= 0x10ffff; c++)
        n += base_utf8_is_space(c);
    assert_int_equal(n, 25); /* as many as in PropList.txt */
    assert_true(base_utf8_is_space(' ') && base_utf8_is_space('\t') && base_utf8_is_space(0xa0) && base_utf8_is_space(0x3000));
    assert_false(base_utf8_is_space('a') || base_utf8_is_space(0x200b) || base_utf8_is_space(0xfeff));
}

static void test_mend(void **unused) {
    static const char *const pairs[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"gr\xc3\xbcn", "gr\xc3\xbcn"},
        {"cut \xc3", "cut "},
        {"cut \xe2\x82\"", "cut \""},
        {"\xf0\x9f\x98", ""},
        {"\xff\x80stray\xed\xa0\x80", "stray"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char text[32];
        strcpy(text, pairs[i][0]);
        base_utf8_mend(text);
        assert_string_equal(text, pairs[i][1]);
    }
}

static void test_hide_controls(void **unused) {
    char text[] = "a\n<0>b\x1b[31m\xc2\x9b\x7f caf\xc3\xa9 \xc2\xa0\xf0\x9f\x98\x80\t";
    (void)unused;
    base_utf8_hide_controls(text);
    assert_string_equal(text, "a?<0>b?[31m?? caf\xc3\xa9 \xc2\xa0\xf0\x9f\x98\x80?");
}

static void test_format(void **unused) {
    char text[8];
    (void)unused;
    for (size_t size = 1; size <= sizeof text; size++) {
        base_utf8_format(text, size, "%s", "\xf0\x9f\x98\x80\xe2\x82\xac");
        assert_true(base_utf8_valid(text, strlen(text)));
        assert_int_equal(strlen(text), size <= 4 ? 0 : size <= 7 ? 4 : 7);
    }
    assert_string_equal(base_utf8_format(text, sizeof text, "\"%.2s\"", "\xe2\x82\xac"), "\"\"");
    assert_string_equal(base_utf8_format(text, sizeof text, "\"%.3s\"", "\xe2\x82\xac"), "\"\xe2\x82\xac\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_character), cmocka_unit_test(test_wrong_forms), cmocka_unit_test(test_fold),
        cmocka_unit_test(test_space),           cmocka_unit_test(test_mend),        cmocka_unit_test(test_hide_controls),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
