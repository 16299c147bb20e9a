/* SPDX-License-Identifier: Apache-2.0 */
/* Tests grammar/normal.h with examples, and with every character. */
#include "grammar/normal.h"

#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *composed(const char *text) {
    static char out[512];
    uint32_t chars[512];
    size_t n = 0, len = 0;
    for (const char *at = text, *end = text + strlen(text); at < end;)
        chars[n++] = base_utf8_next(&at, end);
    n = grammar_compose(chars, n);
    for (size_t i = 0; i < n; i++)
        len += base_utf8_put(chars[i], out + len);
    out[len] = '\0';
    return out;
}

static const char *folded(const char *text) {
    static char out[512];
    size_t len = 0;
    for (const char *at = text, *end = text + strlen(text); at < end;) {
        uint32_t to[GRAMMAR_LONGEST_FOLD];
        size_t n = grammar_fold_whole(base_utf8_next(&at, end), to);
        for (size_t i = 0; i < n; i++)
            len += base_utf8_put(to[i], out + len);
    }
    out[len] = '\0';
    return out;
}

static void test_compose(void **unused) {
    static const char *const pairs[][2] = {
        {"plain \u00e9", "plain \u00e9"},
        {"e\u0301", "\u00e9"},
        {"a\u0323\u0302 a\u0302\u0323 \u1ea1\u0302", "\u1ead \u1ead \u1ead"}, /* Vietnamese, in any order of marks */
        {"\u1112\u1161\u11ab\u1100\u1173\u11af", "\ud55c\uae00"},             /* Hangul */
        {"\uac00\u11a8", "\uac01"},
        {"\u0958", "\u0915\u093c"},    /* Devanagari: composed by none */
        {"\u09c7\u09be", "\u09cb"},    /* Bengali, two halves of a vowel */
        {"\u037e \u212b", "; \u00c5"}, /* the Greek question mark, the sign of an angstrom */
        {"\u0627\u0653", "\u0622"},
        {"\uff76\uff9e\uff72", "\u30ac\u30a4"}, /* half-width kana */
        {"i\u0307\u0301", "i\u0307\u0301"},
        {"\u0301e", "\u0301e"},
        {"", ""},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_string_equal(composed(pairs[i][0]), pairs[i][1]);
}

static void test_fold(void **unused) {
    static const char *const pairs[][2] = {
        {"Stra\u00dfe STRA\u1e9eE", "strasse strasse"},
        {"\u03a3\u03c2", "\u03c3\u03c3"},
        {"I\u0130\u0131i", "iiii"},
        {"\u1c93", "\u10d3"},                                 /* Georgian capitals */
        {"\u0587 \u0535\u0552", "\u0565\u0582 \u0565\u0582"}, /* an Armenian ligature */
        {"\u01c4 \u01c9", "d\u017e lj"},                      /* Serbian digraphs */
        {"\ufb01n", "fin"},
        {"\uff21\uff42\uff11\uff05", "ab1%"},
        {"\u0967\u0968 \u06f3\u0664 \u0e55 \u0be6", "12 34 5 0"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_string_equal(folded(pairs[i][0]), pairs[i][1]);
    for (uint32_t c = 0; c <= 0x10ffff; c++) { /* folds no further */
        uint32_t once[GRAMMAR_LONGEST_FOLD], twice[GRAMMAR_LONGEST_FOLD];
        size_t n = grammar_fold_whole(c, once);
        for (size_t i = 0; i < n; i++)
            if (grammar_fold_whole(once[i], twice) != 1 || twice[0] != once[i])
                fail_msg("U+%04X folds to U+%04X, which folds further", c, once[i]);
    }
}

static void test_digits(void **unused) {
    unsigned n = 0;
    (void)unused;
    for (uint32_t c = 0; c <= 0x10ffff; c++)
        n += grammar_digit_value(c) >= 0;
    assert_true(n >= 680 && n % 10 == 0); /* the characters of class Nd of Unicode 15 */
    assert_int_equal(grammar_digit_value(0x66f), -1);
    assert_int_equal(grammar_digit_value(0x96e), 8);
}

/* Whatever is put together is the same when it is put together again. */
static void test_every_character(void **unused) {
    (void)unused;
    for (uint32_t c = 1; c <= 0x10ffff; c++) {
        uint32_t chars[2 * GRAMMAR_COMPOSE_GROWTH * GRAMMAR_COMPOSE_GROWTH] = {c, 0x301},
                                                    again[2 * GRAMMAR_COMPOSE_GROWTH * GRAMMAR_COMPOSE_GROWTH];
        size_t n = grammar_compose(chars, 2);
        memcpy(again, chars, sizeof again);
        assert_true(n >= 1 && n <= 2 * GRAMMAR_COMPOSE_GROWTH);
        assert_int_equal(grammar_compose(again, n), n);
        assert_memory_equal(again, chars, n * sizeof *again);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compose),
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_every_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
