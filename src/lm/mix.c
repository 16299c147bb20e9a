/* SPDX-License-Identifier: Apache-2.0 */
/* lm/mix.c: see mix.h. Both models are first numbered with the words of both, in one order, so that their n-grams can be walked
 * through side by side. */
#include "lm/mix.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_WEIGHT 0.05
#define MOST_WEIGHT 0.5 /* so words that only the base knows cost at most 0.7 nats more */
#define ROUNDS 200
#define LEAST_LEFT 1e-4 /* costs are rounded, so those of a context may add up to more than 1 */

/* --- asking tables ----------------------------------------------------------------------------------------------------------- */

static const struct lm_triple *find_triple(const struct lm_tables *t, uint64_t key) {
    size_t low = 0, high = t->n_triples;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->triples[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->n_triples && t->triples[low].key == key ? &t->triples[low] : NULL;
}

static double p_of(float cost_nats) {
    return exp(-(double)cost_nats);
}

static double p_single(const struct lm_tables *t, uint32_t symbol) {
    return p_of(t->singles[symbol].cost);
}

static double p_pair(const struct lm_tables *t, uint32_t key) {
    const struct lm_pair *pair = lm_tables_pair(t, key);
    return pair ? p_of(pair->is.cost) : p_of(t->singles[key >> 16].weight) * p_single(t, key & 0xffff);
}

static double p_triple(const struct lm_tables *t, uint64_t key) {
    const struct lm_triple *triple = find_triple(t, key);
    if (triple)
        return p_of(triple->cost);
    const struct lm_pair *context = lm_tables_pair(t, (uint32_t)(key >> 16));
    return (context ? p_of(context->is.weight) : 1) * p_pair(t, (uint32_t)key);
}

/* --- the weight -------------------------------------------------------------------------------------------------------------- */

/* A symbol that no word has. */
#define UNKNOWN UINT32_MAX

static int by_spelling(const void *key, const void *item) {
    return strcmp(key, *(const char *const *)item);
}

static uint32_t symbol_of(const struct lm_tables *t, const char *word) {
    char **found = bsearch(word, t->words, t->n_words, sizeof *t->words, by_spelling);
    return found ? (uint32_t)(found - t->words) + LM_N_SPECIAL_SYMBOLS : UNKNOWN;
}

/* The probability of c after a and b, any of which may be unknown. */
static double p_after(const struct lm_tables *t, uint32_t a, uint32_t b, uint32_t c) {
    if (c == UNKNOWN)
        return 0;
    if (b == UNKNOWN)
        return p_single(t, c);
    if (a == UNKNOWN)
        return p_pair(t, b << 16 | c);
    return p_triple(t, (uint64_t)a << 32 | b << 16 | c);
}

struct history { /* in one model */
    const struct lm_tables *t;
    uint32_t a, b;
};

static double step(struct history *h, uint32_t c) {
    double p = p_after(h->t, h->a, h->b, c);
    h->a = h->b;
    h->b = c;
    return p;
}

size_t lm_mix_samples(const struct lm_tables *base, const struct lm_tables *own, const char *sentence, struct lm_mix_sample *to) {
    struct history in_base = {base, UNKNOWN, LM_SYMBOL_START}, in_own = {own, UNKNOWN, LM_SYMBOL_START};
    char word[LM_MAX_WORD_BYTES + 1];
    size_t n = 0;
    for (const char *at = sentence + strspn(sentence, " "); *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : 0), at);
        struct lm_mix_sample s = {step(&in_base, symbol_of(base, word)), step(&in_own, symbol_of(own, word))};
        if (s.base > 0 || s.own > 0)
            to[n++] = s;
        at += len;
    }
    to[n++] = (struct lm_mix_sample){step(&in_base, LM_SYMBOL_END), step(&in_own, LM_SYMBOL_END)};
    return n;
}

double lm_mix_weight(const struct lm_mix_sample *samples, size_t n) {
    double weight = 0.5;
    for (unsigned round = 0; round < ROUNDS && n > 0; round++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += weight * samples[i].own / (weight * samples[i].own + (1 - weight) * samples[i].base);
        weight = sum / (double)n;
        weight = weight < LEAST_WEIGHT ? LEAST_WEIGHT : weight > MOST_WEIGHT ? MOST_WEIGHT : weight;
    }
    return weight;
}

/* --- one order of words ------------------------------------------------------------------------------------------------------ */

/* Gives a model the symbols `to` by its own ones; the order stays. The words are taken away. */
static int renumber(struct lm_tables *t, const uint16_t *to, uint32_t n_symbols) {
    struct lm_single *singles = calloc(n_symbols, sizeof *singles);
    if (!singles)
        return -ENOMEM;
    for (uint32_t s = 0; s < n_symbols; s++)
        singles[s] = (struct lm_single){INFINITY, 0};
    for (uint32_t s = 0; s < t->n_words + LM_N_SPECIAL_SYMBOLS; s++)
        singles[to[s]] = t->singles[s];
    free(t->singles);
    t->singles = singles;
    for (size_t i = 0; i < t->n_pairs; i++)
        t->pairs[i].key = (uint32_t)to[t->pairs[i].key >> 16] << 16 | to[t->pairs[i].key & 0xffff];
    for (size_t i = 0; i < t->n_triples; i++) {
        uint64_t key = t->triples[i].key;
        t->triples[i].key = (uint64_t)to[key >> 32] << 32 | (uint64_t)to[key >> 16 & 0xffff] << 16 | to[key & 0xffff];
    }
    return 0;
}

/* Moves the words of both models to ret, in order and once each. by_a, by_b: the symbols that theirs become. */
static uint32_t unite_words(struct lm_tables *a, struct lm_tables *b, char **words, uint16_t *by_a, uint16_t *by_b) {
    uint32_t n = 0, i = 0, k = 0;
    for (uint32_t s = 0; s < LM_N_SPECIAL_SYMBOLS; s++)
        by_a[s] = by_b[s] = (uint16_t)s;
    while (i < a->n_words || k < b->n_words) {
        int c = i == a->n_words ? 1 : k == b->n_words ? -1 : strcmp(a->words[i], b->words[k]);
        uint16_t symbol = (uint16_t)(n + LM_N_SPECIAL_SYMBOLS);
        words[n++] = c <= 0 ? a->words[i] : b->words[k];
        if (c <= 0) {
            by_a[i + LM_N_SPECIAL_SYMBOLS] = symbol;
            a->words[i++] = NULL;
        }
        if (c >= 0) {
            by_b[k + LM_N_SPECIAL_SYMBOLS] = symbol;
            if (c == 0)
                free(b->words[k]);
            b->words[k++] = NULL;
        }
    }
    return n;
}

static uint32_t count_both(const struct lm_tables *a, const struct lm_tables *b) {
    uint32_t n = a->n_words + b->n_words;
    for (uint32_t i = 0; i < b->n_words; i++)
        n -= symbol_of(a, b->words[i]) != UNKNOWN;
    return n;
}

static int unite(struct lm_tables *a, struct lm_tables *b, struct lm_tables *ret) {
    uint32_t n_both = a->n_words + b->n_words;
    uint16_t *by = calloc((size_t)n_both + (size_t)2 * LM_N_SPECIAL_SYMBOLS, sizeof *by);
    uint16_t *by_b = by ? by + a->n_words + LM_N_SPECIAL_SYMBOLS : NULL;
    ret->words = calloc((size_t)n_both + 1, sizeof *ret->words);
    if (!by || !ret->words) {
        free(by);
        return -ENOMEM;
    }
    ret->n_words = unite_words(a, b, ret->words, by, by_b);
    int r = renumber(a, by, ret->n_words + LM_N_SPECIAL_SYMBOLS);
    if (r == 0)
        r = renumber(b, by_b, ret->n_words + LM_N_SPECIAL_SYMBOLS);
    free(by);
    return r;
}

/* --- mixing ------------------------------------------------------------------------------------------------------------------ */

struct mix {
    const struct lm_tables *a, *b;
    double of_b;
};

static float cost_of(double p) {
    return (float)-log(p > 1e-30 ? p : 1e-30);
}

static double mixed(const struct mix *m, double a, double b) {
    return (1 - m->of_b) * a + m->of_b * b;
}

/* The back-off weight of a context whose continuations have these sums of probabilities, at their own order and below. */
static float weight_of(double sum, double below) {
    double left = 1 - sum, left_below = 1 - below;
    return cost_of((left > LEAST_LEFT ? left : LEAST_LEFT) / (left_below > LEAST_LEFT ? left_below : LEAST_LEFT));
}

static void mix_pairs(const struct mix *m, struct lm_tables *ret) {
    for (size_t i = 0, k = 0; i < m->a->n_pairs || k < m->b->n_pairs;) {
        uint32_t a = i < m->a->n_pairs ? m->a->pairs[i].key : UINT32_MAX, b = k < m->b->n_pairs ? m->b->pairs[k].key : UINT32_MAX;
        uint32_t key = a < b ? a : b;
        double p = mixed(m, key == a ? p_of(m->a->pairs[i].is.cost) : p_pair(m->a, key),
                         key == b ? p_of(m->b->pairs[k].is.cost) : p_pair(m->b, key));
        ret->pairs[ret->n_pairs++] = (struct lm_pair){key, {cost_of(p), 0}};
        i += key == a;
        k += key == b;
    }
}

static void mix_triples(const struct mix *m, struct lm_tables *ret) {
    for (size_t i = 0, k = 0; i < m->a->n_triples || k < m->b->n_triples;) {
        uint64_t a = i < m->a->n_triples ? m->a->triples[i].key : UINT64_MAX,
                 b = k < m->b->n_triples ? m->b->triples[k].key : UINT64_MAX, key = a < b ? a : b;
        double p = mixed(m, key == a ? p_of(m->a->triples[i].cost) : p_triple(m->a, key),
                         key == b ? p_of(m->b->triples[k].cost) : p_triple(m->b, key));
        ret->triples[ret->n_triples++] = (struct lm_triple){key, cost_of(p)};
        i += key == a;
        k += key == b;
    }
}

/* Gives what the contexts have left to what they do not know. */
static void give_weights(struct lm_tables *t) {
    for (size_t i = 0, triple = 0; i < t->n_pairs; i++) {
        double sum = 0, below = 0;
        for (; triple < t->n_triples && t->triples[triple].key >> 16 <= t->pairs[i].key; triple++) {
            sum += p_of(t->triples[triple].cost);
            below += p_of(lm_tables_pair(t, (uint32_t)t->triples[triple].key)->is.cost);
        }
        t->pairs[i].is.weight = sum > 0 ? weight_of(sum, below) : 0;
    }
    for (size_t i = 0, end; i < t->n_pairs; i = end) {
        double sum = 0, below = 0;
        for (end = i; end < t->n_pairs && t->pairs[end].key >> 16 == t->pairs[i].key >> 16; end++) {
            sum += p_of(t->pairs[end].is.cost);
            below += p_single(t, t->pairs[end].key & 0xffff);
        }
        t->singles[t->pairs[i].key >> 16].weight = weight_of(sum, below);
    }
}

int lm_mix(struct lm_tables *base, struct lm_tables *own, double own_weight, struct lm_tables *ret, tragus_error *reterr) {
    const struct mix m = {base, own, own_weight};
    struct lm_tables t = {0};
    uint32_t n_words = count_both(base, own);
    if (n_words > LM_MAX_WORDS)
        return base_error_set(reterr, -E2BIG,
                              "both models have %u words together, and %u are the most; set --words to less than %u",
                              (unsigned)n_words, LM_MAX_WORDS, (unsigned)own->n_words);
    int r = unite(base, own, &t);
    uint32_t n_symbols = t.n_words + LM_N_SPECIAL_SYMBOLS;
    if (r == 0) {
        t.singles = calloc(n_symbols, sizeof *t.singles);
        t.pairs = calloc(base->n_pairs + own->n_pairs + 1, sizeof *t.pairs);
        t.triples = calloc(base->n_triples + own->n_triples + 1, sizeof *t.triples);
        r = t.singles && t.pairs && t.triples ? 0 : -ENOMEM;
    }
    if (r != 0) {
        lm_tables_done(&t);
        return base_error_set(reterr, r, "out of memory");
    }
    for (uint32_t s = 0; s < n_symbols; s++)
        t.singles[s].cost = cost_of(mixed(&m, p_single(base, s), p_single(own, s)));
    mix_pairs(&m, &t);
    mix_triples(&m, &t);
    give_weights(&t);
    *ret = t;
    return 0;
}
