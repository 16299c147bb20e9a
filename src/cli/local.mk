# SPDX-License-Identifier: Apache-2.0
# Everything except main, so that unit tests can link it.
noinst_LTLIBRARIES += libtragus_cli.la
libtragus_cli_la_SOURCES = \
    src/cli/bench.c \
    src/cli/busclient.c src/cli/busclient.h \
    src/cli/cli.h \
    src/cli/devices.c src/cli/devices.h \
    src/cli/doctor.c src/cli/doctor.h src/cli/doctor_daemon.c src/cli/doctor_sound.c \
    src/cli/evaluate.c \
    src/cli/features.c \
    src/cli/grammar.c src/cli/grammar.h \
    src/cli/grammar_alike.c src/cli/grammar_alike.h \
    src/cli/grammar_check.c \
    src/cli/grammar_sample.c \
    src/cli/grammar_test.c \
    src/cli/hear.c \
    src/cli/json.c \
    src/cli/levels.c src/cli/levels.h \
    src/cli/list.c src/cli/list.h \
    src/cli/listen.c \
    src/cli/listen_grammar.c src/cli/listen_grammar.h \
    src/cli/listen_keep.c src/cli/listen_keep.h \
    src/cli/listen_text.c \
    src/cli/listen_view.c src/cli/listen_view.h \
    src/cli/match.c \
    src/cli/model.c \
    src/cli/options.c \
    src/cli/progress.c \
    src/cli/pronounce.c \
    src/cli/reload.c \
    src/cli/score.c src/cli/score.h \
    src/cli/setup.c \
    src/cli/spot.c \
    src/cli/status.c \
    src/cli/transcribe.c \
    src/cli/words.c src/cli/words.h src/cli/words_build.c
cli_cppflags = $(AM_CPPFLAGS) -D_GNU_SOURCE $(JSON_CFLAGS) $(SYSTEMD_CFLAGS) -DCLI_WITH_BUS -DCLI_SENTENCES='"$(sysconfdir)/tragus/sentences"' \
    -DCLI_CONFIG='"$(sysconfdir)/tragus/tragus.conf"'
libtragus_cli_la_CPPFLAGS = $(cli_cppflags)
libtragus_cli_la_LIBADD = $(JSON_LIBS) $(SYSTEMD_LIBS)

# Linked with the convenience library and not with libtragus, so that the program is not a libtool wrapper script and runs in the build
# tree.
bin_PROGRAMS += tragus
tragus_SOURCES = src/cli/main.c
tragus_CPPFLAGS = $(cli_cppflags)
tragus_LDADD = $(cli_libs)

# Installed by data/local.mk.
EXTRA_DIST += data/grammars/home.yaml
beside += data/grammars/home.yaml
