# SPDX-License-Identifier: Apache-2.0
grammar_tests = \
    tests/unit/grammar/test_acceptor \
    tests/unit/grammar/test_budget \
    tests/unit/grammar/test_diagnostics \
    tests/unit/grammar/test_ini \
    tests/unit/grammar/test_jsgf \
    tests/unit/grammar/test_match \
    tests/unit/grammar/test_phrases \
    tests/unit/grammar/test_rhino \
    tests/unit/grammar/test_normal \
    tests/unit/grammar/test_scripts \
    tests/unit/grammar/test_signs \
    tests/unit/grammar/test_template \
    tests/unit/grammar/test_variants
check_PROGRAMS += $(grammar_tests) tests/unit/grammar/say_numbers
TESTS += $(grammar_tests) tests/unit/grammar/test_numbers.py
dist_check_SCRIPTS += tests/unit/grammar/test_numbers.py

tests_unit_grammar_test_acceptor_SOURCES = tests/unit/grammar/test_acceptor.c tests/unit/grammar/builder.h tests/unit/grammar/make.h tests/unit/grammar/walk.h
tests_unit_grammar_test_acceptor_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_acceptor_LDADD = $(grammar_libs) $(CMOCKA_LIBS)

tests_unit_grammar_test_budget_SOURCES = tests/unit/grammar/test_budget.c tests/unit/grammar/builder.h tests/unit/grammar/make.h
tests_unit_grammar_test_budget_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_budget_LDADD = $(grammar_libs) $(CMOCKA_LIBS)

tests_unit_grammar_test_diagnostics_SOURCES = tests/unit/grammar/test_diagnostics.c tests/unit/grammar/builder.h tests/unit/grammar/make.h
tests_unit_grammar_test_diagnostics_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_diagnostics_LDADD = $(grammar_libs) $(CMOCKA_LIBS)

tests_unit_grammar_test_ini_SOURCES = tests/unit/grammar/test_ini.c tests/unit/grammar/builder.h tests/unit/grammar/dialect.h tests/unit/grammar/make.h
tests_unit_grammar_test_ini_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_ini_LDADD = $(grammar_libs) $(CMOCKA_LIBS)

tests_unit_grammar_test_jsgf_SOURCES = tests/unit/grammar/test_jsgf.c tests/unit/grammar/builder.h tests/unit/grammar/dialect.h tests/unit/grammar/make.h
tests_unit_grammar_test_jsgf_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_jsgf_LDADD = $(grammar_libs) $(CMOCKA_LIBS)

tests_unit_grammar_test_phrases_SOURCES = tests/unit/grammar/test_phrases.c tests/unit/grammar/builder.h tests/unit/grammar/dialect.h tests/unit/grammar/make.h
tests_unit_grammar_test_phrases_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_phrases_LDADD = $(grammar_libs) $(CMOCKA_LIBS)

tests_unit_grammar_test_rhino_SOURCES = tests/unit/grammar/test_rhino.c tests/unit/grammar/builder.h tests/unit/grammar/dialect.h tests/unit/grammar/make.h
tests_unit_grammar_test_rhino_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_rhino_LDADD = $(grammar_libs) $(CMOCKA_LIBS)

tests_unit_grammar_test_match_SOURCES = tests/unit/grammar/test_match.c tests/unit/german.h tests/unit/grammar/builder.h tests/unit/grammar/make.h
tests_unit_grammar_test_match_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_match_LDADD = $(grammar_libs) $(CMOCKA_LIBS)

tests_unit_grammar_test_normal_SOURCES = tests/unit/grammar/test_normal.c
tests_unit_grammar_test_normal_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_normal_LDADD = $(grammar_libs) $(CMOCKA_LIBS)
tests_unit_grammar_test_scripts_SOURCES = tests/unit/grammar/test_scripts.c tests/unit/grammar/builder.h tests/unit/grammar/make.h
tests_unit_grammar_test_scripts_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_scripts_LDADD = $(grammar_libs) $(CMOCKA_LIBS)

tests_unit_grammar_test_signs_SOURCES = tests/unit/grammar/test_signs.c tests/unit/grammar/builder.h tests/unit/grammar/make.h tests/unit/grammar/walk.h
tests_unit_grammar_test_signs_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_signs_LDADD = $(grammar_libs) $(CMOCKA_LIBS)

tests_unit_grammar_test_template_SOURCES = tests/unit/grammar/test_template.c tests/unit/grammar/builder.h tests/unit/grammar/make.h
tests_unit_grammar_test_template_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_template_LDADD = $(grammar_libs) $(CMOCKA_LIBS)

tests_unit_grammar_say_numbers_SOURCES = tests/unit/grammar/say_numbers.c
tests_unit_grammar_say_numbers_LDADD = $(grammar_libs)

tests_unit_grammar_test_variants_SOURCES = tests/unit/grammar/test_variants.c tests/unit/grammar/builder.h tests/unit/grammar/make.h
tests_unit_grammar_test_variants_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_grammar_test_variants_LDADD = $(grammar_libs) $(CMOCKA_LIBS)

# Reads JSON, so it needs json-c.
if PROGRAMS
home_assistant_tests = tests/unit/grammar/test_home_assistant tests/unit/grammar/test_home_assistant_own
check_PROGRAMS += $(home_assistant_tests)
TESTS += $(home_assistant_tests)

tests_unit_grammar_test_home_assistant_SOURCES = tests/unit/grammar/test_home_assistant.c tests/unit/grammar/builder.h \
    tests/unit/grammar/home_assistant.h tests/unit/grammar/walk.h
tests_unit_grammar_test_home_assistant_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JSON_CFLAGS)
tests_unit_grammar_test_home_assistant_LDADD = $(grammar_libs) $(CMOCKA_LIBS) $(JSON_LIBS)

tests_unit_grammar_test_home_assistant_own_SOURCES = tests/unit/grammar/test_home_assistant_own.c tests/unit/grammar/builder.h \
    tests/unit/grammar/home_assistant.h tests/unit/grammar/walk.h
tests_unit_grammar_test_home_assistant_own_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JSON_CFLAGS)
tests_unit_grammar_test_home_assistant_own_LDADD = $(grammar_libs) $(CMOCKA_LIBS) $(JSON_LIBS)
endif PROGRAMS
