/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/letters.h: character classes for templates and input. */
#ifndef TRAGUS_GRAMMAR_LETTERS_H
#define TRAGUS_GRAMMAR_LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grammar_pool;

bool grammar_is_other_digit(uint32_t c);          /* grammar_is_digit beyond ASCII */
static inline bool grammar_is_digit(uint32_t c) { /* of any script, also below the line */
    return c < 0x80 ? c >= '0' && c <= '9' : grammar_is_other_digit(c);
}
bool grammar_has_digit(const uint32_t *chars, size_t n);
static inline bool grammar_is_ascii_letter(uint32_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'';
}
bool grammar_is_letter(uint32_t c);   /* part of a spoken word: letters of all scripts and the apostrophe, but no digits */
bool grammar_is_unspaced(uint32_t c); /* of a script without blanks between words: Thai, Chinese characters, kana and similar */
bool grammar_is_stop(uint32_t c);     /* punctuation that is ignored at the start and end of words: . , ? ! ; : and similar */
bool grammar_is_silent(uint32_t c);   /* what is not compared: joiners, and marks that Armenian has inside words */

/* Parts of a Persian word are written with this sign between them, with a blank or with nothing. In the letters of a template it
 * stands where any of these may be typed. */
#define GRAMMAR_NON_JOINER 0x200C
/* Whether it is among what follows chars[i] and belongs to it. n_used: as grammar_fold_at returns it. */
bool grammar_has_non_joiner(const uint32_t *chars, size_t i, size_t n_used);

/* Returns a character in the form that is compared, if that is one: small, a digit of ASCII, also for one below the line (CO₂). */
uint32_t grammar_fold(uint32_t c);

struct grammar_folded {
    uint32_t letters[3];
    size_t n;
};

/* Folds the character at chars[i] with what belongs to it. Returns how many characters these are. */
size_t grammar_fold_at(const uint32_t *chars, size_t n, size_t i, struct grammar_folded *ret);

/* Returns the small letter in a language that has an i without a dot, whose capital is I. */
uint32_t grammar_fold_dotless(uint32_t c);
bool grammar_has_dotless_i(const char *language); /* a tag; NULL: no */

/* Decodes UTF-8 to characters in Unicode's normal form C. White space becomes blanks, other apostrophes the plain one; marks of the
 * direction of writing are left out. */
uint32_t *grammar_decode(struct grammar_pool *p, const char *text, size_t len, size_t *ret_n);

/* Returns a name of a list or rule as templates have it after grammar_decode: the given text if it is so already. */
const char *grammar_name_form(struct grammar_pool *p, const char *name);

/* Encodes characters as UTF-8; the text is in the pool. */
char *grammar_encode(struct grammar_pool *p, const uint32_t *chars, size_t n);

#endif
