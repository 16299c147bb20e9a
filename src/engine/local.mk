# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_engine.la
libtragus_engine_la_SOURCES = \
    src/engine/alternatives.c \
    src/engine/core.c src/engine/core.h \
    src/engine/engine.h \
    src/engine/event.c \
    src/engine/fallback.c \
    src/engine/grammar.c \
    src/engine/list.c \
    src/engine/listener.c \
    src/engine/match.c \
    src/engine/model.c \
    src/engine/options.c \
    src/engine/private.h \
    src/engine/prefer.c \
    src/engine/pronounce.c \
    src/engine/recogniser.c src/engine/recogniser.h \
    src/engine/segment.c src/engine/segment.h \
    src/engine/stream.c \
    src/engine/utterance.c src/engine/utterance.h \
    src/engine/wake.c \
    include/tragus.h
libtragus_engine_la_CPPFLAGS = $(AM_CPPFLAGS) -DENGINE_MODELS_DIR='"$(pkgdatadir)"'

# The public library: the same objects, of which only tragus.h can be seen. current:revision:age, see libtool's manual.
lib_LTLIBRARIES += libtragus.la
libtragus_la_SOURCES =
libtragus_la_LIBADD = $(engine_libs)
libtragus_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined -Wl,--version-script=$(srcdir)/src/engine/libtragus.map
EXTRA_libtragus_la_DEPENDENCIES = $(srcdir)/src/engine/libtragus.map
EXTRA_DIST += src/engine/libtragus.map
