/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/pieces.h: a template's tree as an automaton over pieces of words, and how whole words are extracted from it. */
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

struct grammar_spelled_range { /* for a list of numbers */
    bool done;
    struct grammar_automaton automaton;
};

/* The values of a list that fit a block. Many templates use a long list, so its values are joined once. */
struct grammar_spelled_list {
    struct grammar_spelled_list *next;
    uint8_t *fits;                     /* a bit for each value */
    const struct grammar_block *block; /* not NULL: values have lists in them, so it is for this block only */
    struct grammar_automaton automaton;
};

struct grammar_pieces {         /* the automaton of one template; reused for the next one */
    struct grammar_pool *pool;  /* spellings and lists */
    struct grammar_pool *nodes; /* and arcs */
    struct grammar_pool *scratch;
    struct grammar_map *spellings;        /* pieces and words; value = number + 1 */
    struct grammar_spelled_range *ranges; /* by list number */
    struct grammar_spelled_list **lists;  /* likewise; NULL: lists are not joined */
    bool dotless;                         /* as of the grammar */
    bool has_lists;                       /* a list of values was added */
    const struct grammar_block *block;    /* only its list values are used, NULL: all */
    uint32_t *first_arc;                  /* of each node */
    size_t n_nodes, size_nodes;
    struct grammar_piece_arc *arcs;
    size_t n_arcs, size_arcs;
    bool too_large; /* a limit was exceeded; the automaton is incomplete */
};

void grammar_pieces_clear(struct grammar_pieces *p); /* prepares for the next template */

/* Returns the number of a spelling. */
uint32_t grammar_pieces_spelling(struct grammar_pieces *p, const char *text);

/* Returns a new node, or 0 if there are too many. */
uint32_t grammar_pieces_node(struct grammar_pieces *p);

/* Adds an item after a node. Returns the node after the item. */
uint32_t grammar_pieces_add(struct grammar_pieces *p, const struct grammar_item *item, uint32_t from);

/* Adds the words on all paths between two nodes as links between a state and a final state. States between them are numbered from
 * *n_states on. The links are in `links_pool`. If there are too many words, sets too_large and adds nothing. */
void grammar_cut_words(struct grammar_pieces *p, uint32_t start, uint32_t end, struct grammar_pool *links_pool,
                       struct grammar_links *links, uint32_t start_state, uint32_t final_state, uint32_t *n_states);

#endif
