# SPDX-License-Identifier: Apache-2.0
# Also counts allocations, see tests/unit/calls.h.
check_PROGRAMS += tests/unit/audio/test_convert tests/unit/audio/test_file
TESTS += tests/unit/audio/test_convert tests/unit/audio/test_file
tests_unit_audio_test_convert_SOURCES = tests/unit/audio/test_convert.c $(calls_sources)
tests_unit_audio_test_convert_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit $(CMOCKA_CFLAGS)
tests_unit_audio_test_convert_LDFLAGS = $(AM_LDFLAGS) $(calls_wrap)
tests_unit_audio_test_convert_LDADD = $(audio_libs) $(CMOCKA_LIBS) -lm
tests_unit_audio_test_file_SOURCES = tests/unit/audio/test_file.c
tests_unit_audio_test_file_CPPFLAGS = $(AM_CPPFLAGS) $(SNDFILE_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_audio_test_file_LDADD = $(audio_libs) $(SNDFILE_LIBS) $(CMOCKA_LIBS) -lm
check_PROGRAMS += tests/unit/audio/test_decimate
TESTS += tests/unit/audio/test_decimate
tests_unit_audio_test_decimate_SOURCES = tests/unit/audio/test_decimate.c
tests_unit_audio_test_decimate_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_audio_test_decimate_LDADD = $(audio_libs) $(CMOCKA_LIBS) -lm
check_PROGRAMS += tests/unit/audio/test_devices
TESTS += tests/unit/audio/test_devices
tests_unit_audio_test_devices_SOURCES = tests/unit/audio/test_devices.c
tests_unit_audio_test_devices_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_audio_test_devices_LDADD = $(audio_libs) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/audio/test_loudest
TESTS += tests/unit/audio/test_loudest
tests_unit_audio_test_loudest_SOURCES = tests/unit/audio/test_loudest.c $(calls_sources)
tests_unit_audio_test_loudest_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit $(CMOCKA_CFLAGS)
tests_unit_audio_test_loudest_LDFLAGS = $(AM_LDFLAGS) $(calls_wrap)
tests_unit_audio_test_loudest_LDADD = $(audio_libs) $(CMOCKA_LIBS) -lm
