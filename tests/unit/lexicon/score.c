/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/lexicon/score.c: counts word and phone errors of guesses; phone errors by edit distance (Levenshtein, 1966). */
#include "score.h"

#include "lexicon/phones.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned edits(const struct lexicon_pronunciation *a, const struct lexicon_pronunciation *b) {
    unsigned row[LEXICON_MAX_PHONES + 1];
    for (unsigned k = 0; k <= b->n_phones; k++)
        row[k] = k;
    for (unsigned i = 1; i <= a->n_phones; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned k = 1; k <= b->n_phones; k++) {
            unsigned best = diagonal + (a->phones[i - 1] != b->phones[k - 1]);
            diagonal = row[k];
            best = row[k] + 1 < best ? row[k] + 1 : best;
            row[k] = row[k - 1] + 1 < best ? row[k - 1] + 1 : best;
        }
    }
    return row[b->n_phones];
}

static int score_word(struct score *s, const struct g2p *g, const char *word, const struct lexicon_pronunciation *variants,
                      size_t n) {
    struct lexicon_pronunciation guesses[2];
    int n_guesses = g2p_guess(g, word, strlen(word), guesses, 2);
    if (n_guesses < 0)
        return n_guesses;
    bool right[2] = {false, false};
    unsigned least = 0, length = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned distance = edits(&guesses[0], &variants[i]);
        if (i == 0 || distance < least) {
            least = distance;
            length = variants[i].n_phones;
        }
        for (int k = 0; k < n_guesses; k++)
            right[k] |= edits(&guesses[k], &variants[i]) == 0;
    }
    s->n_words++;
    s->n_second += n_guesses > 1;
    s->wrong_words += !right[0];
    s->either_wrong_words += !right[0] && !right[1];
    s->n_phones += length;
    s->wrong_phones += least;
    return 0;
}

int score_dictionary(struct score *ret, const struct g2p *g, const char *const names[], unsigned n_phones, const char *path,
                     tragus_error *reterr) {
    struct score s = {0};
    struct lexicon_pronunciation variants[LEXICON_MAX_VARIANTS];
    char word[128] = "", *text = NULL;
    size_t size_bytes = 0, n = 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return base_error_at(reterr, -errno, path, 0, 0, "cannot be read");
    int r = 0;
    for (int line = 1; r == 0 && getline(&text, &size_bytes, file) >= 0; line++) {
        if (text[0] == '#')
            continue;
        size_t field_bytes = strcspn(text, " \n"), word_bytes = strcspn(text, "( \n");
        if (word_bytes == 0 || word_bytes >= sizeof word || n == LEXICON_MAX_VARIANTS) {
            r = base_error_at(reterr, -EINVAL, path, line, 0, "no word, or too many variants");
            break;
        }
        if (strlen(word) != word_bytes || memcmp(word, text, word_bytes) != 0) {
            if (n > 0)
                r = score_word(&s, g, word, variants, n);
            n = 0;
            memcpy(word, text, word_bytes);
            word[word_bytes] = '\0';
        }
        if (r == 0)
            r = phones_parse(names, n_phones, text + field_bytes, path, line, 0, &variants[n++], reterr);
    }
    if (r == 0 && n > 0)
        r = score_word(&s, g, word, variants, n);
    free(text);
    fclose(file);
    if (r == 0)
        *ret = s;
    return r;
}
