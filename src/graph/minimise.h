/* SPDX-License-Identifier: Apache-2.0 */
/* graph/minimise.h: the graph before equivalent nodes are merged, and the merging. For this room only. */
#ifndef TRAGUS_GRAPH_MINIMISE_H
#define TRAGUS_GRAPH_MINIMISE_H

#include "base/budget.h"

#include <stdint.h>

struct graph_raw_arc {
    uint32_t to;
    uint32_t word;
    uint32_t order; /* of the acceptor's arc: of two homophones the one with the lower order is kept */
    uint8_t phone;
    uint8_t first;
};

struct graph_raw_node {
    uint32_t first_arc, n_arcs;
    uint8_t is_final; /* as in struct graph */
};

struct graph_raw {
    const struct graph_raw_node *nodes;
    const struct graph_raw_arc *arcs;
    uint32_t n_nodes, n_arcs;
};

/* Writes a class 0..n-1 for every node to classes[n_nodes]; nodes with equal continuations get equal classes. Sets *ret_n_classes
 * to n. Returns 0, -ENOMEM or the budget's code. */
int graph_minimise(const struct graph_raw *raw, uint32_t *classes, uint32_t *ret_n_classes, struct base_budget *budget);

/* Writes the arcs of one node to out (room for its n_arcs), with classes as targets, sorted by phone and target, without homophones
 * that have the same target. Returns their number. */
uint32_t graph_canonical_arcs(const struct graph_raw *raw, uint32_t node, const uint32_t *classes, struct graph_raw_arc *out);

#endif
