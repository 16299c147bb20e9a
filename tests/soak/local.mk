# SPDX-License-Identifier: Apache-2.0
# Hours of sound and crowds of clients; make check runs a short form.
check_PROGRAMS += tests/soak/sound tests/soak/clients
tests_soak_sound_SOURCES = tests/soak/sound.c tests/unit/engine/ready.c tests/unit/engine/ready.h
tests_soak_sound_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/engine -D_GNU_SOURCE
tests_soak_sound_LDADD = $(engine_libs)
tests_soak_clients_SOURCES = tests/soak/clients.c
tests_soak_clients_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SYSTEMD_CFLAGS)
tests_soak_clients_LDADD = $(SYSTEMD_LIBS)
TESTS += tests/soak/test_soak.sh
dist_check_SCRIPTS += tests/soak/test_soak.sh
EXTRA_DIST += tests/soak/daemon tests/soak/plot.py
