/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/letters.c: character classes, and conversion between UTF-8 and arrays of characters. */
#include "grammar/letters.h"

#include "base/utf8.h"
#include "grammar/pool.h"

#include <strings.h>

bool grammar_is_digit(uint32_t c) {
    return c >= '0' && c <= '9';
}

bool grammar_has_digit(const uint32_t *chars, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (grammar_is_digit(chars[i]))
            return true;
    return false;
}

bool grammar_is_letter(uint32_t c) {
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'';
    if (c < 0xC0) /* Latin-1 signs, of which three are letters */
        return c == 0xAA || c == 0xB5 || c == 0xBA;
    if (c == 0xD7 || c == 0xF7) /* multiplication and division signs */
        return false;
    if (c >= 0x2000 && c <= 0x2BFF) /* punctuation, currency, arrows, mathematics, signs */
        return c == 0x200C || c == 0x200D || (c >= 0x2C00);
    if ((c >= 0x3000 && c <= 0x3004) || (c >= 0x3008 && c <= 0x3020) || c == 0x3030) /* CJK punctuation */
        return false;
    if ((c >= 0xFF01 && c <= 0xFF20) || (c >= 0xFF3B && c <= 0xFF40) || (c >= 0xFF5B && c <= 0xFF65)) /* full-width signs */
        return false;
    if (c >= 0x1F000 && c <= 0x1FAFF) /* pictures */
        return false;
    return c != 0x061F && c != 0xFFFD;
}

bool grammar_is_unspaced(uint32_t c) {
    return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) || /* Thai to Khmer */
           (c >= 0x2E80 && c <= 0x9FFF && grammar_is_letter(c)) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

bool grammar_is_stop(uint32_t c) {
    static const uint32_t stops[] = {'.',    ',',    '?',    '!',    ';',    ':',    0xA1,  0xBF,
                                     0x061F, 0x3002, 0xFF01, 0xFF0C, 0xFF1A, 0xFF1B, 0xFF1F};
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
        if (stops[i] == c)
            return true;
    return false;
}

uint32_t grammar_fold(uint32_t c) {
    return c >= 0x2080 && c <= 0x2089 ? '0' + (c - 0x2080) : base_utf8_fold(c);
}

uint32_t grammar_fold_dotless(uint32_t c) {
    return c == 'I' ? 0x131 : c == 0x130 ? 'i' : grammar_fold(c);
}

bool grammar_has_dotless_i(const char *language) {
    return language && (strncasecmp(language, "tr", 2) == 0 || strncasecmp(language, "az", 2) == 0) &&
           (language[2] == '\0' || language[2] == '-' || language[2] == '_');
}

uint32_t *grammar_decode(struct grammar_pool *p, const char *text, size_t len, size_t *ret_n) {
    uint32_t *chars = grammar_pool_alloc(p, (len + 1) * sizeof *chars);
    const char *end = text + len;
    size_t n = 0;
    while (text < end) {
        uint32_t c = base_utf8_next(&text, end);
        chars[n++] = base_utf8_is_space(c) ? ' ' : c == 0x2019 || c == 0x02BC ? '\'' : c;
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
