# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += libtragus_lexicon.la
libtragus_lexicon_la_SOURCES = \
    src/lexicon/dictionary.c src/lexicon/dictionary.h \
    src/lexicon/endings.c src/lexicon/endings.h \
    src/lexicon/g2p.c src/lexicon/g2p.h \
    src/lexicon/internal.h \
    src/lexicon/lexicon.c src/lexicon/lexicon.h \
    src/lexicon/overrides.c src/lexicon/overrides.h \
    src/lexicon/phones.c src/lexicon/phones.h \
    src/lexicon/pronounce.c \
    src/lexicon/spelling.c src/lexicon/spelling.h

# The lexicon compiler runs while building, so it is made from sources for the machine that builds, in one go.
compile_lexicon_sources = \
    src/lexicon/compile_main.c src/lexicon/compile.c src/lexicon/endings.c src/lexicon/phones.c src/lexicon/spelling.c \
    src/store/write.c src/base/assert.c src/base/budget.c src/base/buffer.c src/base/clock.c src/base/crc32c.c src/base/error.c \
    src/base/utf8.c src/base/gen/crc32c.c src/base/gen/fold.c
compile_lexicon_headers = \
    src/lexicon/compile.h src/lexicon/dictionary.h src/lexicon/endings.h src/lexicon/lexicon.h src/lexicon/phones.h src/lexicon/spelling.h \
    src/store/layout.h src/store/store.h src/base/budget.h src/base/clock.h src/base/gen/fold.h
src/lexicon/compile-lexicon: $(compile_lexicon_sources) $(compile_lexicon_headers)
	$(AM_V_GEN)$(MKDIR_P) src/lexicon && cd $(srcdir) && \
	    $(CC_FOR_BUILD) -std=gnu11 $(CFLAGS_FOR_BUILD) -Isrc -Iinclude -o $(abs_builddir)/$@ $(compile_lexicon_sources)
CLEANFILES += src/lexicon/compile-lexicon
EXTRA_DIST += src/lexicon/compile_main.c src/lexicon/compile.c src/lexicon/compile.h
