# SPDX-License-Identifier: Apache-2.0
# Everything except main, so that unit tests can link it.
noinst_LTLIBRARIES += libtragus_daemon.la
libtragus_daemon_la_SOURCES = \
    src/daemon/close.c \
    src/daemon/config.c src/daemon/config.h \
    src/daemon/daemon.h \
    src/daemon/run.c
libtragus_daemon_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SYSTEMD_CFLAGS)
libtragus_daemon_la_LIBADD = $(SYSTEMD_LIBS)

bin_PROGRAMS += tragusd
tragusd_SOURCES = src/daemon/main.c
tragusd_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SYSTEMD_CFLAGS) -DTRAGUS_CONFIG='"$(sysconfdir)/tragus/tragus.conf"'
tragusd_LDADD = $(daemon_libs)
