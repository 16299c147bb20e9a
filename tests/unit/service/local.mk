# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/service/test_commands
TESTS += tests/unit/service/test_commands
tests_unit_service_test_commands_SOURCES = tests/unit/service/test_commands.c tests/unit/engine/ready.c tests/unit/engine/ready.h
tests_unit_service_test_commands_CPPFLAGS = $(engine_test_cppflags) -D_GNU_SOURCE $(SYSTEMD_CFLAGS)
tests_unit_service_test_commands_LDADD = $(service_libs) $(CMOCKA_LIBS)
