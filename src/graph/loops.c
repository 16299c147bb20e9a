/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the loops of free words: each arc that stands for them becomes a loop, and the tree of the language model's words follows
 * the nodes of the grammar. */
#include "graph/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Whether free words alone are a sentence. */
static bool is_dictation(const struct graph_built *out) {
    for (uint32_t a = out->first_arc[0]; a < out->first_arc[1]; a++)
        if (out->arcs[a].phone == GRAPH_FREE && out->is_final[out->arcs[a].to])
            return true;
    return false;
}

/* Copies the grammar's nodes without the arcs of free words, which become loops, the node after other speech, and the tree. */
static void join_tree(struct graph_built *out, const struct graph_words *tree, struct graph_arc *arcs, uint32_t *first_arc,
                      uint8_t *is_final) {
    struct graph *g = &out->graph;
    uint32_t n_loops = 0, n_arcs = 0;
    for (uint32_t n = 0; n < g->n_nodes; n++) {
        out->first_loop[n] = n_loops;
        first_arc[n] = n_arcs;
        for (uint32_t a = out->first_arc[n]; a < out->first_arc[n + 1]; a++) {
            if (out->arcs[a].phone == GRAPH_FREE)
                out->loops[n_loops++] = out->arcs[a].to;
            else
                arcs[n_arcs++] = out->arcs[a];
        }
        if (n == 0 && g->other != GRAPH_NO_NODE)
            out->loops[n_loops++] = g->other;
    }
    out->first_loop[g->tree_node - 1] = out->first_loop[g->tree_node] = n_loops;
    first_arc[g->tree_node - 1] = n_arcs; /* the node after other speech, if there is one, has no arcs */
    g->tree_arc = n_arcs;
    for (uint32_t n = 0; n <= tree->n_nodes; n++)
        first_arc[g->tree_node + n] = n_arcs + tree->first_arc[n];
    for (uint32_t a = 0; a < tree->n_arcs; a++) {
        struct graph_arc arc = tree->arcs[a];
        arc.to += g->tree_node;
        arc.word += arc.word != GRAPH_NO_WORD ? g->n_words : 0;
        arcs[n_arcs + a] = arc;
    }
    memcpy(is_final, out->is_final, g->n_nodes);
}

/* Copies what the graph needs of the tree besides its nodes and arcs. */
static int copy_tree(struct graph_built *out, const struct graph_words *tree) {
    size_t n_bytes = 0;
    for (uint32_t i = 0; i < tree->n_more; i++)
        n_bytes += strlen(tree->more[i]) + 1;
    out->least_q8 = malloc(tree->n_nodes * sizeof *out->least_q8);
    out->more = malloc((size_t)tree->n_more * sizeof *out->more + n_bytes + 1); /* the spellings follow the pointers */
    if (!out->least_q8 || !out->more)
        return -ENOMEM;
    memcpy(out->least_q8, tree->least_q8, tree->n_nodes * sizeof *out->least_q8);
    char *at = (char *)(out->more + tree->n_more);
    for (uint32_t i = 0; i < tree->n_more; i++) {
        out->more[i] = at;
        at = stpcpy(at, tree->more[i]) + 1;
    }
    out->graph.lm = tree->lm;
    out->graph.least_q8 = out->least_q8;
    out->graph.n_lm_words = lm_n_words(tree->lm);
    out->graph.more_words = (const char *const *)out->more;
    return 0;
}

int graph_add_free_words(struct graph_built *out, const struct graph_words *tree) {
    struct graph *g = &out->graph;
    uint32_t n_free = 0;
    g->other = GRAPH_NO_NODE;
    g->tree_node = g->n_nodes;
    g->tree_arc = g->n_arcs;
    for (uint32_t a = 0; a < g->n_arcs; a++)
        n_free += out->arcs[a].phone == GRAPH_FREE;
    if (n_free == 0)
        return 0;
    g->other = is_dictation(out) ? GRAPH_NO_NODE : g->n_nodes;
    g->tree_node = g->n_nodes + 1;
    uint32_t n_nodes_all = g->tree_node + tree->n_nodes, n_arcs_all = g->n_arcs - n_free + tree->n_arcs;
    struct graph_arc *arcs = malloc((size_t)n_arcs_all * sizeof *arcs);
    uint32_t *first_arc = malloc(((size_t)n_nodes_all + 1) * sizeof *first_arc);
    uint8_t *is_final = calloc(n_nodes_all, 1);
    out->first_loop = malloc(((size_t)g->tree_node + 1) * sizeof *out->first_loop);
    out->loops = malloc(((size_t)n_free + 1) * sizeof *out->loops);
    if (!arcs || !first_arc || !is_final || !out->first_loop || !out->loops || copy_tree(out, tree) < 0) {
        free(arcs);
        free(first_arc);
        free(is_final);
        return -ENOMEM;
    }
    join_tree(out, tree, arcs, first_arc, is_final);
    free(out->arcs);
    free(out->first_arc);
    free(out->is_final);
    g->arcs = out->arcs = arcs;
    g->first_arc = out->first_arc = first_arc;
    g->is_final = out->is_final = is_final;
    g->n_nodes = n_nodes_all;
    g->n_arcs = n_arcs_all;
    g->first_loop = out->first_loop;
    g->loops = out->loops;
    g->size_bytes += (size_t)tree->n_arcs * sizeof *arcs + (size_t)tree->n_nodes * (sizeof *first_arc + 1);
    return 0;
}
