/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/acceptor.c: converts the trees of the templates to one acceptor of spoken words.
 *
 * Each template becomes an automaton over pieces of words and word borders (pieces.c), then a minimal automaton over words (cut.c).
 * All templates share one start and one end. The union is merged, determinised and merged again.
 */
#include "grammar/pieces.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_DETERMINED = 400000,
    SKIPS = 2, /* consecutive skip words at each end */
};

enum { START = 0, FINAL = 1 }; /* FINAL + i: the end of the sentences with pauses i */

struct acceptor_builder {
    struct grammar *g;
    struct grammar_pool *work;
    struct grammar_report *report;
    struct grammar_costs *costs;
    struct grammar_map spellings; /* pieces and words; value = number + 1 */
    struct grammar_pieces pieces;
    struct grammar_links links; /* of all templates */
    uint32_t n_states;
};

/* Adds the words of an item between two states. Returns false if there are too many. */
static bool add_item(struct acceptor_builder *a, const struct grammar_item *item, uint32_t from, uint32_t to) {
    grammar_pieces_clear(&a->pieces);
    uint32_t start = grammar_pieces_node(&a->pieces), end = grammar_pieces_add(&a->pieces, item, start);
    grammar_cut_words(&a->pieces, start, end, a->work, &a->links, from, to, &a->n_states);
    return !a->pieces.too_large;
}

static void add_template(struct acceptor_builder *a, const struct grammar_template *t) {
    a->pieces.block = t->block;
    size_t n_links = a->links.n;
    struct grammar_cost outer = grammar_costs_begin(a->costs, t->position, t->text);
    bool fits = add_item(a, t->body, START, FINAL + t->block->pauses);
    grammar_costs_resume(a->costs, &outer);
    if (fits)
        return;
    a->links.n = n_links; /* the states that were added stay unused */
    grammar_report_at(a->report, TRAGUS_WARNING, t->position,
                      "understood when typed only: makes too many words or ways; put blanks between its parts or split it: %.80s",
                      t->text);
}

static void link_states(struct acceptor_builder *a, uint32_t from, uint32_t word, uint32_t to) {
    *grammar_pool_push(a->work, a->links.items, a->links.n, a->links.size) = (struct grammar_link){from, word, to};
}

/* Adds all skip words between a state and a new one. */
static uint32_t skip_from(struct acceptor_builder *a, uint32_t from) {
    uint32_t to = a->n_states++;
    for (size_t i = 0; i < a->g->n_skip_words; i++)
        add_item(a, a->g->skip_words[i], from, to);
    return to;
}

/* Allows up to SKIPS skip words before and after a sentence. ends: where the sentences with each of the n_ends pauses end, without
 * skip words in ends[0]. */
static void add_skip_words(struct acceptor_builder *a, uint32_t n_ends, uint32_t ends[1 + SKIPS][1 + GRAMMAR_MAX_PAUSES]) {
    size_t n_sentences = a->links.n;
    uint32_t before = START;
    a->pieces.block = NULL;
    struct grammar_cost outer = grammar_costs_begin(a->costs, a->g->skip_words_position, "skip_words");
    for (int round = 0; round < SKIPS; round++) {
        before = skip_from(a, before);
        for (size_t i = 0; i < n_sentences; i++) /* after skip words a sentence can begin as it does at the start */
            if (a->links.items[i].from == START)
                link_states(a, before, a->links.items[i].word, a->links.items[i].to);
        for (uint32_t k = 0; k < n_ends; k++)
            ends[round + 1][k] = skip_from(a, ends[round][k]);
    }
    grammar_costs_resume(a->costs, &outer);
}

/* Returns is_final of all states. */
static uint8_t *add_ends(struct acceptor_builder *a) {
    uint32_t n_ends = 1 + a->g->n_pauses, n_rounds = a->g->n_skip_words > 0 ? 1 + SKIPS : 1;
    uint32_t ends[1 + SKIPS][1 + GRAMMAR_MAX_PAUSES];
    for (uint32_t k = 0; k < n_ends; k++)
        ends[0][k] = FINAL + k;
    if (n_rounds > 1)
        add_skip_words(a, n_ends, ends);
    uint8_t *finals = grammar_pool_alloc(a->work, a->n_states);
    for (uint32_t round = 0; round < n_rounds; round++)
        for (uint32_t k = 0; k < n_ends; k++)
            finals[ends[round][k]] = (uint8_t)(1 + k);
    return finals;
}

static int by_spelling(const void *pa, const void *pb) {
    return strcmp(*(const char *const *)pa, *(const char *const *)pb);
}

/* Numbers the remaining words in the order of their spelling, merges states, and copies everything to the grammar. The automaton
 * must have no dead states: their words would remain. */
static void publish(struct acceptor_builder *a, struct grammar_automaton *all) {
    uint32_t n_arcs = all->first_arc[all->n_states], n_words = 0;
    const char **words = grammar_pool_alloc(&a->g->pool, a->spellings.n * sizeof *words);
    uint8_t *used = grammar_pool_alloc(a->work, a->spellings.n);
    base_assert(n_arcs == 0 || a->spellings.n > 0);
    for (uint32_t i = 0; i < n_arcs; i++)
        used[all->arcs[i].word] = 1;
    for (size_t i = 0; i < a->spellings.n; i++)
        if (used[i])
            words[n_words++] = grammar_pool_text(&a->g->pool, a->spellings.items[i].key, strlen(a->spellings.items[i].key));
    if (n_words)
        qsort(words, n_words, sizeof *words, by_spelling);
    for (uint32_t i = 0; i < n_words; i++)
        *grammar_map_at(&a->spellings, a->work, words[i]) = (void *)(uintptr_t)i;
    for (uint32_t i = 0; i < n_arcs; i++)
        all->arcs[i].word = (uint32_t)(uintptr_t)a->spellings.items[all->arcs[i].word].value;
    struct grammar_automaton sorted = grammar_automaton_merge(a->work, a->pieces.scratch, all);
    n_arcs = sorted.first_arc[sorted.n_states];
    uint32_t *first_arc = grammar_pool_alloc(&a->g->pool, ((size_t)sorted.n_states + 1) * sizeof *first_arc);
    struct grammar_word_arc *arcs = grammar_pool_alloc(&a->g->pool, ((size_t)n_arcs + 1) * sizeof *arcs);
    uint8_t *finals = grammar_pool_alloc(&a->g->pool, sorted.n_states);
    memcpy(first_arc, sorted.first_arc, ((size_t)sorted.n_states + 1) * sizeof *first_arc);
    memcpy(arcs, sorted.arcs, n_arcs * sizeof *arcs);
    memcpy(finals, sorted.is_final, sorted.n_states);
    a->g->acceptor = (struct grammar_acceptor){
        .n_states = sorted.n_states,
        .n_arcs = n_arcs,
        .n_words = n_words,
        .start = sorted.start,
        .first_arc = first_arc,
        .arcs = arcs,
        .is_final = finals,
        .words = words,
        .pauses = a->g->pauses,
        .n_pauses = a->g->n_pauses,
    };
}

void grammar_build_acceptor(struct grammar *g, struct grammar_pool *work, struct grammar_pool *scratch, struct grammar_costs *costs,
                            struct grammar_report *r) {
    struct acceptor_builder a = {.g = g, .work = work, .report = r, .costs = costs, .n_states = FINAL + 1 + g->n_pauses};
    a.pieces =
        (struct grammar_pieces){.pool = work, .nodes = work, .scratch = scratch, .spellings = &a.spellings, .dotless = g->dotless};
    a.pieces.ranges = grammar_pool_alloc(work, g->n_lists * sizeof *a.pieces.ranges);
    a.pieces.lists = grammar_pool_alloc(work, g->n_lists * sizeof *a.pieces.lists);
    for (size_t i = 0; i < g->n_templates; i++)
        add_template(&a, &g->templates[i]);
    const uint8_t *finals = add_ends(&a);
    struct grammar_automaton whole = grammar_automaton_make(work, &a.links, a.n_states, START, finals), determined;
    whole = grammar_automaton_merge(work, scratch, &whole);
    if (grammar_automaton_determinise(work, scratch, &whole, MOST_DETERMINED, &determined))
        whole = determined;
    publish(&a, &whole);
}
