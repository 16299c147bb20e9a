# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_lm.la
libtragus_lm_la_SOURCES = src/lm/lm.c src/lm/lm.h src/lm/layout.h

# Makes language models: for the command line, not for the library.
noinst_LTLIBRARIES += libtragus_lmtrain.la
libtragus_lmtrain_la_SOURCES = \
    src/lm/arpa.c src/lm/arpa.h \
    src/lm/mix.c src/lm/mix.h \
    src/lm/text.c src/lm/text.h \
    src/lm/tables.h \
    src/lm/train.c src/lm/train.h \
    src/lm/vocabulary.c src/lm/vocabulary.h \
    src/lm/write.c
