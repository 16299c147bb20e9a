# SPDX-License-Identifier: Apache-2.0
# A library that makes an allocation fail, and the program that uses it.
check_LTLIBRARIES += tests/faults/fail_allocation.la
tests_faults_fail_allocation_la_SOURCES = tests/faults/fail_allocation.c
tests_faults_fail_allocation_la_CFLAGS = $(AM_CFLAGS) -fno-builtin
tests_faults_fail_allocation_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere
TESTS += tests/faults/test_faults.sh
dist_check_SCRIPTS += tests/faults/test_faults.sh
EXTRA_DIST += tests/faults/faults
