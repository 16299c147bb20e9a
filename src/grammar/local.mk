# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_grammar.la
libtragus_grammar_la_SOURCES = \
    src/grammar/acceptor.c \
    src/grammar/automaton.c src/grammar/automaton.h \
    src/grammar/builder.c src/grammar/model.h \
    src/grammar/compile.c src/grammar/compiled.h \
    src/grammar/correct.c src/grammar/correct.h \
    src/grammar/costs.c src/grammar/costs.h \
    src/grammar/cut.c \
    src/grammar/diagnostic.c src/grammar/diagnostic.h \
    src/grammar/digits.c src/grammar/digits.h \
    src/grammar/examine.c src/grammar/examine.h \
    src/grammar/examples.c \
    src/grammar/expected.c src/grammar/expected.h \
    src/grammar/files.c src/grammar/files.h \
    src/grammar/formats.c src/grammar/formats.h \
    src/grammar/grammar.h \
    src/grammar/hassil.c src/grammar/hassil.h src/grammar/hassil_blocks.c src/grammar/hassil_lists.c \
    src/grammar/index.c src/grammar/index.h \
    src/grammar/ini.c \
    src/grammar/ini_template.c \
    src/grammar/input.c src/grammar/input.h \
    src/grammar/item.h \
    src/grammar/jsgf.c src/grammar/jsgf.h \
    src/grammar/jsgf_template.c \
    src/grammar/language.c src/grammar/language.h \
    src/grammar/letters.c src/grammar/letters.h \
    src/grammar/lines.c src/grammar/lines.h \
    src/grammar/lists.c \
    src/grammar/map.c src/grammar/map.h \
    src/grammar/match.c src/grammar/match.h \
    src/grammar/matcher.c src/grammar/matcher.h src/grammar/matcher_lists.c \
    src/grammar/normal.c src/grammar/normal.h \
    src/grammar/notation.h \
    src/grammar/numbers.c src/grammar/numbers.h \
    src/grammar/numbers_file.c \
    src/grammar/passing.h \
    src/grammar/phrase.c src/grammar/phrase.h \
    src/grammar/pieces.c src/grammar/pieces.h \
    src/grammar/places.c src/grammar/places.h \
    src/grammar/plain.c \
    src/grammar/pool.c src/grammar/pool.h \
    src/grammar/range_part.c \
    src/grammar/rank.c \
    src/grammar/reading.c \
    src/grammar/rhino.c src/grammar/rhino.h \
    src/grammar/rhino_template.c \
    src/grammar/resolve.c src/grammar/resolve.h \
    src/grammar/signs.c src/grammar/signs.h \
    src/grammar/subsets.c src/grammar/subsets.h \
    src/grammar/template.c src/grammar/template.h \
    src/grammar/tokens.c \
    src/grammar/tree.c src/grammar/tree.h \
    src/grammar/value.c src/grammar/value.h \
    src/grammar/vosk.c src/grammar/vosk.h \
    src/grammar/wild.c src/grammar/wild.h \
    src/grammar/written.c \
    src/grammar/yaml.c src/grammar/yaml.h
libtragus_grammar_la_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS) $(UTF8PROC_CFLAGS)
libtragus_grammar_la_LIBADD = $(YAML_LIBS) $(UTF8PROC_LIBS)
