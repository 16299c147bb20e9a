# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/service/test_suggest
TESTS += tests/unit/service/test_suggest
tests_unit_service_test_suggest_SOURCES = tests/unit/service/test_suggest.c
tests_unit_service_test_suggest_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_suggest_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
