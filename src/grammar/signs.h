/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/signs.h: finds the numbers and signs in a text that are said in words of the language. */
#ifndef TRAGUS_GRAMMAR_SIGNS_H
#define TRAGUS_GRAMMAR_SIGNS_H

#include "grammar/language.h"
#include "grammar/template.h"

struct grammar_sign {
    size_t n;                   /* characters */
    struct grammar_item *words; /* NULL: it has none */
};

/* Finds the number or sign at chars[i]. after_list, before_list: whether a list stands directly before and behind the text. Returns
 * false if there is none. */
bool grammar_find_sign(struct grammar_parser *p, const uint32_t *chars, size_t n, size_t i, bool after_list, bool before_list,
                       struct grammar_sign *ret);

/* Whether a sign that stands behind no number may begin with this letter of ASCII. */
static inline bool grammar_may_begin_sign(const struct grammar_parser *p, uint32_t letter) {
    const struct grammar_language *l = p->language;
    uint32_t small = letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter;
    return l && ((l->before.first[small / 32] | l->symbols.first[small / 32]) >> small % 32 & 1);
}

/* Returns the symbol at chars[i] and its length, or NULL. */
const struct grammar_symbol *grammar_symbol_at(const struct grammar_symbols *symbols, const uint32_t *chars, size_t n, size_t i,
                                               size_t *ret_n);

/* Returns the length of the longest of these signs at chars[i], not followed by a letter or digit; 0: none. */
size_t grammar_longest_at(const char *const signs[], size_t n_signs, const uint32_t *chars, size_t n, size_t i);

/* Parses a text of the language's files. Returns NULL if such texts are in each other without end. */
struct grammar_item *grammar_sign_words(struct grammar_parser *p, const char *text);

/* Returns the length of the whole number with its groups of three digits ("1,000") at chars[i], or 0 if it has no groups. group:
 * the sign between them, 0: none. */
size_t grammar_grouped_at(const uint32_t *chars, size_t n, size_t i, uint32_t group);

#endif
