/* SPDX-License-Identifier: Apache-2.0 */
/* lm/write.c: rounds tables of n-grams and writes them as a file; lm.h describes it. */
#include "lm/tables.h"

#include "base/buffer.h"
#include "lm/layout.h"
#include "store/store.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void lm_tables_done(struct lm_tables *t) {
    for (uint32_t i = 0; t->words && i < t->n_words; i++)
        free(t->words[i]);
    free(t->words);
    free(t->singles);
    free(t->pairs);
    free(t->triples);
    *t = (struct lm_tables){0};
}

const struct lm_pair *lm_tables_pair(const struct lm_tables *t, uint32_t key) {
    size_t low = 0, high = t->n_pairs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->pairs[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->n_pairs && t->pairs[low].key == key ? &t->pairs[low] : NULL;
}

int lm_tables_from(struct lm_tables *ret, const struct lm *lm) {
    uint32_t s[LM_ORDER];
    float weight;
    struct lm_tables t = {.words = calloc(lm_n_words(lm), sizeof *t.words)};
    t.singles = calloc(lm_n_ngrams(lm, 1), sizeof *t.singles);
    t.pairs = calloc(lm_n_ngrams(lm, 2) + 1, sizeof *t.pairs);
    t.triples = calloc(lm_n_ngrams(lm, 3) + 1, sizeof *t.triples);
    bool failed = !t.words || !t.singles || !t.pairs || !t.triples;
    for (; !failed && t.n_words < lm_n_words(lm); t.n_words++)
        failed = !(t.words[t.n_words] = strdup(lm_word(lm, t.n_words)));
    if (failed) {
        lm_tables_done(&t);
        return -ENOMEM;
    }
    for (size_t i = 0; i < lm_n_ngrams(lm, 1); i++)
        lm_ngram(lm, 1, i, s, &t.singles[i].cost, &t.singles[i].weight);
    for (; t.n_pairs < lm_n_ngrams(lm, 2); t.n_pairs++) {
        struct lm_pair *p = &t.pairs[t.n_pairs];
        lm_ngram(lm, 2, t.n_pairs, s, &p->is.cost, &p->is.weight);
        p->key = s[0] << 16 | s[1];
    }
    for (; t.n_triples < lm_n_ngrams(lm, 3); t.n_triples++) {
        struct lm_triple *triple = &t.triples[t.n_triples];
        lm_ngram(lm, 3, t.n_triples, s, &triple->cost, &weight);
        triple->key = (uint64_t)s[0] << 32 | (uint64_t)s[1] << 16 | s[2];
    }
    *ret = t;
    return 0;
}

/* Rounds after the comparison: lroundf knows nothing of numbers that are too large for it. */
static long units_of(float nats, long least, long most) {
    float units = nats * LM_COSTS_A_NAT;
    return units <= (float)least ? least : units >= (float)most ? most : lroundf(units);
}

static uint8_t cost_of(float nats) {
    return (uint8_t)units_of(nats, 0, UINT8_MAX);
}

static int8_t weight_of(float nats) {
    return (int8_t)units_of(nats, INT8_MIN, INT8_MAX);
}

struct nodes { /* the sections, while they are filled */
    uint16_t *symbols;
    uint8_t *costs;
    int8_t *weights;
    uint32_t *children;
};

static void fill(const struct lm_tables *t, const struct nodes *n) {
    uint32_t n_symbols = t->n_words + LM_N_SPECIAL_SYMBOLS, at = 1;
    size_t pair = 0, triple = 0;
    n->children[0] = 1;
    for (uint32_t s = 0; s < n_symbols; s++, at++) {
        n->symbols[at] = (uint16_t)s;
        n->costs[at] = cost_of(t->singles[s].cost);
        n->weights[at] = weight_of(t->singles[s].weight);
        n->children[at] = 1 + n_symbols + (uint32_t)pair;
        while (pair < t->n_pairs && t->pairs[pair].key >> 16 == s)
            pair++;
    }
    for (pair = 0; pair < t->n_pairs; pair++, at++) {
        const struct lm_pair *p = &t->pairs[pair];
        n->symbols[at] = (uint16_t)p->key;
        n->costs[at] = cost_of(p->is.cost);
        n->weights[at] = weight_of(p->is.weight);
        n->children[at] = 1 + n_symbols + (uint32_t)(t->n_pairs + triple);
        while (triple < t->n_triples && t->triples[triple].key >> 16 == p->key)
            triple++;
    }
    n->children[at] = 1 + n_symbols + (uint32_t)(t->n_pairs + t->n_triples);
    for (triple = 0; triple < t->n_triples; triple++, at++) {
        n->symbols[at] = (uint16_t)t->triples[triple].key;
        n->costs[at] = cost_of(t->triples[triple].cost);
    }
}

/* Adds the pronunciations of a word. Returns false if it has none. */
static bool add_spoken(struct base_buffer *to, const struct lexicon *lexicon, const char *word) {
    struct lexicon_pronunciation p[LEXICON_MAX_VARIANTS];
    int n = lexicon_pronounce(lexicon, NULL, word, p, LEXICON_MAX_VARIANTS);
    for (int i = 0; i < n; i++) {
        p[i].phones[p[i].n_phones - 1] |= LM_LAST_OF_PRONUNCIATION | (i == n - 1 ? LM_LAST_OF_WORD : 0);
        base_buffer_add(to, p[i].phones, p[i].n_phones);
    }
    return n > 0;
}

int lm_tables_write(const struct lm_tables *t, const struct lexicon *lexicon, const char *path, const char *passport,
                    tragus_error *reterr) {
    size_t n_inner = 1 + LM_N_SPECIAL_SYMBOLS + t->n_words + t->n_pairs, n_nodes = n_inner + t->n_triples;
    if (t->n_words < 1 || t->n_words > LM_MAX_WORDS || n_nodes > INT32_MAX)
        return base_error_set(reterr, -E2BIG, "a language model has 1 to %u words, this one would have %u", LM_MAX_WORDS,
                              (unsigned)t->n_words);
    struct base_buffer words = {0}, phones = {0}, spoken = {0};
    struct nodes n = {calloc(n_nodes, sizeof *n.symbols), calloc(n_nodes, 1), calloc(n_inner, 1),
                      calloc(n_inner + 1, sizeof *n.children)};
    uint32_t info[LM_N_INFO] = {
        [LM_INFO_VERSION] = LM_VERSION,      [LM_INFO_ORDER] = LM_ORDER,          [LM_INFO_WORDS] = t->n_words,
        [LM_INFO_NODES] = (uint32_t)n_nodes, [LM_INFO_INNER] = (uint32_t)n_inner, [LM_INFO_COSTS_A_NAT] = LM_COSTS_A_NAT};
    int r = 0;
    for (unsigned i = 1; i <= lexicon_n_phones(lexicon); i++)
        base_buffer_add(&phones, lexicon_phone(lexicon, i), strlen(lexicon_phone(lexicon, i)) + 1);
    for (uint32_t i = 0; i < t->n_words && r == 0; i++) {
        base_buffer_add(&words, t->words[i], strlen(t->words[i]) + 1);
        if (!add_spoken(&spoken, lexicon, t->words[i]))
            r = base_error_set(reterr, -EINVAL, "the word '%s' cannot be spoken", t->words[i]);
    }
    if (r < 0) {
        /* said above */
    } else if (n.symbols && n.costs && n.weights && n.children && !words.failed && !phones.failed && !spoken.failed) {
        fill(t, &n);
        const struct store_part parts[] = {
            {LM_SECTION_INFO, info, sizeof info, 0},
            {LM_SECTION_WORDS, words.data, words.len_bytes, 0},
            {LM_SECTION_PHONES, phones.data, phones.len_bytes, 0},
            {LM_SECTION_SPOKEN, spoken.data, spoken.len_bytes, 0},
            {LM_SECTION_SYMBOLS, n.symbols, n_nodes * sizeof *n.symbols, 0},
            {LM_SECTION_COSTS, n.costs, n_nodes, 0},
            {LM_SECTION_WEIGHTS, n.weights, n_inner, 0},
            {LM_SECTION_CHILDREN, n.children, (n_inner + 1) * sizeof *n.children, 0},
            {LM_SECTION_PASSPORT, passport, strlen(passport), 0},
        };
        r = store_write(path, STORE_NGRAMS, parts, sizeof parts / sizeof parts[0], reterr);
    } else {
        r = base_error_set(reterr, -ENOMEM, "out of memory");
    }
    base_buffer_done(&words);
    base_buffer_done(&phones);
    base_buffer_done(&spoken);
    free(n.symbols);
    free(n.costs);
    free(n.weights);
    free(n.children);
    return r;
}
