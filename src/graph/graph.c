/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the phone graph from a word acceptor and pronunciations.
 *
 * Every state of the acceptor becomes the root of a trie of the phones of its outgoing words. The arc of a word's last phone leads
 * to the root of the word's target. Then equivalent nodes are merged (minimise.c), and the remaining ones are numbered breadth
 * first, so that neighbours in the graph are close in memory.
 */
#include "graph/graph.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "graph/minimise.h"
#include "graph/private.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MAX_ARCS 4000000u
#define NONE UINT32_MAX
#define GUESS_UNITS BASE_BUDGET_INTERVAL /* a guess from letters takes some 50 us */
#define LOOKUP_UNITS 256
#define FEW_ENTRIES 8 /* are sorted faster than by a call of qsort */

struct spoken { /* range in `all` with the pronunciations of a word */
    uint32_t begin, n;
};

struct entry { /* one pronunciation of a word that leaves a state */
    uint32_t rank, to;
    uint32_t word, order;
    const struct lexicon_pronunciation *spoken;
};

struct range { /* entries with the same phones from the state's root to this node */
    uint32_t node, begin, end, depth;
};

struct build {
    const struct grammar_acceptor *in;
    const struct graph_words *free_words;
    size_t max_arcs;
    struct base_budget *budget;
    struct spoken *spoken;             /* by word; n is 0 if it cannot be spoken */
    uint8_t *dead;                     /* by state: whether no sentence ends behind it; NULL: none is */
    struct lexicon_pronunciation *all; /* pronunciations of all words */
    size_t all_bytes;
    uint32_t n_all;
    uint32_t *ranks;                /* by pronunciation: its place among all by their phones; equal ones share it */
    struct base_buffer nodes, arcs; /* struct graph_raw_node, struct graph_raw_arc; room for those of a state */
    uint32_t n_nodes, n_arcs, n_ranges;
    struct entry *entries;                         /* of the current state */
    struct base_buffer queue;                      /* struct range */
    uint32_t *classes, *numbers, *nodes_by_number; /* class of a node; number of a class; node of a number; one allocation */
    size_t classes_bytes;
};

static const char *const too_large = "the sentences make more than %zu arcs; use fewer or shorter lists, or raise the limit";

/* --- pronunciations ---------------------------------------------------------------------------------------------------------- */

static int pronounce_words(struct build *b, struct graph_built *out,
                           int (*pronounce)(void *user, const char *word, struct lexicon_pronunciation *out, size_t max_variants),
                           void *user) {
    struct base_buffer all = {.budget = b->budget};
    struct lexicon_pronunciation variants[LEXICON_MAX_VARIANTS];
    uint32_t n_all = 0;
    for (uint32_t i = 0; i < b->in->n_words; i++) {
        bool is_free = strcmp(b->in->words[i], GRAMMAR_FREE_WORDS) == 0;
        if (is_free && b->free_words)
            variants[0] = (struct lexicon_pronunciation){.phones = {GRAPH_FREE}, .n_phones = 1, .source = LEXICON_DICTIONARY};
        int n = is_free ? b->free_words != NULL : pronounce(user, b->in->words[i], variants, LEXICON_MAX_VARIANTS);
        out->report.lacks_free_words |= is_free && n == 0;
        if (is_free && n == 0)
            continue;
        if (n == -ENOMEM) {
            base_buffer_done(&all);
            return n;
        }
        if (n <= 0) {
            out->unspoken[out->report.n_unspoken++] = out->words[i];
            continue;
        }
        bool guessed = true;
        for (int v = 0; v < n; v++) {
            base_assert(variants[v].n_phones > 0 && variants[v].n_phones <= LEXICON_MAX_PHONES);
            guessed &= variants[v].source == LEXICON_GUESS;
        }
        if (guessed)
            out->guessed[out->report.n_guessed++] = out->words[i];
        if (base_budget_spend(b->budget, guessed ? GUESS_UNITS : LOOKUP_UNITS) < 0)
            break;
        b->spoken[i] = (struct spoken){n_all, (uint32_t)n};
        base_buffer_add(&all, variants, (size_t)n * sizeof *variants);
        n_all += (uint32_t)n;
    }
    if (all.failed || base_budget_code(b->budget) < 0) {
        base_buffer_done(&all);
        return -ENOMEM; /* replaced by the budget's code if there is one */
    }
    b->all_bytes = all.size_bytes;
    b->n_all = n_all;
    b->all = (struct lexicon_pronunciation *)(void *)all.data; /* freed by build_done */
    return 0;
}

/* Finds the states behind which no sentence ends because of words that cannot be spoken. If that is so of all sentences, and only
 * a language model is missing for some of them, the graph has no sentence: they can still be typed. */
static int find_dead(struct build *b, const struct graph_built *out, tragus_error *reterr) {
    const struct grammar_acceptor *in = b->in;
    if (out->report.n_unspoken == 0 && !out->report.lacks_free_words)
        return 0;
    b->dead = malloc(in->n_states);
    if (!b->dead)
        return -ENOMEM;
    for (uint32_t s = 0; s < in->n_states; s++)
        b->dead[s] = !in->is_final[s];
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t s = in->n_states; s-- > 0;) /* backwards, because most arcs lead to later states */
            for (uint32_t i = in->first_arc[s]; b->dead[s] && i < in->first_arc[s + 1]; i++)
                if (b->spoken[in->arcs[i].word].n > 0 && !b->dead[in->arcs[i].to]) {
                    b->dead[s] = 0;
                    changed = true;
                }
        if (base_budget_spend(b->budget, in->first_arc[in->n_states]) < 0)
            return -ENOMEM;
    }
    if (b->dead[in->start] && !out->report.lacks_free_words)
        return base_error_set(reterr, -EINVAL,
                              "the word \"%s\" cannot be spoken: spell it out, or give its sounds among your own pronunciations",
                              out->unspoken[0]);
    return 0;
}

/* --- tries ------------------------------------------------------------------------------------------------------------------- */

static int compare_sounds(const struct lexicon_pronunciation *a, const struct lexicon_pronunciation *b) {
    int c = memcmp(a->phones, b->phones, a->n_phones < b->n_phones ? a->n_phones : b->n_phones);
    return c != 0 ? c : a->n_phones - b->n_phones;
}

static int by_sound(const void *left, const void *right) {
    return compare_sounds(*(const struct lexicon_pronunciation *const *)left, *(const struct lexicon_pronunciation *const *)right);
}

/* Sorts the pronunciations once, so that the states sort numbers. */
static int rank_pronunciations(struct build *b) {
    const struct lexicon_pronunciation **sorted = malloc(((size_t)b->n_all + 1) * sizeof *sorted);
    b->ranks = malloc(((size_t)b->n_all + 1) * sizeof *b->ranks);
    if (!sorted || !b->ranks) {
        free(sorted);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < b->n_all; i++)
        sorted[i] = &b->all[i];
    qsort(sorted, b->n_all, sizeof *sorted, by_sound);
    for (uint32_t i = 0, rank = 0; i < b->n_all; i++) {
        rank += i > 0 && compare_sounds(sorted[i - 1], sorted[i]) != 0;
        b->ranks[sorted[i] - b->all] = rank;
    }
    free(sorted);
    return 0;
}

static int compare_entries(const void *left, const void *right) {
    const struct entry *a = left, *b = right;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Most states have few words. */
static void sort_entries(struct entry *entries, uint32_t n) {
    if (n > FEW_ENTRIES) {
        qsort(entries, n, sizeof *entries, compare_entries);
        return;
    }
    for (uint32_t i = 1; i < n; i++) {
        struct entry e = entries[i];
        uint32_t at = i;
        for (; at > 0 && compare_entries(&e, &entries[at - 1]) < 0; at--)
            entries[at] = entries[at - 1];
        entries[at] = e;
    }
}

/* Collects the words leaving a state, in all their pronunciations, sorted by phones. Of homophones with one target only the first
 * stays. */
static uint32_t collect_entries(struct build *b, uint32_t state) {
    uint32_t n = 0, kept = 0;
    for (uint32_t i = b->in->first_arc[state]; i < b->in->first_arc[state + 1]; i++) {
        const struct grammar_word_arc *arc = &b->in->arcs[i];
        const struct spoken *spoken = &b->spoken[arc->word];
        for (uint32_t v = 0; v < (b->dead && b->dead[arc->to] ? 0 : spoken->n); v++)
            b->entries[n++] = (struct entry){.rank = b->ranks[spoken->begin + v],
                                             .to = arc->to,
                                             .word = arc->word,
                                             .order = i,
                                             .spoken = &b->all[spoken->begin + v]};
    }
    sort_entries(b->entries, n);
    for (uint32_t i = 0; i < n; i++)
        if (kept == 0 || b->entries[kept - 1].rank != b->entries[i].rank || b->entries[kept - 1].to != b->entries[i].to)
            b->entries[kept++] = b->entries[i];
    return kept;
}

static struct graph_raw_node *nodes(const struct build *b) {
    return (struct graph_raw_node *)(void *)b->nodes.data;
}

static void add_arc(struct build *b, const struct entry *e, uint32_t depth, uint32_t to, uint32_t word) {
    ((struct graph_raw_arc *)(void *)b->arcs.data)[b->n_arcs++] =
        (struct graph_raw_arc){.to = to, .word = word, .order = e->order, .phone = e->spoken->phones[depth], .first = depth == 0};
}

static void add_range(struct build *b, struct range r) {
    ((struct range *)(void *)b->queue.data)[b->n_ranges++] = r;
}

/* Adds the rest of a word that shares no more phones with others, which is most of a trie: one arc for each node. */
static void add_rest(struct build *b, const struct range *r) {
    const struct entry *e = &b->entries[r->begin];
    uint32_t node = r->node, n_phones = e->spoken->n_phones;
    for (uint32_t depth = r->depth; depth < n_phones; depth++) {
        bool is_last = depth + 1 == n_phones;
        uint32_t to = is_last ? e->to : b->n_nodes++;
        nodes(b)[node].first_arc = b->n_arcs;
        nodes(b)[node].n_arcs = 1;
        add_arc(b, e, depth, to, is_last ? e->word : GRAPH_NO_WORD);
        if (!is_last)
            nodes(b)[to] = (struct graph_raw_node){0};
        node = to;
    }
}

/* Adds the arcs of one trie node. The entries are sorted by phones; those with equal phones are adjacent, words that end here
 * first. */
static void add_node_arcs(struct build *b, const struct range *r) {
    uint32_t first = b->n_arcs;
    for (uint32_t i = r->begin; i < r->end;) {
        uint8_t phone = b->entries[i].spoken->phones[r->depth];
        for (; i < r->end && b->entries[i].spoken->phones[r->depth] == phone && b->entries[i].spoken->n_phones == r->depth + 1; i++)
            add_arc(b, &b->entries[i], r->depth, b->entries[i].to, b->entries[i].word);
        uint32_t begin = i;
        while (i < r->end && b->entries[i].spoken->phones[r->depth] == phone)
            i++;
        if (i == begin)
            continue;
        struct range inner = {b->n_nodes, begin, i, r->depth + 1};
        add_arc(b, &b->entries[begin], r->depth, inner.node, GRAPH_NO_WORD);
        nodes(b)[b->n_nodes++] = (struct graph_raw_node){0};
        add_range(b, inner);
    }
    nodes(b)[r->node].first_arc = first;
    nodes(b)[r->node].n_arcs = b->n_arcs - first;
}

/* Makes room for n_bytes behind the first n_used bytes of a buffer. */
static bool make_room(struct base_buffer *buffer, size_t n_used, size_t n_bytes) {
    if (n_used + n_bytes < buffer->size_bytes)
        return true;
    buffer->len_bytes = n_used;
    return base_buffer_grow(buffer, n_bytes) != NULL;
}

/* Makes room for the trie of the first n entries, which has an arc for each of their phones at most. */
static bool make_room_for_trie(struct build *b, uint32_t n) {
    size_t most = 1;
    for (uint32_t i = 0; i < n; i++)
        most += b->entries[i].spoken->n_phones;
    return make_room(&b->nodes, b->n_nodes * sizeof(struct graph_raw_node), most * sizeof(struct graph_raw_node)) &&
           make_room(&b->arcs, b->n_arcs * sizeof(struct graph_raw_arc), most * sizeof(struct graph_raw_arc)) &&
           make_room(&b->queue, 0, most * sizeof(struct range));
}

static int build_tries(struct build *b, tragus_error *reterr) {
    if (!make_room(&b->nodes, 0, b->in->n_states * sizeof(struct graph_raw_node)))
        return -ENOMEM;
    for (; b->n_nodes < b->in->n_states; b->n_nodes++)
        nodes(b)[b->n_nodes] = (struct graph_raw_node){.is_final = b->in->is_final[b->n_nodes]};
    for (uint32_t s = 0; s < b->in->n_states; s++) {
        struct range root = {s, 0, collect_entries(b, s), 0};
        if (!make_room_for_trie(b, root.end) || base_budget_spend(b->budget, 8 + 16 * (uint64_t)root.end) < 0)
            return -ENOMEM;
        b->n_ranges = 0;
        add_range(b, root);
        for (uint32_t i = 0; i < b->n_ranges; i++) {
            struct range r = ((const struct range *)(const void *)b->queue.data)[i];
            base_budget_spend(b->budget, 4 + 2 * (uint64_t)(r.end - r.begin)); /* checked after the state */
            if (r.end - r.begin == 1)
                add_rest(b, &r);
            else
                add_node_arcs(b, &r);
        }
        if (b->n_arcs > b->max_arcs)
            return base_error_set(reterr, -E2BIG, too_large, b->max_arcs);
    }
    return 0;
}

/* --- the resulting graph ----------------------------------------------------------------------------------------------------- */

/* Numbers classes breadth first and writes their arcs. arcs: room for the arcs of one node. */
static void number_classes(struct build *b, const struct graph_raw *raw, struct graph_built *out, struct graph_raw_arc *arcs) {
    uint32_t n_numbered = 1, n_out = 0;
    memset(b->numbers, 0xff, (size_t)raw->n_nodes * sizeof *b->numbers);
    b->numbers[b->classes[b->in->start]] = 0;
    b->nodes_by_number[0] = b->in->start;
    for (uint32_t i = 0; i < n_numbered; i++) {
        uint32_t node = b->nodes_by_number[i];
        uint32_t n = graph_canonical_arcs(raw, node, b->classes, arcs);
        out->first_arc[i] = n_out;
        out->is_final[i] = raw->nodes[node].is_final;
        for (uint32_t k = 0; k < n; k++)
            out->arcs[n_out + k] =
                (struct graph_arc){.to = arcs[k].to, .word = arcs[k].word, .phone = arcs[k].phone, .first = arcs[k].first};
        /* Canonical arcs contain classes. The raw arcs give a node of each class; their order follows the node's. */
        for (uint32_t k = 0; k < raw->nodes[node].n_arcs; k++) {
            uint32_t to = raw->arcs[raw->nodes[node].first_arc + k].to, class = b->classes[to];
            if (b->numbers[class] == NONE) {
                b->numbers[class] = n_numbered;
                b->nodes_by_number[n_numbered++] = to;
            }
        }
        for (uint32_t k = 0; k < n; k++)
            out->arcs[n_out + k].to = b->numbers[out->arcs[n_out + k].to];
        n_out += n;
    }
    out->first_arc[n_numbered] = n_out;
    out->graph.n_nodes = n_numbered;
    out->graph.n_arcs = n_out;
}

/* Merges equivalent nodes and writes the result. */
static int emit(struct build *b, struct graph_built *out) {
    const struct graph_raw raw = {nodes(b), (const struct graph_raw_arc *)(const void *)b->arcs.data, b->n_nodes, b->n_arcs};
    uint32_t n_classes = 0;
    b->classes_bytes = 3 * (size_t)raw.n_nodes * sizeof *b->classes;
    if (!(b->classes = base_budget_malloc(b->budget, b->classes_bytes)))
        return -ENOMEM;
    b->numbers = b->classes + raw.n_nodes;
    b->nodes_by_number = b->numbers + raw.n_nodes;
    int r = graph_minimise(&raw, b->classes, &n_classes, b->budget);
    if (r < 0)
        return r;

    out->first_arc = base_budget_malloc(b->budget, ((size_t)n_classes + 1) * sizeof *out->first_arc);
    out->is_final = base_budget_malloc(b->budget, n_classes);
    out->arcs = base_budget_malloc(b->budget, ((size_t)raw.n_arcs + 1) * sizeof *out->arcs);
    struct graph_raw_arc *arcs = base_budget_malloc(b->budget, ((size_t)raw.n_arcs + 1) * sizeof *arcs);
    if (out->first_arc && out->is_final && out->arcs && arcs)
        number_classes(b, &raw, out, arcs);
    else
        r = -ENOMEM;
    free(arcs);
    base_budget_give(b->budget, ((size_t)raw.n_arcs + 1) * sizeof *arcs);
    if (r < 0)
        return r;

    uint32_t n_out = out->graph.n_arcs;
    struct graph_arc *fitted = realloc(out->arcs, ((size_t)n_out + 1) * sizeof *out->arcs);
    if (fitted)
        out->arcs = fitted;
    base_budget_give(b->budget, (size_t)(raw.n_arcs - n_out) * sizeof *out->arcs);
    out->graph.start = 0;
    out->graph.first_arc = out->first_arc;
    out->graph.arcs = out->arcs;
    out->graph.is_final = out->is_final;
    out->graph.size_bytes +=
        ((size_t)out->graph.n_nodes + 1) * sizeof *out->first_arc + out->graph.n_nodes + n_out * sizeof *out->arcs;
    return 0;
}

static int copy_words(struct graph_built *out, const struct grammar_acceptor *in, struct base_budget *budget) {
    size_t n_bytes = 1;
    for (uint32_t i = 0; i < in->n_words; i++)
        n_bytes += strlen(in->words[i]) + 1;
    out->words = base_budget_malloc(budget, ((size_t)in->n_words + 1) * sizeof *out->words);
    out->guessed = base_budget_malloc(budget, ((size_t)in->n_words + 1) * sizeof *out->guessed);
    out->unspoken = base_budget_malloc(budget, ((size_t)in->n_words + 1) * sizeof *out->unspoken);
    out->spellings = base_budget_malloc(budget, n_bytes);
    if (!out->words || !out->guessed || !out->unspoken || !out->spellings)
        return -ENOMEM;
    char *at = out->spellings;
    for (uint32_t i = 0; i < in->n_words; i++) {
        size_t n = strlen(in->words[i]) + 1;
        memcpy(at, in->words[i], n);
        out->words[i] = at;
        at += n;
    }
    out->graph.words = (const char *const *)out->words;
    out->graph.n_words = in->n_words;
    out->graph.n_pauses = in->n_pauses;
    for (uint32_t i = 0; i < in->n_pauses; i++)
        out->graph.pauses[i] = in->pauses[i];
    out->graph.size_bytes =
        sizeof *out + n_bytes + in->n_words * (sizeof *out->words + sizeof *out->guessed + sizeof *out->unspoken);
    out->report.guessed = out->guessed;
    out->report.unspoken = out->unspoken;
    return 0;
}

static int allocate_entries(struct build *b) {
    size_t most = 0;
    for (uint32_t s = 0; s < b->in->n_states; s++) {
        size_t n = 0;
        for (uint32_t i = b->in->first_arc[s]; i < b->in->first_arc[s + 1]; i++)
            n += b->spoken[b->in->arcs[i].word].n;
        most = n > most ? n : most;
    }
    b->entries = malloc((most + 1) * sizeof *b->entries);
    return b->entries ? 0 : -ENOMEM;
}

static void build_done(struct build *b) {
    free(b->spoken);
    free(b->dead);
    free(b->all);
    free(b->ranks);
    base_budget_give(b->budget, b->all_bytes);
    free(b->entries);
    if (b->classes)
        base_budget_give(b->budget, b->classes_bytes);
    free(b->classes);
    base_buffer_done(&b->nodes);
    base_buffer_done(&b->arcs);
    base_buffer_done(&b->queue);
}

int graph_build_with(struct graph **ret, const struct grammar_acceptor *words,
                     int (*pronounce)(void *user, const char *word, struct lexicon_pronunciation *out, size_t max_variants),
                     void *user, const struct graph_words *free_words, size_t max_arcs, struct base_budget *budget,
                     tragus_error *reterr) {
    static const uint32_t no_arcs[2];
    static const uint8_t not_final[1];
    static const struct grammar_word_arc no_arc[1];
    static const struct grammar_acceptor nothing = {.n_states = 1, .first_arc = no_arcs, .arcs = no_arc, .is_final = not_final};
    struct build b = {.in = words->n_states > 0 ? words : &nothing,
                      .free_words = free_words,
                      .max_arcs = max_arcs > 0 ? max_arcs : DEFAULT_MAX_ARCS,
                      .budget = budget,
                      .nodes = {.budget = budget},
                      .arcs = {.budget = budget},
                      .queue = {.budget = budget},
                      .spoken = calloc((size_t)words->n_words + 1, sizeof *b.spoken)};
    struct graph_built *out = calloc(1, sizeof *out);
    int r = b.spoken && out ? 0 : -ENOMEM;
    r = r < 0 ? r : copy_words(out, b.in, budget);
    r = r < 0 ? r : pronounce_words(&b, out, pronounce, user);
    r = r < 0 ? r : find_dead(&b, out, reterr);
    r = r < 0 ? r : allocate_entries(&b);
    r = r < 0 ? r : rank_pronunciations(&b);
    r = r < 0 ? r : build_tries(&b, reterr);
    r = r < 0 ? r : emit(&b, out);
    r = r < 0 ? r : graph_add_free_words(out, free_words);
    build_done(&b);
    if (r < 0) {
        graph_free(out ? &out->graph : NULL);
        if (base_budget_code(budget) < 0)
            return base_error_set(reterr, base_budget_code(budget), "building the graph of sounds exceeds its budget");
        return r == -ENOMEM ? base_error_set(reterr, r, "out of memory while building the graph of sounds") : r;
    }
    *ret = &out->graph;
    return 0;
}

void graph_free(struct graph *g) {
    struct graph_built *b = (struct graph_built *)(void *)g; /* graph is its first member */
    if (!b)
        return;
    free(b->first_arc);
    free(b->arcs);
    free(b->is_final);
    free(b->words);
    free(b->spellings);
    free(b->guessed);
    free(b->unspoken);
    free(b->first_loop);
    free(b->loops);
    free(b->least_q8);
    free(b->more);
    free(b);
}

const char *graph_word(const struct graph *g, uint32_t word) {
    if (word < g->n_words)
        return g->words[word];
    word -= g->n_words;
    return word < g->n_lm_words ? lm_word(g->lm, word) : g->more_words[word - g->n_lm_words];
}

const struct graph_report *graph_report(const struct graph *g) {
    return &((const struct graph_built *)(const void *)g)->report;
}
