/* SPDX-License-Identifier: Apache-2.0 */
/* graph/private.h: what the files that build a graph share. */
#ifndef TRAGUS_GRAPH_PRIVATE_H
#define TRAGUS_GRAPH_PRIVATE_H

#include "graph/graph.h"
#include "graph/words.h"

#define GRAPH_FREE 0 /* phone of an arc that stands for free words, until the loops are made */

struct graph_built { /* storage for the graph that graph_build returns */
    struct graph graph;
    struct graph_report report;
    uint32_t *first_arc;
    struct graph_arc *arcs;
    uint8_t *is_final;
    char **words;
    char *spellings;
    const char **guessed, **unspoken;
    uint32_t *first_loop, *loops;
    uint16_t *least_q8;
    char **more; /* spellings of free words that the language model lacks */
};

/* Makes the loops of the arcs of free words, and appends the tree. Without such arcs it changes only the tree's place. Returns
 * -ENOMEM without memory. */
int graph_add_free_words(struct graph_built *out, const struct graph_words *tree);

#endif
