# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_graph.la
libtragus_graph_la_SOURCES = \
    src/graph/build.c \
    src/graph/graph.c src/graph/graph.h \
    src/graph/loops.c src/graph/private.h \
    src/graph/minimise.c src/graph/minimise.h \
    src/graph/words.c src/graph/words.h
