/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/digits.c: reads typed numbers. */
#include "grammar/digits.h"

#include "grammar/letters.h"
#include "grammar/signs.h"

struct number {
    uint32_t end;
    int64_t whole;
    int tenth;
    bool negative, has_fraction, too_fine; /* more than one decimal */
};

static const int64_t most_whole = INT64_C(1000000000000);

static void read_whole(struct number *d, const uint32_t *chars, uint32_t end, uint32_t group) {
    for (; d->end < end; d->end++)
        if (chars[d->end] != group && d->whole < most_whole)
            d->whole = d->whole * 10 + (chars[d->end] - '0');
}

static void read_fraction(struct number *d, const uint32_t *chars, uint32_t n) {
    uint32_t at = d->end;
    if (at < n && chars[at] == 0xBD) { /* a half */
        d->has_fraction = true;
        d->tenth = 5;
        d->end++;
    } else if (at + 1 < n && (chars[at] == '.' || chars[at] == ',') && grammar_is_digit(chars[at + 1])) {
        d->has_fraction = true;
        d->tenth = (int)(chars[at + 1] - '0');
        for (d->end = at + 2; d->end < n && grammar_is_digit(chars[d->end]); d->end++)
            d->too_fine |= chars[d->end] != '0';
    }
}

static bool holds(const struct grammar_range *r, const struct number *d) {
    int64_t n = d->negative ? -d->whole : d->whole;
    if (d->too_fine || (d->has_fraction && r->fractions == GRAMMAR_WHOLE))
        return false;
    if (r->fractions == GRAMMAR_HALVES && d->tenth != 0 && d->tenth != 5)
        return false;
    if (d->negative && d->tenth > 0 && n <= r->from)
        return false; /* -5.5 is below -5 */
    return n >= r->from && n <= r->to && (n - r->from) % r->step == 0;
}

/* Returns the length of the sign behind an ordinal, 0 if it has none or one of another number. */
static uint32_t sign_at(const struct grammar_ordinal_signs *signs, const struct number *d, const uint32_t *chars, uint32_t n) {
    const char *fit[GRAMMAR_MOST_ORDINAL_SIGNS];
    size_t n_fit = 0;
    for (size_t i = 0; signs && i < signs->n; i++)
        if (signs->fit[d->whole >= 100][d->whole % 100] >> i & 1)
            fit[n_fit++] = signs->texts[i];
    return (uint32_t)grammar_longest_at(fit, n_fit, chars, n, d->end);
}

bool grammar_digits_in(const struct grammar_range *r, enum grammar_digits_reading reading, const uint32_t *chars, uint32_t n,
                       uint32_t at, uint32_t *ret_end, double *ret_value) {
    struct number d = {.negative = chars[at] == '-'};
    uint32_t grouped, end;
    d.end = end = at + d.negative;
    grouped = (uint32_t)grammar_grouped_at(chars, n, end, r->group);
    while (end < n && grammar_is_digit(chars[end]))
        end++;
    if (end == d.end || (reading == GRAMMAR_DIGITS_GROUPED && !grouped))
        return false;
    read_whole(&d, chars, reading == GRAMMAR_DIGITS_GROUPED ? d.end + grouped : end, r->group);
    if (reading != GRAMMAR_DIGITS_WHOLE)
        read_fraction(&d, chars, n);
    d.end += sign_at(r->signs, &d, chars, n);
    *ret_end = d.end;
    *ret_value = ((double)d.whole + (double)d.tenth / 10) * (d.negative ? -1 : 1) * r->multiplier;
    return r->digits && holds(r, &d);
}
