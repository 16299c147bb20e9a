/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/written.c: the sentence of a token as the user's files spell it: pieces that the token notes on its way through the
 * template, put together. */
#include "grammar/matcher.h"

#include "base/utf8.h"
#include "grammar/letters.h"
#include "grammar/value.h"

#include <string.h>

void grammar_note(const struct grammar_matcher *m, const struct grammar_written *piece, struct grammar_token *t) {
    if (!m->notes_written)
        return;
    struct grammar_written *w = grammar_pool_alloc(m->lasting, sizeof *w);
    *w = *piece;
    w->before = t->written;
    t->written = w;
}

void grammar_note_item(const struct grammar_matcher *m, const struct grammar_item *item, struct grammar_token *t) {
    grammar_note(m, &(const struct grammar_written){.chars = item->written, .n = item->n_written}, t);
}

void grammar_note_blank(const struct grammar_matcher *m, struct grammar_token *t) {
    grammar_note(m, &(const struct grammar_written){.text = " "}, t);
}

struct sentence {
    struct grammar_pool *pool;
    uint32_t *chars;
    size_t n, size;
};

/* A blank only between words: optional words that were not said leave their blanks. */
static void put(struct sentence *s, uint32_t c) {
    if (c == ' ' && (s->n == 0 || s->chars[s->n - 1] == ' '))
        return;
    *grammar_pool_push(s->pool, s->chars, s->n, s->size) = c;
}

static void put_pieces(struct sentence *s, const struct grammar_written *newest) {
    size_t n = 0;
    for (const struct grammar_written *w = newest; w; w = w->before)
        n++;
    const struct grammar_written **pieces = grammar_pool_alloc(s->pool, (n + 1) * sizeof *pieces);
    for (const struct grammar_written *w = newest; w; w = w->before)
        pieces[--n] = w;
    for (; pieces[n]; n++) {
        const char *text = pieces[n]->text;
        if (pieces[n]->wild)
            text = grammar_wild_text(s->pool, pieces[n]->wild, pieces[n]->chars, pieces[n]->n);
        const char *end = text ? text + strlen(text) : NULL;
        for (uint32_t i = 0; i < (pieces[n]->wild ? 0 : pieces[n]->n); i++)
            put(s, pieces[n]->chars[i]);
        while (text < end) {
            uint32_t c = base_utf8_next(&text, end);
            put(s, base_utf8_is_space(c) ? ' ' : c);
        }
        if (!pieces[n]->text && pieces[n]->inside)
            put_pieces(s, pieces[n]->inside); /* as deep as values are nested in values, which compiling limits */
    }
}

const char *grammar_written_text(struct grammar_pool *pool, const struct grammar_written *w) {
    struct sentence s = {.pool = pool};
    put_pieces(&s, w);
    while (s.n > 0 && s.chars[s.n - 1] == ' ')
        s.n--;
    return grammar_encode(pool, s.chars, s.n);
}

/* Values */

static bool is_blank(const struct grammar_written *w) {
    if (w->text)
        return w->text[strspn(w->text, " ")] == '\0';
    for (uint32_t i = 0; i < w->n; i++)
        if (w->chars[i] != ' ')
            return false;
    return !w->inside;
}

/* Returns what the only piece stands for, or NULL: there are several, or it is only text. */
static const tragus_value *only_value(const struct grammar_written *newest) {
    const struct grammar_written *only = NULL;
    for (const struct grammar_written *w = newest; w; w = w->before) {
        if (is_blank(w))
            continue;
        if (only)
            return NULL;
        only = w;
    }
    if (only && !only->value && !only->text)
        return only_value(only->inside);
    return only ? only->value : NULL;
}

/* The capital of a small letter: the one that folds to it, which is at most so far before it in all scripts with capitals that we
 * know of. */
static uint32_t capital(uint32_t c) {
    enum { FARTHEST = 80 };
    for (uint32_t before = 1; before <= FARTHEST && before < c; before++)
        if (base_utf8_fold(c - before) == c)
            return c - before;
    return c;
}

static const char *in_case(struct grammar_pool *pool, const char *text, bool upper) {
    size_t n;
    uint32_t *chars = grammar_decode(pool, text, strlen(text), &n);
    for (size_t i = 0; i < n; i++)
        chars[i] = upper ? capital(chars[i]) : base_utf8_fold(chars[i]);
    return grammar_encode(pool, chars, n);
}

/* A text that is no number stays a text. */
static tragus_value as_number(struct grammar_pool *pool, tragus_value v, bool whole) {
    static const double largest = 1e15;
    if (v.type == TRAGUS_TEXT)
        v = grammar_value_read(v.text, true);
    if (v.type != TRAGUS_INTEGER && v.type != TRAGUS_REAL)
        return (tragus_value){.type = TRAGUS_TEXT, .text = v.text};
    if (whole && v.real > -largest && v.real < largest)
        return grammar_value_number(pool, (double)(int64_t)v.real);
    if (!whole)
        v.type = TRAGUS_REAL;
    return v;
}

static tragus_value as_boolean(tragus_value v) {
    static const char *const no[] = {"", "0", "0.0", "false", "False", "no", "off"};
    v = (tragus_value){.type = TRAGUS_BOOLEAN, .text = v.text, .boolean = true};
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        v.boolean = v.boolean && strcmp(v.text, no[i]) != 0;
    return v;
}

tragus_value grammar_output_value(struct grammar_pool *pool, const struct grammar_item *item,
                                  const struct grammar_written *inside) {
    tragus_value v = {.type = TRAGUS_TEXT, .text = item->value};
    const tragus_value *only = item->value ? NULL : only_value(inside);
    if (only)
        v = *only;
    else if (!v.text)
        v.text = grammar_written_text(pool, inside);
    if (item->conversions & (GRAMMAR_TO_LOWER | GRAMMAR_TO_UPPER))
        v.text = in_case(pool, v.text, item->conversions & GRAMMAR_TO_UPPER);
    if (item->conversions & (GRAMMAR_TO_INTEGER | GRAMMAR_TO_REAL))
        v = as_number(pool, v, item->conversions & GRAMMAR_TO_INTEGER);
    if (item->conversions & GRAMMAR_TO_BOOLEAN)
        v = as_boolean(v);
    return v;
}
