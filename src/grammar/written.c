/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/written.c: the sentence of a token as the user's files spell it: pieces that the token notes on its way through the
 * template, put together. */
#include "grammar/matcher.h"

#include "base/utf8.h"
#include "grammar/letters.h"

#include <string.h>

void grammar_note(const struct grammar_matcher *m, const struct grammar_written *piece, struct grammar_token *t) {
    if (!m->notes_written)
        return;
    struct grammar_written *w = grammar_pool_alloc(m->pool, sizeof *w);
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
        const char *text = pieces[n]->text, *end = text ? text + strlen(text) : NULL;
        for (uint32_t i = 0; i < pieces[n]->n; i++)
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
