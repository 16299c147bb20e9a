# SPDX-License-Identifier: Apache-2.0
# Counts allocations and system calls, see tests/unit/calls.h.
calls_sources = tests/unit/calls.c tests/unit/calls.h
calls_wrap = -Wl,--wrap=pthread_mutex_lock -Wl,--wrap=open -Wl,--wrap=read -Wl,--wrap=write

engine_tests = tests/unit/engine/test_budget tests/unit/engine/test_event tests/unit/engine/test_grammar tests/unit/engine/test_home \
    tests/unit/engine/test_house tests/unit/engine/test_language tests/unit/engine/test_memory tests/unit/engine/test_model \
    tests/unit/engine/test_options tests/unit/engine/test_segment tests/unit/engine/test_stream tests/unit/engine/test_talk \
    tests/unit/engine/test_wake
check_PROGRAMS += $(engine_tests)
TESTS += $(engine_tests)

engine_test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit -I$(top_srcdir)/tests/unit/engine $(CMOCKA_CFLAGS)
tests_unit_engine_test_budget_SOURCES = tests/unit/engine/test_budget.c tests/unit/engine/ready.c tests/unit/engine/ready.h
tests_unit_engine_test_budget_CPPFLAGS = $(engine_test_cppflags)
tests_unit_engine_test_budget_LDADD = $(engine_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_event_SOURCES = tests/unit/engine/test_event.c tests/unit/engine/ready.c tests/unit/engine/ready.h
tests_unit_engine_test_event_CPPFLAGS = $(engine_test_cppflags)
tests_unit_engine_test_event_LDADD = $(engine_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_grammar_SOURCES = tests/unit/engine/test_grammar.c
tests_unit_engine_test_grammar_CPPFLAGS = $(engine_test_cppflags)
tests_unit_engine_test_grammar_LDADD = $(engine_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_home_SOURCES = tests/unit/engine/test_home.c tests/unit/engine/ready.c tests/unit/engine/ready.h \
    tests/unit/grammar/walk.h
tests_unit_engine_test_home_CPPFLAGS = $(engine_test_cppflags)
tests_unit_engine_test_home_LDADD = $(engine_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_house_SOURCES = tests/unit/engine/test_house.c tests/unit/engine/ready.c tests/unit/engine/ready.h \
    tests/unit/grammar/walk.h
tests_unit_engine_test_house_CPPFLAGS = $(engine_test_cppflags)
tests_unit_engine_test_house_LDADD = $(engine_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_language_SOURCES = tests/unit/engine/test_language.c tests/unit/engine/ready.c tests/unit/engine/ready.h \
    src/lexicon/compile.c src/lexicon/compile.h
tests_unit_engine_test_language_CPPFLAGS = $(engine_test_cppflags)
tests_unit_engine_test_language_LDADD = $(engine_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_memory_SOURCES = tests/unit/engine/test_memory.c tests/unit/engine/ready.c tests/unit/engine/ready.h \
    $(calls_sources)
tests_unit_engine_test_memory_CPPFLAGS = $(engine_test_cppflags) -D_GNU_SOURCE
tests_unit_engine_test_memory_LDFLAGS = $(AM_LDFLAGS) $(calls_wrap)
tests_unit_engine_test_memory_LDADD = $(engine_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_model_SOURCES = tests/unit/engine/test_model.c
tests_unit_engine_test_model_CPPFLAGS = $(engine_test_cppflags)
tests_unit_engine_test_model_LDADD = $(engine_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_wake_SOURCES = tests/unit/engine/test_wake.c tests/unit/german.h tests/unit/engine/ready.c tests/unit/engine/ready.h \
    $(calls_sources)
tests_unit_engine_test_wake_CPPFLAGS = $(engine_test_cppflags)
tests_unit_engine_test_wake_LDFLAGS = $(AM_LDFLAGS) $(calls_wrap)
tests_unit_engine_test_wake_LDADD = $(engine_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_stream_SOURCES = tests/unit/engine/test_stream.c tests/unit/engine/ready.c tests/unit/engine/ready.h \
    $(calls_sources)
tests_unit_engine_test_stream_CPPFLAGS = $(engine_test_cppflags)
tests_unit_engine_test_stream_LDFLAGS = $(AM_LDFLAGS) $(calls_wrap)
tests_unit_engine_test_stream_LDADD = $(engine_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_options_SOURCES = tests/unit/engine/test_options.c tests/unit/engine/ready.c tests/unit/engine/ready.h
tests_unit_engine_test_options_CPPFLAGS = $(engine_test_cppflags)
tests_unit_engine_test_options_LDADD = $(engine_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_segment_SOURCES = tests/unit/engine/test_segment.c
tests_unit_engine_test_segment_CPPFLAGS = $(engine_test_cppflags)
tests_unit_engine_test_segment_LDADD = $(engine_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_talk_SOURCES = tests/unit/engine/test_talk.c tests/unit/engine/ready.c tests/unit/engine/ready.h
tests_unit_engine_test_talk_CPPFLAGS = $(engine_test_cppflags)
tests_unit_engine_test_talk_LDADD = $(engine_libs) $(CMOCKA_LIBS)
