# SPDX-License-Identifier: Apache-2.0
base_tests = \
    tests/unit/base/test_arena \
    tests/unit/base/test_budget \
    tests/unit/base/test_buffer \
    tests/unit/base/test_closer \
    tests/unit/base/test_cpu \
    tests/unit/base/test_crc32c \
    tests/unit/base/test_descriptor \
    tests/unit/base/test_error \
    tests/unit/base/test_fixed \
    tests/unit/base/test_ring \
    tests/unit/base/test_suggest \
    tests/unit/base/test_utf8 \
    tests/unit/base/test_wake
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)

tests_unit_base_test_arena_SOURCES = tests/unit/base/test_arena.c tests/unit/base/dies.h
tests_unit_base_test_arena_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(srcdir)/tests/unit/base
tests_unit_base_test_arena_LDADD = $(base_libs) $(CMOCKA_LIBS)

tests_unit_base_test_budget_SOURCES = tests/unit/base/test_budget.c
tests_unit_base_test_budget_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_budget_LDADD = $(base_libs) $(CMOCKA_LIBS)

tests_unit_base_test_buffer_SOURCES = tests/unit/base/test_buffer.c
tests_unit_base_test_buffer_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_buffer_LDADD = $(base_libs) $(CMOCKA_LIBS)

lingering = tests/unit/lingering.c tests/unit/lingering.h
tests_unit_base_test_closer_SOURCES = tests/unit/base/test_closer.c $(lingering)
tests_unit_base_test_closer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit $(CMOCKA_CFLAGS) -D_GNU_SOURCE
tests_unit_base_test_closer_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_base_test_cpu_SOURCES = tests/unit/base/test_cpu.c
tests_unit_base_test_cpu_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_cpu_LDADD = $(base_libs) $(CMOCKA_LIBS)

tests_unit_base_test_crc32c_SOURCES = tests/unit/base/test_crc32c.c
tests_unit_base_test_crc32c_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_crc32c_LDADD = $(base_libs) $(CMOCKA_LIBS)

tests_unit_base_test_descriptor_SOURCES = tests/unit/base/test_descriptor.c
tests_unit_base_test_descriptor_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -D_GNU_SOURCE
tests_unit_base_test_descriptor_LDADD = $(base_libs) $(CMOCKA_LIBS)

tests_unit_base_test_error_SOURCES = tests/unit/base/test_error.c
tests_unit_base_test_error_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_error_LDADD = $(base_libs) $(CMOCKA_LIBS)

tests_unit_base_test_fixed_SOURCES = tests/unit/base/test_fixed.c
tests_unit_base_test_fixed_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_fixed_LDADD = $(base_libs) $(CMOCKA_LIBS)


tests_unit_base_test_ring_SOURCES = tests/unit/base/test_ring.c
tests_unit_base_test_ring_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_ring_LDADD = $(base_libs) $(CMOCKA_LIBS)

tests_unit_base_test_suggest_SOURCES = tests/unit/base/test_suggest.c
tests_unit_base_test_suggest_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_suggest_LDADD = $(base_libs) $(CMOCKA_LIBS)

tests_unit_base_test_utf8_SOURCES = tests/unit/base/test_utf8.c
tests_unit_base_test_utf8_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_test_utf8_LDADD = $(base_libs) $(CMOCKA_LIBS)

tests_unit_base_test_wake_SOURCES = tests/unit/base/test_wake.c
tests_unit_base_test_wake_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(CMOCKA_CFLAGS)
tests_unit_base_test_wake_LDADD = $(base_libs) $(CMOCKA_LIBS)
