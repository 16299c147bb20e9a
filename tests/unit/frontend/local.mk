# SPDX-License-Identifier: Apache-2.0
frontend_tests = tests/unit/frontend/test_fft tests/unit/frontend/test_frontend tests/unit/frontend/test_gate \
    tests/unit/frontend/test_mel
check_PROGRAMS += $(frontend_tests)
TESTS += $(frontend_tests) tests/unit/frontend/tables
dist_check_SCRIPTS += tests/unit/frontend/tables

tests_unit_frontend_test_fft_SOURCES = tests/unit/frontend/test_fft.c
tests_unit_frontend_test_fft_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_frontend_test_fft_LDADD = $(frontend_libs) $(CMOCKA_LIBS) -lm

tests_unit_frontend_test_frontend_SOURCES = tests/unit/frontend/test_frontend.c
tests_unit_frontend_test_frontend_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_frontend_test_frontend_LDADD = $(frontend_libs) $(CMOCKA_LIBS)

tests_unit_frontend_test_gate_SOURCES = tests/unit/frontend/test_gate.c
tests_unit_frontend_test_gate_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_frontend_test_gate_LDADD = $(frontend_libs) $(CMOCKA_LIBS) -lm

tests_unit_frontend_test_mel_SOURCES = tests/unit/frontend/test_mel.c
tests_unit_frontend_test_mel_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_frontend_test_mel_LDADD = $(frontend_libs) $(CMOCKA_LIBS) -lm

# Reads recordings, and so wants libsndfile.
if PROGRAMS
check_PROGRAMS += tests/unit/frontend/gate_recordings
TESTS += tests/unit/frontend/gate_recordings
tests_unit_frontend_gate_recordings_SOURCES = tests/unit/frontend/gate_recordings.c
tests_unit_frontend_gate_recordings_CPPFLAGS = $(AM_CPPFLAGS) $(SNDFILE_CFLAGS)
tests_unit_frontend_gate_recordings_LDADD = $(frontend_libs) $(SNDFILE_LIBS)
endif PROGRAMS
