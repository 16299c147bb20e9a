/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/correct.c: corrects typing errors in words that the grammar does not know.
 *
 * A word that the grammar knows is never changed, and none is left out, because "not" or "unlock" must not be. The words of the
 * grammar are collected from its trees: also where it is for typed text only, and has no acceptor.
 */
#include "grammar/correct.h"

#include "base/suggest.h"
#include "grammar/letters.h"

#include <string.h>

enum { SHORTEST = 4, LONG = 8 }; /* letters of a word: one may be wrong, two may */

struct words {
    const struct grammar *g;
    struct grammar_pool *pool;
    struct grammar_map map;   /* the words */
    struct grammar_map rules; /* those that were seen, by name */
    uint8_t *lists;           /* likewise, by number */
};

static void add_letters(struct words *w, const uint32_t *chars, size_t n) {
    if (n > 1)
        (void)grammar_map_at(&w->map, w->pool, grammar_encode(w->pool, chars, n));
}

/* Adds a word, and its parts where they may be apart. */
static void add_word(struct words *w, const uint32_t *chars, size_t n) {
    uint32_t *letters = grammar_pool_alloc(w->pool, n * sizeof *letters);
    size_t n_letters = 0, part = 0;
    for (size_t i = 0; i < n; i++) {
        if (chars[i] != GRAMMAR_NON_JOINER) {
            letters[n_letters++] = chars[i];
            continue;
        }
        add_letters(w, letters + part, n_letters - part);
        part = n_letters;
    }
    if (part > 0)
        add_letters(w, letters + part, n_letters - part);
    add_letters(w, letters, n_letters);
}

static void add_text(struct words *w, const struct grammar_item *item) {
    for (uint32_t i = 0, start; i < item->n_chars; i++) {
        for (start = i; i < item->n_chars && item->chars[i] != ' '; i++)
            ;
        add_word(w, item->chars + start, i - start);
    }
}

static void add_item(struct words *w, const struct grammar_item *item) {
    grammar_pool_spend(w->pool, 1);
    if (item->kind == GRAMMAR_ITEM_TEXT)
        add_text(w, item);
    if (item->kind == GRAMMAR_ITEM_RULE) {
        void **seen = grammar_map_at(&w->rules, w->pool, item->name);
        if (*seen == item->items[0])
            return;
        *seen = item->items[0];
    }
    if (item->kind == GRAMMAR_ITEM_LIST && item->list && !w->lists[item->list->number]) {
        w->lists[item->list->number] = 1;
        for (size_t i = 0; i < item->list->n_entries; i++)
            add_item(w, item->list->entries[i].in);
    }
    for (uint32_t i = 0; i < item->n_items; i++)
        add_item(w, item->items[i]);
}

/* Adds a known word to those that may be meant, if it is near enough. */
static void add_meant(struct grammar_unknown *u, const char *word, size_t n, const char *known) {
    size_t m = strlen(known), most = n >= LONG ? 2 : 1;
    if (m > BASE_SUGGEST_LONGEST || (m > n ? m - n : n - m) > most || word[0] != known[0])
        return;
    size_t distance = base_edit_distance(word, n, known, m);
    if (distance > most)
        return;
    size_t at = u->n < GRAMMAR_MOST_MEANT ? u->n++ : GRAMMAR_MOST_MEANT - 1;
    if (u->meant[at].word && u->meant[at].distance <= distance)
        return; /* all places are taken by nearer ones */
    for (; at > 0 && u->meant[at - 1].distance > distance; at--)
        u->meant[at] = u->meant[at - 1];
    u->meant[at].word = known;
    u->meant[at].distance = distance;
}

static void look_up(struct grammar_correction *c, const struct words *w, uint32_t start, uint32_t end) {
    const char *word = grammar_encode(c->pool, c->input.chars + start, end - start);
    size_t n = strlen(word);
    if (n < SHORTEST || n > BASE_SUGGEST_LONGEST || grammar_has_digit(c->input.chars + start, end - start))
        return;
    struct grammar_unknown u = {.start = start, .end = end};
    for (size_t i = 0; i < w->map.n; i++) {
        if (strcmp(w->map.items[i].key, word) == 0)
            return;
        grammar_pool_spend(c->pool, 1);
        add_meant(&u, word, n, w->map.items[i].key);
    }
    if (u.n > 0 && c->n < GRAMMAR_MOST_CORRECTED)
        c->unknown[c->n++] = u;
}

void grammar_correct_begin(struct grammar_correction *c, const struct grammar *g, struct grammar_pool *pool,
                           const struct grammar_input *input) {
    struct words w = {.g = g, .pool = pool, .lists = grammar_pool_alloc(pool, g->n_lists)};
    *c = (struct grammar_correction){.pool = pool, .input = *input, .n_texts = 1};
    for (size_t i = 0; i < g->n_templates; i++)
        add_item(&w, g->templates[i].body);
    for (uint32_t start = 0, end; start < input->n; start = end + 1) {
        for (end = start; end < input->n && input->chars[end] != ' '; end++)
            ;
        look_up(c, &w, start, end);
    }
    for (size_t i = 0; i < c->n; i++)
        c->n_texts *= c->unknown[i].n;
    if (c->n == 0)
        c->n_texts = 0;
}

/* The texts are numbered: the first has the nearest known word for each unknown one. */
const char *grammar_correct_next(struct grammar_correction *c) {
    if (c->next == c->n_texts)
        return NULL;
    size_t number = c->next++;
    const char *text = "";
    uint32_t at = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct grammar_unknown *u = &c->unknown[i];
        const char *between = grammar_input_text(&c->input, c->pool, at, u->start);
        text = grammar_pool_format(c->pool, "%s%s%s", text, between, u->meant[number % u->n].word);
        number /= u->n;
        at = u->end;
    }
    return grammar_pool_format(c->pool, "%s%s", text, grammar_input_text(&c->input, c->pool, at, c->input.n));
}
