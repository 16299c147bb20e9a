/* SPDX-License-Identifier: Apache-2.0 */
#include "grammar/normal.h"

#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

enum { FIRST_OF_WIDTHS = 0xFF01, LAST_OF_WIDTHS = 0xFFEE, FIRST_NARROW_KANA = 0xFF66, LAST_NARROW_KANA = 0xFF9F };

/* Takes a character apart, into at most `room` characters, and returns how many they are. */
static size_t take_apart(uint32_t c, uint32_t *out, size_t room, int options) {
    int last = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, (utf8proc_int32_t *)out, (utf8proc_ssize_t)room,
                                                 (utf8proc_option_t)(options | UTF8PROC_STABLE), &last);
    if (n > 0 && (size_t)n <= room)
        return (size_t)n;
    out[0] = c;
    return 1;
}

static size_t put_together(uint32_t *chars, size_t n) {
    utf8proc_ssize_t m =
        utf8proc_normalize_utf32((utf8proc_int32_t *)chars, (utf8proc_ssize_t)n, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    return m > 0 ? (size_t)m : n;
}

static unsigned class_of(uint32_t c) {
    return (unsigned)utf8proc_get_property((utf8proc_int32_t)c)->combining_class;
}

/* Thai and Lao am is one letter, but is also typed as a ring and aa, with a mark of the tone between them; Unicode has no canonical
 * form for both. Returns how many characters are left. */
static size_t put_am_together(uint32_t *chars, size_t n) {
    enum { THAI_RING = 0xE4D, LAO_RING = 0xECD, AA_BEFORE_RING = 0x1B, AM_BEFORE_RING = 0x1A };
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_ring = chars[i] == THAI_RING || chars[i] == LAO_RING;
        uint32_t tone = is_ring && i + 1 < n && chars[i + 1] + 2 <= chars[i] && chars[i + 1] + 5 >= chars[i] ? chars[i + 1] : 0;
        size_t aa = i + 1 + (tone != 0);
        if (!is_ring || aa >= n || chars[aa] != chars[i] - AA_BEFORE_RING) {
            chars[m++] = chars[i];
            continue;
        }
        uint32_t am = chars[i] - AM_BEFORE_RING;
        if (tone)
            chars[m++] = tone;
        chars[m++] = am;
        i = aa;
    }
    return m;
}

/* Stable: marks of the same class stay in their order. */
static void order_marks(uint32_t *chars, size_t n) {
    for (size_t i = 1; i < n; i++) {
        uint32_t c = chars[i];
        unsigned class = class_of(c);
        size_t at = i;
        for (; class && at > 0 && class_of(chars[at - 1]) > class; at--)
            chars[at] = chars[at - 1];
        chars[at] = c;
    }
}

size_t grammar_compose(uint32_t *chars, size_t n) {
    size_t first = 0, m = 0;
    while (first < n && chars[first] < GRAMMAR_FIRST_MARK)
        first++;
    if (first == n)
        return n;                                               /* such characters have no marks and are composed */
    uint32_t *given = chars + (GRAMMAR_COMPOSE_GROWTH - 1) * n; /* they move to the end, so that none is overwritten unread */
    memmove(given, chars, n * sizeof *chars);
    for (size_t i = 0; i < n; i++) {
        bool narrow = given[i] >= FIRST_NARROW_KANA && given[i] <= LAST_NARROW_KANA;
        uint32_t parts[GRAMMAR_COMPOSE_GROWTH];
        size_t k = take_apart(given[i], parts, GRAMMAR_COMPOSE_GROWTH, UTF8PROC_DECOMPOSE | (narrow ? UTF8PROC_COMPAT : 0));
        memcpy(chars + m, parts, k * sizeof *parts);
        m += k;
    }
    order_marks(chars, m);
    return put_am_together(chars, put_together(chars, m));
}

/* Unicode gives the ten digits of a script in a row, so the value follows from the place in a row of digits. */
int grammar_digit_value(uint32_t c) {
    if (c < 0x80)
        return c >= '0' && c <= '9' ? (int)(c - '0') : -1;
    if (utf8proc_category((utf8proc_int32_t)c) != UTF8PROC_CATEGORY_ND)
        return -1;
    uint32_t zero = c;
    while (utf8proc_category((utf8proc_int32_t)zero - 1) == UTF8PROC_CATEGORY_ND)
        zero--;
    return (int)((c - zero) % 10);
}

/* Romanian s and t with a comma, which many keyboards have with a cedilla only. */
static uint32_t with_comma(uint32_t c) {
    return c == 0x15E || c == 0x15F ? 0x219 : c == 0x162 || c == 0x163 ? 0x21B : c;
}

/* Whether a character is another way to write letters: full-width ones, Latin digraphs and ligatures, forms of Arabic letters
 * within a word. */
static bool is_presentation(uint32_t c) {
    static const uint32_t ranges[][2] = {{0x132, 0x133},
                                         {0x13F, 0x140},
                                         {0x1C4, 0x1CC},
                                         {0xFB00, 0xFB06},
                                         {0xFB50, 0xFBFF},
                                         {0xFE80, 0xFEFC},
                                         {FIRST_OF_WIDTHS, FIRST_NARROW_KANA - 1},
                                         {LAST_NARROW_KANA + 1, LAST_OF_WIDTHS}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

size_t grammar_fold_whole(uint32_t c, uint32_t ret[GRAMMAR_LONGEST_FOLD]) {
    c = with_comma(c);
    int digit = grammar_digit_value(c);
    ret[0] = digit >= 0 ? '0' + (uint32_t)digit : c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c == 0x130 || c == 0x131 ? 'i' : c;
    if (c < 0x80 || ret[0] != c)
        return 1;
    size_t n = take_apart(c, ret, GRAMMAR_LONGEST_FOLD,
                          UTF8PROC_CASEFOLD | (is_presentation(c) ? UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT : 0));
    return put_together(ret, n);
}
