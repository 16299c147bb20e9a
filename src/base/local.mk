# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_base.la
libtragus_base_la_SOURCES = \
    src/base/account.h \
    src/base/arena.c src/base/arena.h \
    src/base/assert.c src/base/assert.h \
    src/base/budget.c src/base/budget.h \
    src/base/buffer.c src/base/buffer.h \
    src/base/clock.c src/base/clock.h \
    src/base/closer.c src/base/closer.h \
    src/base/cpu.c src/base/cpu.h \
    src/base/crc32c.c src/base/crc32c.h \
    src/base/decimal.c src/base/decimal.h \
    src/base/descriptor.c src/base/descriptor.h \
    src/base/error.c src/base/error.h \
    src/base/fixed.h src/base/gen/crc32c.c src/base/gen/fold.c src/base/gen/fold.h \
    src/base/ring.c src/base/ring.h \
    src/base/settings.c src/base/settings.h src/base/settings_table.c \
    src/base/suggest.c src/base/suggest.h \
    src/base/thread.c src/base/thread.h \
    src/base/utf8.c src/base/utf8.h \
    src/base/wake.c src/base/wake.h
libtragus_base_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
EXTRA_DIST += src/base/gen/make_tables.py
REGEN += regen-base
regen-base:
	$(PYTHON) $(srcdir)/src/base/gen/make_tables.py $(srcdir)/src/base/gen
