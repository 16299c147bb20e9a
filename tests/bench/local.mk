# SPDX-License-Identifier: Apache-2.0
# What listening costs, counted in instructions; ./check counts the build for arm64 too.
dist_check_SCRIPTS += tests/bench/instructions
EXTRA_DIST += tests/bench/cycles tests/bench/instructions.tsv
check_LTLIBRARIES += tests/bench/libcount_instructions.la
tests_bench_libcount_instructions_la_SOURCES = tests/bench/count_instructions.c
tests_bench_libcount_instructions_la_CFLAGS = $(AM_CFLAGS) -fvisibility=default
tests_bench_libcount_instructions_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_top_builddir)
TESTS += tests/bench/instructions
