/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/grammar_use.h: compiles bytes as a grammar within a budget, and matches texts with it. */
#ifndef TRAGUS_TESTS_FUZZ_GRAMMAR_USE_H
#define TRAGUS_TESTS_FUZZ_GRAMMAR_USE_H

#include "fuzz.h"
#include "grammar/grammar.h"

/* A builder with the English numbers and signs, and the budget of a small machine. Valid until the next one is made. */
struct grammar_builder *limited_builder(void);

/* Compiles, checks the acceptor, and matches this text and others. The builder and the diagnostics stay the caller's. */
void compile_and_use(struct grammar_builder *b, const char *text, tragus_diagnostics *d);

/* Uses the bytes as a grammar file of that format, and as a text to match. */
void use_grammar(const uint8_t *data, size_t size, const char *format);

#endif
