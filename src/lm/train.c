/* SPDX-License-Identifier: Apache-2.0 */
/* lm/train.c: counts n-grams and smooths them; train.h says how.
 *
 * All n-grams of the text become an array of numbers, which is sorted, so equal ones are neighbours. The array of triples holds
 * three symbols and the number of the source in 64 bits. Counts of pairs and words for lower orders are the numbers of different
 * symbols before them (Kneser and Ney, 1995).
 */
#include "lm/train.h"

#include "base/buffer.h"
#include "lm/vocabulary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SOURCES 255
#define SOURCE_MARK 0x80000000u /* in the text: a sentence of this source begins */
#define UNKNOWN UINT16_MAX      /* symbol of a word that is not in the model */

struct lm_trainer {
    struct lm_vocabulary vocabulary;
    struct base_buffer text; /* u32: word numbers; SOURCE_MARK | source before each sentence */
    double weights[MAX_SOURCES];
    uint32_t n_sources;
    size_t n_words;
};

/* --- text -------------------------------------------------------------------------------------------------------------------- */

int lm_trainer_new(struct lm_trainer **ret) {
    struct lm_trainer *t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    *ret = t;
    return 0;
}

void lm_trainer_free(struct lm_trainer *t) {
    if (!t)
        return;
    lm_vocabulary_done(&t->vocabulary);
    base_buffer_done(&t->text);
    free(t);
}

int lm_trainer_source(struct lm_trainer *t, double weight, tragus_error *reterr) {
    if (!(weight > 0 && weight <= 1e6))
        return base_error_set(reterr, -EINVAL, "the weight of a text is a number above 0");
    if (t->n_sources == MAX_SOURCES)
        return base_error_set(reterr, -E2BIG, "a language model is made from at most %d texts", MAX_SOURCES);
    t->weights[t->n_sources++] = weight;
    return 0;
}

static void add_number(struct lm_trainer *t, uint32_t number) {
    base_buffer_add(&t->text, &number, sizeof number);
}

int lm_trainer_add(struct lm_trainer *t, const char *sentence) {
    if (t->n_sources == 0)
        t->weights[t->n_sources++] = 1;
    add_number(t, SOURCE_MARK | (t->n_sources - 1));
    for (const char *at = sentence + strspn(sentence, " "); *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        uint32_t number = lm_vocabulary_number(&t->vocabulary, at, len);
        if (number == LM_VOCABULARY_FULL)
            return -ENOMEM;
        lm_vocabulary_count(&t->vocabulary, number, t->weights[t->n_sources - 1]);
        add_number(t, number);
        t->n_words++;
        at += len;
    }
    return t->text.failed ? -ENOMEM : 0;
}

size_t lm_trainer_n_words(const struct lm_trainer *t) {
    return t->n_words;
}

/* --- counts ------------------------------------------------------------------------------------------------------------------ */

struct count { /* of an n-gram */
    uint64_t key;
    uint32_t n; /* true count, or number of different symbols before it */
    float weighted;
    float seen; /* weighted number of occurrences */
};

struct counts {
    struct count *items;
    size_t n;
};

static int by_number(const void *pa, const void *pb) {
    uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
    return a < b ? -1 : a > b;
}

static int by_key(const void *pa, const void *pb) {
    const struct count *a = pa, *b = pb;
    return a->key < b->key ? -1 : a->key > b->key;
}

static uint64_t triple_key(uint32_t a, uint32_t b, uint32_t c) {
    return (uint64_t)a << 32 | (uint64_t)b << 16 | c;
}

/* Lists all triples of the text. A sentence begins with two start symbols and ends with one end symbol. An unknown word may only be
 * the first of a triple, which then stands for its pair. Returns their number. */
static size_t list_triples(const struct lm_trainer *t, const uint16_t *symbols, uint64_t *to) {
    const uint32_t *text = (const uint32_t *)(const void *)t->text.data;
    size_t n_text = t->text.len_bytes / sizeof *text, n = 0;
    for (size_t i = 0; i < n_text;) {
        uint32_t source = text[i++] & ~SOURCE_MARK, a = LM_SYMBOL_START, b = LM_SYMBOL_START;
        for (bool more = true; more;) {
            more = i < n_text && !(text[i] & SOURCE_MARK);
            uint32_t c = more ? symbols[text[i++]] : LM_SYMBOL_END;
            if (b != UNKNOWN && c != UNKNOWN)
                to[n++] = triple_key(a, b, c) << 16 | source;
            a = b;
            b = c;
        }
    }
    return n;
}

/* Counts equal neighbours. */
static int count_triples(const struct lm_trainer *t, const uint64_t *listed, size_t n_listed, struct counts *ret) {
    size_t n = 0;
    for (size_t i = 0; i < n_listed; i++)
        n += i == 0 || listed[i] >> 16 != listed[i - 1] >> 16;
    ret->items = calloc(n + 1, sizeof *ret->items);
    if (!ret->items)
        return -ENOMEM;
    for (size_t i = 0; i < n_listed; i++) {
        if (i == 0 || listed[i] >> 16 != listed[i - 1] >> 16)
            ret->items[ret->n++].key = listed[i] >> 16;
        struct count *c = &ret->items[ret->n - 1];
        c->n++;
        c->weighted += (float)t->weights[listed[i] & 0xffff];
        c->seen = c->weighted;
    }
    return 0;
}

/* Sorts counts and adds up those with the same key. */
static void unite(struct counts *c) {
    size_t n = 0;
    if (c->n > 0)
        qsort(c->items, c->n, sizeof *c->items, by_key);
    for (size_t i = 0; i < c->n; i++) {
        if (n == 0 || c->items[n - 1].key != c->items[i].key) {
            c->items[n++] = c->items[i];
            continue;
        }
        c->items[n - 1].n += c->items[i].n;
        c->items[n - 1].weighted += c->items[i].weighted;
        c->items[n - 1].seen += c->items[i].seen;
    }
    c->n = n;
}

/* From triples u v w makes the counts of v w: how many different u there are; of a pair at the beginning of a sentence, before
 * which nothing can differ, how often it occurs. Triples that stand for pairs are removed then. */
static int count_pairs(struct counts *triples, struct counts *ret) {
    size_t kept = 0;
    ret->items = calloc(triples->n + 1, sizeof *ret->items);
    if (!ret->items)
        return -ENOMEM;
    for (size_t i = 0; i < triples->n; i++) {
        struct count c = triples->items[i];
        bool begins = c.key >> 16 == triple_key(0, LM_SYMBOL_START, LM_SYMBOL_START), pair = begins || c.key >> 32 == UNKNOWN;
        ret->items[ret->n++] = (struct count){.key = c.key & 0xffffffff,
                                              .n = begins ? c.n : 1,
                                              .weighted = begins ? c.weighted : c.weighted / (float)c.n,
                                              .seen = c.seen};
        if (!pair)
            triples->items[kept++] = c;
    }
    triples->n = kept;
    unite(ret);
    return 0;
}

/* Counts of single symbols, by symbol. */
static void count_singles(const struct counts *pairs, struct count *singles) {
    for (size_t i = 0; i < pairs->n; i++) {
        const struct count *p = &pairs->items[i];
        struct count *s = &singles[p->key & 0xffff];
        s->n++;
        s->weighted += p->weighted / (float)p->n;
        s->seen += p->seen;
    }
}

/* --- smoothing --------------------------------------------------------------------------------------------------------------- */

struct discounts { /* for n-grams that occurred once, twice, and more often */
    double by[4];
};

static struct discounts discounts_of(const struct count *items, size_t n) {
    double with[5] = {0}; /* number of n-grams with this count */
    for (size_t i = 0; i < n; i++)
        if (items[i].n >= 1 && items[i].n <= 4)
            with[items[i].n]++;
    struct discounts d = {{0, 0.5, 0.75, 0.9}};
    if (with[1] == 0 || with[2] == 0 || with[3] == 0)
        return d; /* too little text to estimate them */
    double y = with[1] / (with[1] + 2 * with[2]);
    for (unsigned k = 1; k <= 3; k++) {
        double by = k - (k + 1) * y * with[k + 1] / with[k];
        d.by[k] = by > 0.1 && by < k ? by : d.by[k];
    }
    return d;
}

/* What is taken off this count, in its weighted units. */
static double discount(const struct discounts *d, const struct count *c) {
    return d->by[c->n < 3 ? c->n : 3] * c->weighted / c->n;
}

struct smoothed { /* an n-gram with its probability */
    double p;     /* interpolated with lower orders */
    double gain;  /* likelihood lost if it is pruned */
    bool kept;
};

struct order { /* pairs or triples */
    struct counts counts;
    struct smoothed *smoothed;
};

/* The index of the first count with at least this key. */
static size_t lower_bound(const struct counts *c, uint64_t key) {
    size_t low = 0, high = c->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->items[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void smooth_singles(const struct count *singles, uint32_t n_symbols, double *p) {
    struct discounts d = discounts_of(singles, n_symbols);
    double total = 0, taken = 0;
    uint32_t n_words = n_symbols - 1; /* nothing comes before a start symbol */
    for (uint32_t s = 1; s < n_symbols; s++) {
        total += singles[s].weighted;
        taken += singles[s].n > 0 ? discount(&d, &singles[s]) : 0;
    }
    for (uint32_t s = 1; s < n_symbols; s++)
        p[s] = ((singles[s].n > 0 ? singles[s].weighted - discount(&d, &singles[s]) : 0) + taken / n_words) / total;
    p[0] = 1e-9;
}

/* Smooths n-grams of one order. lower(user, key): the probability of the key's last symbol at the lower order. */
static void smooth(struct order *o, double (*lower)(const void *user, uint64_t key), const void *user) {
    struct discounts d = discounts_of(o->counts.items, o->counts.n);
    for (size_t i = 0, end; i < o->counts.n; i = end) {
        double total = 0, taken = 0;
        for (end = i; end < o->counts.n && o->counts.items[end].key >> 16 == o->counts.items[i].key >> 16; end++) {
            total += o->counts.items[end].weighted;
            taken += discount(&d, &o->counts.items[end]);
        }
        for (size_t k = i; k < end; k++) {
            const struct count *c = &o->counts.items[k];
            double below = lower(user, c->key), back_off = taken / total * below;
            o->smoothed[k].p = (c->weighted - discount(&d, c)) / total + back_off;
            o->smoothed[k].gain = c->seen * log(o->smoothed[k].p / back_off);
        }
    }
}

struct lower {
    const double *singles;
    const struct order *pairs;
};

static double single_below(const void *user, uint64_t key) {
    return ((const struct lower *)user)->singles[key & 0xffff];
}

static double pair_below(const void *user, uint64_t key) {
    const struct order *pairs = ((const struct lower *)user)->pairs;
    return pairs->smoothed[lower_bound(&pairs->counts, key & 0xffffffff)].p;
}

/* --- pruning ----------------------------------------------------------------------------------------------------------------- */

static int descending(const void *pa, const void *pb) {
    double a = *(const double *)pa, b = *(const double *)pb;
    return a > b ? -1 : a < b;
}

/* Keeps the `most` n-grams with the greatest gain. */
static int keep_best(struct order *o, size_t most) {
    double *gains = malloc((o->counts.n + 1) * sizeof *gains), least = 0;
    if (!gains)
        return -ENOMEM;
    for (size_t i = 0; i < o->counts.n; i++)
        gains[i] = o->smoothed[i].gain;
    if (most < o->counts.n) {
        qsort(gains, o->counts.n, sizeof *gains, descending);
        least = gains[most];
    }
    for (size_t i = 0; i < o->counts.n; i++)
        o->smoothed[i].kept = most > 0 && o->smoothed[i].gain > least;
    free(gains);
    return 0;
}

/* Keeps the pairs that a kept triple begins or ends with. A pair that begins a triple may not have been counted itself only if the
 * triple was, so each is found. */
static void keep_pairs_of_triples(struct order *pairs, struct order *triples) {
    for (size_t i = 0; i < triples->counts.n; i++) {
        if (!triples->smoothed[i].kept)
            continue;
        uint64_t key = triples->counts.items[i].key, first = key >> 16, last = key & 0xffffffff;
        size_t begins = lower_bound(&pairs->counts, first), ends = lower_bound(&pairs->counts, last);
        pairs->smoothed[begins].kept = pairs->smoothed[ends].kept = true;
    }
}

/* --- tables ------------------------------------------------------------------------------------------------------------------ */

static float cost_of(double p) {
    return (float)-log(p > 1e-12 ? p : 1e-12);
}

/* The back-off weight of a context whose kept continuations have these sums of probabilities, at their own order and below. */
static float weight_of(double sum, double below) {
    double left = 1 - sum, left_below = 1 - below;
    return left > 1e-6 && left_below > 1e-6 ? (float)-log(left / left_below) : 0;
}

static int make_tables(const double *singles, const struct order *pairs, const struct order *triples, struct lm_tables *t) {
    uint32_t n_symbols = t->n_words + LM_N_SPECIAL_SYMBOLS;
    size_t n_pairs = 0, n_triples = 0;
    for (size_t i = 0; i < pairs->counts.n; i++)
        n_pairs += pairs->smoothed[i].kept;
    for (size_t i = 0; i < triples->counts.n; i++)
        n_triples += triples->smoothed[i].kept;
    t->singles = calloc(n_symbols, sizeof *t->singles);
    t->pairs = calloc(n_pairs + 1, sizeof *t->pairs);
    t->triples = calloc(n_triples + 1, sizeof *t->triples);
    double *sums = calloc(n_symbols, 2 * sizeof *sums), *below = sums ? sums + n_symbols : NULL;
    if (!t->singles || !t->pairs || !t->triples || !sums) {
        free(sums);
        return -ENOMEM;
    }
    size_t triple = 0;
    for (size_t i = 0; i < pairs->counts.n; i++) {
        uint64_t key = pairs->counts.items[i].key;
        double sum = 0, sum_below = 0;
        if (!pairs->smoothed[i].kept)
            continue;
        for (; triple < triples->counts.n && triples->counts.items[triple].key >> 16 <= key; triple++) {
            uint64_t whole = triples->counts.items[triple].key;
            if (!triples->smoothed[triple].kept)
                continue;
            t->triples[t->n_triples++] = (struct lm_triple){whole, cost_of(triples->smoothed[triple].p)};
            sum += triples->smoothed[triple].p;
            sum_below += pairs->smoothed[lower_bound(&pairs->counts, whole & 0xffffffff)].p;
        }
        sums[key >> 16] += pairs->smoothed[i].p;
        below[key >> 16] += singles[key & 0xffff];
        t->pairs[t->n_pairs++] = (struct lm_pair){(uint32_t)key, {cost_of(pairs->smoothed[i].p), weight_of(sum, sum_below)}};
    }
    for (uint32_t s = 0; s < n_symbols; s++)
        t->singles[s] = (struct lm_single){cost_of(singles[s]), weight_of(sums[s], below[s])};
    free(sums);
    return 0;
}

static int make(struct lm_trainer *t, const struct lm_limits *limits, const uint16_t *symbols, struct lm_tables *ret) {
    uint32_t n_symbols = ret->n_words + LM_N_SPECIAL_SYMBOLS;
    struct order pairs = {0}, triples = {0};
    struct count *singles = calloc(n_symbols, sizeof *singles);
    double *p = calloc(n_symbols, sizeof *p);
    uint64_t *listed = calloc(t->text.len_bytes / sizeof(uint32_t) + 1, 2 * sizeof *listed);
    int r = singles && p && listed ? 0 : -ENOMEM;
    if (r == 0) {
        size_t n = list_triples(t, symbols, listed);
        qsort(listed, n, sizeof *listed, by_number);
        r = count_triples(t, listed, n, &triples.counts);
    }
    free(listed);
    if (r == 0)
        r = count_pairs(&triples.counts, &pairs.counts);
    if (r == 0) {
        pairs.smoothed = calloc(pairs.counts.n + 1, sizeof *pairs.smoothed);
        triples.smoothed = calloc(triples.counts.n + 1, sizeof *triples.smoothed);
        r = pairs.smoothed && triples.smoothed ? 0 : -ENOMEM;
    }
    if (r == 0) {
        const struct lower lower = {p, &pairs};
        count_singles(&pairs.counts, singles);
        smooth_singles(singles, n_symbols, p);
        smooth(&pairs, single_below, &lower);
        smooth(&triples, pair_below, &lower);
        r = keep_best(&triples, limits->max_triples);
        r = r == 0 ? keep_best(&pairs, limits->max_pairs) : r;
    }
    if (r == 0) {
        keep_pairs_of_triples(&pairs, &triples);
        r = make_tables(p, &pairs, &triples, ret);
    }
    free(pairs.counts.items);
    free(pairs.smoothed);
    free(triples.counts.items);
    free(triples.smoothed);
    free(singles);
    free(p);
    return r;
}

int lm_trainer_finish(struct lm_trainer *t, const struct lm_limits *limits,
                      bool (*usable)(void *user, const char *word, uint32_t n), void *user, struct lm_tables *ret,
                      tragus_error *reterr) {
    struct lm_tables tables = {0};
    uint16_t *symbols = NULL;
    int r = lm_vocabulary_choose(&t->vocabulary, limits->max_words, usable, user, &tables, &symbols);
    if (r == 0)
        r = make(t, limits, symbols, &tables);
    free(symbols);
    if (r < 0) {
        lm_tables_done(&tables);
        return base_error_set(reterr, r, r == -EINVAL ? "the text has no words that can be learned" : "out of memory");
    }
    *ret = tables;
    return 0;
}
