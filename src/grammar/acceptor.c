/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/acceptor.c: the templates' trees to one acceptor of spoken words.
 *
 * Each template becomes an automaton over pieces of words and word borders; then words are cut out of it: from every node where a
 * word may begin, pieces are joined until a border. So "light[s]" gives light and lights, and a border on both sides of something
 * that is absent counts once. All templates run from one start to one end; merged and determinised at last.
 */
#include "base/assert.h"
#include "grammar/automaton.h"
#include "grammar/compiled.h"
#include "grammar/letters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_NODES = 1 << 20, /* of one template */
    MOST_PIECINGS = 4096, /* ways to join pieces to words from one node */
    LONGEST_WORD = 80,    /* bytes */
    MOST_DETERMINED = 400000,
    SKIPS = 2, /* skip words in a row at each end */
};

#define WORD_BORDER UINT32_MAX
#define EPSILON (UINT32_MAX - 1)
#define NONE UINT32_MAX

struct piece_arc {
    uint32_t label; /* a piece, WORD_BORDER or EPSILON */
    uint32_t to, next;
};

struct pieces {      /* the automaton of one template, used again for the next */
    uint32_t *first; /* arc of each node, NONE: no more */
    size_t n_nodes, size_nodes;
    struct piece_arc *arcs;
    size_t n_arcs, size_arcs;
};

struct spelled_range { /* of a list of numbers */
    bool done;
    struct grammar_automaton automaton;
};

struct piecing { /* a word under way */
    uint32_t node, word;
};

struct acceptor {
    struct grammar *g;
    struct grammar_pool *work;
    struct grammar_report *report;
    struct grammar_map spellings; /* pieces and words; value = number + 1 */
    struct pieces pieces;
    const struct grammar_template *template;
    struct spelled_range *ranges; /* by list number */
    bool too_large;

    struct grammar_links links; /* of all templates */
    uint32_t n_states;

    /* while cutting words */
    uint32_t *state_of; /* of each node where a word may begin, NONE: not yet */
    size_t size_state_of;
    uint32_t *todo, *seen; /* nodes */
    size_t n_todo, size_todo, size_seen;
    uint32_t stamp;
    uint32_t *queue; /* nodes whose words are still to be cut */
    size_t n_queue, size_queue;
    struct piecing *words;
    size_t n_words, size_words;
};

static uint32_t spelling(struct acceptor *a, const char *text) {
    void *known = grammar_map_get(&a->spellings, text);
    if (!known) {
        void **at = grammar_map_at(&a->spellings, a->work, grammar_pool_text(a->work, text, strlen(text)));
        known = *at = (void *)(uintptr_t)a->spellings.n;
    }
    return (uint32_t)((uintptr_t)known - 1);
}

/* Trees to pieces */

static uint32_t new_node(struct acceptor *a) {
    struct pieces *p = &a->pieces;
    if (p->n_nodes >= MOST_NODES) {
        a->too_large = true;
        return 0;
    }
    *grammar_pool_push(a->work, p->first, p->n_nodes, p->size_nodes) = NONE;
    return (uint32_t)p->n_nodes - 1;
}

static void arc(struct acceptor *a, uint32_t from, uint32_t label, uint32_t to) {
    struct pieces *p = &a->pieces;
    *grammar_pool_push(a->work, p->arcs, p->n_arcs, p->size_arcs) = (struct piece_arc){label, to, p->first[from]};
    p->first[from] = (uint32_t)p->n_arcs - 1;
}

static uint32_t step(struct acceptor *a, uint32_t from, uint32_t label) {
    uint32_t to = new_node(a);
    if (!a->too_large)
        arc(a, from, label, to);
    return to;
}

static uint32_t build(struct acceptor *a, const struct grammar_item *item, uint32_t from);

static uint32_t build_text(struct acceptor *a, const struct grammar_item *item, uint32_t from) {
    for (uint32_t i = 0; i < item->n_chars;) {
        if (item->chars[i] == ' ') {
            from = step(a, from, WORD_BORDER);
            i++;
            continue;
        }
        uint32_t start = i;
        while (i < item->n_chars && item->chars[i] != ' ')
            i++;
        from = step(a, from, spelling(a, grammar_encode(a->work, item->chars + start, i - start)));
    }
    return from;
}

static uint32_t build_spoken(struct acceptor *a, const struct grammar_item *item, uint32_t from) {
    from = step(a, from, WORD_BORDER);
    if (item->n_items)
        return step(a, build(a, item->items[0], from), WORD_BORDER);
    for (uint32_t i = 0; i < item->n_chars; i++)
        if (grammar_is_digit(item->chars[i]))
            return new_node(a); /* cannot be said: this way ends here */
    return from;
}

static struct grammar_automaton spell_range(struct acceptor *a, const struct grammar_list *list);

static uint32_t build_range(struct acceptor *a, const struct grammar_list *list, uint32_t from) {
    struct spelled_range *range = &a->ranges[list->number];
    if (!range->done) {
        range->automaton = spell_range(a, list);
        range->done = true;
    }
    const struct grammar_automaton *s = &range->automaton;
    uint32_t base = new_node(a), to = new_node(a);
    for (uint32_t i = 1; i < s->n_states && !a->too_large; i++)
        new_node(a); /* base + 1 is `to`: state i stands at base + 1 + i */
    if (a->too_large)
        return to;
    arc(a, from, WORD_BORDER, base);
    for (uint32_t i = 0; i < s->n_states; i++) {
        uint32_t node = i ? base + 1 + i : base;
        for (uint32_t k = s->first_arc[i]; k < s->first_arc[i + 1]; k++) {
            uint32_t behind = step(a, node, s->arcs[k].word);
            if (!a->too_large)
                arc(a, behind, WORD_BORDER, base + 1 + s->arcs[k].to);
        }
        if (s->is_final[i])
            arc(a, node, EPSILON, to);
    }
    return to;
}

static uint32_t build_list(struct acceptor *a, const struct grammar_list *list, uint32_t from) {
    if (list->kind == GRAMMAR_LIST_RANGE)
        return build_range(a, list, from);
    uint32_t to = new_node(a);
    for (size_t i = 0; i < list->n_entries && !a->too_large; i++)
        if (!a->template || grammar_entry_fits(&list->entries[i], a->template->block))
            arc(a, build(a, list->entries[i].in, from), EPSILON, to);
    return to;
}

static uint32_t build_permutation(struct acceptor *a, const struct grammar_item *item, uint32_t from) {
    uint32_t nodes[1 << 8] = {0};
    uint32_t n_sets = 1u << item->n_items;
    for (uint32_t said = 0; said < n_sets; said++)
        nodes[said] = new_node(a);
    arc(a, from, WORD_BORDER, nodes[0]);
    for (uint32_t said = 0; said < n_sets; said++)
        for (uint32_t i = 0; i < item->n_items && !a->too_large; i++)
            if (!(said >> i & 1))
                arc(a, build(a, item->items[i], nodes[said]), WORD_BORDER, nodes[said | 1u << i]);
    return nodes[n_sets - 1];
}

static uint32_t build(struct acceptor *a, const struct grammar_item *item, uint32_t from) {
    if (a->too_large)
        return 0;
    switch (item->kind) {
    case GRAMMAR_ITEM_TEXT:
        return build_text(a, item, from);
    case GRAMMAR_ITEM_SPOKEN:
        return build_spoken(a, item, from);
    case GRAMMAR_ITEM_SEQUENCE:
        for (uint32_t i = 0; i < item->n_items; i++)
            from = build(a, item->items[i], from);
        return from;
    case GRAMMAR_ITEM_ALTERNATIVE: {
        uint32_t to = new_node(a);
        for (uint32_t i = 0; i < item->n_items && !a->too_large; i++)
            arc(a, build(a, item->items[i], from), EPSILON, to);
        return to;
    }
    case GRAMMAR_ITEM_PERMUTATION:
        return build_permutation(a, item, from);
    case GRAMMAR_ITEM_LIST:
        return build_list(a, item->list, from);
    case GRAMMAR_ITEM_RULE:
        return build(a, item->items[0], from);
    }
    return from;
}

/* Pieces to words */

static void push_todo(struct acceptor *a, uint32_t node) {
    if (a->seen[node] == a->stamp)
        return;
    a->seen[node] = a->stamp;
    *grammar_pool_push(a->work, a->todo, a->n_todo, a->size_todo) = node;
}

static uint32_t state_at(struct acceptor *a, uint32_t node) {
    if (a->state_of[node] == NONE) {
        a->state_of[node] = a->n_states++;
        *grammar_pool_push(a->work, a->queue, a->n_queue, a->size_queue) = node;
    }
    return a->state_of[node];
}

static void push_word(struct acceptor *a, uint32_t node, uint32_t word) {
    for (size_t i = 0; i < a->n_words; i++)
        if (a->words[i].node == node && a->words[i].word == word)
            return;
    if (a->n_words >= MOST_PIECINGS)
        a->too_large = true;
    else
        *grammar_pool_push(a->work, a->words, a->n_words, a->size_words) = (struct piecing){node, word};
}

static void link_states(struct acceptor *a, uint32_t from, uint32_t word, uint32_t to) {
    *grammar_pool_push(a->work, a->links.items, a->links.n, a->links.size) = (struct grammar_link){from, word, to};
}

static uint32_t join_spellings(struct acceptor *a, uint32_t word, uint32_t piece) {
    char text[2 * LONGEST_WORD + 1];
    const char *left = a->spellings.items[word].key, *right = a->spellings.items[piece].key;
    size_t n = strlen(left), m = strlen(right);
    if (n + m > LONGEST_WORD) {
        a->too_large = true;
        return word;
    }
    memcpy(text, left, n);
    memcpy(text + n, right, m);
    text[n + m] = '\0';
    return spelling(a, text);
}

/* Links every word that begins at `node`. */
static void cut_from(struct acceptor *a, uint32_t node, uint32_t final_node, uint32_t final_state) {
    struct pieces *p = &a->pieces;
    a->stamp++;
    a->n_todo = a->n_words = 0;
    push_todo(a, node);
    for (size_t i = 0; i < a->n_todo; i++)
        for (uint32_t k = p->first[a->todo[i]]; k != NONE; k = p->arcs[k].next) {
            if (p->arcs[k].label == WORD_BORDER || p->arcs[k].label == EPSILON)
                push_todo(a, p->arcs[k].to);
            else
                push_word(a, p->arcs[k].to, p->arcs[k].label);
        }
    for (size_t i = 0; i < a->n_words && !a->too_large; i++) {
        struct piecing w = a->words[i];
        if (w.node == final_node)
            link_states(a, a->state_of[node], w.word, final_state);
        for (uint32_t k = p->first[w.node]; k != NONE; k = p->arcs[k].next) {
            struct piece_arc next = p->arcs[k];
            if (next.label == WORD_BORDER)
                link_states(a, a->state_of[node], w.word, state_at(a, next.to));
            else
                push_word(a, next.to, next.label == EPSILON ? w.word : join_spellings(a, w.word, next.label));
        }
    }
}

/* Whether the end is reached by borders alone: there a sentence may stop. */
static bool reaches_end(struct acceptor *a, uint32_t node, uint32_t final_node) {
    const struct pieces *p = &a->pieces;
    a->stamp++;
    a->n_todo = 0;
    push_todo(a, node);
    for (size_t i = 0; i < a->n_todo; i++) {
        if (a->todo[i] == final_node)
            return true;
        for (uint32_t k = p->first[a->todo[i]]; k != NONE; k = p->arcs[k].next)
            if (p->arcs[k].label == WORD_BORDER || p->arcs[k].label == EPSILON)
                push_todo(a, p->arcs[k].to);
    }
    return false;
}

/* Adds the words between two nodes of the pieces as links between two states. */
static void cut_words(struct acceptor *a, uint32_t start_node, uint32_t final_node, uint32_t start_state, uint32_t final_state) {
    size_t n = a->pieces.n_nodes;
    if (a->size_state_of < n) {
        a->size_state_of = a->size_seen = n * 2;
        a->state_of = grammar_pool_alloc(a->work, a->size_state_of * sizeof *a->state_of);
        a->seen = grammar_pool_alloc(a->work, a->size_seen * sizeof *a->seen);
        a->stamp = 0;
    }
    memset(a->state_of, 0xff, n * sizeof *a->state_of);
    size_t first_link = a->links.n;
    a->state_of[start_node] = start_state;
    a->n_queue = 0;
    *grammar_pool_push(a->work, a->queue, a->n_queue, a->size_queue) = start_node;
    for (size_t i = 0; i < a->n_queue && !a->too_large; i++)
        cut_from(a, a->queue[i], final_node, final_state);
    /* A link to where only borders are left is also a link to the end. */
    for (size_t i = 1; i < a->n_queue && !a->too_large; i++) {
        if (!reaches_end(a, a->queue[i], final_node))
            continue;
        uint32_t state = a->state_of[a->queue[i]];
        for (size_t k = first_link, n_links = a->links.n; k < n_links; k++)
            if (a->links.items[k].to == state)
                link_states(a, a->links.items[k].from, a->links.items[k].word, final_state);
    }
}

static void clear_pieces(struct acceptor *a) {
    a->pieces.n_nodes = a->pieces.n_arcs = 0;
}

/* The numbers of a list as an automaton of their own, made once. */
static struct grammar_automaton spell_range(struct acceptor *a, const struct grammar_list *list) {
    struct acceptor alone = *a; /* shares the spellings, has its own pieces */
    memset(&alone.pieces, 0, sizeof alone.pieces);
    memset(&alone.links, 0, sizeof alone.links);
    alone.size_state_of = alone.size_todo = alone.size_queue = alone.size_words = 0;
    alone.todo = NULL;
    alone.queue = NULL;
    alone.words = NULL;
    alone.template = NULL;
    alone.n_states = 2;
    uint32_t start = new_node(&alone), end = new_node(&alone);
    for (size_t i = 0; i < list->n_entries && !alone.too_large; i++) {
        alone.pieces.n_nodes = 2;
        alone.pieces.n_arcs = 0;
        alone.pieces.first[start] = alone.pieces.first[end] = NONE;
        arc(&alone, build(&alone, list->entries[i].in, start), EPSILON, end);
        cut_words(&alone, start, end, 0, 1);
    }
    a->spellings = alone.spellings;
    a->too_large |= alone.too_large;
    uint8_t *finals = grammar_pool_alloc(a->work, alone.n_states);
    finals[1] = 1;
    struct grammar_automaton whole = grammar_automaton_make(a->work, &alone.links, alone.n_states, 0, finals), determined;
    if (grammar_automaton_determinise(a->work, &whole, MOST_DETERMINED, &determined))
        whole = determined;
    return grammar_automaton_merge(a->work, &whole);
}

/* The whole */

enum { START = 0, FINAL = 1 };

static void add_template(struct acceptor *a, const struct grammar_template *t) {
    if (t->has_wildcard) {
        grammar_report_at(a->report, GRAMMAR_NOTE, t->position,
                          "understood when typed only, because free text is not recognised yet: %.80s", t->text);
        return;
    }
    clear_pieces(a);
    a->template = t;
    uint32_t start = new_node(a), end = build(a, t->body, start);
    size_t n_links = a->links.n;
    if (!a->too_large)
        cut_words(a, start, end, START, FINAL);
    if (a->too_large) {
        grammar_report_at(a->report, GRAMMAR_ERROR, t->position,
                          "makes too many words or ways; put blanks between its parts or split it: %.80s", t->text);
        a->links.n = n_links;
        a->too_large = false;
    }
}

/* Up to SKIPS skip words before the sentence and behind it. ends: states where a sentence with so many behind it stops. */
static void add_skip_words(struct acceptor *a, uint32_t ends[SKIPS]) {
    size_t n_sentences = a->links.n;
    uint32_t before = START, behind = FINAL;
    a->template = NULL;
    for (int round = 0; round < SKIPS; round++) {
        uint32_t next_before = a->n_states++, next_behind = a->n_states++;
        for (size_t i = 0; i < a->g->n_skip_words; i++) {
            clear_pieces(a);
            uint32_t start = new_node(a), end = build(a, a->g->skip_words[i], start);
            cut_words(a, start, end, before, next_before);
            cut_words(a, start, end, behind, next_behind);
        }
        for (size_t i = 0; i < n_sentences; i++) /* behind the skip words a sentence begins as at the start */
            if (a->links.items[i].from == START)
                link_states(a, next_before, a->links.items[i].word, a->links.items[i].to);
        before = next_before;
        ends[round] = behind = next_behind;
    }
}

static int by_spelling(const void *pa, const void *pb) {
    return strcmp(*(const char *const *)pa, *(const char *const *)pb);
}

/* Numbers the words that are left in the order of their spelling, and copies all to the grammar. */
static void publish(struct acceptor *a, struct grammar_automaton *all) {
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
    struct grammar_automaton sorted = grammar_automaton_merge(a->work, all);
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
    };
}

void grammar_build_acceptor(struct grammar *g, struct grammar_pool *work, struct grammar_report *r) {
    struct acceptor a = {.g = g, .work = work, .report = r, .n_states = 2};
    a.ranges = grammar_pool_alloc(work, g->n_lists * sizeof *a.ranges);
    for (size_t i = 0; i < g->n_templates; i++)
        add_template(&a, &g->templates[i]);
    uint32_t ends[SKIPS];
    add_skip_words(&a, ends);
    uint8_t *finals = grammar_pool_alloc(work, a.n_states);
    finals[FINAL] = 1;
    for (int round = 0; round < SKIPS; round++)
        finals[ends[round]] = 1;
    struct grammar_automaton whole = grammar_automaton_make(work, &a.links, a.n_states, START, finals), determined;
    whole = grammar_automaton_merge(work, &whole);
    if (grammar_automaton_determinise(work, &whole, MOST_DETERMINED, &determined))
        whole = grammar_automaton_merge(work, &determined);
    publish(&a, &whole);
}
