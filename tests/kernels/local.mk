# SPDX-License-Identifier: Apache-2.0
# The kernels against their references; --bench and --list for people.
check_PROGRAMS += tests/kernels/checkkernels
TESTS += tests/kernels/checkkernels
tests_kernels_checkkernels_SOURCES = tests/kernels/checkkernels.c
tests_kernels_checkkernels_LDADD = $(nn_libs)
