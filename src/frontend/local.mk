# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_frontend.la
libtragus_frontend_la_SOURCES = \
    src/frontend/cepstrum.c src/frontend/cepstrum.h \
    src/frontend/fft.c src/frontend/fft.h \
    src/frontend/frontend.c src/frontend/frontend.h \
    src/frontend/gate.c src/frontend/gate.h \
    src/frontend/log2.c src/frontend/log2.h \
    src/frontend/mel.c src/frontend/mel.h \
    src/frontend/gen/mean_prior.c src/frontend/gen/tables.c src/frontend/gen/tables.h \
    src/frontend/kernels/cepstrum_ref.c \
    src/frontend/kernels/gate_ref.c \
    src/frontend/kernels/kernels.h \
    src/frontend/kernels/mel_ref.c \
    src/frontend/kernels/select.c \
    src/frontend/kernels/spectrum_ref.c \
    src/frontend/kernels/variants.h \
    src/frontend/kernels/window_ref.c
libtragus_frontend_la_LIBADD = $(KISSFFT_LIBS)
libtragus_frontend_la_CPPFLAGS = $(AM_CPPFLAGS) $(KISSFFT_CFLAGS)
# For fft.c, where floating point ends.
libtragus_frontend_la_CFLAGS = $(AM_CFLAGS) -ffp-contract=off

# As in src/nn/local.mk: a library for each instruction set, compiled with its flags. The NEON of both states of ARM is one source.
if KERNELS
if HOST_X86_64
libtragus_frontend_la_CPPFLAGS += -DFRONTEND_KERNELS_X86_64
libtragus_frontend_la_LIBADD += libtragus_frontend_avx2.la
noinst_LTLIBRARIES += libtragus_frontend_avx2.la
libtragus_frontend_avx2_la_SOURCES = \
    src/frontend/kernels/x86/cepstrum_avx2.c \
    src/frontend/kernels/x86/gate_avx2.c \
    src/frontend/kernels/x86/mel_avx2.c \
    src/frontend/kernels/x86/spectrum_avx2.c \
    src/frontend/kernels/x86/window_avx2.c
libtragus_frontend_avx2_la_CFLAGS = $(AM_CFLAGS) -mavx2
endif HOST_X86_64
frontend_neon_sources = \
    src/frontend/kernels/neon/cepstrum_neon.c \
    src/frontend/kernels/neon/gate_neon.c \
    src/frontend/kernels/neon/mel_neon.c \
    src/frontend/kernels/neon/spectrum_neon.c \
    src/frontend/kernels/neon/window_neon.c
if HOST_AARCH64
libtragus_frontend_la_CPPFLAGS += -DFRONTEND_KERNELS_NEON
libtragus_frontend_la_LIBADD += libtragus_frontend_neon.la
noinst_LTLIBRARIES += libtragus_frontend_neon.la
libtragus_frontend_neon_la_SOURCES = $(frontend_neon_sources)
endif HOST_AARCH64
if HOST_ARM32
libtragus_frontend_la_CPPFLAGS += -DFRONTEND_KERNELS_NEON
libtragus_frontend_la_LIBADD += libtragus_frontend_neon.la
noinst_LTLIBRARIES += libtragus_frontend_neon.la
libtragus_frontend_neon_la_SOURCES = $(frontend_neon_sources)
libtragus_frontend_neon_la_CFLAGS = $(AM_CFLAGS) -march=armv7-a -mfpu=neon
endif HOST_ARM32
endif KERNELS

EXTRA_DIST += src/frontend/gen/make_tables.py src/frontend/gen/make_mean_prior.py
# The prior of the mean comes from recordings and stays as it is: a new one changes every feature.
REGEN += regen-frontend
regen-frontend:
	$(PYTHON) $(srcdir)/src/frontend/gen/make_tables.py $(srcdir)/src/frontend/gen
