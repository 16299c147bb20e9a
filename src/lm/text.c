/* SPDX-License-Identifier: Apache-2.0 */
/* lm/text.c: text.h says what it does. */
#include "lm/text.h"

#include "base/utf8.h"

#include <stdint.h>

enum { APOSTROPHE = 0x2019 };

static bool is_digit(uint32_t c) {
    return c >= '0' && c <= '9';
}

/* Whether a character is part of a word: ASCII letters and digits, and all others but general and CJK punctuation. */
static bool is_letter(uint32_t c) {
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
    return c >= 0xc0 && !(c >= 0x2000 && c <= 0x206f) && !(c >= 0x3000 && c <= 0x303f) && c != 0xfffd && !base_utf8_is_space(c);
}

static bool ends_sentence(uint32_t c) {
    return c == '.' || c == '!' || c == '?' || c == ';' || c == '\n' || c == 0x3002;
}

bool lm_text_next(const char **text, const char *end, char out[LM_MAX_SENTENCE_BYTES]) {
    size_t n = 0;
    uint32_t before = ' ';
    while (*text < end && n < LM_MAX_SENTENCE_BYTES - 8) {
        uint32_t c = base_utf8_next(text, end);
        const char *peek = *text;
        uint32_t next = peek < end ? base_utf8_next(&peek, end) : ' ';
        bool inside = is_letter(before) && is_letter(next);
        if (is_letter(c)) {
            if (!is_letter(before) && n > 0 && out[n - 1] != '\'' && out[n - 1] != '.')
                out[n++] = ' ';
            n += base_utf8_put(base_utf8_fold(c), out + n);
        } else if ((c == '\'' || c == APOSTROPHE) && inside) {
            out[n++] = '\'';
        } else if (c == '.' && is_digit(before) && is_digit(next)) {
            out[n++] = '.';
        } else if (ends_sentence(c) && n > 0) {
            break;
        }
        before = c;
    }
    out[n] = '\0';
    return n > 0 || *text < end;
}
