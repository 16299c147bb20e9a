/* SPDX-License-Identifier: Apache-2.0 */
/* Levenshtein's distance (1966) by its rows. */
#include "service/suggest.h"

#include <ctype.h>
#include <string.h>

#define LONGEST 64

static size_t distance(const char *a, const char *b) {
    size_t row[LONGEST + 1];
    size_t n = strlen(b);

    if (strlen(a) > LONGEST || n > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t change = diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = change < least ? change : least;
        }
    }
    return row[n];
}

const char *service_suggest(const char *word, const char *const known[], size_t n) {
    const char *nearest = NULL;
    size_t least = strlen(word) / 3 + 2; /* a third of its letters wrong is a slip; more is another word */

    for (size_t i = 0; i < n; i++) {
        size_t d = distance(word, known[i]);
        if (d < least) {
            least = d;
            nearest = known[i];
        }
    }
    return nearest;
}
