# SPDX-License-Identifier: Apache-2.0
# Sentences of users and of Home Assistant, through the programs.
if !CROSS_COMPILING
TESTS += tests/grammar/test_home_assistant.sh tests/grammar/test_names.sh tests/grammar/test_read_numbers.py
endif
check_PROGRAMS += tests/grammar/names
tests_grammar_names_SOURCES = tests/grammar/names.c
tests_grammar_names_LDADD = $(engine_libs)
EXTRA_DIST += tests/grammar/hassil_tests.py tests/grammar/home_assistant tests/grammar/names.py tests/grammar/pins.tsv tests/grammar/test_home_assistant.sh tests/grammar/test_names.sh \
    tests/grammar/test_read_numbers.py
