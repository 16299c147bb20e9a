# SPDX-License-Identifier: Apache-2.0
bus_tests = \
    tests/unit/bus/test_bus \
    tests/unit/bus/test_calls \
    tests/unit/bus/test_limits \
    tests/unit/bus/test_manager1 \
    tests/unit/bus/test_options
check_PROGRAMS += $(bus_tests)
TESTS += $(bus_tests)

# A private bus, with the service and its clients on one event loop.
bus_wire = tests/unit/bus/wire.c tests/unit/bus/wire.h $(service_rig)
bus_test_cppflags = $(service_test_cppflags) -I$(top_srcdir)/tests/unit/service
tests_unit_bus_test_bus_SOURCES = tests/unit/bus/test_bus.c $(bus_wire)
tests_unit_bus_test_bus_CPPFLAGS = $(bus_test_cppflags)
tests_unit_bus_test_bus_LDADD = $(bus_libs) $(CMOCKA_LIBS)
tests_unit_bus_test_calls_SOURCES = tests/unit/bus/test_calls.c $(bus_wire)
tests_unit_bus_test_calls_CPPFLAGS = $(bus_test_cppflags)
tests_unit_bus_test_calls_LDADD = $(bus_libs) $(CMOCKA_LIBS)
tests_unit_bus_test_limits_SOURCES = tests/unit/bus/test_limits.c $(bus_wire)
tests_unit_bus_test_limits_CPPFLAGS = $(bus_test_cppflags)
tests_unit_bus_test_limits_LDADD = $(bus_libs) $(CMOCKA_LIBS)
tests_unit_bus_test_manager1_SOURCES = tests/unit/bus/test_manager1.c $(bus_wire)
tests_unit_bus_test_manager1_CPPFLAGS = $(bus_test_cppflags)
tests_unit_bus_test_manager1_LDADD = $(bus_libs) $(CMOCKA_LIBS)
tests_unit_bus_test_options_SOURCES = tests/unit/bus/test_options.c $(bus_wire)
tests_unit_bus_test_options_CPPFLAGS = $(bus_test_cppflags)
tests_unit_bus_test_options_LDADD = $(bus_libs) $(CMOCKA_LIBS)
