# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/lexicon/test_lexicon tests/unit/lexicon/test_english tests/unit/lexicon/score_g2p
TESTS += tests/unit/lexicon/test_lexicon tests/unit/lexicon/test_english
tests_unit_lexicon_test_lexicon_SOURCES = tests/unit/lexicon/test_lexicon.c src/lexicon/compile.c src/lexicon/compile.h
tests_unit_lexicon_test_lexicon_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_lexicon_test_lexicon_LDADD = $(lexicon_libs) $(CMOCKA_LIBS)
tests_unit_lexicon_test_english_SOURCES = tests/unit/lexicon/test_english.c tests/unit/lexicon/score.c tests/unit/lexicon/score.h
tests_unit_lexicon_test_english_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_lexicon_test_english_LDADD = $(lexicon_libs) $(CMOCKA_LIBS)
# Measures a letter-to-sound model, or says words given on standard input.
tests_unit_lexicon_score_g2p_SOURCES = tests/unit/lexicon/score_main.c tests/unit/lexicon/score.c tests/unit/lexicon/score.h
tests_unit_lexicon_score_g2p_LDADD = $(lexicon_libs)
EXTRA_DIST += tests/data/g2p_heldout.dict
