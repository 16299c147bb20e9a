# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_decoder.la
libtragus_decoder_la_SOURCES = \
    src/decoder/decoder.c src/decoder/decoder.h src/decoder/state.h \
    src/decoder/confidence.c \
    src/decoder/doubt.c \
    src/decoder/endpoint.c \
    src/decoder/evidence.c src/decoder/evidence.h \
    src/decoder/filler.c \
    src/decoder/free.c \
    src/decoder/history.c \
    src/decoder/listener.c src/listener/listener.h \
    src/decoder/options.c \
    src/decoder/partial.c \
    src/decoder/place.c \
    src/decoder/result.c \
    src/decoder/rivals.c \
    src/decoder/spot.c
