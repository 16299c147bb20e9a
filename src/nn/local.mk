# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_nn.la
libtragus_nn_la_SOURCES = \
    src/nn/gen/logsoftmax.c \
    src/nn/logsoftmax.c src/nn/logsoftmax.h \
    src/nn/model.c src/nn/model.h \
    src/nn/nn.c src/nn/nn.h \
    src/nn/verifier.c src/nn/verifier.h \
    src/nn/verifier_load.c \
    src/nn/kernels/add_ref.c \
    src/nn/kernels/dwconv_ref.c \
    src/nn/kernels/gemm_ref.c \
    src/nn/kernels/kernels.h \
    src/nn/kernels/select.c \
    src/nn/kernels/unpack_ref.c \
    src/nn/kernels/variants.h
libtragus_nn_la_LIBADD =
libtragus_nn_la_CPPFLAGS = $(AM_CPPFLAGS)
EXTRA_DIST += src/nn/gen/make_tables.py

# One library for each instruction set, compiled with its flags; only select.c decides which of them runs.
if KERNELS
if HOST_X86_64
libtragus_nn_la_CPPFLAGS += -DNN_KERNELS_X86_64
libtragus_nn_la_LIBADD += libtragus_nn_avx2.la libtragus_nn_avx512vnni.la
noinst_LTLIBRARIES += libtragus_nn_avx2.la libtragus_nn_avx512vnni.la
libtragus_nn_avx2_la_SOURCES = \
    src/nn/kernels/x86/add_avx2.c \
    src/nn/kernels/x86/dwconv_avx2.c \
    src/nn/kernels/x86/gemm_avx2.c \
    src/nn/kernels/x86/requantise.h \
    src/nn/kernels/x86/unpack_avx2.c
libtragus_nn_avx2_la_CFLAGS = $(AM_CFLAGS) -mavx2
libtragus_nn_avx512vnni_la_SOURCES = src/nn/kernels/x86/gemm_avx512vnni.c
libtragus_nn_avx512vnni_la_CFLAGS = $(AM_CFLAGS) -mavx512f -mavx512bw -mavx512vl -mavx512vnni
if AVXVNNI
libtragus_nn_la_CPPFLAGS += -DNN_KERNELS_AVXVNNI
libtragus_nn_la_LIBADD += libtragus_nn_avxvnni.la
noinst_LTLIBRARIES += libtragus_nn_avxvnni.la
libtragus_nn_avxvnni_la_SOURCES = \
    src/nn/kernels/x86/gemm_avxvnni.c \
    src/nn/kernels/x86/requantise.h
libtragus_nn_avxvnni_la_CFLAGS = $(AM_CFLAGS) -mavx2 -mavxvnni
endif AVXVNNI
endif HOST_X86_64
# For both ARM builds.
nn_neon_sources = src/nn/kernels/neon/unpack_neon.c

if HOST_AARCH64
libtragus_nn_la_CPPFLAGS += -DNN_KERNELS_AARCH64
libtragus_nn_la_LIBADD += libtragus_nn_neon.la libtragus_nn_dotprod.la libtragus_nn_i8mm.la
noinst_LTLIBRARIES += libtragus_nn_neon.la libtragus_nn_dotprod.la libtragus_nn_i8mm.la
libtragus_nn_neon_la_SOURCES = \
    src/nn/kernels/arm64/add_neon.c \
    src/nn/kernels/arm64/dwconv_neon.c \
    src/nn/kernels/arm64/gemm_neon.c \
    src/nn/kernels/arm64/requantise.h \
    $(nn_neon_sources)
libtragus_nn_dotprod_la_SOURCES = \
    src/nn/kernels/arm64/gemm_dotprod.c \
    src/nn/kernels/arm64/requantise.h
libtragus_nn_dotprod_la_CFLAGS = $(AM_CFLAGS) -march=armv8.2-a+dotprod
libtragus_nn_i8mm_la_SOURCES = \
    src/nn/kernels/arm64/gemm_i8mm.c \
    src/nn/kernels/arm64/requantise.h
libtragus_nn_i8mm_la_CFLAGS = $(AM_CFLAGS) -march=armv8.2-a+i8mm
endif HOST_AARCH64
if HOST_ARM32
libtragus_nn_la_CPPFLAGS += -DNN_KERNELS_ARM
libtragus_nn_la_LIBADD += libtragus_nn_neon.la
noinst_LTLIBRARIES += libtragus_nn_neon.la
libtragus_nn_neon_la_SOURCES = \
    src/nn/kernels/arm/add_neon.c \
    src/nn/kernels/arm/dwconv_neon.c \
    src/nn/kernels/arm/gemm_neon.c \
    src/nn/kernels/arm/requantise.h \
    $(nn_neon_sources)
# The compiler's default may be ARMv6, as on Raspberry Pi OS. gcc's first scheduling pass, before register allocation, uses more registers
# than there are.
libtragus_nn_neon_la_CFLAGS = $(AM_CFLAGS) -march=armv7-a -mfpu=neon -fno-schedule-insns
endif HOST_ARM32
endif KERNELS

REGEN += regen-nn
regen-nn:
	$(PYTHON) $(srcdir)/src/nn/gen/make_tables.py $(srcdir)/src/nn/gen
