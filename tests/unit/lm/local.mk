# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/lm/test_lm
TESTS += tests/unit/lm/test_lm
tests_unit_lm_test_lm_SOURCES = tests/unit/lm/test_lm.c
tests_unit_lm_test_lm_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_lm_test_lm_LDADD = libtragus_lmtrain.la $(lm_libs) $(CMOCKA_LIBS) -lm
