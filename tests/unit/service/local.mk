# SPDX-License-Identifier: Apache-2.0
service_tests = \
    tests/unit/service/test_alsa_faults \
    tests/unit/service/test_batch \
    tests/unit/service/test_capture \
    tests/unit/service/test_commands \
    tests/unit/service/test_energy \
    tests/unit/service/test_grammars \
    tests/unit/service/test_log \
    tests/unit/service/test_memory \
    tests/unit/service/test_microphone \
    tests/unit/service/test_options \
    tests/unit/service/test_power_cut \
    tests/unit/service/test_recogniser \
    tests/unit/service/test_restart \
    tests/unit/service/test_rights \
    tests/unit/service/test_sender \
    tests/unit/service/test_service \
    tests/unit/service/test_session \
    tests/unit/service/test_state \
    tests/unit/service/test_turns \
    tests/unit/service/test_unused_lists
check_PROGRAMS += $(service_tests)
TESTS += $(service_tests)

# A service on the real model, the test microphone, and recorded speech.
service_rig = tests/unit/service/rig.c tests/unit/service/rig.h tests/unit/engine/ready.c tests/unit/engine/ready.h
service_test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit -I$(top_srcdir)/tests/unit/engine -D_GNU_SOURCE \
    $(SYSTEMD_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_service_test_alsa_faults_SOURCES = tests/unit/service/test_alsa_faults.c $(fail_alsa_sources) $(service_rig)
tests_unit_service_test_alsa_faults_CPPFLAGS = $(service_test_cppflags) -I$(top_srcdir)/tests/unit/audio
tests_unit_service_test_alsa_faults_LDFLAGS = $(AM_LDFLAGS) $(fail_alsa_wrap)
tests_unit_service_test_alsa_faults_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_batch_SOURCES = tests/unit/service/test_batch.c $(service_rig)
tests_unit_service_test_batch_CPPFLAGS = $(service_test_cppflags) $(SNDFILE_CFLAGS)
tests_unit_service_test_batch_LDADD = $(service_libs) $(SNDFILE_LIBS) $(CMOCKA_LIBS)
tests_unit_service_test_capture_SOURCES = tests/unit/service/test_capture.c $(service_rig)
tests_unit_service_test_capture_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_capture_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_energy_SOURCES = tests/unit/service/test_energy.c $(service_rig)
tests_unit_service_test_energy_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_energy_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_grammars_SOURCES = tests/unit/service/test_grammars.c $(service_rig)
tests_unit_service_test_grammars_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_grammars_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_microphone_SOURCES = tests/unit/service/test_microphone.c $(service_rig)
tests_unit_service_test_microphone_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_microphone_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_log_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_log_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_memory_SOURCES = tests/unit/service/test_memory.c $(service_rig)
tests_unit_service_test_memory_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_memory_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_options_SOURCES = tests/unit/service/test_options.c $(service_rig)
tests_unit_service_test_options_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_options_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_power_cut_SOURCES = tests/unit/service/test_power_cut.c $(service_rig)
tests_unit_service_test_power_cut_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_power_cut_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=write -Wl,--wrap=fsync -Wl,--wrap=renameat -Wl,--wrap=unlinkat
tests_unit_service_test_power_cut_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_recogniser_SOURCES = tests/unit/service/test_recogniser.c tests/unit/engine/ready.c \
    tests/unit/engine/ready.h $(calls_sources)
tests_unit_service_test_recogniser_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_recogniser_LDFLAGS = $(AM_LDFLAGS) $(calls_wrap)
tests_unit_service_test_recogniser_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_rights_SOURCES = tests/unit/service/test_rights.c $(service_rig)
tests_unit_service_test_rights_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_rights_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_sender_SOURCES = tests/unit/service/test_sender.c $(service_rig)
tests_unit_service_test_sender_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_sender_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_service_SOURCES = tests/unit/service/test_service.c $(service_rig)
tests_unit_service_test_service_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_service_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_session_SOURCES = tests/unit/service/test_session.c $(service_rig)
tests_unit_service_test_session_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_session_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_restart_SOURCES = tests/unit/service/test_restart.c $(service_rig)
tests_unit_service_test_restart_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_restart_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_state_SOURCES = tests/unit/service/test_state.c $(service_rig)
tests_unit_service_test_state_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_state_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_turns_SOURCES = tests/unit/service/test_turns.c $(service_rig)
tests_unit_service_test_turns_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_turns_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=base_clock_monotonic_us
tests_unit_service_test_turns_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_unused_lists_SOURCES = tests/unit/service/test_unused_lists.c $(service_rig)
tests_unit_service_test_unused_lists_CPPFLAGS = $(service_test_cppflags)
tests_unit_service_test_unused_lists_LDADD = $(service_libs) $(CMOCKA_LIBS)
tests_unit_service_test_commands_SOURCES = tests/unit/service/test_commands.c tests/unit/engine/ready.c tests/unit/engine/ready.h
tests_unit_service_test_commands_CPPFLAGS = $(engine_test_cppflags) -D_GNU_SOURCE $(SYSTEMD_CFLAGS)
tests_unit_service_test_commands_LDADD = $(service_libs) $(CMOCKA_LIBS)
