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
# Makes calls into alsa-lib fail.
fail_alsa_sources = tests/unit/audio/fail_alsa.c tests/unit/audio/fail_alsa.h
fail_alsa_wrap = -Wl,--wrap=snd_device_name_get_hint -Wl,--wrap=snd_device_name_hint -Wl,--wrap=snd_pcm_avail -Wl,--wrap=snd_pcm_close \
    -Wl,--wrap=snd_pcm_drop -Wl,--wrap=snd_pcm_hw_params -Wl,--wrap=snd_pcm_hw_params_any \
    -Wl,--wrap=snd_pcm_hw_params_get_buffer_size -Wl,--wrap=snd_pcm_hw_params_get_channels_max \
    -Wl,--wrap=snd_pcm_hw_params_get_channels_min -Wl,--wrap=snd_pcm_hw_params_set_access \
    -Wl,--wrap=snd_pcm_hw_params_set_buffer_time_near -Wl,--wrap=snd_pcm_hw_params_set_channels_min \
    -Wl,--wrap=snd_pcm_hw_params_set_channels_near -Wl,--wrap=snd_pcm_hw_params_set_format \
    -Wl,--wrap=snd_pcm_hw_params_set_period_time_near -Wl,--wrap=snd_pcm_hw_params_set_rate_first \
    -Wl,--wrap=snd_pcm_hw_params_set_rate_min -Wl,--wrap=snd_pcm_hw_params_set_rate_near \
    -Wl,--wrap=snd_pcm_hw_params_set_rate_resample -Wl,--wrap=snd_pcm_hw_params_test_rate -Wl,--wrap=snd_pcm_info \
    -Wl,--wrap=snd_pcm_open -Wl,--wrap=snd_pcm_prepare -Wl,--wrap=snd_pcm_readi -Wl,--wrap=snd_pcm_resume \
    -Wl,--wrap=snd_pcm_start -Wl,--wrap=snd_pcm_state -Wl,--wrap=snd_pcm_sw_params -Wl,--wrap=snd_pcm_sw_params_current \
    -Wl,--wrap=snd_pcm_sw_params_set_avail_min
check_PROGRAMS += tests/unit/audio/test_faults
TESTS += tests/unit/audio/test_faults
tests_unit_audio_test_faults_SOURCES = tests/unit/audio/test_faults.c $(fail_alsa_sources) $(service_rig)
tests_unit_audio_test_faults_CPPFLAGS = $(service_test_cppflags) -I$(top_srcdir)/tests/unit/service
tests_unit_audio_test_faults_LDFLAGS = $(AM_LDFLAGS) $(fail_alsa_wrap)
tests_unit_audio_test_faults_LDADD = $(service_libs) $(CMOCKA_LIBS)
