# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_busjson.la
libtragus_busjson_la_SOURCES = src/busjson/busjson.c src/busjson/busjson.h
libtragus_busjson_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(JSON_CFLAGS) $(SYSTEMD_CFLAGS)
libtragus_busjson_la_LIBADD = $(JSON_LIBS) $(SYSTEMD_LIBS)
