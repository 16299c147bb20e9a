/* SPDX-License-Identifier: Apache-2.0 */
/* base/suggest.c: edit distance with transposition of neighbours (Damerau, 1964), keeping three rows of the table. */
#include "base/suggest.h"

#include <stdbool.h>
#include <string.h>

/* ASCII only: tolower depends on the locale. */
static unsigned char fold(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

size_t base_edit_distance(const char *a, size_t n, const char *b, size_t m) {
    size_t rows[3][BASE_SUGGEST_LONGEST + 1];
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            bool same = fold(a[i - 1]) == fold(b[j - 1]);
            size_t best = above[j - 1] + !same;
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]) &&
                two_above[j - 2] + 1 < best)
                best = two_above[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

const char *base_suggest_from(const char *word, const char *(*get)(const void *words, size_t i), const void *words, size_t n) {
    const char *nearest = NULL;
    size_t len = strlen(word), bound = (len / 3 > 0 ? len / 3 : 1) + 1;
    if (len == 0 || len > BASE_SUGGEST_LONGEST)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const char *other = get(words, i);
        if (!other || strlen(other) > BASE_SUGGEST_LONGEST || strcmp(other, word) == 0)
            continue;
        size_t distance = base_edit_distance(word, len, other, strlen(other));
        if (distance < bound && distance < len) {
            bound = distance;
            nearest = other;
        }
    }
    return nearest;
}

static const char *nth(const void *words, size_t i) {
    return ((const char *const *)words)[i];
}

const char *base_suggest(const char *word, const char *const known[], size_t n) {
    return base_suggest_from(word, nth, known, n);
}
