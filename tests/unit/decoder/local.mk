# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/decoder/test_decoder tests/unit/decoder/bench_decoder
TESTS += tests/unit/decoder/test_decoder
tests_unit_decoder_test_decoder_SOURCES = tests/unit/decoder/test_decoder.c tests/unit/graph/toy.h
tests_unit_decoder_test_decoder_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_decoder_test_decoder_LDADD = $(decoder_libs) $(graph_libs) $(CMOCKA_LIBS)
# Not a test: `make tests/unit/decoder/bench_decoder`, then run it, also under callgrind.
tests_unit_decoder_bench_decoder_SOURCES = tests/unit/decoder/bench_decoder.c tests/unit/graph/toy.h
tests_unit_decoder_bench_decoder_LDADD = $(decoder_libs) $(graph_libs)
check_PROGRAMS += tests/unit/decoder/test_free
TESTS += tests/unit/decoder/test_free
tests_unit_decoder_test_free_SOURCES = tests/unit/decoder/test_free.c
tests_unit_decoder_test_free_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_decoder_test_free_LDADD = libtragus_lmtrain.la $(decoder_libs) $(graph_libs) $(CMOCKA_LIBS) -lm
