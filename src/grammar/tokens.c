/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/tokens.c: sets of tokens, which are small, and keep the order in which the alternatives are written, because the first
 * one wins a tie. */
#include "grammar/passing.h"

#include <errno.h>
#include <string.h>

enum {
    LINEAR_TOKENS = 16, /* sets up to this size are searched without a hash table */
    TOKEN_TABLE = 2 * GRAMMAR_MOST_TOKENS,
    MOST_WORK = 20000000,
};

/* As deep as values are nested in values, which compiling limits. */
static bool same_fills(const struct grammar_fill *a, const struct grammar_fill *b) {
    for (; a && b && a != b; a = a->before, b = b->before) {
        if (a->start != b->start || a->end != b->end || a->unmatched != b->unmatched || a->entry != b->entry ||
            a->item->list != b->item->list || !same_fills(a->inside, b->inside))
            return false;
        if (a->value.text != b->value.text && (!a->value.text || !b->value.text || strcmp(a->value.text, b->value.text) != 0))
            return false;
        if (a->item->slot != b->item->slot && (!a->item->slot || !b->item->slot || strcmp(a->item->slot, b->item->slot) != 0))
            return false;
    }
    return a == b;
}

static uint64_t mix(uint64_t h, uint64_t value) {
    h = (h ^ value) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 32;
}

static bool same_token(const struct grammar_token *a, const struct grammar_token *b) {
    return a->at == b->at && a->gap == b->gap && a->origin == b->origin &&
           (a->fills ? a->fills->hash : 0) == (b->fills ? b->fills->hash : 0) && same_fills(a->fills, b->fills);
}

static size_t token_bucket(const struct grammar_tokens *set, const struct grammar_token *t) {
    uint64_t h = mix(mix(t->fills ? t->fills->hash : 0, t->at), (uint64_t)t->origin << 3 | t->gap);
    size_t bucket = (size_t)h & (set->n_table - 1);
    while (set->table[bucket] && !same_token(&set->items[set->table[bucket] - 1], t))
        bucket = (bucket + 1) & (set->n_table - 1);
    return bucket;
}

static bool has_token(const struct grammar_tokens *set, const struct grammar_token *t) {
    for (size_t i = 0; i < set->n; i++)
        if (same_token(&set->items[i], t))
            return true;
    return false;
}

static void make_table(struct grammar_matcher *m, struct grammar_tokens *set) {
    set->n_table = TOKEN_TABLE;
    set->table = grammar_pool_alloc(m->pool, set->n_table * sizeof *set->table);
    for (size_t i = 0; i < set->n; i++)
        set->table[token_bucket(set, &set->items[i])] = (uint32_t)i + 1;
}

void grammar_tokens_add(struct grammar_matcher *m, struct grammar_tokens *set, struct grammar_token t) {
    if (++m->work > MOST_WORK)
        grammar_pool_escape(m->pool, -E2BIG);
    grammar_pool_spend(m->pool, 2);
    if (set->n >= GRAMMAR_MOST_TOKENS)
        return;
    if (set->n < LINEAR_TOKENS) {
        if (has_token(set, &t))
            return;
    } else {
        if (set->n_table == 0)
            make_table(m, set);
        size_t bucket = token_bucket(set, &t);
        if (set->table[bucket])
            return;
        set->table[bucket] = (uint32_t)set->n + 1;
    }
    *grammar_pool_push(m->pool, set->items, set->n, set->size) = t;
}

void grammar_tokens_settle(struct grammar_matcher *m, const struct grammar_tokens *in, const struct grammar_tokens *last,
                           struct grammar_tokens *out) {
    for (size_t i = 0; i < last->n; i++) {
        struct grammar_token t = last->items[i];
        t.origin = in->items[t.origin].origin;
        grammar_tokens_add(m, out, t);
    }
}

void grammar_tokens_order(struct grammar_matcher *m, struct grammar_tokens *set, size_t n_origins) {
    size_t i = 1;
    while (i < set->n && set->items[i - 1].origin <= set->items[i].origin)
        i++;
    if (i >= set->n)
        return;
    uint32_t *next = grammar_pool_alloc(m->pool, (n_origins + 1) * sizeof *next);
    struct grammar_token *sorted = grammar_pool_alloc(m->pool, set->size * sizeof *sorted);
    for (i = 0; i < set->n; i++)
        next[set->items[i].origin + 1]++;
    for (i = 0; i < n_origins; i++)
        next[i + 1] += next[i];
    for (i = 0; i < set->n; i++)
        sorted[next[set->items[i].origin]++] = set->items[i];
    set->items = sorted;
    set->n_table = 0; /* the indices have changed */
}

const struct grammar_fill *grammar_fill_new(struct grammar_matcher *m, const struct grammar_token *t, struct grammar_fill fill) {
    struct grammar_fill *copy = grammar_pool_alloc(m->pool, sizeof *copy);
    fill.before = t->fills;
    fill.n_unmatched = (uint8_t)((t->fills ? t->fills->n_unmatched : 0) + fill.unmatched);
    fill.hash = mix(mix(t->fills ? t->fills->hash : 1, (uint64_t)fill.start << 32 | fill.end),
                    (uint64_t)(uintptr_t)fill.entry ^ (uint64_t)(uintptr_t)fill.item->list << 1);
    for (const char *c = fill.item->list ? NULL : fill.value.text; c && *c; c++)
        fill.hash = mix(fill.hash, (uint64_t)(unsigned char)*c);
    *copy = fill;
    return copy;
}
