# SPDX-License-Identifier: Apache-2.0
# Tests of the real tragusd on a private bus, with an ALSA PCM that needs no hardware.

# A capture device that alsa-lib loads: see alsa_test_pcm.c. Without -rpath libtool would make an archive, which cannot be loaded.
check_LTLIBRARIES += libasound_module_pcm_tragus_test.la
libasound_module_pcm_tragus_test_la_SOURCES = tests/integration/alsa_test_pcm.c
libasound_module_pcm_tragus_test_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE -DPIC $(ALSA_CFLAGS)
libasound_module_pcm_tragus_test_la_CFLAGS = $(AM_CFLAGS) -fvisibility=default
libasound_module_pcm_tragus_test_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_top_builddir)
libasound_module_pcm_tragus_test_la_LIBADD = $(ALSA_LIBS)

check_LTLIBRARIES += libtragus_slow_names.la
libtragus_slow_names_la_SOURCES = tests/integration/slow_names.c
libtragus_slow_names_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
libtragus_slow_names_la_CFLAGS = $(AM_CFLAGS) -fvisibility=default
libtragus_slow_names_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_top_builddir)

check_PROGRAMS += tests/integration/join_sounds tests/integration/bus_client tests/integration/busy_client \
    tests/integration/greedy_client tests/integration/users_client tests/integration/ways
tests_integration_join_sounds_SOURCES = tests/integration/join_sounds.c
tests_integration_join_sounds_CPPFLAGS = $(AM_CPPFLAGS) $(SNDFILE_CFLAGS)
tests_integration_join_sounds_LDADD = $(audio_libs) $(SNDFILE_LIBS)
tests_integration_bus_client_SOURCES = tests/integration/bus_client.c tests/integration/bus_client.h \
    tests/integration/bus_client_interfaces.c
tests_integration_bus_client_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SYSTEMD_CFLAGS)
tests_integration_bus_client_LDADD = $(SYSTEMD_LIBS)
tests_integration_busy_client_SOURCES = tests/integration/busy_client.c
tests_integration_busy_client_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SYSTEMD_CFLAGS)
tests_integration_busy_client_LDADD = $(SYSTEMD_LIBS)
tests_integration_greedy_client_SOURCES = tests/integration/greedy_client.c
tests_integration_greedy_client_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SYSTEMD_CFLAGS)
tests_integration_greedy_client_LDADD = $(SYSTEMD_LIBS)
tests_integration_users_client_SOURCES = tests/integration/users_client.c
tests_integration_users_client_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SYSTEMD_CFLAGS)
tests_integration_users_client_LDADD = $(SYSTEMD_LIBS)
tests_integration_ways_SOURCES = tests/integration/ways.c
tests_integration_ways_CPPFLAGS = $(cli_cppflags)
tests_integration_ways_LDADD = $(cli_libs)

# The example that libtragus-dev installs, linked with the library like an external program.
check_PROGRAMS += docs/examples/understand
docs_examples_understand_SOURCES = docs/examples/understand.c
docs_examples_understand_CPPFLAGS = -I$(top_srcdir)/include
docs_examples_understand_LDADD = libtragus.la
# The example that listens on the bus.
check_PROGRAMS += docs/examples/listen
docs_examples_listen_SOURCES = docs/examples/listen.c
docs_examples_listen_CPPFLAGS = $(SYSTEMD_CFLAGS)
docs_examples_listen_LDADD = $(SYSTEMD_LIBS)

# Programs that tests/integration/play needs in addition to tragus and tragusd.
playing: libasound_module_pcm_tragus_test.la tests/integration/join_sounds

if !CROSS_COMPILING
integration_tests = \
    tests/integration/test_announce.sh \
    tests/integration/test_bridge.sh \
    tests/integration/test_bus.sh \
    tests/integration/test_busy.sh \
    tests/integration/test_channels.sh \
    tests/integration/test_clients.sh \
    tests/integration/test_config.sh \
    tests/integration/test_devices.sh \
    tests/integration/test_doctor.sh \
    tests/integration/test_example.sh \
    tests/integration/test_flows.sh \
    tests/integration/test_home_assistant.sh \
    tests/integration/test_language.sh \
    tests/integration/test_fallback.sh tests/integration/test_free.sh tests/integration/test_free_text.sh \
    tests/integration/test_left_out.sh \
    tests/integration/test_listen.sh \
    tests/integration/test_man.sh \
    tests/integration/test_microphone.sh \
    tests/integration/test_mqtt.sh \
    tests/integration/test_pipewire.sh \
    tests/integration/test_quickstart.sh \
    tests/integration/test_reload.sh \
    tests/integration/test_snippets.sh \
    tests/integration/test_users.sh \
    tests/integration/test_wake.sh \
    tests/integration/test_ways.sh
TESTS += $(integration_tests)
endif
EXTRA_DIST += docs/examples/recognise.py docs/examples/understand.js \
    tests/data/channels.yaml tests/integration/home_assistant.py tests/integration/lib.sh tests/integration/mqtt_check.py \
    tests/integration/play tests/integration/snippets.py tests/integration/snippets.tsv tests/integration/test_announce.sh \
    tests/integration/test_bridge.sh tests/integration/test_bus.sh tests/integration/test_busy.sh tests/integration/test_channels.sh \
    tests/integration/mqtt_document.py tests/integration/test_clients.sh tests/integration/test_config.sh tests/integration/test_devices.sh tests/integration/test_doctor.sh \
    tests/integration/test_example.sh tests/integration/test_home_assistant.sh tests/integration/test_language.sh \
    tests/integration/broker.sh tests/integration/mqtt_flow.js tests/integration/test_flows.sh tests/integration/test_free_text.sh \
    tests/integration/test_fallback.sh tests/integration/test_free.sh tests/integration/test_left_out.sh tests/integration/test_listen.sh tests/integration/test_man.sh tests/integration/test_microphone.sh \
    tests/integration/test_mqtt.sh tests/integration/test_pipewire.sh \
    tests/integration/test_quickstart.sh tests/integration/test_reload.sh tests/integration/test_snippets.sh tests/integration/test_wake.sh \
    tests/integration/test_users.sh tests/integration/test_ways.sh tests/integration/ways.py tests/integration/wyoming_client.py
