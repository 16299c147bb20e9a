# SPDX-License-Identifier: Apache-2.0
# Each target is one file, fuzz_NAME.c, and a row of targets.tsv. In a build with --enable-fuzzing it is a libFuzzer program, which
# tests/fuzz/run runs. In any other build it is a test that replays tests/fuzz/samples/NAME.
fuzz_targets = tests/fuzz/fuzz_model tests/fuzz/fuzz_lexicon tests/fuzz/fuzz_g2p tests/fuzz/fuzz_overrides \
    tests/fuzz/fuzz_grammar_yaml tests/fuzz/fuzz_grammar_list tests/fuzz/fuzz_grammar_any tests/fuzz/fuzz_template \
    tests/fuzz/fuzz_language tests/fuzz/fuzz_stream tests/fuzz/fuzz_arpa
check_LTLIBRARIES += tests/fuzz/libfuzz.la
tests_fuzz_libfuzz_la_SOURCES = tests/fuzz/fuzz.c tests/fuzz/fuzz.h tests/fuzz/sealed.c tests/fuzz/sealed.h
tests_fuzz_libfuzz_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(fuzz_cppflags)
if FUZZING
fuzz_cppflags = -DFUZZ_INSTRUMENTED
fuzz_ldflags = -fsanitize=fuzzer
else
tests_fuzz_libfuzz_la_SOURCES += tests/fuzz/replay.c
endif

tests_fuzz_fuzz_model_SOURCES = tests/fuzz/fuzz_model.c
tests_fuzz_fuzz_model_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_model_LDADD = tests/fuzz/libfuzz.la $(nn_libs)
tests_fuzz_fuzz_lexicon_SOURCES = tests/fuzz/fuzz_lexicon.c
tests_fuzz_fuzz_lexicon_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_lexicon_LDADD = tests/fuzz/libfuzz.la $(lexicon_libs)
tests_fuzz_fuzz_g2p_SOURCES = tests/fuzz/fuzz_g2p.c
tests_fuzz_fuzz_g2p_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_g2p_LDADD = tests/fuzz/libfuzz.la $(lexicon_libs)
tests_fuzz_fuzz_overrides_SOURCES = tests/fuzz/fuzz_overrides.c
tests_fuzz_fuzz_overrides_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_overrides_LDADD = tests/fuzz/libfuzz.la $(lexicon_libs)
fuzz_grammar_use = tests/fuzz/grammar_use.c tests/fuzz/grammar_use.h tests/unit/grammar/builder.h
fuzz_grammar_cppflags = $(AM_CPPFLAGS) -D_GNU_SOURCE $(fuzz_cppflags)
tests_fuzz_fuzz_grammar_yaml_SOURCES = tests/fuzz/fuzz_grammar_yaml.c $(fuzz_grammar_use)
tests_fuzz_fuzz_grammar_yaml_CPPFLAGS = $(fuzz_grammar_cppflags)
tests_fuzz_fuzz_grammar_yaml_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_grammar_yaml_LDADD = tests/fuzz/libfuzz.la libtragus_grammar.la $(store_libs)
tests_fuzz_fuzz_grammar_list_SOURCES = tests/fuzz/fuzz_grammar_list.c $(fuzz_grammar_use)
tests_fuzz_fuzz_grammar_list_CPPFLAGS = $(fuzz_grammar_cppflags)
tests_fuzz_fuzz_grammar_list_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_grammar_list_LDADD = tests/fuzz/libfuzz.la libtragus_grammar.la $(store_libs)
tests_fuzz_fuzz_grammar_any_SOURCES = tests/fuzz/fuzz_grammar_any.c $(fuzz_grammar_use)
tests_fuzz_fuzz_grammar_any_CPPFLAGS = $(fuzz_grammar_cppflags)
tests_fuzz_fuzz_grammar_any_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_grammar_any_LDADD = tests/fuzz/libfuzz.la libtragus_grammar.la $(store_libs)
tests_fuzz_fuzz_template_SOURCES = tests/fuzz/fuzz_template.c
tests_fuzz_fuzz_template_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_template_LDADD = tests/fuzz/libfuzz.la $(grammar_libs)
tests_fuzz_fuzz_language_SOURCES = tests/fuzz/fuzz_language.c
tests_fuzz_fuzz_language_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_fuzz_fuzz_language_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_language_LDADD = tests/fuzz/libfuzz.la $(grammar_libs)
tests_fuzz_fuzz_stream_SOURCES = tests/fuzz/fuzz_stream.c tests/unit/engine/ready.c tests/unit/engine/ready.h
tests_fuzz_fuzz_stream_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_fuzz_fuzz_stream_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_stream_LDADD = tests/fuzz/libfuzz.la $(engine_libs)
tests_fuzz_fuzz_arpa_SOURCES = tests/fuzz/fuzz_arpa.c
tests_fuzz_fuzz_arpa_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_fuzz_fuzz_arpa_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_arpa_LDADD = tests/fuzz/libfuzz.la libtragus_lmtrain.la $(lm_libs) -lm

if PROGRAMS
fuzz_targets += tests/fuzz/fuzz_settings tests/fuzz/fuzz_bridge_settings tests/fuzz/fuzz_sound tests/fuzz/fuzz_wire \
    tests/fuzz/fuzz_wyoming tests/fuzz/fuzz_home tests/fuzz/fuzz_busjson tests/fuzz/fuzz_state
fuzz_bridge_cppflags = $(AM_CPPFLAGS) -D_GNU_SOURCE $(JSON_CFLAGS) $(SYSTEMD_CFLAGS)
tests_fuzz_fuzz_settings_SOURCES = tests/fuzz/fuzz_settings.c
tests_fuzz_fuzz_settings_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS)
tests_fuzz_fuzz_settings_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_settings_LDADD = tests/fuzz/libfuzz.la $(daemon_libs)
tests_fuzz_fuzz_state_SOURCES = tests/fuzz/fuzz_state.c
tests_fuzz_fuzz_state_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SYSTEMD_CFLAGS)
tests_fuzz_fuzz_state_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_state_LDADD = tests/fuzz/libfuzz.la $(service_libs)
tests_fuzz_fuzz_bridge_settings_SOURCES = tests/fuzz/fuzz_bridge_settings.c
tests_fuzz_fuzz_bridge_settings_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_bridge_settings_LDADD = tests/fuzz/libfuzz.la $(bridge_libs)
tests_fuzz_fuzz_sound_SOURCES = tests/fuzz/fuzz_sound.c
tests_fuzz_fuzz_sound_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_sound_LDADD = tests/fuzz/libfuzz.la $(audio_libs)
tests_fuzz_fuzz_wire_SOURCES = tests/fuzz/fuzz_wire.c
tests_fuzz_fuzz_wire_CPPFLAGS = $(fuzz_bridge_cppflags)
tests_fuzz_fuzz_wire_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_wire_LDADD = tests/fuzz/libfuzz.la $(bridge_libs)
tests_fuzz_fuzz_wyoming_SOURCES = tests/fuzz/fuzz_wyoming.c
tests_fuzz_fuzz_wyoming_CPPFLAGS = $(fuzz_bridge_cppflags)
tests_fuzz_fuzz_wyoming_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_wyoming_LDADD = tests/fuzz/libfuzz.la $(bridge_libs)
tests_fuzz_fuzz_home_SOURCES = tests/fuzz/fuzz_home.c
tests_fuzz_fuzz_home_CPPFLAGS = $(fuzz_bridge_cppflags)
tests_fuzz_fuzz_home_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_home_LDADD = tests/fuzz/libfuzz.la $(bridge_libs)
fuzz_message = tests/fuzz/message.c tests/fuzz/message.h
tests_fuzz_fuzz_busjson_SOURCES = tests/fuzz/fuzz_busjson.c $(fuzz_message)
tests_fuzz_fuzz_busjson_CPPFLAGS = $(fuzz_bridge_cppflags)
tests_fuzz_fuzz_busjson_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_busjson_LDADD = tests/fuzz/libfuzz.la $(bridge_libs)
if MQTT
if !FUZZING
check_PROGRAMS += tests/fuzz/test_growth
TESTS += tests/fuzz/test_growth
tests_fuzz_test_growth_SOURCES = tests/fuzz/test_growth.c
tests_fuzz_test_growth_CPPFLAGS = $(fuzz_bridge_cppflags)
tests_fuzz_test_growth_LDADD = tests/fuzz/libfuzz.la $(bridge_libs) libtragus_grammar.la $(base_libs)
endif !FUZZING
fuzz_targets += tests/fuzz/fuzz_mqtt
tests_fuzz_fuzz_mqtt_SOURCES = tests/fuzz/fuzz_mqtt.c
tests_fuzz_fuzz_mqtt_CPPFLAGS = $(fuzz_bridge_cppflags)
tests_fuzz_fuzz_mqtt_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_mqtt_LDADD = tests/fuzz/libfuzz.la $(bridge_libs)
endif MQTT
# The client and the service of the unit tests, which need cmocka.
if HAVE_CMOCKA
fuzz_targets += tests/fuzz/fuzz_bus
tests_fuzz_fuzz_bus_SOURCES = tests/fuzz/fuzz_bus.c $(fuzz_message) $(bus_wire)
tests_fuzz_fuzz_bus_CPPFLAGS = $(bus_test_cppflags)
tests_fuzz_fuzz_bus_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_bus_LDADD = tests/fuzz/libfuzz.la $(bus_libs) $(CMOCKA_LIBS)
endif HAVE_CMOCKA
endif PROGRAMS

# Only what tests/fuzz/run needs.
fuzzing: $(fuzz_targets) $(check_LTLIBRARIES) $(noinst_DATA) models/en/lexicon.tragus
check_PROGRAMS += $(fuzz_targets)
if !FUZZING
TESTS += $(fuzz_targets)
endif
EXTRA_DIST += tests/fuzz/run tests/fuzz/report tests/fuzz/targets.tsv \
    $(wildcard $(srcdir)/tests/fuzz/samples/*/* $(srcdir)/tests/fuzz/dictionaries/*)
