# SPDX-License-Identifier: Apache-2.0
bridge_tests = tests/unit/bridge/test_home tests/unit/bridge/test_home_lists tests/unit/bridge/test_home_talk \
    tests/unit/bridge/test_home_url tests/unit/bridge/test_log tests/unit/bridge/test_secret tests/unit/bridge/test_wire
bridge_test_cppflags = $(AM_CPPFLAGS) -D_GNU_SOURCE $(CMOCKA_CFLAGS) $(JSON_CFLAGS) $(SYSTEMD_CFLAGS)
bridge_test_ldadd = $(bridge_libs) $(CMOCKA_LIBS) $(JSON_LIBS)
tests_unit_bridge_test_home_SOURCES = tests/unit/bridge/test_home.c
tests_unit_bridge_test_home_CPPFLAGS = $(bridge_test_cppflags)
tests_unit_bridge_test_home_LDADD = $(bridge_test_ldadd)
tests_unit_bridge_test_home_lists_SOURCES = tests/unit/bridge/test_home_lists.c
tests_unit_bridge_test_home_lists_CPPFLAGS = $(bridge_test_cppflags)
tests_unit_bridge_test_home_lists_LDADD = $(bridge_test_ldadd)
tests_unit_bridge_test_home_talk_SOURCES = tests/unit/bridge/test_home_talk.c
tests_unit_bridge_test_home_talk_CPPFLAGS = $(bridge_test_cppflags)
tests_unit_bridge_test_home_talk_LDADD = $(bridge_test_ldadd)
tests_unit_bridge_test_home_url_SOURCES = tests/unit/bridge/test_home_url.c
tests_unit_bridge_test_home_url_CPPFLAGS = $(bridge_test_cppflags)
tests_unit_bridge_test_home_url_LDADD = $(bridge_test_ldadd)
tests_unit_bridge_test_log_SOURCES = tests/unit/bridge/test_log.c
tests_unit_bridge_test_log_CPPFLAGS = $(bridge_test_cppflags)
tests_unit_bridge_test_log_LDADD = $(bridge_test_ldadd)
tests_unit_bridge_test_secret_SOURCES = tests/unit/bridge/test_secret.c
tests_unit_bridge_test_secret_CPPFLAGS = $(bridge_test_cppflags)
tests_unit_bridge_test_secret_LDADD = $(bridge_test_ldadd)
tests_unit_bridge_test_wire_SOURCES = tests/unit/bridge/test_wire.c
tests_unit_bridge_test_wire_CPPFLAGS = $(bridge_test_cppflags)
tests_unit_bridge_test_wire_LDADD = $(bridge_test_ldadd)
if MQTT
bridge_tests += tests/unit/bridge/test_hermes
tests_unit_bridge_test_hermes_SOURCES = tests/unit/bridge/test_hermes.c
tests_unit_bridge_test_hermes_CPPFLAGS = $(bridge_test_cppflags)
tests_unit_bridge_test_hermes_LDADD = $(bridge_test_ldadd)
endif
check_PROGRAMS += $(bridge_tests)
TESTS += $(bridge_tests)
