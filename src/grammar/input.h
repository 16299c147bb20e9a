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
    uint32_t n;              /* characters */
    const uint32_t *chars;   /* folded; one blank between words */
    const uint32_t *spelled; /* as written */
    const uint16_t *word;    /* of each character: index of its input word, from 0 */
    bool dotless;            /* as of the grammar */
};

/* Splits text into words at white space and strips punctuation at their ends. ignore_whitespace: without blanks between the words;
 * dotless: as of the grammar. Returns -E2BIG if it is too long. */
int grammar_input_read(struct grammar_input *in, struct grammar_pool *p, const char *text, bool ignore_whitespace, bool dotless);

/* Returns a copy without the words that `drop` marks. */
struct grammar_input grammar_input_without(const struct grammar_input *in, struct grammar_pool *p, const bool *drop);

#endif
