/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/letters.c: character classes, and conversion between UTF-8 and arrays of characters. */
#include "grammar/letters.h"

#include "base/utf8.h"
#include "grammar/normal.h"
#include "grammar/pool.h"

#include <string.h>
#include <strings.h>

enum {
    SUBSCRIPT_ZERO = 0x2080,
    DOT_ABOVE = 0x307, /* of a small i whose capital has one */
    VIRAMA = 0xD4D,    /* of Malayalam */
    JOINER = 0x200D,
};

bool grammar_is_other_digit(uint32_t c) {
    return grammar_digit_value(c) >= 0 || (c >= SUBSCRIPT_ZERO && c <= SUBSCRIPT_ZERO + 9);
}

bool grammar_has_digit(const uint32_t *chars, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (grammar_is_digit(chars[i]))
            return true;
    return false;
}

bool grammar_is_letter(uint32_t c) {
    if (c < 0x80)
        return grammar_is_ascii_letter(c);
    if (c < 0xC0) /* Latin-1 signs, of which three are letters */
        return c == 0xAA || c == 0xB5 || c == 0xBA;
    if (c == 0xD7 || c == 0xF7) /* multiplication and division signs */
        return false;
    if (c >= 0x2000 && c <= 0x2BFF) /* punctuation, currency, arrows, mathematics, signs */
        return c == GRAMMAR_NON_JOINER || c == JOINER;
    if ((c >= 0x3000 && c <= 0x3004) || (c >= 0x3008 && c <= 0x3020) || c == 0x3030) /* CJK punctuation */
        return false;
    if ((c >= 0xFF01 && c <= 0xFF20) || (c >= 0xFF3B && c <= 0xFF40) || (c >= 0xFF5B && c <= 0xFF65)) /* full-width signs */
        return false;
    if (c >= 0x1F000 && c <= 0x1FAFF) /* pictures */
        return false;
    return !grammar_is_stop(c) && c != 0x066A && c != 0xFFFD;
}

bool grammar_is_unspaced(uint32_t c) {
    return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) || /* Thai to Khmer */
           (c >= 0x2E80 && c <= 0x9FFF && grammar_is_letter(c)) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

bool grammar_is_stop(uint32_t c) {
    static const uint32_t stops[] = {
        '.',    ',',    '?',    '!',    ';',    ':',    0xA1,   0xBF,   /* Latin */
        0x0589, 0x05C3, 0x060C, 0x061B, 0x061F, 0x06D4, 0x0964, 0x0965, /* Armenian, Hebrew, Arabic, Urdu, Indian */
        0x0E2F, 0x0E5A, 0x104A, 0x104B, 0x1362, 0x1363, 0x1364, 0x1367, /* Thai, Burmese, Ethiopic */
        0x0F0D, 0x0F0E, 0x17D4, 0x17D5, 0x2026, 0x3001, 0x3002, 0xFF01,
        0xFF0C, 0xFF0E, /* Tibetan, Khmer, ellipsis, Chinese and Japanese */
        0xFF1A, 0xFF1B, 0xFF1F, 0xFF61, 0xFF64,
    };
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
        if (stops[i] == c)
            return true;
    return false;
}

bool grammar_is_silent(uint32_t c) {
    return c == 0x200B || c == GRAMMAR_NON_JOINER || c == JOINER || c == 0x34F || (c >= 0xFE00 && c <= 0xFE0F) || c == 0x55B ||
           c == 0x55C || c == 0x55E;
}

/* Marks of the direction of writing, byte order marks and hyphens that show at the end of a line only: no part of the text. */
static bool is_layout(uint32_t c) {
    return c == 0xAD || c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || c == 0x2060 ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

/* The apostrophe and other signs that keyboards have in its place. */
static bool is_apostrophe(uint32_t c) {
    return c == 0x60 || c == 0xB4 || (c >= 0x2BB && c <= 0x2BD) || c == 0x55A || c == 0x5F3 || c == 0x2018 || c == 0x2019 ||
           c == 0x201B || c == 0x2032 || c == 0xFF07;
}

/* Signs that are typed for each other: minus and hyphen, percent signs, decimal commas. */
static uint32_t fold_sign(uint32_t c) {
    return c == 0x2010 || c == 0x2011 || c == 0x2212        ? '-'
           : c == 0x2022 || c == 0x2027                     ? 0xB7 /* between two l in Catalan */
           : c == 0x066A                                    ? '%'
           : c == 0x066B                                    ? ','
           : c == 0x05F4                                    ? '"'
           : c >= SUBSCRIPT_ZERO && c <= SUBSCRIPT_ZERO + 9 ? '0' + (c - SUBSCRIPT_ZERO)
                                                            : c;
}

uint32_t grammar_fold(uint32_t c) {
    uint32_t letters[GRAMMAR_LONGEST_FOLD];
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    return grammar_fold_whole(fold_sign(c), letters) == 1 ? letters[0] : base_utf8_fold(c);
}

/* Malayalam letters without a vowel, as they were written before there were characters for them; 0: it is none. */
static uint32_t chillu(uint32_t c) {
    static const uint32_t pairs[][2] = {{0xD23, 0xD7A}, {0xD28, 0xD7B}, {0xD30, 0xD7C},
                                        {0xD32, 0xD7D}, {0xD33, 0xD7E}, {0xD15, 0xD7F}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i][0] == c)
            return pairs[i][1];
    return 0;
}

size_t grammar_fold_at(const uint32_t *chars, size_t n, size_t i, struct grammar_folded *ret) {
    uint32_t c = chars[i];
    size_t used = 1;
    if (c < 0x80 && (i + 1 == n || chars[i + 1] < 0x80)) { /* nothing that belongs to it can follow */
        ret->letters[0] = c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
        ret->n = 1;
        return 1;
    }
    if (i + 2 < n && chars[i + 1] == VIRAMA && chars[i + 2] == JOINER && chillu(c)) {
        ret->letters[0] = chillu(c);
        ret->n = 1;
        used = 3;
    } else {
        ret->n = grammar_fold_whole(fold_sign(c), ret->letters);
        if (i + 1 < n && chars[i + 1] == DOT_ABOVE &&
            (ret->letters[0] == 'i' || ret->letters[0] == 'j' || c == 0x12F || c == 0x12E))
            used = 2;
    }
    while (i + used < n && grammar_is_silent(chars[i + used]))
        used++;
    return used;
}

bool grammar_has_non_joiner(const uint32_t *chars, size_t i, size_t n_used) {
    for (size_t end = i + n_used; i < end; i++)
        if (chars[i] == GRAMMAR_NON_JOINER)
            return true;
    return false;
}

uint32_t grammar_fold_dotless(uint32_t c) {
    return c == 'I' ? 0x131 : c == 0x130 ? 'i' : base_utf8_fold(c);
}

bool grammar_has_dotless_i(const char *language) {
    return language && (strncasecmp(language, "tr", 2) == 0 || strncasecmp(language, "az", 2) == 0) &&
           (language[2] == '\0' || language[2] == '-' || language[2] == '_');
}

uint32_t *grammar_decode(struct grammar_pool *p, const char *text, size_t len, size_t *ret_n) {
    uint32_t *chars = grammar_pool_alloc(p, (len + 1) * sizeof *chars);
    const char *end = text + len;
    size_t n = 0;
    bool may_have_marks = false;
    while (text < end) {
        if (*text > ' ' && *text < 0x7F && *text != '`') { /* most text: nothing of what follows applies to it */
            chars[n++] = (uint32_t)*text++;
            continue;
        }
        uint32_t c = base_utf8_next(&text, end);
        if (is_layout(c))
            continue;
        chars[n++] = base_utf8_is_space(c) ? ' ' : is_apostrophe(c) ? '\'' : c;
        may_have_marks |= c >= GRAMMAR_FIRST_MARK;
    }
    if (may_have_marks) { /* composed text has at most as many characters as it has bytes */
        struct grammar_pool_mark mark = grammar_pool_mark(p);
        uint32_t *room = grammar_pool_alloc(p, n * GRAMMAR_COMPOSE_GROWTH * sizeof *room);
        memcpy(room, chars, n * sizeof *chars);
        n = grammar_compose(room, n);
        memcpy(chars, room, n * sizeof *chars);
        grammar_pool_release(p, mark);
    }
    *ret_n = n;
    return chars;
}

char *grammar_encode(struct grammar_pool *p, const uint32_t *chars, size_t n) {
    char *text = grammar_pool_alloc(p, n * 4 + 1);
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += base_utf8_put(chars[i], text + len);
    return text;
}

const char *grammar_name_form(struct grammar_pool *p, const char *name) {
    size_t n;
    const char *at = name;
    while (*at && (unsigned char)*at < 0x80)
        at++;
    if (*at == '\0')
        return name;
    const uint32_t *chars = grammar_decode(p, name, strlen(name), &n);
    return grammar_encode(p, chars, n);
}
