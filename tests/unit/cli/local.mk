# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/cli/test_json tests/unit/cli/test_score
TESTS += tests/unit/cli/test_json tests/unit/cli/test_score tests/unit/cli/commands tests/unit/cli/completions tests/unit/cli/numbers
dist_check_SCRIPTS += tests/unit/cli/commands tests/unit/cli/completions tests/unit/cli/numbers
EXTRA_DIST += tests/unit/cli/zsh_offers.py
tests_unit_cli_test_score_SOURCES = tests/unit/cli/test_score.c
tests_unit_cli_test_score_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_cli_test_score_LDADD = $(cli_libs) $(CMOCKA_LIBS)
tests_unit_cli_test_json_SOURCES = tests/unit/cli/test_json.c
tests_unit_cli_test_json_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_cli_test_json_LDADD = $(cli_libs) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/cli/test_levels
TESTS += tests/unit/cli/test_levels
tests_unit_cli_test_levels_SOURCES = tests/unit/cli/test_levels.c
tests_unit_cli_test_levels_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_cli_test_levels_LDADD = $(cli_libs) $(CMOCKA_LIBS) -lm
