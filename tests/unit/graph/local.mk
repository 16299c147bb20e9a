# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/graph/test_graph
TESTS += tests/unit/graph/test_graph
tests_unit_graph_test_graph_SOURCES = tests/unit/graph/test_graph.c tests/unit/graph/toy.h
tests_unit_graph_test_graph_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_graph_test_graph_LDADD = $(graph_libs) $(CMOCKA_LIBS)
tests_unit_graph_test_graph_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
