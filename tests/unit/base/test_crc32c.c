/* SPDX-License-Identifier: Apache-2.0 */
/* Tests CRC-32C: the check value, RFC 3720's vectors, and the tables against the definition bit by bit. */
#include "base/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The definition: one bit per iteration. */
static uint32_t crc_by_bits(const unsigned char *p, size_t n) {
    uint32_t r = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        r ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            r = r >> 1 ^ (r & 1 ? 0x82f63b78 : 0);
    }
    return ~r;
}

static void test_vectors(void **unused) {
    (void)unused;
    unsigned char bytes[32];
    assert_int_equal(base_crc32c(0, "", 0), 0);
    assert_int_equal(base_crc32c(0, "123456789", 9), 0xe3069283);
    /* RFC 3720, B.4, as numbers. */
    for (size_t i = 0; i < 32; i++)
        bytes[i] = 0;
    assert_int_equal(base_crc32c(0, bytes, 32), 0x8a9136aa);
    for (size_t i = 0; i < 32; i++)
        bytes[i] = 0xff;
    assert_int_equal(base_crc32c(0, bytes, 32), 0x62a8ab43);
    for (size_t i = 0; i < 32; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(base_crc32c(0, bytes, 32), 0x46dd794e);
}

static void test_against_definition(void **unused) {
    (void)unused;
    unsigned char bytes[100];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(random >> 24);
    }
    /* Every length with each of eight alignments, also in two pieces. */
    for (size_t begin = 0; begin < 8; begin++)
        for (size_t n = 0; n <= sizeof bytes - begin; n++) {
            uint32_t expected = crc_by_bits(bytes + begin, n);
            assert_int_equal(base_crc32c(0, bytes + begin, n), expected);
            size_t cut = n * begin / 8;
            assert_int_equal(base_crc32c(base_crc32c(0, bytes + begin, cut), bytes + begin + cut, n - cut), expected);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_against_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
