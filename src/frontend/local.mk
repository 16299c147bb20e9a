# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_frontend.la
libtragus_frontend_la_SOURCES = \
    src/frontend/cepstrum.c src/frontend/cepstrum.h \
    src/frontend/fft.c src/frontend/fft.h \
    src/frontend/frontend.c src/frontend/frontend.h \
    src/frontend/gate.c src/frontend/gate.h \
    src/frontend/log2.c src/frontend/log2.h \
    src/frontend/mel.c src/frontend/mel.h \
    src/frontend/gen/mean_prior.c src/frontend/gen/tables.c src/frontend/gen/tables.h
libtragus_frontend_la_LIBADD = $(KISSFFT_LIBS)
libtragus_frontend_la_CPPFLAGS = $(AM_CPPFLAGS) $(KISSFFT_CFLAGS)
# For fft.c, where floating point ends.
libtragus_frontend_la_CFLAGS = $(AM_CFLAGS) -ffp-contract=off

EXTRA_DIST += src/frontend/gen/make_tables.py src/frontend/gen/make_mean_prior.py
# The prior of the mean comes from recordings and stays as it is: a new one changes every feature.
REGEN += regen-frontend
regen-frontend:
	$(PYTHON) $(srcdir)/src/frontend/gen/make_tables.py $(srcdir)/src/frontend/gen
