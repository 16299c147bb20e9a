/* SPDX-License-Identifier: Apache-2.0 */
/* base/normal.c: see normal.h. The normal form is that of Unicode Standard Annex 15: everything taken apart, marks put in order,
 * then composed.
 */
#include "base/normal.h"

#include "base/gen/normal.h"
#include "base/utf8.h"

#include <string.h>

enum { /* Hangul syllables are computed: The Unicode Standard, 3.12 */
       SYLLABLE = 0xAC00,
       LEAD = 0x1100,
       VOWEL = 0x1161,
       TAIL = 0x11A7, /* one before the first */
       N_LEADS = 19,
       N_VOWELS = 21,
       N_TAILS = 28,
       N_SYLLABLES = N_LEADS * N_VOWELS * N_TAILS,
};

enum { NARROW_KANA = 0xFF66 };

static const struct base_canonical *find_canonical(uint32_t c) {
    size_t low = 0, high = base_canonicals_n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (base_canonicals[middle].c < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low < base_canonicals_n && base_canonicals[low].c == c ? &base_canonicals[low] : NULL;
}

static uint32_t order_of(uint32_t c) {
    size_t low = 0, high = base_combinings_n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (base_combinings[middle].last < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low < base_combinings_n && base_combinings[low].first <= c ? base_combinings[low].order : 0;
}

/* The only character that the two are the same as, or 0. */
static uint32_t compose(uint32_t a, uint32_t b) {
    if (a >= LEAD && a < LEAD + N_LEADS && b >= VOWEL && b < VOWEL + N_VOWELS)
        return SYLLABLE + ((a - LEAD) * N_VOWELS + (b - VOWEL)) * N_TAILS;
    if (a >= SYLLABLE && a < SYLLABLE + N_SYLLABLES && (a - SYLLABLE) % N_TAILS == 0 && b > TAIL && b < TAIL + N_TAILS)
        return a + (b - TAIL);
    size_t low = 0, high = base_compositions_n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const uint32_t *parts = base_compositions[middle].parts;
        if (parts[0] < a || (parts[0] == a && parts[1] < b))
            low = middle + 1;
        else
            high = middle;
    }
    const struct base_canonical *found = &base_compositions[low];
    return low < base_compositions_n && found->parts[0] == a && found->parts[1] == b ? found->c : 0;
}

/* Writes what a character consists of, at most BASE_NORMAL_GROWTH characters. */
static size_t take_apart(uint32_t c, uint32_t *out) {
    if (c >= SYLLABLE && c < SYLLABLE + N_SYLLABLES) {
        uint32_t i = c - SYLLABLE, tail = i % N_TAILS;
        out[0] = LEAD + i / (N_VOWELS * N_TAILS);
        out[1] = VOWEL + i / N_TAILS % N_VOWELS;
        out[2] = TAIL + tail;
        return tail ? 3 : 2;
    }
    const struct base_canonical *found = c < 0xC0 ? NULL : find_canonical(c);
    if (!found) {
        out[0] = c >= NARROW_KANA && c < NARROW_KANA + base_narrow_kana_n ? base_narrow_kana[c - NARROW_KANA] : c;
        return 1;
    }
    size_t n = take_apart(found->parts[0], out); /* only the first part may have parts */
    if (found->parts[1])
        out[n++] = found->parts[1];
    return n;
}

/* Stable: marks of the same class stay in their order. */
static void order_marks(uint32_t *chars, size_t n) {
    for (size_t i = 1; i < n; i++) {
        uint32_t c = chars[i], order = order_of(c);
        size_t at = i;
        for (; order && at > 0 && order_of(chars[at - 1]) > order; at--)
            chars[at] = chars[at - 1];
        chars[at] = c;
    }
}

static size_t put_together(uint32_t *chars, size_t n) {
    size_t starter = SIZE_MAX, out = 0;
    uint32_t last = 0; /* class of the character before, if it stands behind the starter */
    for (size_t i = 0; i < n; i++) {
        uint32_t c = chars[i], order = order_of(c);
        bool reaches = starter != SIZE_MAX && (out == starter + 1 || (last != 0 && last < order));
        uint32_t both = reaches ? compose(chars[starter], c) : 0;
        if (both) {
            chars[starter] = both;
            continue;
        }
        if (order == 0)
            starter = out;
        last = order;
        chars[out++] = c;
    }
    return out;
}

size_t base_normal_compose(uint32_t *chars, size_t n) {
    size_t first = 0;
    while (first < n && chars[first] < BASE_FIRST_MARK)
        first++;
    if (first == n)
        return n;                                           /* such characters have no marks and are composed */
    uint32_t *apart = chars + (BASE_NORMAL_GROWTH - 1) * n; /* the given ones move to the end, so that none is overwritten unread */
    memmove(apart, chars, n * sizeof *chars);
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t parts[BASE_NORMAL_GROWTH];
        size_t k = take_apart(apart[i], parts);
        memcpy(chars + m, parts, k * sizeof *parts);
        m += k;
    }
    order_marks(chars, m);
    return put_together(chars, m);
}

int base_digit_value(uint32_t c) {
    if (c < 0x660)
        return c >= '0' && c <= '9' ? (int)(c - '0') : -1;
    size_t low = 0, high = base_digit_zeros_n; /* finds the last zero that is not behind c */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (base_digit_zeros[middle] <= c)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && c - base_digit_zeros[low - 1] < 10 ? (int)(c - base_digit_zeros[low - 1]) : -1;
}

size_t base_fold_whole(uint32_t c, uint32_t ret[BASE_LONGEST_FOLD]) {
    ret[0] = base_utf8_fold(c);
    if (c < 0x80)
        return 1;
    int digit = base_digit_value(c);
    if (digit >= 0)
        ret[0] = '0' + (uint32_t)digit;
    size_t low = 0, high = base_long_folds_n, n = 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (base_long_folds[middle].c < c)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < base_long_folds_n && base_long_folds[low].c == c) {
        memcpy(ret, base_long_folds[low].to, sizeof base_long_folds[low].to);
        while (n < BASE_LONGEST_FOLD && ret[n])
            n++;
    }
    return n;
}
