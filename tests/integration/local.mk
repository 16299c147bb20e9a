# SPDX-License-Identifier: Apache-2.0
# A capture device without hardware, for ALSA to load: see alsa_test_pcm.c.
check_LTLIBRARIES += libasound_module_pcm_tragus_test.la
libasound_module_pcm_tragus_test_la_SOURCES = tests/integration/alsa_test_pcm.c
libasound_module_pcm_tragus_test_la_CPPFLAGS = $(AM_CPPFLAGS) -DPIC $(ALSA_CFLAGS)
libasound_module_pcm_tragus_test_la_CFLAGS = $(AM_CFLAGS) -fvisibility=default
# -rpath: without it libtool makes a convenience library, which nothing can load.
libasound_module_pcm_tragus_test_la_LDFLAGS = -module -avoid-version -rpath /nowhere
libasound_module_pcm_tragus_test_la_LIBADD = $(ALSA_LIBS)
