# SPDX-License-Identifier: Apache-2.0
# Counts the instructions that listening takes; ./check also counts those of the builds for arm64 and armhf.
dist_check_SCRIPTS += tests/bench/instructions
EXTRA_DIST += tests/bench/cycles tests/bench/functions tests/bench/instructions.tsv tests/bench/pictures tests/bench/pictures.py tests/bench/wyoming \
    tests/bench/wyoming_times.py tests/bench/wyoming_vosk.mjs
check_LTLIBRARIES += tests/bench/libcount_instructions.la
tests_bench_libcount_instructions_la_SOURCES = tests/bench/count_instructions.c
tests_bench_libcount_instructions_la_CFLAGS = $(AM_CFLAGS) -fvisibility=default
tests_bench_libcount_instructions_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_top_builddir)
TESTS += tests/bench/instructions

# Compares the kernels with other libraries, not a test: make tests/bench/beside.
EXTRA_PROGRAMS += tests/bench/beside
tests_bench_beside_SOURCES = tests/bench/beside.c tests/kernels/tables.h
tests_bench_beside_CPPFLAGS = $(AM_CPPFLAGS) $(BESIDE_CPPFLAGS) $(evex_cppflags)
tests_bench_beside_LDADD = $(evex_libs) $(nn_libs) $(BESIDE_LIBS) -lm
CLEANFILES += tests/bench/beside
