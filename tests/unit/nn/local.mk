# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/nn/test_nn tests/unit/nn/test_logsoftmax tests/unit/nn/run_model tests/unit/nn/run_verifier
TESTS += tests/unit/nn/test_nn tests/unit/nn/test_logsoftmax tests/unit/nn/test_programs.py tests/unit/nn/test_verifier.py
tests_unit_nn_test_nn_SOURCES = tests/unit/nn/test_nn.c
tests_unit_nn_test_nn_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_nn_test_nn_LDADD = $(nn_libs) $(CMOCKA_LIBS)
tests_unit_nn_test_logsoftmax_SOURCES = tests/unit/nn/test_logsoftmax.c
tests_unit_nn_test_logsoftmax_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_nn_test_logsoftmax_LDADD = $(nn_libs) $(CMOCKA_LIBS) -lm
tests_unit_nn_run_model_SOURCES = tests/unit/nn/run_model.c
tests_unit_nn_run_model_LDADD = $(nn_libs)
tests_unit_nn_run_verifier_SOURCES = tests/unit/nn/run_verifier.c
tests_unit_nn_run_verifier_LDADD = $(nn_libs)
dist_check_SCRIPTS += tests/unit/nn/test_programs.py tests/unit/nn/test_verifier.py
EXTRA_DIST += tests/data/nn-tiny.tragus tests/data/nn-tiny-lengths.bin
