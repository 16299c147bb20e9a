# SPDX-License-Identifier: Apache-2.0
# Front end: the formula in float64, and the exact bits.
check_PROGRAMS += tests/golden/frontend_bits
TESTS += tests/golden/frontend_bits tests/golden/frontend.py
dist_check_SCRIPTS += tests/golden/frontend.py
tests_golden_frontend_bits_SOURCES = tests/golden/frontend_bits.c
tests_golden_frontend_bits_LDADD = $(frontend_libs)
