# SPDX-License-Identifier: Apache-2.0
# tragus with its network in float32, for comparison only: make tests/float32/tragus-float32. Its object stands before the library in
# which nn/nn.c is, so that one is left out. Optimised as the kernels are: for AVX2 with FMA, or what the machine always has.
if PROGRAMS
EXTRA_PROGRAMS += tests/float32/tragus-float32
tests_float32_tragus_float32_SOURCES = src/cli/main.c tests/float32/nn_float32.c
tests_float32_tragus_float32_CPPFLAGS = $(cli_cppflags)
tests_float32_tragus_float32_CFLAGS = $(AM_CFLAGS) -ffast-math
if HOST_X86_64
tests_float32_tragus_float32_CFLAGS += -mavx2 -mfma
endif
tests_float32_tragus_float32_LDADD = $(cli_libs)
CLEANFILES += tests/float32/tragus-float32
endif PROGRAMS
