# SPDX-License-Identifier: Apache-2.0
daemon_tests = tests/unit/daemon/test_config tests/unit/daemon/test_close tests/unit/daemon/test_run
check_PROGRAMS += $(daemon_tests)
TESTS += $(daemon_tests)
tests_unit_daemon_test_config_SOURCES = tests/unit/daemon/test_config.c $(service_rig)
tests_unit_daemon_test_config_CPPFLAGS = $(bus_test_cppflags)
tests_unit_daemon_test_config_LDADD = $(daemon_libs) $(CMOCKA_LIBS)
tests_unit_daemon_test_run_SOURCES = tests/unit/daemon/test_run.c $(bus_wire)
tests_unit_daemon_test_run_CPPFLAGS = $(bus_test_cppflags) -I$(top_srcdir)/tests/unit/bus
tests_unit_daemon_test_run_LDADD = $(daemon_libs) $(CMOCKA_LIBS)
tests_unit_daemon_test_close_SOURCES = tests/unit/daemon/test_close.c tests/unit/daemon/silent_file.c tests/unit/daemon/silent_file.h $(lingering) $(bus_wire)
tests_unit_daemon_test_close_CPPFLAGS = $(bus_test_cppflags) -D_GNU_SOURCE -I$(top_srcdir)/tests/unit/bus
tests_unit_daemon_test_close_LDADD = $(daemon_libs) $(CMOCKA_LIBS)
