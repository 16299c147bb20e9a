/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/language.c: spells numbers with the tables of a language.
 *
 * The idea is the inverse of CLDR's rule-based number format: instead of one spelling, each row gives a template of all usual ones
 * ("one hundred and one", "a hundred one"), because people use them all.
 */
#include "grammar/language.h"

#include "base/buffer.h"
#include <string.h>

static size_t primary_len(const char *tag) {
    return strcspn(tag, "-_");
}

static bool same_letters(const char *a, const char *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if ((a[i] | 0x20) != (b[i] | 0x20))
            return false;
    return true;
}

bool grammar_language_same(const char *a, const char *b) {
    size_t n = primary_len(a);
    return n == primary_len(b) && same_letters(a, b, n);
}

bool grammar_language_equal(const char *a, const char *b) {
    for (; *a && *b; a++, b++)
        if ((*a == '_' ? '-' : *a | 0x20) != (*b == '_' ? '-' : *b | 0x20))
            return false;
    return *a == *b;
}

bool grammar_language_has_region(const char *tag) {
    return tag[primary_len(tag)] != '\0';
}

static bool spell_integer(const struct grammar_language *l, int64_t n, struct base_buffer *out);

/* Appends the text of a row with `#q`, `#r`, `#i` filled in. */
static bool fill(const struct grammar_language *l, const char *text, int64_t quotient, int64_t remainder, struct base_buffer *out) {
    for (; *text; text++) {
        if (*text != '#') {
            base_buffer_add(out, text, 1);
            continue;
        }
        text++;
        if (!spell_integer(l, *text == 'r' ? remainder : quotient, out))
            return false;
    }
    return true;
}

static bool spell_integer(const struct grammar_language *l, int64_t n, struct base_buffer *out) {
    if (n < (int64_t)l->n_small) {
        base_buffer_add_text(out, l->small[n]);
        return true;
    }
    size_t start = out->len_bytes;
    bool any = false;
    for (size_t i = 0; i < l->n_rows; i++) {
        const struct grammar_number_row *row = &l->rows[i];
        if (n < row->from || n > row->to || (n % row->divisor != 0) != (row->remainder != 0))
            continue;
        size_t before = out->len_bytes;
        base_buffer_add_text(out, any ? "|" : "(");
        if (fill(l, row->text, n / row->divisor, n % row->divisor, out)) {
            any = true;
        } else if (!out->failed) {
            out->len_bytes = before;
            out->data[before] = '\0';
        }
    }
    if (any)
        base_buffer_add_text(out, ")");
    else if (!out->failed && out->data)
        out->data[out->len_bytes = start] = '\0';
    return any;
}

static void spell_digits(const struct grammar_language *l, const char *digits, size_t len, struct base_buffer *out) {
    for (size_t i = 0; i < len; i++) {
        base_buffer_add_text(out, i ? " " : "");
        base_buffer_add_text(out, l->small[digits[i] - '0']);
    }
}

bool grammar_language_spell(const struct grammar_language *l, const char *digits, size_t len, struct base_buffer *out) {
    size_t start = out->len_bytes;
    if (l->n_small == 0)
        return false;
    if (len && digits[0] == '-') {
        base_buffer_format(out, "%s ", l->minus);
        digits++;
        len--;
    }
    size_t n_integer = 0;
    int64_t value = 0;
    while (n_integer < len && digits[n_integer] >= '0' && digits[n_integer] <= '9') {
        if (n_integer < 15)
            value = value * 10 + (digits[n_integer] - '0');
        n_integer++;
    }
    const char *fraction = n_integer < len ? digits + n_integer + 1 : NULL; /* after the decimal point or comma */
    size_t n_fraction = fraction ? len - n_integer - 1 : 0;
    bool one_by_one = n_integer >= 15 || (n_integer > 1 && digits[0] == '0');

    base_buffer_add_text(out, "(");
    if (n_fraction && value == 0 && n_integer == 1) { /* 0.5: zero point five, point five, a half */
        base_buffer_format(out, "[%s ]%s ", l->small[0], l->point);
        spell_digits(l, fraction, n_fraction, out);
        if (n_fraction == 1 && fraction[0] == '5' && l->half)
            base_buffer_format(out, "|%s", l->half);
    } else {
        if (one_by_one) {
            spell_digits(l, digits, n_integer, out);
        } else if (!spell_integer(l, value, out)) {
            if (!out->failed && out->data)
                out->data[out->len_bytes = start] = '\0';
            return false;
        }
        if (n_fraction) {
            base_buffer_format(out, " %s ", l->point);
            spell_digits(l, fraction, n_fraction, out);
            if (n_fraction == 1 && fraction[0] == '5' && l->and_half && !one_by_one) {
                base_buffer_add_text(out, "|");
                fill(l, l->and_half, value, 0, out);
            }
        }
    }
    base_buffer_add_text(out, ")");
    return !out->failed;
}
