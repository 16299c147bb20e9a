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
    const uint16_t *word;    /* of each character: which of the words given, from 0 */
};

/* Words by white space, without stops at their ends; -E2BIG when too long. */
int grammar_input_read(struct grammar_input *in, struct grammar_pool *p, const char *text, bool ignore_whitespace);

/* A copy without the words marked. */
struct grammar_input grammar_input_without(const struct grammar_input *in, struct grammar_pool *p, const bool *drop);

#endif
