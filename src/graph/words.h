/* SPDX-License-Identifier: Apache-2.0 */
/* graph/words.h: all words of a language model as a tree of phones, which graph_build appends to graphs with free words.
 *
 * Words that begin with the same phones share them (Ney, Haeb-Umbach, Tran and Oerder, 1992). The arc of a word's last phone names
 * it and leads to the root, where the next word begins. Homophones have an arc each.
 */
#ifndef TRAGUS_GRAPH_WORDS_H
#define TRAGUS_GRAPH_WORDS_H

#include "graph/graph.h"
#include "lm/lm.h"

#include <stdint.h>

struct graph_words {     /* immutable; any thread */
    const struct lm *lm; /* borrowed */
    uint32_t n_nodes, n_arcs;
    uint32_t *first_arc;    /* n_nodes + 1; node 0 is the root */
    struct graph_arc *arcs; /* word: of the language model */
    uint16_t *least_q8;     /* by node: the least lm_alone of the words that go through it */
};

/* Builds the tree of a language model, which must outlive it. Returns 0 or -ENOMEM. */
int graph_words_build(struct graph_words **ret, const struct lm *lm);
/* Builds the graph of any words of a tree in any order; words must outlive it. Returns 0 or -ENOMEM. */
int graph_words_graph(struct graph **ret, const struct graph_words *words);
void graph_words_free(struct graph_words *w); /* takes NULL */

#endif
