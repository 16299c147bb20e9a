/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/wild.h: writes free text as people write it.
 *
 * A number before a word of measure becomes digits ("two liters of milk": "2 liters of milk"). Any other number stays in words,
 * because it may be a part of a name ("seven up", "ocean's eleven"). A value with capitals of a list, which has no output of its
 * own, is written so in free text, too, and so are the words of capitals.txt beside language.yaml. A word that has capitals already
 * is left alone, so typed text keeps its own.
 */
#ifndef TRAGUS_GRAMMAR_WILD_H
#define TRAGUS_GRAMMAR_WILD_H

#include "grammar/map.h"

#include <stddef.h>
#include <stdint.h>

struct grammar_compiler;
struct grammar_item;
struct grammar_pool;

struct grammar_wild {
    const struct grammar_item *number;      /* a list of numbers in words; NULL: the language has none */
    const struct grammar_item *one, *other; /* words of measure after 1, and after other numbers */
    struct grammar_map names;    /* the values of all lists, as compared: const char *, how to write it; NULL: as it is */
    size_t longest_name;         /* of those to write otherwise, in words */
    struct grammar_map capitals; /* words, as compared: const char *, with capitals */
};

/* Prepares the writing of free text for a grammar that has some. */
const struct grammar_wild *grammar_compile_wild(struct grammar_compiler *c);

/* Returns n characters of free text, with single blanks between words, as people write them. wild NULL: unchanged. */
const char *grammar_wild_text(struct grammar_pool *pool, const struct grammar_wild *wild, const uint32_t *spelled, size_t n);

#endif
