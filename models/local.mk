# SPDX-License-Identifier: Apache-2.0
# Modules for training, in models/training/.libs, and for tests/golden: the front end, and what makes a step quick.
check_LTLIBRARIES += models/training/libfrontend.la models/training/libfused.la
models_training_libfrontend_la_SOURCES = models/training/clips/frontend_module.c
models_training_libfrontend_la_LIBADD = $(frontend_libs)
models_training_libfrontend_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_top_builddir)
models_training_libfused_la_SOURCES = models/training/learning/fused.c models/training/verifier/align.c models/training/learning/crf.c models/training/learning/vectors.h
models_training_libfused_la_LDFLAGS = $(models_training_libfrontend_la_LDFLAGS)
training: models/training/libfrontend.la models/training/libfused.la

# --- English: lexicon.tragus is compiled here; acoustic.tragus and g2p.tragus were trained (models/training/README.md) ---
# --with-dictionary sets DICTIONARY; a variant of CMUdict with other phones needs another acoustic model.
dictionary = $(firstword $(DICTIONARY) /usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict)
endir = $(pkgdatadir)/en
nodist_en_DATA = models/en/lexicon.tragus
dist_en_DATA = models/en/acoustic.tragus models/en/g2p.tragus models/en/language.yaml models/en/capitals.txt
dist_en_DATA += models/words/en/words.tragus
beside += $(dist_en_DATA)
models/en/lexicon.tragus: src/lexicon/compile-lexicon models/en/endings.txt models/en/extra.dict $(wildcard $(dictionary))
	@test -r '$(dictionary)' || { \
	    echo '$(dictionary): the pronouncing dictionary is missing; on Debian: apt install pocketsphinx-en-us,' \
	        'or configure --with-dictionary=FILE' >&2; exit 1; }
	$(AM_V_GEN)$(MKDIR_P) models/en && src/lexicon/compile-lexicon $@ $(srcdir)/models/en/endings.txt '$(dictionary)' $(srcdir)/models/en/extra.dict
CLEANFILES += models/en/lexicon.tragus
EXTRA_DIST += models/words/LICENCES.md models/words/capitals.py models/words/make models/words/passport.txt models/words/sources.py
EXTRA_DIST += models/en/LICENCES.md models/en/README.md models/en/endings.txt models/en/extra.dict models/en/float.pt models/en/passport.txt models/en/training-log.tsv
EXTRA_DIST += $(wildcard $(addprefix $(srcdir)/models/training/,README.md prepare run confidence/run trials/score */*.py */*.mjs))

# --- numbers in words, from CLDR: models/numbers/make.py writes them ---
number_languages = \
    af ak am ar az be bg bs ca ccp chr cs cy da de ee el eo es et fa ff fi fil fo fr ga he hi hr hu hy id is it ja ka kk \
    kl km ko ky lb lo lrc lt lv mk ms mt my nb ne nl nn no pl pt qu ro ru se sk sl sq sr su sv sw ta th tr uk vi yue zh
numbersdir = $(pkgdatadir)/numbers
dist_numbers_DATA = models/numbers/LICENCE $(addsuffix .yaml,$(addprefix models/numbers/,$(number_languages)))
beside += $(dist_numbers_DATA)
EXTRA_DIST += models/numbers/also.yaml models/numbers/make.py
