# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_audio.la
libtragus_audio_la_SOURCES = src/audio/source.h src/audio/file.c src/audio/convert.c src/audio/alsa.c \
    src/audio/devices.c src/audio/devices.h \
    src/audio/decimate.c src/audio/decimate.h src/audio/loudest.c src/audio/loudest.h
libtragus_audio_la_LIBADD = $(SNDFILE_LIBS) $(SAMPLERATE_LIBS) $(ALSA_LIBS)
libtragus_audio_la_CPPFLAGS = $(AM_CPPFLAGS) $(SNDFILE_CFLAGS) $(SAMPLERATE_CFLAGS) $(ALSA_CFLAGS)
# Sums of floats must not be fused where the machine could: the same file gives the same samples everywhere.
libtragus_audio_la_CFLAGS = $(AM_CFLAGS) -ffp-contract=off
