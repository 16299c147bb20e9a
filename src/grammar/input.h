/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/input.h: typed or recognised text, normalised for matching. */
#ifndef TRAGUS_GRAMMAR_INPUT_H
#define TRAGUS_GRAMMAR_INPUT_H

#include "grammar/compiled.h"

enum {
    GRAMMAR_LONGEST_INPUT = 4096, /* bytes */
    GRAMMAR_MOST_INPUT_WORDS = 256,
};

struct grammar_input {
    uint32_t n;            /* characters */
    const uint32_t *chars; /* folded; one blank between words */
    const uint32_t *text;  /* as written */
    const uint32_t *from;  /* of each character, and of the end: where it begins in the text */
    const uint16_t *word;  /* of each character: index of its input word, from 0 */
};

/* Splits text into words at white space and strips punctuation at their ends. ignore_whitespace: without blanks between the words.
 * Returns -E2BIG if it is too long. */
int grammar_input_read(struct grammar_input *in, struct grammar_pool *p, const char *text, bool ignore_whitespace);

/* The same for a part of a text, which stays as it is, as a single word. */
struct grammar_input grammar_input_of(struct grammar_pool *p, const uint32_t *spelled, size_t n);

/* Returns how characters start..end are written. */
const uint32_t *grammar_input_spelled(const struct grammar_input *in, uint32_t start, uint32_t end, uint32_t *ret_n);
char *grammar_input_text(const struct grammar_input *in, struct grammar_pool *p, uint32_t start, uint32_t end);

/* Whether they are written as they are compared, without capitals for example. */
bool grammar_input_is_folded(const struct grammar_input *in, uint32_t start, uint32_t end);

/* Returns a copy without the characters that `drop` marks. */
struct grammar_input grammar_input_without(const struct grammar_input *in, struct grammar_pool *p, const bool *drop);

#endif
