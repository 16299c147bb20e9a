/* SPDX-License-Identifier: Apache-2.0 */
/* graph/minimise.h: the graph before equal continuations are merged, and the merging. Private to the room. */
#ifndef TRAGUS_GRAPH_MINIMISE_H
#define TRAGUS_GRAPH_MINIMISE_H

#include "base/budget.h"

#include <stdint.h>

struct graph_raw_arc {
    uint32_t to;
    uint32_t word;
    uint32_t order; /* of the acceptor's arc: of two homophones the lower one stays */
    uint8_t phone;
    uint8_t first;
};

struct graph_raw_node {
    uint32_t first_arc, n_arcs;
    uint8_t is_final;
};

struct graph_raw {
    const struct graph_raw_node *nodes;
    const struct graph_raw_arc *arcs;
    uint32_t n_nodes, n_arcs;
};

/* Writes to classes[n_nodes] a number 0..n-1 for every node, equal for nodes whose continuations are the same; returns n in
 * *ret_n_classes. 0, -ENOMEM or the budget's code. */
int graph_minimise(const struct graph_raw *raw, uint32_t *classes, uint32_t *ret_n_classes, struct base_budget *budget);

/* Writes to out (room for the node's n_arcs) the arcs of one node with classes for targets, sorted by phone and target, homophones
 * of equal target left out. Returns how many. */
uint32_t graph_canonical_arcs(const struct graph_raw *raw, uint32_t node, const uint32_t *classes, struct graph_raw_arc *out);

#endif
