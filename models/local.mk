# SPDX-License-Identifier: Apache-2.0
# The front end for training and for tests/golden/frontend.py: models/training/.libs/libfrontend.so.
check_LTLIBRARIES += models/training/libfrontend.la
models_training_libfrontend_la_SOURCES = models/training/frontend_module.c
models_training_libfrontend_la_LIBADD = $(frontend_libs)
models_training_libfrontend_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_top_builddir)
training: models/training/libfrontend.la

# --- English: lexicon.tragus is compiled here, g2p.tragus was trained with models/training/g2p.py ---
# --with-dictionary sets DICTIONARY; a variant of CMUdict with other phones needs another acoustic model.
dictionary = $(firstword $(DICTIONARY) /usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict)
endir = $(pkgdatadir)/en
nodist_en_DATA = models/en/lexicon.tragus
dist_en_DATA = models/en/g2p.tragus
models/en/lexicon.tragus: src/lexicon/compile-lexicon models/en/extra.dict $(wildcard $(dictionary))
	@test -r '$(dictionary)' || { \
	    echo '$(dictionary): the pronouncing dictionary is missing; on Debian: apt install pocketsphinx-en-us,' \
	        'or configure --with-dictionary=FILE' >&2; exit 1; }
	$(AM_V_GEN)$(MKDIR_P) models/en && src/lexicon/compile-lexicon $@ '$(dictionary)' $(srcdir)/models/en/extra.dict
# ./tragus finds both files beside each other, also where the build tree is not the source tree.
noinst_DATA += models/en/g2p.stamp
models/en/g2p.stamp: $(srcdir)/models/en/g2p.tragus
	@$(MKDIR_P) models/en && { test -e models/en/g2p.tragus || $(LN_S) $(abs_srcdir)/models/en/g2p.tragus models/en/g2p.tragus; }
	@touch $@
CLEANFILES += models/en/lexicon.tragus models/en/g2p.stamp $(if $(filter-out .,$(srcdir)),models/en/g2p.tragus)
EXTRA_DIST += models/en/extra.dict models/training/g2p.py
