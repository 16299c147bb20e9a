/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/pieces.h: a template's tree as an automaton over pieces of words, and the words cut out of it. */
#ifndef TRAGUS_GRAMMAR_PIECES_H
#define TRAGUS_GRAMMAR_PIECES_H

#include "grammar/automaton.h"
#include "grammar/compiled.h"

#define GRAMMAR_WORD_BORDER UINT32_MAX
#define GRAMMAR_EPSILON (UINT32_MAX - 1)
#define GRAMMAR_NO_ARC UINT32_MAX

struct grammar_piece_arc {
    uint32_t label;    /* a spelling, GRAMMAR_WORD_BORDER or GRAMMAR_EPSILON */
    uint32_t to, next; /* next arc of the same node, GRAMMAR_NO_ARC: none */
};

struct grammar_spelled_range { /* of a list of numbers */
    bool done;
    struct grammar_automaton automaton;
};

struct grammar_pieces {        /* the automaton of one template, used again for the next */
    struct grammar_pool *pool; /* spellings, nodes and arcs */
    struct grammar_pool *scratch;
    struct grammar_map *spellings;        /* pieces and words; value = number + 1 */
    struct grammar_spelled_range *ranges; /* by list number */
    const struct grammar_block *block;    /* whose list values fit, NULL: all */
    uint32_t *first_arc;                  /* of each node */
    size_t n_nodes, size_nodes;
    struct grammar_piece_arc *arcs;
    size_t n_arcs, size_arcs;
    bool too_large; /* gave up; the automaton is incomplete */
};

void grammar_pieces_clear(struct grammar_pieces *p); /* ready for the next template */

/* The number of a spelling. */
uint32_t grammar_pieces_spelling(struct grammar_pieces *p, const char *text);

/* A new node; 0 once there are too many. */
uint32_t grammar_pieces_node(struct grammar_pieces *p);

/* Adds an item behind a node; returns the node behind the item. */
uint32_t grammar_pieces_add(struct grammar_pieces *p, const struct grammar_item *item, uint32_t from);

/* Adds the words on all ways from one node to another as links from a state to a final one. States between are numbered from
 * *n_states on. The links are in `links_pool`. Sets too_large, and adds nothing, where there are too many words. */
void grammar_cut_words(struct grammar_pieces *p, uint32_t start, uint32_t end, struct grammar_pool *links_pool,
                       struct grammar_links *links, uint32_t start_state, uint32_t final_state, uint32_t *n_states);

#endif
