# SPDX-License-Identifier: Apache-2.0
TESTS += tests/accuracy/dev_sets tests/accuracy/false_events tests/accuracy/test_peers.py tests/accuracy/test_removed_words.py tests/accuracy/test_report.py
dist_check_SCRIPTS += tests/accuracy/dev_sets tests/accuracy/false_events tests/accuracy/test_peers.py tests/accuracy/test_removed_words.py tests/accuracy/test_report.py
EXTRA_DIST += $(addprefix tests/accuracy/,sets.py report.py quantisation.py home.py times.py delay.py phones.py unseen unpack_speech.py kokoro contrasts contrast_texts.py talk talk_texts.py streams.py removed_words.py wake_phrases.py free_words.py figures wildcards wildcards.py wildcard_texts.py reliability) $(wildcard $(srcdir)/tests/accuracy/*.tsv)
EXTRA_DIST += tests/accuracy/peers.py $(addprefix tests/accuracy/peers/,setup measure grammar.py sphinx.py vosk.mjs moonshine.mjs wav.mjs)
check_PROGRAMS += tests/accuracy/candidates
tests_accuracy_candidates_SOURCES = tests/accuracy/candidates.c
tests_accuracy_candidates_LDADD = $(engine_libs)
