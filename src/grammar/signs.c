/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/signs.c: numbers and signs in a text, with the words that language.yaml and models/numbers have for them. */
#include "grammar/signs.h"

#include "base/utf8.h"
#include "grammar/letters.h"
#include "grammar/numbers.h"
#include "grammar/phrase.h"
#include "grammar/pool.h"

#include <string.h>

enum { MOST_NESTED = 4 }; /* a sign in an amount in a phrase, and its digits */

struct grammar_item *grammar_sign_words(struct grammar_parser *p, const char *text) {
    if (p->n_nested == MOST_NESTED)
        return NULL;
    p->n_nested++;
    struct grammar_item *words = grammar_template_parse(p, text, strlen(text));
    p->n_nested--;
    return words;
}

static struct grammar_item *number_words(struct grammar_parser *p, bool ordinal, const char *digits) {
    base_buffer_clear(&p->scratch);
    if (!p->language || !p->language->numbers ||
        !grammar_numbers_say_all(p->language->numbers, ordinal, digits, strlen(digits), &p->scratch))
        return NULL;
    return grammar_sign_words(p, grammar_pool_text(p->pool, p->scratch.data, p->scratch.len_bytes));
}

struct grammar_item *grammar_template_number(struct grammar_parser *p, const char *digits) {
    return number_words(p, false, digits);
}

struct grammar_item *grammar_template_ordinal(struct grammar_parser *p, const char *digits) {
    return number_words(p, true, digits);
}

struct grammar_item *grammar_template_digits(struct grammar_parser *p, const char *digits) {
    const struct grammar_numbers *numbers = p->language ? p->language->numbers : NULL;
    base_buffer_clear(&p->scratch);
    for (; numbers && *digits; digits++) {
        if (!grammar_numbers_say(numbers, numbers->digit, digits, 1, &p->scratch))
            return NULL;
        base_buffer_add_text(&p->scratch, " ");
    }
    return numbers ? grammar_sign_words(p, grammar_pool_text(p->pool, p->scratch.data, p->scratch.len_bytes)) : NULL;
}

static bool is_alphanumeric(uint32_t c) {
    return grammar_is_digit(c) || grammar_is_letter(c);
}

/* Returns how many characters at chars[i] are `typed`, or 0. */
static size_t length_of(const char *typed, const uint32_t *chars, size_t n, size_t i, uint32_t *ret_last) {
    const char *end = typed + strlen(typed);
    size_t at = i;
    while (typed < end) {
        *ret_last = base_utf8_next(&typed, end);
        if (at == n || grammar_fold(chars[at++]) != *ret_last)
            return 0;
    }
    return at - i;
}

const struct grammar_symbol *grammar_symbol_at(const struct grammar_symbols *symbols, const uint32_t *chars, size_t n, size_t i,
                                               size_t *ret_n) {
    if (symbols->n == 0 || (i > 0 && is_alphanumeric(chars[i - 1]) && is_alphanumeric(chars[i])))
        return NULL;
    uint32_t first = grammar_fold(chars[i]);
    if (first < 0x80 && !(symbols->first[first / 32] >> first % 32 & 1))
        return NULL;
    for (size_t s = 0; s < symbols->n; s++) {
        uint32_t last = 0;
        size_t len = symbols->items[s].first == first ? length_of(symbols->items[s].typed, chars, n, i, &last) : 0;
        if (len == 0 || (is_alphanumeric(last) && i + len < n && is_alphanumeric(chars[i + len])))
            continue;
        *ret_n = len;
        return &symbols->items[s];
    }
    return NULL;
}

static size_t digits_at(const uint32_t *chars, size_t n, size_t i) {
    size_t at = i;
    while (at < n && grammar_is_digit(chars[at]))
        at++;
    return at - i;
}

size_t grammar_grouped_at(const uint32_t *chars, size_t n, size_t i, uint32_t group) {
    size_t len = digits_at(chars, n, i), at = i + len;
    if (!group || len < 1 || len > 3 || grammar_fold(chars[i]) == '0')
        return 0;
    while (at < n && chars[at] == group && digits_at(chars, n, at + 1) == 3)
        at += 4;
    return at > i + len ? at - i : 0;
}

/* Returns the length of the number at chars[i]: -?[0-9]+([.,][0-9]+)?, with a minus only at the start of a word, or with groups. */
static size_t number_at(const uint32_t *chars, size_t n, size_t i, uint32_t group) {
    size_t at = i + (grammar_fold(chars[i]) == '-' && (i == 0 || chars[i - 1] == ' ')),
           len = grammar_grouped_at(chars, n, at, group);
    bool grouped = len > 0;
    if (!grouped)
        len = digits_at(chars, n, at);
    if (len == 0)
        return 0;
    at += len;
    if (at + 1 < n && (chars[at] == '.' || grammar_fold(chars[at]) == ',') && !(grouped && chars[at] == group) &&
        digits_at(chars, n, at + 1))
        at += 1 + digits_at(chars, n, at + 1);
    return at - i;
}

/* Returns a number without the signs between its groups. */
static const char *digits_of(struct grammar_parser *p, const uint32_t *chars, size_t n, uint32_t group) {
    uint32_t *plain = grammar_pool_alloc(p->pool, n * sizeof *plain);
    size_t sign = grammar_fold(chars[0]) == '-', grouped = grammar_grouped_at(chars, n, sign, group), k = 0;
    for (size_t i = 0; i < n; i++)
        if (i >= grouped + sign || chars[i] != group)
            plain[k++] = grammar_fold(chars[i]);
    return grammar_encode(p->pool, plain, k);
}

size_t grammar_longest_at(const char *const signs[], size_t n_signs, const uint32_t *chars, size_t n, size_t i) {
    size_t longest = 0;
    for (size_t s = 0; s < n_signs; s++) {
        uint32_t last;
        size_t len = length_of(signs[s], chars, n, i, &last);
        if (len > longest && (i + len == n || !is_alphanumeric(chars[i + len])))
            longest = len;
    }
    return longest;
}

/* A time, "7:30". */
static bool time_at(struct grammar_parser *p, const uint32_t *chars, size_t n, size_t i, struct grammar_sign *ret) {
    size_t hour = digits_at(chars, n, i), minute = i + hour + 1;
    if (hour < 1 || hour > 2 || minute > n || chars[minute - 1] != ':' || digits_at(chars, n, minute) != 2 ||
        (minute + 2 < n && chars[minute + 2] == ':'))
        return false;
    ret->n = hour + 3;
    ret->words = grammar_phrase_time(p, digits_of(p, chars + i, hour, 0), digits_of(p, chars + minute, 2, 0));
    return ret->words != NULL;
}

/* A sign with a number behind it, "$5". */
static bool amount_at(struct grammar_parser *p, const uint32_t *chars, size_t n, size_t i, struct grammar_sign *ret) {
    const struct grammar_language *l = p->language;
    uint32_t group = l->numbers ? l->numbers->group : 0;
    size_t len, number;
    const struct grammar_symbol *sign = grammar_symbol_at(&l->before, chars, n, i, &len);
    if (!sign || i + len == n || !grammar_is_digit(chars[i + len]))
        return false;
    number = number_at(chars, n, i + len, group);
    ret->n = len + number;
    ret->words = grammar_phrase_amount(p, sign->spoken, digits_of(p, chars + i + len, number, group));
    return ret->words != NULL;
}

static bool plain_number_at(struct grammar_parser *p, const uint32_t *chars, size_t n, size_t i, struct grammar_sign *ret) {
    const struct grammar_numbers *numbers = p->language ? p->language->numbers : NULL;
    uint32_t group = numbers ? numbers->group : 0;
    ret->n = number_at(chars, n, i, group);
    if (ret->n == 0)
        return false;
    const char *digits = digits_of(p, chars + i, ret->n, group);
    size_t sign = numbers ? grammar_longest_at(numbers->signs, numbers->n_signs, chars, n, i + ret->n) : 0;
    ret->words = sign ? number_words(p, true, digits) : NULL;
    if (ret->words)
        ret->n += sign;
    else
        ret->words = number_words(p, false, digits);
    return true;
}

bool grammar_find_sign(struct grammar_parser *p, const uint32_t *chars, size_t n, size_t i, bool after_list, bool before_list,
                       struct grammar_sign *ret) {
    /* Called for each character of each name, so what most of them are comes first: a letter within a word. */
    if (i > 0 && grammar_is_letter(chars[i]) && is_alphanumeric(chars[i - 1]))
        return false;
    const struct grammar_language *l = p->language;
    bool behind = i > 0 ? grammar_is_digit(chars[i - 1]) : after_list;
    const struct grammar_symbol *symbol = NULL;
    if (l && (amount_at(p, chars, n, i, ret) || (l->n_clock && !behind && time_at(p, chars, n, i, ret))))
        return true;
    if (l && behind) {
        symbol = grammar_symbol_at(&l->between, chars, n, i, &ret->n);
        if (symbol && !(i + ret->n < n ? grammar_is_digit(chars[i + ret->n]) : before_list))
            symbol = NULL;
        if (!symbol)
            symbol = grammar_symbol_at(&l->behind, chars, n, i, &ret->n);
    }
    if (l && !symbol)
        symbol = grammar_symbol_at(&l->symbols, chars, n, i, &ret->n);
    if (!symbol)
        return plain_number_at(p, chars, n, i, ret);
    ret->words = grammar_sign_words(p, symbol->spoken);
    return true;
}
