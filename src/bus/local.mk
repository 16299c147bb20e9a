# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_bus.la
libtragus_bus_la_SOURCES = \
    src/bus/addgrammar.c \
    src/bus/bus.c src/bus/bus.h \
    src/bus/callers.c \
    src/bus/calls.c \
    src/bus/content.c src/bus/content.h \
    src/bus/energy1.c \
    src/bus/events.c \
    src/bus/listgrammars.c \
    src/bus/manager1.c \
    src/bus/options.c \
    src/bus/owner.c \
    src/bus/private.h \
    src/bus/result.c \
    src/bus/session1.c \
    src/bus/share.c
libtragus_bus_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SYSTEMD_CFLAGS)
libtragus_bus_la_LIBADD = $(SYSTEMD_LIBS)
