# SPDX-License-Identifier: Apache-2.0
bridge_tests = tests/unit/bridge/test_home_lists tests/unit/bridge/test_wire
check_PROGRAMS += $(bridge_tests)
TESTS += $(bridge_tests)
tests_unit_bridge_test_wire_SOURCES = tests/unit/bridge/test_wire.c
tests_unit_bridge_test_wire_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JSON_CFLAGS)
tests_unit_bridge_test_wire_LDADD = $(bridge_libs) $(CMOCKA_LIBS) $(JSON_LIBS)
tests_unit_bridge_test_home_lists_SOURCES = tests/unit/bridge/test_home_lists.c
tests_unit_bridge_test_home_lists_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JSON_CFLAGS)
tests_unit_bridge_test_home_lists_LDADD = $(bridge_libs) $(CMOCKA_LIBS) $(JSON_LIBS)
