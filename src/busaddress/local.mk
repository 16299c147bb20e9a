# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_busaddress.la
libtragus_busaddress_la_SOURCES = src/busaddress/busaddress.c src/busaddress/busaddress.h
libtragus_busaddress_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SYSTEMD_CFLAGS)
libtragus_busaddress_la_LIBADD = $(SYSTEMD_LIBS)
