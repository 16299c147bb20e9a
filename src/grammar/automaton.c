/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/automaton.c: minimisation by hashing from the end (Revuz, 1992: linear time for acyclic automata), and the subset
 * construction. The nondeterministic automaton is merged first, which keeps the subsets small.
 */
#include "grammar/automaton.h"

#include "grammar/subsets.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define FEW_ARCS 8               /* are sorted faster than by a call of qsort */
#define MOST_ELEMENTS (8u << 20) /* of all subsets together */

struct grammar_automaton grammar_automaton_make(struct grammar_pool *p, const struct grammar_links *links, uint32_t n_states,
                                                uint32_t start, const uint8_t *finals) {
    struct grammar_automaton a = {.n_states = n_states, .start = start};
    a.first_arc = grammar_pool_alloc(p, ((size_t)n_states + 1) * sizeof *a.first_arc);
    a.arcs = grammar_pool_alloc(p, links->n * sizeof *a.arcs);
    a.is_final = grammar_pool_alloc(p, n_states);
    memcpy(a.is_final, finals, n_states);
    for (size_t i = 0; i < links->n; i++)
        a.first_arc[links->items[i].from + 1]++;
    for (uint32_t s = 0; s < n_states; s++)
        a.first_arc[s + 1] += a.first_arc[s];
    uint32_t *next = grammar_pool_alloc(p, (size_t)n_states * sizeof *next);
    memcpy(next, a.first_arc, (size_t)n_states * sizeof *next);
    for (size_t i = 0; i < links->n; i++)
        a.arcs[next[links->items[i].from]++] = (struct grammar_word_arc){links->items[i].word, links->items[i].to};
    return a;
}

static int by_word(const void *pa, const void *pb) {
    const struct grammar_word_arc *a = pa, *b = pb;
    if (a->word != b->word)
        return a->word < b->word ? -1 : 1;
    return a->to < b->to ? -1 : a->to > b->to;
}

static bool is_sorted(const struct grammar_word_arc *arcs, uint32_t n) {
    for (uint32_t i = 1; i < n; i++)
        if (by_word(&arcs[i - 1], &arcs[i]) > 0)
            return false;
    return true;
}

/* Sorts arcs, and drops equal ones. Returns how many are left. */
static uint32_t sort_arcs(struct grammar_word_arc *arcs, uint32_t n) {
    if (n < 2)
        return n;
    if (n > FEW_ARCS && !is_sorted(arcs, n))
        qsort(arcs, n, sizeof *arcs, by_word);
    for (uint32_t i = 1; n <= FEW_ARCS && i < n; i++) {
        struct grammar_word_arc arc = arcs[i];
        uint32_t at = i;
        for (; at > 0 && by_word(&arc, &arcs[at - 1]) < 0; at--)
            arcs[at] = arcs[at - 1];
        arcs[at] = arc;
    }
    uint32_t kept = 1;
    for (uint32_t i = 1; i < n; i++)
        if (by_word(&arcs[i], &arcs[kept - 1]) != 0)
            arcs[kept++] = arcs[i];
    return kept;
}

static uint64_t hash_arcs(uint8_t is_final, const struct grammar_word_arc *arcs, uint32_t n) {
    uint64_t h = GRAMMAR_HASH_START + is_final;
    for (uint32_t i = 0; i < n; i++)
        h = (h ^ ((uint64_t)arcs[i].word << 32 | arcs[i].to)) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

/* Returns the states reachable from the start, each after all its successors. */
static uint32_t *order_from_end(struct grammar_pool *p, const struct grammar_automaton *a, uint32_t *ret_n) {
    uint32_t *order = grammar_pool_alloc(p, ((size_t)a->n_states + 1) * sizeof *order), n = 0;
    uint32_t *stack = grammar_pool_alloc(p, ((size_t)a->n_states + 1) * sizeof *stack), n_stack = 0;
    uint32_t *next =
        grammar_pool_alloc(p, ((size_t)a->n_states + 1) * sizeof *next); /* next arc to follow, NONE if done; 0 = not visited */
    stack[n_stack++] = a->start;
    next[a->start] = a->first_arc[a->start] + 1;
    while (n_stack) {
        uint32_t s = stack[n_stack - 1], arc = next[s] - 1;
        if (arc == a->first_arc[s + 1]) {
            order[n++] = s;
            n_stack--;
            continue;
        }
        next[s]++;
        uint32_t to = a->arcs[arc].to;
        if (next[to] == 0) {
            next[to] = a->first_arc[to] + 1;
            stack[n_stack++] = to;
        }
    }
    *ret_n = n;
    return order;
}

/* Numbers states breadth first, so that equal grammars give identical bytes. */
static struct grammar_automaton renumber(struct grammar_pool *p, struct grammar_pool *scratch, const struct grammar_automaton *a) {
    uint32_t *number = grammar_pool_alloc(scratch, (size_t)a->n_states * sizeof *number);
    uint32_t *queue = grammar_pool_alloc(scratch, (size_t)a->n_states * sizeof *queue), n = 0;
    memset(number, 0xff, (size_t)a->n_states * sizeof *number);
    number[a->start] = n;
    queue[n++] = a->start;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = a->first_arc[queue[i]]; k < a->first_arc[queue[i] + 1]; k++)
            if (number[a->arcs[k].to] == NONE) {
                number[a->arcs[k].to] = n;
                queue[n++] = a->arcs[k].to;
            }
    struct grammar_automaton b = {.n_states = n};
    b.first_arc = grammar_pool_alloc(p, ((size_t)n + 1) * sizeof *b.first_arc);
    b.arcs = grammar_pool_alloc(p, (size_t)a->first_arc[a->n_states] * sizeof *b.arcs);
    b.is_final = grammar_pool_alloc(p, n);
    uint32_t n_arcs = 0;
    for (uint32_t i = 0; i < n; i++) {
        b.is_final[i] = a->is_final[queue[i]];
        for (uint32_t k = a->first_arc[queue[i]]; k < a->first_arc[queue[i] + 1]; k++)
            b.arcs[n_arcs++] = (struct grammar_word_arc){a->arcs[k].word, number[a->arcs[k].to]};
        b.first_arc[i + 1] = n_arcs;
    }
    return b;
}

struct grammar_automaton grammar_automaton_merge(struct grammar_pool *p, struct grammar_pool *scratch,
                                                 const struct grammar_automaton *a) {
    struct grammar_pool_mark mark = grammar_pool_mark(scratch);
    uint32_t n_order;
    const uint32_t *order = order_from_end(scratch, a, &n_order);
    uint32_t *class_of = grammar_pool_alloc(scratch, ((size_t)a->n_states + 1) * sizeof *class_of);
    size_t n_table = grammar_table_size(n_order);
    uint32_t *table = grammar_pool_alloc(scratch, n_table * sizeof *table); /* class + 1 */
    struct grammar_automaton m = {0};
    m.first_arc = grammar_pool_alloc(scratch, ((size_t)n_order + 2) * sizeof *m.first_arc);
    m.arcs = grammar_pool_alloc(scratch, ((size_t)a->first_arc[a->n_states] + 1) * sizeof *m.arcs);
    m.is_final = grammar_pool_alloc(scratch, (size_t)n_order + 1);
    uint32_t n_arcs = 0;
    for (uint32_t i = 0; i < n_order; i++) {
        uint32_t s = order[i], n = 0;
        grammar_pool_spend(scratch, 2 + 4 * (size_t)(a->first_arc[s + 1] - a->first_arc[s]));
        struct grammar_word_arc *arcs = m.arcs + n_arcs;
        for (uint32_t k = a->first_arc[s]; k < a->first_arc[s + 1]; k++)
            if (class_of[a->arcs[k].to] != NONE)
                arcs[n++] = (struct grammar_word_arc){a->arcs[k].word, class_of[a->arcs[k].to]};
        n = sort_arcs(arcs, n);
        if (n == 0 && !a->is_final[s] && s != a->start) {
            class_of[s] = NONE; /* has no successor */
            continue;
        }
        size_t at = (size_t)hash_arcs(a->is_final[s], arcs, n) & (n_table - 1);
        for (; table[at]; at = (at + 1) & (n_table - 1)) {
            uint32_t c = table[at] - 1;
            if (m.is_final[c] == a->is_final[s] && m.first_arc[c + 1] - m.first_arc[c] == n &&
                (n == 0 || memcmp(m.arcs + m.first_arc[c], arcs, n * sizeof *arcs) == 0))
                break;
        }
        if (table[at] == 0) {
            m.is_final[m.n_states] = a->is_final[s];
            m.first_arc[m.n_states + 1] = n_arcs += n;
            table[at] = ++m.n_states;
        }
        class_of[s] = table[at] - 1;
    }
    m.start = class_of[a->start];
    m = renumber(p, scratch, &m);
    if (scratch != p)
        grammar_pool_release(scratch, mark);
    return m;
}

/* Subset construction */

/* What ends a sentence that ends in two ways: the pauses that the grammar asks for first, or if it asks for none, the session's. */
static uint8_t first_final(uint8_t a, uint8_t b) {
    if (a <= 1 || b <= 1)
        return a > b ? a : b;
    return a < b ? a : b;
}

bool grammar_automaton_determinise(struct grammar_pool *p, struct grammar_pool *scratch, const struct grammar_automaton *a,
                                   uint32_t max_states, struct grammar_automaton *ret) {
    struct grammar_pool_mark mark = grammar_pool_mark(scratch);
    struct grammar_subsets s = {.pool = scratch};
    struct grammar_links links = {0};
    struct grammar_word_arc *arcs = NULL;
    size_t size_arcs = 0;
    grammar_subsets_add(&s, a->start);
    grammar_subsets_close(&s);
    for (uint32_t i = 0; i < s.n; i++) {
        size_t n = 0;
        for (size_t e = s.first[i]; e < s.first[i + 1]; e++)
            for (uint32_t k = a->first_arc[s.elements[e]]; k < a->first_arc[s.elements[e] + 1]; k++)
                *grammar_pool_push(scratch, arcs, n, size_arcs) = a->arcs[k];
        grammar_pool_spend(scratch, 1 + 4 * n);
        n = sort_arcs(arcs, (uint32_t)n);
        for (size_t k = 0; arcs && k < n;) {
            uint32_t word = arcs[k].word;
            for (; k < n && arcs[k].word == word; k++)
                grammar_subsets_add(&s, arcs[k].to);
            uint32_t to = grammar_subsets_close(&s);
            *grammar_pool_push(scratch, links.items, links.n, links.size) = (struct grammar_link){i, word, to};
        }
        if (s.n > max_states || s.n_elements > MOST_ELEMENTS) {
            grammar_pool_release(scratch, mark);
            return false;
        }
    }
    uint8_t *finals = grammar_pool_alloc(scratch, s.n);
    for (size_t i = 0; i < s.n; i++)
        for (size_t e = s.first[i]; e < s.first[i + 1]; e++)
            finals[i] = first_final(finals[i], a->is_final[s.elements[e]]);
    *ret = grammar_automaton_make(p, &links, (uint32_t)s.n, 0, finals);
    if (scratch != p)
        grammar_pool_release(scratch, mark);
    return true;
}
