# SPDX-License-Identifier: Apache-2.0
# The front end for training and for tests/golden/frontend.py: models/training/.libs/libfrontend.so.
check_LTLIBRARIES += models/training/libfrontend.la
models_training_libfrontend_la_SOURCES = models/training/frontend_module.c
models_training_libfrontend_la_LIBADD = $(frontend_libs)
models_training_libfrontend_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_top_builddir)
training: models/training/libfrontend.la

# --- English: lexicon.tragus is compiled here; acoustic.tragus and g2p.tragus were trained (models/training/README.md) ---
# --with-dictionary sets DICTIONARY; a variant of CMUdict with other phones needs another acoustic model.
dictionary = $(firstword $(DICTIONARY) /usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict)
endir = $(pkgdatadir)/en
nodist_en_DATA = models/en/lexicon.tragus
dist_en_DATA = models/en/acoustic.tragus models/en/g2p.tragus
beside += $(dist_en_DATA)
models/en/lexicon.tragus: src/lexicon/compile-lexicon models/en/extra.dict $(wildcard $(dictionary))
	@test -r '$(dictionary)' || { \
	    echo '$(dictionary): the pronouncing dictionary is missing; on Debian: apt install pocketsphinx-en-us,' \
	        'or configure --with-dictionary=FILE' >&2; exit 1; }
	$(AM_V_GEN)$(MKDIR_P) models/en && src/lexicon/compile-lexicon $@ '$(dictionary)' $(srcdir)/models/en/extra.dict
CLEANFILES += models/en/lexicon.tragus
EXTRA_DIST += models/en/LICENCES.md models/en/README.md models/en/extra.dict models/en/passport.txt models/en/training-log.tsv \
    models/training/README.md models/training/augment.py models/training/check.py models/training/corpus.py models/training/export.py \
    models/training/g2p.py models/training/net.py models/training/noises.py models/training/prepare \
    models/training/program.py models/training/quantise.py models/training/rooms.py models/training/run models/training/shapes.py \
    models/training/store.py models/training/synthesise.mjs models/training/texts.py models/training/train.py \
    models/training/unpack_voices.py
