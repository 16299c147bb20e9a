# SPDX-License-Identifier: Apache-2.0
decoder_tests = tests/unit/decoder/test_decoder tests/unit/decoder/test_doubt tests/unit/decoder/test_endpoint tests/unit/decoder/test_rejection tests/unit/decoder/test_search
check_PROGRAMS += $(decoder_tests) tests/unit/decoder/bench_decoder
TESTS += $(decoder_tests)
decoder_test_ldadd = $(decoder_libs) $(graph_libs) $(CMOCKA_LIBS)
tests_unit_decoder_test_decoder_SOURCES = tests/unit/decoder/test_decoder.c tests/unit/decoder/hear.h tests/unit/graph/toy.h
tests_unit_decoder_test_decoder_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_decoder_test_decoder_LDADD = $(decoder_test_ldadd)
tests_unit_decoder_test_doubt_SOURCES = tests/unit/decoder/test_doubt.c tests/unit/decoder/hear.h tests/unit/graph/toy.h
tests_unit_decoder_test_doubt_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_decoder_test_doubt_LDADD = $(decoder_test_ldadd)
tests_unit_decoder_test_endpoint_SOURCES = tests/unit/decoder/test_endpoint.c tests/unit/decoder/hear.h tests/unit/graph/toy.h
tests_unit_decoder_test_endpoint_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_decoder_test_endpoint_LDADD = $(decoder_test_ldadd)
tests_unit_decoder_test_rejection_SOURCES = tests/unit/decoder/test_rejection.c tests/unit/decoder/hear.h tests/unit/graph/toy.h
tests_unit_decoder_test_rejection_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_decoder_test_rejection_LDADD = $(decoder_test_ldadd)
tests_unit_decoder_test_search_SOURCES = tests/unit/decoder/test_search.c tests/unit/decoder/hear.h tests/unit/graph/toy.h
tests_unit_decoder_test_search_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_decoder_test_search_LDADD = $(decoder_test_ldadd)
# Not a test: `make tests/unit/decoder/bench_decoder`, then run it, also under callgrind.
tests_unit_decoder_bench_decoder_SOURCES = tests/unit/decoder/bench_decoder.c tests/unit/graph/toy.h
tests_unit_decoder_bench_decoder_LDADD = $(decoder_libs) $(graph_libs)
check_PROGRAMS += tests/unit/decoder/test_free
TESTS += tests/unit/decoder/test_free
tests_unit_decoder_test_free_SOURCES = tests/unit/decoder/test_free.c
tests_unit_decoder_test_free_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_decoder_test_free_LDADD = libtragus_lmtrain.la $(decoder_libs) $(graph_libs) $(CMOCKA_LIBS) -lm
