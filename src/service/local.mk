# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_service.la
libtragus_service_la_SOURCES = \
    src/service/batch.c src/service/batch.h \
    src/service/capture.c src/service/capture.h \
    src/service/compile.c src/service/compile.h \
    src/service/configured.c \
    src/service/context.c \
    src/service/energy.c \
    src/service/events.c \
    src/service/grammars.c \
    src/service/input.c \
    src/service/lists.c \
    src/service/log.c src/service/log.h \
    src/service/memory.c \
    src/service/microphone.c src/service/microphone.h \
    src/service/options.c \
    src/service/private.h \
    src/service/recogniser.c src/service/recogniser.h \
    src/service/reload.c \
    src/service/rights.c \
    src/service/sender.c src/service/sender.h \
    src/service/service.c src/service/service.h \
    src/service/session.c \
    src/service/started.c \
    src/service/state.c \
    src/service/text.c \
    src/service/wake.c \
    src/service/worker.c src/service/worker.h
libtragus_service_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(JSON_CFLAGS) $(SYSTEMD_CFLAGS)
libtragus_service_la_LIBADD = $(JSON_LIBS) $(SYSTEMD_LIBS)
