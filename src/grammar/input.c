/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/input.c: normalises text: white space, punctuation at the ends of words, apostrophes, case. */
#include "grammar/input.h"

#include "grammar/letters.h"

#include <errno.h>
#include <string.h>

enum { GROWTH = 3 }; /* letters that a character may fold to */

struct writer {
    uint32_t *chars, *text, *from;
    uint16_t *word;
    uint32_t n, n_text;
};

static struct writer writer_new(struct grammar_pool *p, const uint32_t *chars, size_t n) {
    size_t most = 1;
    for (size_t i = 0; i < n; i++)
        most += chars[i] < 0x80 ? 1 : GROWTH;
    return (struct writer){grammar_pool_alloc(p, most * sizeof(uint32_t)),
                           grammar_pool_alloc(p, most * sizeof(uint32_t)),
                           grammar_pool_alloc(p, most * sizeof(uint32_t)),
                           grammar_pool_alloc(p, most * sizeof(uint16_t)),
                           0,
                           0};
}

static struct grammar_input input_of(struct writer *w) {
    w->from[w->n] = w->n_text;
    return (struct grammar_input){w->n, w->chars, w->text, w->from, w->word};
}

static void put(struct writer *w, uint32_t c, size_t word) {
    w->chars[w->n] = c;
    w->from[w->n] = w->n_text;
    w->word[w->n++] = (uint16_t)word;
}

static void put_spelling(struct writer *w, const uint32_t *chars, size_t n) {
    memcpy(w->text + w->n_text, chars, n * sizeof *chars);
    w->n_text += (uint32_t)n;
}

/* What a word begins with and is not compared has no letter to belong to, and is left out. */
static void put_folded(struct writer *w, const uint32_t *chars, size_t n, size_t word) {
    size_t i = 0;
    while (i < n && grammar_is_silent(chars[i]))
        i++;
    while (i < n) {
        struct grammar_folded folded;
        size_t used = grammar_fold_at(chars, n, i, &folded);
        put(w, folded.letters[0], word);
        put_spelling(w, chars + i, used);
        for (size_t k = 1; k < folded.n; k++)
            put(w, folded.letters[k], word);
        i += used;
    }
}

static void put_blank(struct writer *w, size_t word) {
    static const uint32_t blank = ' ';
    put(w, blank, word);
    put_spelling(w, &blank, 1);
}

/* Returns the index of the first character of a word that is no punctuation, or its end. */
static size_t skip_stops(const uint32_t *chars, size_t start, size_t end) {
    while (start < end && (grammar_is_stop(chars[start]) || grammar_is_silent(chars[start])))
        start++;
    return start;
}

/* Returns the end of a word without the punctuation behind it; what is not compared may stand between. */
static size_t strip_stops(const uint32_t *chars, size_t start, size_t end) {
    for (size_t at = end; at > start && (grammar_is_stop(chars[at - 1]) || grammar_is_silent(chars[at - 1])); at--)
        if (grammar_is_stop(chars[at - 1]))
            end = at - 1;
    return end;
}

int grammar_input_read(struct grammar_input *in, struct grammar_pool *p, const char *text, bool ignore_whitespace) {
    size_t len = strnlen(text, GRAMMAR_LONGEST_INPUT + 1), n, n_words = 0;
    if (len > GRAMMAR_LONGEST_INPUT)
        return -E2BIG;
    const uint32_t *chars = grammar_decode(p, text, len, &n);
    struct writer w = writer_new(p, chars, n);
    for (size_t i = 0; i < n;) {
        size_t start = i, end;
        while (i < n && chars[i] != ' ')
            i++;
        end = i++;
        if (end == start)
            continue;
        start = skip_stops(chars, start, end);
        end = strip_stops(chars, start, end);
        if (start < end && w.n > 0 && !ignore_whitespace)
            put_blank(&w, n_words);
        put_folded(&w, chars + start, end - start, n_words);
        if (++n_words > GRAMMAR_MOST_INPUT_WORDS)
            return -E2BIG;
    }
    *in = input_of(&w);
    return 0;
}

struct grammar_input grammar_input_of(struct grammar_pool *p, const uint32_t *spelled, size_t n) {
    struct writer w = writer_new(p, spelled, n);
    put_folded(&w, spelled, n, 0);
    return input_of(&w);
}

struct grammar_input grammar_input_without(const struct grammar_input *in, struct grammar_pool *p, const bool *drop) {
    struct writer w = writer_new(p, in->text, in->from[in->n]);
    for (uint32_t i = 0; i < in->n; i++) {
        if (drop[i] || (in->chars[i] == ' ' && w.n == 0))
            continue;
        put(&w, in->chars[i], in->word[i]);
        put_spelling(&w, in->text + in->from[i], in->from[i + 1] - in->from[i]);
    }
    return input_of(&w);
}

const uint32_t *grammar_input_spelled(const struct grammar_input *in, uint32_t start, uint32_t end, uint32_t *ret_n) {
    const uint32_t *text = in->text + in->from[start];
    *ret_n = in->from[end] - in->from[start];
    while (*ret_n > 0 && grammar_is_silent(text[*ret_n - 1]))
        --*ret_n;
    return text;
}

char *grammar_input_text(const struct grammar_input *in, struct grammar_pool *p, uint32_t start, uint32_t end) {
    uint32_t n;
    const uint32_t *text = grammar_input_spelled(in, start, end, &n);
    return grammar_encode(p, text, n);
}

bool grammar_input_is_folded(const struct grammar_input *in, uint32_t start, uint32_t end) {
    return in->from[end] - in->from[start] == end - start &&
           memcmp(in->text + in->from[start], in->chars + start, (end - start) * sizeof *in->chars) == 0;
}
