# SPDX-License-Identifier: Apache-2.0
# Compares the kernels with their references (--list prints them); mutations tests that planted errors are found.
check_PROGRAMS += tests/kernels/checkkernels
TESTS += tests/kernels/checkkernels tests/kernels/mutations
tests_kernels_checkkernels_SOURCES = tests/kernels/checkkernels.c tests/kernels/checkfrontend.c tests/kernels/check.h \
    tests/kernels/checked_call.c tests/kernels/checked_call.h tests/kernels/tables.h
tests_kernels_checkkernels_CPPFLAGS = $(AM_CPPFLAGS) $(evex_cppflags)
tests_kernels_checkkernels_LDADD = $(evex_libs) $(nn_libs) $(frontend_libs)
# gemm_avxvnni.c encoded for AVX-512, which more test machines have. Its functions get other names, because the original is linked, too.
if KERNELS
if HOST_X86_64
if AVXVNNI
check_LTLIBRARIES += tests/kernels/libavxvnni_evex.la
tests_kernels_libavxvnni_evex_la_SOURCES = src/nn/kernels/x86/gemm_avxvnni.c
tests_kernels_libavxvnni_evex_la_CPPFLAGS = $(AM_CPPFLAGS) \
    -Dnn_gemm_s8_avxvnni=nn_gemm_s8_avxvnni_evex -Dnn_gemm_s32_avxvnni=nn_gemm_s32_avxvnni_evex
tests_kernels_libavxvnni_evex_la_CFLAGS = $(AM_CFLAGS) -mavx2 -mavx512vl -mavx512vnni
evex_cppflags = -DAVXVNNI_EVEX
evex_libs = tests/kernels/libavxvnni_evex.la
endif AVXVNNI
endif HOST_X86_64
endif KERNELS

# The shipped encoding, which machines without AVX-VNNI cannot run.
TESTS += tests/kernels/encoding
dist_check_SCRIPTS += tests/kernels/encoding

dist_check_SCRIPTS += tests/kernels/mutations
EXTRA_DIST += tests/kernels/mutations.txt
