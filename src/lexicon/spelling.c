/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon/spelling.c: folds written words; characters as in Unicode 15. */
#include "lexicon/spelling.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* Folded Latin letters and the nearest letters of English; ascending. */
static const struct range {
    uint16_t first, last;
    char letters[3];
} bases[] = {
    {'a', 'z', ""},        {0x00df, 0x00df, "ss"}, {0x00e0, 0x00e5, "a"},  {0x00e6, 0x00e6, "ae"}, {0x00e7, 0x00e7, "c"},
    {0x00e8, 0x00eb, "e"}, {0x00ec, 0x00ef, "i"},  {0x00f0, 0x00f0, "d"},  {0x00f1, 0x00f1, "n"},  {0x00f2, 0x00f6, "o"},
    {0x00f8, 0x00f8, "o"}, {0x00f9, 0x00fc, "u"},  {0x00fd, 0x00fd, "y"},  {0x00fe, 0x00fe, "th"}, {0x00ff, 0x00ff, "y"},
    {0x0100, 0x0105, "a"}, {0x0106, 0x010d, "c"},  {0x010e, 0x0111, "d"},  {0x0112, 0x011b, "e"},  {0x011c, 0x0123, "g"},
    {0x0124, 0x0127, "h"}, {0x0128, 0x0131, "i"},  {0x0132, 0x0133, "ij"}, {0x0134, 0x0135, "j"},  {0x0136, 0x0138, "k"},
    {0x0139, 0x0142, "l"}, {0x0143, 0x014b, "n"},  {0x014c, 0x0151, "o"},  {0x0152, 0x0153, "oe"}, {0x0154, 0x0159, "r"},
    {0x015a, 0x0161, "s"}, {0x0162, 0x0167, "t"},  {0x0168, 0x0173, "u"},  {0x0174, 0x0175, "w"},  {0x0176, 0x0178, "y"},
    {0x0179, 0x017e, "z"}, {0x017f, 0x017f, "s"},  {0x01a0, 0x01a1, "o"},  {0x01af, 0x01b0, "u"},  {0x0218, 0x0219, "s"},
    {0x021a, 0x021b, "t"}, {0x0300, 0x036f, ""},   {0x1e9e, 0x1e9e, "ss"}, {0x1ea0, 0x1eb7, "a"},  {0x1eb8, 0x1ec7, "e"},
    {0x1ec8, 0x1ecb, "i"}, {0x1ecc, 0x1ee3, "o"},  {0x1ee4, 0x1ef1, "u"},  {0x1ef2, 0x1ef9, "y"},
};

static uint32_t plain(uint32_t c) {
    switch (c) {
    case 0x02bc: /* modifier letter apostrophe */
    case 0x2018:
    case 0x2019:
        return '\'';
    case 0x2010: /* hyphen */
    case 0x2011: /* non-breaking hyphen */
        return '-';
    default:
        return c;
    }
}

int spelling_fold(const char *text, size_t len_bytes, char out[SPELLING_MAX_BYTES]) {
    size_t n = 0;
    if (!base_utf8_valid(text, len_bytes))
        return -EILSEQ;
    for (const char *at = text, *end = text + len_bytes; at < end;) {
        char bytes[4];
        size_t n_bytes = base_utf8_put(base_utf8_fold(plain(base_utf8_next(&at, end))), bytes);
        if (n + n_bytes >= SPELLING_MAX_BYTES)
            return -E2BIG;
        memcpy(out + n, bytes, n_bytes);
        n += n_bytes;
    }
    out[n] = '\0';
    return (int)n;
}

/* Returns the range of a character, or NULL. */
static const struct range *find_base(uint32_t c) {
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++)
        if (c >= bases[i].first && c <= bases[i].last)
            return &bases[i];
    return NULL;
}

int spelling_letters(const char *folded, char out[SPELLING_MAX_BYTES]) {
    size_t n = 0;
    for (const char *at = folded, *end = folded + strlen(folded); at < end;) {
        uint32_t c = base_utf8_next(&at, end);
        if (c == '\'')
            continue;
        const struct range *base = find_base(c);
        if (!base)
            return -ENOENT;
        char same[2] = {(char)c, '\0'};
        const char *letters = base->first == 'a' ? same : base->letters;
        size_t n_letters = strlen(letters);
        if (n + n_letters >= SPELLING_MAX_BYTES)
            return -E2BIG;
        memcpy(out + n, letters, n_letters);
        n += n_letters;
    }
    out[n] = '\0';
    return (int)n;
}
