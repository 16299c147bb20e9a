/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that masks are read and written with the same names, and that the detection agrees with the compiler's. */
#include "base/cpu.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_parse(void **unused) {
    (void)unused;
    uint32_t mask = 7;
    assert_int_equal(base_cpu_parse("none", &mask), 0);
    assert_int_equal(mask, 0);
    assert_int_equal(base_cpu_parse("all", &mask), 0);
    assert_int_equal(mask, UINT32_MAX);
    assert_int_equal(base_cpu_parse("avx2", &mask), 0);
    assert_int_equal(mask, BASE_CPU_AVX2);
    assert_int_equal(base_cpu_parse("neon,dotprod,i8mm", &mask), 0);
    assert_int_equal(mask, BASE_CPU_NEON | BASE_CPU_DOTPROD | BASE_CPU_I8MM);
    static const char *const wrong[] = {"", "avx", "avx22", "avx2,", ",avx2", "avx2 neon", "none,avx2", "AVX2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        mask = 7;
        assert_int_equal(base_cpu_parse(wrong[i], &mask), -EINVAL);
        assert_int_equal(mask, 7);
    }
}

static void test_names(void **unused) {
    (void)unused;
    char out[64], small[8];
    assert_string_equal(base_cpu_names(0, out, sizeof out), "none");
    assert_string_equal(base_cpu_names(BASE_CPU_AVX2 | BASE_CPU_AVXVNNI, out, sizeof out), "avx2,avxvnni");
    base_cpu_names(UINT32_MAX, small, sizeof small);
    assert_int_equal(strlen(small), sizeof small - 1);
    uint32_t mask;
    assert_int_equal(base_cpu_parse(base_cpu_names(UINT32_MAX, out, sizeof out), &mask), 0);
    assert_int_equal(mask,
                     BASE_CPU_AVX2 | BASE_CPU_AVX512VNNI | BASE_CPU_AVXVNNI | BASE_CPU_NEON | BASE_CPU_DOTPROD | BASE_CPU_I8MM);
}

static void test_detect(void **unused) {
    (void)unused;
    uint32_t flags = base_cpu_detect();
#if defined(__x86_64__)
    assert_int_equal((flags & BASE_CPU_AVX2) != 0, __builtin_cpu_supports("avx2") != 0);
    assert_int_equal((flags & BASE_CPU_AVX512VNNI) != 0, __builtin_cpu_supports("avx512vnni") &&
                                                             __builtin_cpu_supports("avx512bw") &&
                                                             __builtin_cpu_supports("avx512vl"));
    assert_int_equal(flags & ~(uint32_t)(BASE_CPU_AVX2 | BASE_CPU_AVX512VNNI | BASE_CPU_AVXVNNI), 0);
#elif defined(__aarch64__)
    assert_true(flags & BASE_CPU_NEON);
    /* i8mm came two years after the dot product; CPUs with it always have both. */
    assert_true((flags & BASE_CPU_I8MM) == 0 || (flags & BASE_CPU_DOTPROD) != 0);
#else
    assert_int_equal(flags & ~(uint32_t)BASE_CPU_NEON, 0);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_detect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
