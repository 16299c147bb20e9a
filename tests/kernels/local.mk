# SPDX-License-Identifier: Apache-2.0
# The kernels against their references, --list for people; and whether that finds the errors that are planted.
check_PROGRAMS += tests/kernels/checkkernels
TESTS += tests/kernels/checkkernels tests/kernels/mutations
tests_kernels_checkkernels_SOURCES = tests/kernels/checkkernels.c tests/kernels/checked_call.h tests/kernels/tables.h
tests_kernels_checkkernels_LDADD = $(nn_libs) $(frontend_libs)
dist_check_SCRIPTS += tests/kernels/mutations
EXTRA_DIST += tests/kernels/mutations.txt
