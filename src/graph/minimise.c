/* SPDX-License-Identifier: Apache-2.0 */
/* Merges nodes with equal continuations.
 *
 * A node's signature is its finality and its sorted outgoing arcs, with classes as targets. Nodes with equal signatures form a
 * class. Without cycles one pass from the end is exact (Revuz, 1992; Daciuk et al., 2000). With cycles all nodes begin in one
 * class, and classes are split until nothing changes (Moore, 1956). Both methods find signatures in one hash table.
 */
#include "graph/minimise.h"
#include "graph/graph.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define FEW_ARCS 8 /* are sorted faster than by a call of qsort */

struct table {       /* signatures already seen */
    uint32_t *slots; /* class numbers, NONE = free; the size is a power of two, at least twice the number of nodes */
    uint32_t mask;
    uint32_t n_classes;
    uint32_t *signatures; /* of all classes, one after another, and room for another one */
    size_t *begin;        /* n_nodes + 1: start of each class's signature, in words */
};

static int compare_arcs(const void *left, const void *right) {
    const struct graph_raw_arc *a = left, *b = right;
    bool a_inner = a->word == GRAPH_NO_WORD, b_inner = b->word == GRAPH_NO_WORD;
    if (a->phone != b->phone)
        return a->phone < b->phone ? -1 : 1;
    if (a_inner != b_inner)
        return a_inner ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Most nodes have few arcs, and those nearly in order. */
static void sort_arcs(struct graph_raw_arc *arcs, uint32_t n) {
    if (n > FEW_ARCS) {
        qsort(arcs, n, sizeof *arcs, compare_arcs);
        return;
    }
    for (uint32_t i = 1; i < n; i++) {
        struct graph_raw_arc arc = arcs[i];
        uint32_t at = i;
        for (; at > 0 && compare_arcs(&arc, &arcs[at - 1]) < 0; at--)
            arcs[at] = arcs[at - 1];
        arcs[at] = arc;
    }
}

uint32_t graph_canonical_arcs(const struct graph_raw *raw, uint32_t node, const uint32_t *classes, struct graph_raw_arc *out) {
    const struct graph_raw_node *n = &raw->nodes[node];
    for (uint32_t i = 0; i < n->n_arcs; i++) {
        out[i] = raw->arcs[n->first_arc + i];
        out[i].to = classes[out[i].to];
    }
    if (n->n_arcs < 2)
        return n->n_arcs;
    sort_arcs(out, n->n_arcs);

    uint32_t kept = 0;
    for (uint32_t i = 0; i < n->n_arcs; i++) {
        const struct graph_raw_arc *last = kept > 0 ? &out[kept - 1] : NULL;
        bool same = last && last->phone == out[i].phone && last->to == out[i].to &&
                    (last->word == GRAPH_NO_WORD) == (out[i].word == GRAPH_NO_WORD);
        if (!same)
            out[kept++] = out[i];
    }
    return kept;
}

static size_t count_slots(uint32_t n_nodes) {
    size_t n_slots = 16;
    while (n_slots < 2 * (size_t)n_nodes)
        n_slots *= 2;
    return n_slots;
}

/* The words of the signatures of all nodes. */
static size_t count_words(const struct graph_raw *raw) {
    return 2 * (size_t)raw->n_nodes + 3 * (size_t)raw->n_arcs;
}

static int table_init(struct table *t, const struct graph_raw *raw) {
    size_t n_slots = count_slots(raw->n_nodes);
    *t = (struct table){.slots = malloc(n_slots * sizeof *t->slots),
                        .mask = (uint32_t)(n_slots - 1),
                        .begin = malloc(((size_t)raw->n_nodes + 1) * sizeof *t->begin),
                        .signatures = malloc((count_words(raw) + 1) * sizeof *t->signatures)};
    return t->slots && t->begin && t->signatures ? 0 : -ENOMEM;
}

static void table_clear(struct table *t) {
    memset(t->slots, 0xff, ((size_t)t->mask + 1) * sizeof *t->slots);
    t->n_classes = 0;
    t->begin[0] = 0;
}

static void table_done(struct table *t) {
    free(t->slots);
    free(t->begin);
    free(t->signatures);
}

/* Returns the class of the n words behind the signatures; if they are a new signature, it gets a new class and stays. */
static uint32_t intern(struct table *t, size_t n) {
    const uint32_t *signature = t->signatures + t->begin[t->n_classes];
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a, one word at a time */
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ signature[i]) * 0x100000001b3u;
    hash ^= hash >> 32;

    for (uint32_t slot = (uint32_t)hash & t->mask;; slot = (slot + 1) & t->mask) {
        uint32_t found = t->slots[slot];
        if (found == NONE) {
            t->slots[slot] = found = t->n_classes++;
            t->begin[t->n_classes] = t->begin[found] + n;
            return found;
        }
        if (t->begin[found + 1] - t->begin[found] == n &&
            memcmp(t->signatures + t->begin[found], signature, n * sizeof *signature) == 0)
            return found;
    }
}

/* Returns the class of a node whose targets have the given classes. own: what else distinguishes it (its class in the previous
 * round). */
static uint32_t classify(struct table *t, const struct graph_raw *raw, uint32_t node, const uint32_t *classes, uint32_t own,
                         struct graph_raw_arc *arcs, struct base_budget *budget) {
    uint32_t *signature = t->signatures + t->begin[t->n_classes];
    const struct graph_raw_arc *from = &raw->arcs[raw->nodes[node].first_arc];
    uint32_t n_arcs = raw->nodes[node].n_arcs;
    bool one = n_arcs == 1; /* as most nodes have: canonical but for its target */
    if (!one) {
        n_arcs = graph_canonical_arcs(raw, node, classes, arcs);
        from = arcs;
    }
    size_t n = 0;
    signature[n++] = own;
    signature[n++] = raw->nodes[node].is_final;
    for (uint32_t i = 0; i < n_arcs; i++) {
        signature[n++] = (uint32_t)from[i].phone | (uint32_t)from[i].first << 8;
        signature[n++] = one ? classes[from[i].to] : from[i].to;
        signature[n++] = from[i].word;
    }
    base_budget_spend(budget, 8 + 8 * (uint64_t)raw->nodes[node].n_arcs); /* checked by the caller */
    return intern(t, n);
}

/* Writes all nodes in an order in which targets come before sources. Returns false if there is a cycle. */
static bool order_from_end(const struct graph_raw *raw, uint32_t *order, uint32_t *stack, uint32_t *next_arc) {
    uint32_t n_order = 0;
    memset(next_arc, 0, raw->n_nodes * sizeof *next_arc); /* NONE once a node is done */
    for (uint32_t root = 0; root < raw->n_nodes; root++) {
        uint32_t depth = 0;
        if (next_arc[root] == NONE)
            continue;
        stack[depth++] = root;
        while (depth > 0) {
            uint32_t node = stack[depth - 1];
            const struct graph_raw_node *n = &raw->nodes[node];
            if (next_arc[node] == n->n_arcs) {
                next_arc[node] = NONE;
                order[n_order++] = node;
                depth--;
                continue;
            }
            uint32_t to = raw->arcs[n->first_arc + next_arc[node]++].to;
            if (next_arc[to] == NONE)
                continue;
            if (next_arc[to] > 0) /* begun but not done: on the stack */
                return false;
            stack[depth++] = to;
        }
    }
    return true;
}

int graph_minimise(const struct graph_raw *raw, uint32_t *classes, uint32_t *ret_n_classes, struct base_budget *budget) {
    uint32_t most_arcs = 0;
    for (uint32_t i = 0; i < raw->n_nodes; i++)
        most_arcs = raw->nodes[i].n_arcs > most_arcs ? raw->nodes[i].n_arcs : most_arcs;

    struct table t;
    size_t n_bytes = ((size_t)raw->n_nodes + 1) * sizeof(uint32_t);
    size_t all_bytes = 3 * n_bytes + count_slots(raw->n_nodes) * sizeof *t.slots + ((size_t)raw->n_nodes + 1) * sizeof *t.begin +
                       count_words(raw) * sizeof *t.signatures + most_arcs * sizeof(struct graph_raw_arc);
    if (base_budget_take(budget, all_bytes) < 0)
        return base_budget_code(budget);
    int r = table_init(&t, raw);
    uint32_t *order = calloc(1, n_bytes), *stack = malloc(n_bytes), *next = malloc(n_bytes);
    struct graph_raw_arc *arcs = malloc(((size_t)most_arcs + 1) * sizeof *arcs);
    if (!order || !stack || !next || !arcs)
        r = -ENOMEM;

    if (r == 0 && order_from_end(raw, order, stack, next)) {
        table_clear(&t);
        for (uint32_t i = 0; i < raw->n_nodes && base_budget_code(budget) == 0; i++)
            classes[order[i]] = classify(&t, raw, order[i], classes, 0, arcs, budget);
    } else if (r == 0) {
        memset(classes, 0, raw->n_nodes * sizeof *classes);
        for (uint32_t n_before = 0; (t.n_classes > n_before || n_before == 0) && base_budget_code(budget) == 0;) {
            n_before = t.n_classes;
            table_clear(&t);
            for (uint32_t i = 0; i < raw->n_nodes && base_budget_code(budget) == 0; i++)
                next[i] = classify(&t, raw, i, classes, classes[i], arcs, budget);
            memcpy(classes, next, raw->n_nodes * sizeof *classes);
        }
    }
    if (base_budget_code(budget) < 0)
        r = base_budget_code(budget);
    if (r == 0)
        *ret_n_classes = t.n_classes;
    table_done(&t);
    free(order);
    free(stack);
    free(next);
    free(arcs);
    base_budget_give(budget, all_bytes);
    return r;
}
