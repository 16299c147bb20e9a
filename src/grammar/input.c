/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/input.c: normalises text: white space, punctuation at the ends of words, apostrophes, case. */
#include "grammar/input.h"

#include "grammar/letters.h"

#include <errno.h>
#include <string.h>

struct writer {
    uint32_t *chars, *spelled;
    uint16_t *word;
    uint32_t n;
    bool dotless;
};

static void put(struct writer *w, uint32_t c, size_t word) {
    w->chars[w->n] = w->dotless ? grammar_fold_dotless(c) : grammar_fold(c);
    w->spelled[w->n] = c;
    w->word[w->n++] = (uint16_t)word;
}

int grammar_input_read(struct grammar_input *in, struct grammar_pool *p, const char *text, bool ignore_whitespace, bool dotless) {
    size_t len = strnlen(text, GRAMMAR_LONGEST_INPUT + 1), n, n_words = 0;
    if (len > GRAMMAR_LONGEST_INPUT)
        return -E2BIG;
    const uint32_t *chars = grammar_decode(p, text, len, &n);
    struct writer w = {grammar_pool_alloc(p, (n + 1) * sizeof(uint32_t)), grammar_pool_alloc(p, (n + 1) * sizeof(uint32_t)),
                       grammar_pool_alloc(p, (n + 1) * sizeof(uint16_t)), 0, dotless};
    for (size_t i = 0; i < n;) {
        size_t start = i, end;
        while (i < n && chars[i] != ' ')
            i++;
        end = i++;
        if (end == start)
            continue;
        while (start < end && grammar_is_stop(chars[start]))
            start++;
        while (end > start && grammar_is_stop(chars[end - 1]))
            end--;
        if (start < end && w.n > 0 && !ignore_whitespace)
            put(&w, ' ', n_words);
        for (size_t k = start; k < end; k++)
            put(&w, chars[k], n_words);
        if (++n_words > GRAMMAR_MOST_INPUT_WORDS)
            return -E2BIG;
    }
    *in = (struct grammar_input){w.n, w.chars, w.spelled, w.word, dotless};
    return 0;
}

struct grammar_input grammar_input_without(const struct grammar_input *in, struct grammar_pool *p, const bool *drop) {
    struct writer w = {grammar_pool_alloc(p, (in->n + 1) * sizeof(uint32_t)), grammar_pool_alloc(p, (in->n + 1) * sizeof(uint32_t)),
                       grammar_pool_alloc(p, (in->n + 1) * sizeof(uint16_t)), 0, in->dotless};
    for (uint32_t i = 0; i < in->n; i++) {
        if (drop[in->word[i]] || (in->chars[i] == ' ' && w.n == 0))
            continue;
        put(&w, in->spelled[i], in->word[i]);
    }
    return (struct grammar_input){w.n, w.chars, w.spelled, w.word, in->dotless};
}
