# SPDX-License-Identifier: Apache-2.0

# grammar: any bytes as a grammar and as text to match
check_PROGRAMS += tests/fuzz/fuzz_grammar
TESTS += tests/fuzz/fuzz_grammar
tests_fuzz_fuzz_grammar_SOURCES = tests/fuzz/fuzz_grammar.c tests/unit/grammar/builder.h
tests_fuzz_fuzz_grammar_LDADD = $(grammar_libs)
EXTRA_DIST += \
    tests/fuzz/samples/grammar/anchors.yaml tests/fuzz/samples/grammar/bytes.txt tests/fuzz/samples/grammar/data.yaml \
    tests/fuzz/samples/grammar/intents.yaml tests/fuzz/samples/grammar/legacy.yaml tests/fuzz/samples/grammar/nested.txt tests/fuzz/samples/grammar/numbers.yaml \
    tests/fuzz/samples/grammar/plain.txt tests/fuzz/samples/grammar/rules.yaml
