/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/cut.c: extracts whole words from an automaton over pieces, with the subset construction.
 *
 * A state is the set of nodes where the next word may begin. From there, pieces are joined up to a word border; the nodes reached
 * by equal words form the next state. So "light[s]" gives light and lights, and two adjacent borders count as one. The automaton of
 * each template is deterministic and merged separately: n optional words in a row make n states, where one arc per pair of nodes
 * would make n * n arcs. If there are too many sets (for example "any of two words twenty times, then one of them, then twenty
 * more"), each node becomes a separate state instead.
 */
#include "grammar/pieces.h"

#include "grammar/subsets.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_STATES_A_NODE = 4, /* above MANY_STATES plus this many per node, sets do not pay */
    MANY_STATES = 4096,
    MOST_JOINED = 1 << 14, /* words joined from pieces, per state, besides one for each arc */
    LONGEST_WORD = 80,     /* bytes */
    FEW_ENDINGS = 8,       /* are sorted faster than by a call of qsort */
};

struct ending { /* a word, partial or complete, and the node after it */
    uint32_t word, node;
};

struct cutter {
    struct grammar_pieces *p;
    struct grammar_pool *pool;
    uint32_t end;
    bool one_by_one; /* one state per node: nondeterministic */
    struct grammar_subsets states;
    struct grammar_links links;
    uint8_t *finals;
    size_t n_finals, size_finals;

    uint32_t *seen, *kept, stamp; /* per node: the last closure that reached it, and that kept it */
    uint32_t *closure;
    size_t n_closure, size_closure;
    struct ending *begun, *whole; /* of the current state */
    size_t n_begun, size_begun, n_whole, size_whole;
    uint32_t *table; /* index into begun + 1 */
    size_t n_table, n_joined;
};

static int by_number(const void *pa, const void *pb) {
    uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
    return a < b ? -1 : a > b;
}

static int by_word(const void *pa, const void *pb) {
    const struct ending *a = pa, *b = pb;
    if (a->word != b->word)
        return a->word < b->word ? -1 : 1;
    return a->node < b->node ? -1 : a->node > b->node;
}

static void reach(struct cutter *c, uint32_t node) {
    if (c->seen[node] == c->stamp)
        return;
    c->seen[node] = c->stamp;
    *grammar_pool_push(c->pool, c->closure, c->n_closure, c->size_closure) = node;
}

/* Adds the first n nodes of the closure to the current set. For many nodes, a scan over all nodes is cheaper than sorting. */
static void add_sorted(struct cutter *c, size_t n) {
    if (n > c->p->n_nodes / 16) {
        for (uint32_t node = 0; node < c->p->n_nodes; node++)
            if (c->kept[node] == c->stamp)
                grammar_subsets_add(&c->states, node);
        return;
    }
    if (n > 1)
        qsort(c->closure, n, sizeof *c->closure, by_number);
    for (size_t i = 0; i < n; i++)
        grammar_subsets_add(&c->states, c->closure[i]);
}

/* Returns the state for the n nodes of `behind`, which all follow one word. It consists of the nodes reached through borders and
 * epsilons that have an arc with a piece or are the end. */
static uint32_t state_behind(struct cutter *c, const struct ending *behind, size_t n) {
    const struct grammar_pieces *p = c->p;
    size_t n_kept = 0;
    c->stamp++;
    c->n_closure = 0;
    for (size_t i = 0; i < n; i++)
        reach(c, behind[i].node);
    for (size_t i = 0; i < c->n_closure; i++) {
        uint32_t node = c->closure[i];
        bool begins_word = node == c->end;
        for (uint32_t k = p->first_arc[node]; k != GRAMMAR_NO_ARC; k = p->arcs[k].next) {
            if (p->arcs[k].label == GRAMMAR_WORD_BORDER || p->arcs[k].label == GRAMMAR_EPSILON)
                reach(c, p->arcs[k].to);
            else
                begins_word = true;
        }
        if (!begins_word)
            continue;
        c->kept[node] = c->stamp;
        c->closure[n_kept++] = node; /* does not overwrite unread entries, as n_kept <= i */
    }
    grammar_pool_spend(c->pool, 1 + n + 2 * c->n_closure + (n_kept > p->n_nodes / 16 ? p->n_nodes / 8 : 4 * n_kept));
    add_sorted(c, n_kept);
    uint32_t state = grammar_subsets_close(&c->states);
    if (state == c->n_finals)
        *grammar_pool_push(c->pool, c->finals, c->n_finals, c->size_finals) = c->kept[c->end] == c->stamp;
    return state;
}

static size_t bucket_of(const struct cutter *c, struct ending e) {
    size_t at =
        (size_t)(((uint64_t)e.word * 0x9E3779B97F4A7C15u ^ (uint64_t)e.node * 0xC2B2AE3D27D4EB4Fu) >> 20) & (c->n_table - 1);
    while (c->table[at] && memcmp(&c->begun[c->table[at] - 1], &e, sizeof e) != 0)
        at = (at + 1) & (c->n_table - 1);
    return at;
}

static void push_begun(struct cutter *c, uint32_t word, uint32_t node) {
    struct ending e = {word, node};
    if (c->n_begun * 2 >= c->n_table) {
        c->n_table = c->n_table ? c->n_table * 2 : 64;
        c->table = grammar_pool_alloc(c->pool, c->n_table * sizeof *c->table);
        for (size_t i = 0; i < c->n_begun; i++)
            c->table[bucket_of(c, c->begun[i])] = (uint32_t)i + 1;
    }
    size_t at = bucket_of(c, e);
    if (c->table[at])
        return;
    *grammar_pool_push(c->pool, c->begun, c->n_begun, c->size_begun) = e;
    c->table[at] = (uint32_t)c->n_begun;
}

static void clear_begun(struct cutter *c) {
    if (c->n_begun * 8 > c->n_table) {
        memset(c->table, 0, c->n_table * sizeof *c->table);
    } else { /* few entries of a large table; in reverse order, so that no search stops at a gap */
        for (size_t i = c->n_begun; i > 0; i--)
            c->table[bucket_of(c, c->begun[i - 1])] = 0;
    }
    c->n_begun = c->n_whole = c->n_joined = 0;
}

static void push_whole(struct cutter *c, uint32_t word, uint32_t node) {
    *grammar_pool_push(c->pool, c->whole, c->n_whole, c->size_whole) = (struct ending){word, node};
}

static uint32_t join(struct cutter *c, uint32_t word, uint32_t piece) {
    char text[2 * LONGEST_WORD + 1];
    const char *left = c->p->spellings->items[word].key, *right = c->p->spellings->items[piece].key;
    size_t n = strlen(left), m = strlen(right);
    if (n + m > LONGEST_WORD || ++c->n_joined > MOST_JOINED + c->p->n_arcs) {
        c->p->too_large = true;
        return word;
    }
    memcpy(text, left, n);
    memcpy(text + n, right, m);
    text[n + m] = '\0';
    return grammar_pieces_spelling(c->p, text);
}

/* Finds every word that begins in a state, and the nodes after it. */
static void find_words(struct cutter *c, uint32_t state) {
    const struct grammar_pieces *p = c->p;
    for (size_t i = c->states.first[state]; i < c->states.first[state + 1]; i++)
        for (uint32_t k = p->first_arc[c->states.elements[i]]; k != GRAMMAR_NO_ARC; k = p->arcs[k].next)
            if (p->arcs[k].label != GRAMMAR_WORD_BORDER && p->arcs[k].label != GRAMMAR_EPSILON)
                push_begun(c, p->arcs[k].label, p->arcs[k].to);
    for (size_t i = 0; i < c->n_begun && !p->too_large; i++) {
        struct ending e = c->begun[i];
        grammar_pool_spend(c->pool, 1);
        if (e.node == c->end)
            push_whole(c, e.word, e.node);
        for (uint32_t k = p->first_arc[e.node]; k != GRAMMAR_NO_ARC && !p->too_large; k = p->arcs[k].next) {
            struct grammar_piece_arc next = p->arcs[k];
            if (next.label == GRAMMAR_WORD_BORDER)
                push_whole(c, e.word, next.to);
            else
                push_begun(c, next.label == GRAMMAR_EPSILON ? e.word : join(c, e.word, next.label), next.to);
        }
    }
}

static void sort_endings(struct ending *endings, size_t n) {
    if (n > FEW_ENDINGS) {
        qsort(endings, n, sizeof *endings, by_word);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct ending e = endings[i];
        size_t at = i;
        for (; at > 0 && by_word(&e, &endings[at - 1]) < 0; at--)
            endings[at] = endings[at - 1];
        endings[at] = e;
    }
}

static void link_words(struct cutter *c, uint32_t state) {
    grammar_pool_spend(c->pool, 4 * (c->n_begun + c->n_whole));
    sort_endings(c->whole, c->n_whole);
    for (size_t i = 0; i < c->n_whole;) {
        size_t first = i++;
        while (!c->one_by_one && i < c->n_whole && c->whole[i].word == c->whole[first].word)
            i++;
        uint32_t to = state_behind(c, c->whole + first, i - first);
        *grammar_pool_push(c->pool, c->links.items, c->links.n, c->links.size) =
            (struct grammar_link){state, c->whole[first].word, to};
    }
}

/* Copies the template's automaton. Its start becomes start_state; arcs to a final state also lead to final_state. */
static void copy_links(const struct grammar_automaton *a, struct grammar_pool *pool, struct grammar_links *links,
                       uint32_t start_state, uint32_t final_state, uint32_t *n_states) {
    uint32_t base = *n_states; /* offset of all states except the start, which comes first */
    for (uint32_t s = 0; s < a->n_states; s++)
        for (uint32_t k = a->first_arc[s]; k < a->first_arc[s + 1]; k++) {
            uint32_t from = s == a->start ? start_state : base + s - 1, to = a->arcs[k].to, word = a->arcs[k].word;
            if (a->is_final[to])
                *grammar_pool_push(pool, links->items, links->n, links->size) = (struct grammar_link){from, word, final_state};
            if (a->first_arc[to] < a->first_arc[to + 1])
                *grammar_pool_push(pool, links->items, links->n, links->size) = (struct grammar_link){from, word, base + to - 1};
        }
    *n_states += a->n_states - 1;
}

/* Returns false if there are too many sets. */
static bool find_states(struct cutter *c, uint32_t start) {
    struct grammar_pieces *p = c->p;
    c->seen = grammar_pool_alloc(c->pool, p->n_nodes * sizeof *c->seen);
    c->kept = grammar_pool_alloc(c->pool, p->n_nodes * sizeof *c->kept);
    state_behind(c, &(struct ending){.node = start}, 1);
    for (uint32_t state = 0; state < c->states.n && !p->too_large; state++) {
        if (!c->one_by_one && c->states.n > MANY_STATES + MOST_STATES_A_NODE * p->n_nodes)
            return false;
        find_words(c, state);
        if (!p->too_large)
            link_words(c, state);
        clear_begun(c);
    }
    return true;
}

void grammar_cut_words(struct grammar_pieces *p, uint32_t start, uint32_t end, struct grammar_pool *links_pool,
                       struct grammar_links *links, uint32_t start_state, uint32_t final_state, uint32_t *n_states) {
    if (p->too_large)
        return;
    struct grammar_pool_mark mark = grammar_pool_mark(p->scratch);
    struct cutter c = {.p = p, .pool = p->scratch, .end = end, .states = {.pool = p->scratch}};
    if (!find_states(&c, start)) {
        grammar_pool_release(p->scratch, mark);
        c = (struct cutter){.p = p, .pool = p->scratch, .end = end, .states = {.pool = p->scratch}, .one_by_one = true};
        find_states(&c, start);
    }
    if (!p->too_large) {
        struct grammar_automaton a = grammar_automaton_make(c.pool, &c.links, (uint32_t)c.states.n, 0, c.finals);
        a = grammar_automaton_merge(c.pool, c.pool, &a);
        copy_links(&a, links_pool, links, start_state, final_state, n_states);
    }
    grammar_pool_release(p->scratch, mark);
}
