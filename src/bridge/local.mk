# SPDX-License-Identifier: Apache-2.0
# Everything except main, so that unit tests can link it.
noinst_LTLIBRARIES += libtragus_bridge.la
libtragus_bridge_la_SOURCES = \
    src/bridge/wire.c src/bridge/wire.h
libtragus_bridge_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(JSON_CFLAGS) $(SYSTEMD_CFLAGS)
libtragus_bridge_la_LIBADD = $(JSON_LIBS) $(SYSTEMD_LIBS)
