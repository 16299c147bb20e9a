/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/letters.h: character classes for templates and input. */
#ifndef TRAGUS_GRAMMAR_LETTERS_H
#define TRAGUS_GRAMMAR_LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grammar_pool;

bool grammar_is_digit(uint32_t c);
bool grammar_has_digit(const uint32_t *chars, size_t n);
bool grammar_is_letter(uint32_t c);   /* part of a spoken word: letters of all scripts and the apostrophe, but no digits */
bool grammar_is_unspaced(uint32_t c); /* of a script without blanks between words: Thai, Chinese characters, kana and similar */
bool grammar_is_stop(uint32_t c);     /* punctuation that is ignored at the start and end of words: . , ? ! ; : and similar */

/* Returns a character in the form that is compared: small, and a digit for one below the line (CO₂). */
uint32_t grammar_fold(uint32_t c);

/* The same in a language that has an i without a dot, whose capital is I. */
uint32_t grammar_fold_dotless(uint32_t c);
bool grammar_has_dotless_i(const char *language); /* a tag; NULL: no */

/* Decodes UTF-8 to characters. White space becomes blanks, typographic apostrophes the plain one. */
uint32_t *grammar_decode(struct grammar_pool *p, const char *text, size_t len, size_t *ret_n);

/* Encodes characters as UTF-8; the text is in the pool. */
char *grammar_encode(struct grammar_pool *p, const uint32_t *chars, size_t n);

#endif
