/* SPDX-License-Identifier: Apache-2.0 */
/* graph/graph.h: builds a minimised graph of phones for the decoder from a word acceptor and a lexicon.
 *
 * The graph has no epsilons: every arc has a phone. An arc that completes a word names it. Words that can follow the same state
 * share their common prefixes; then equivalent nodes are merged (minimisation by hashing from the end; Daciuk et al., 2000, for the
 * acyclic case).
 *
 * Where a grammar has free words, a node has a loop: any words of a language model may be said there, and the loop's node follows.
 * All loops share one tree of these words, whose nodes and arcs come after the grammar's (graph/words.h). Unless free words alone
 * are a sentence, one more loop stands for other speech: what was said may be nothing of the grammar. It gives the confidence no
 * score, but an utterance does not end where only a part of other speech fits; without it, free text acts half as often again on
 * talk in noise (docs/ACCURACY.md). Words that the user has given, such as names, may be preferred in the tree.
 */
#ifndef TRAGUS_GRAPH_GRAPH_H
#define TRAGUS_GRAPH_GRAPH_H

#include "base/budget.h"
#include "base/error.h"
#include "grammar/grammar.h"
#include "lexicon/lexicon.h"
#include "lm/lm.h"

#include <stdbool.h>
#include <stdint.h>

#define GRAPH_NO_WORD 0xffffffffu
#define GRAPH_NO_NODE 0xffffffffu

struct graph_arc {
    uint32_t to;      /* node */
    uint32_t word;    /* word that this arc's phone completes, or GRAPH_NO_WORD */
    uint8_t phone;    /* 1..n_phones; the arcs of a node are sorted by it */
    uint8_t first;    /* 1 if this phone is the first of its word */
    uint16_t most_q8; /* of a word that is preferred: it costs no more than this, Q8 nats; 0: what the language model says */
};

struct graph { /* immutable after building; any thread */
    uint32_t n_nodes, n_arcs, n_words;
    uint32_t start;
    const uint32_t *first_arc; /* n_nodes + 1 */
    const struct graph_arc *arcs;
    const uint8_t *is_final;      /* n_nodes: whether a sentence may end here, and with which pauses, as in a grammar_acceptor */
    const char *const *words;     /* spellings, owned by the graph; see graph_word */
    const struct lm *lm;          /* of free words; NULL: there are none */
    uint32_t tree_node, tree_arc; /* the first of the tree, its root, and its first arc; n_nodes and n_arcs without a tree */
    uint32_t other;               /* the node after a loop from the start that stands for other speech; GRAPH_NO_NODE: none */
    const uint32_t *first_loop;   /* tree_node + 1 */
    const uint32_t *loops;        /* by loop: the node after its words */
    const uint16_t *least_q8;     /* by node of the tree: the least cost of a word that goes through it */
    uint32_t n_lm_words;          /* of the language model; free words with higher numbers are the preferred ones that it lacks: */
    const char *const *more_words;
    struct grammar_pauses pauses[GRAMMAR_MAX_PAUSES];
    uint32_t n_pauses;
    size_t size_bytes;
};

struct graph_report {      /* information for the author of a grammar */
    size_t n_guessed;      /* words whose pronunciation was guessed */
    const char **guessed;  /* their spellings, valid as long as the graph */
    size_t n_unspoken;     /* words that cannot be pronounced; sentences with them are not in the graph */
    const char **unspoken; /* as guessed */
    bool lacks_free_words; /* there are sentences with free words, but no language model for them */
};

struct graph_words; /* graph/words.h */

/* Builds a graph. overrides may be NULL, and free_words if no free words are wanted; they must outlive the graph. Returns -E2BIG if
 * there would be more than max_arcs arcs before equivalent nodes are merged (0 = 4,000,000), -EINVAL with a message that names a
 * word if every sentence has words that cannot be pronounced, the budget's code if the budget (NULL: none) is exceeded. Sentences
 * with free words for which there is no language model are left out, even if no sentence remains. The graph keeps no references to
 * words or lexicon. Homophones with the same source and target become one path with the word that comes first in the acceptor. An
 * acceptor without sentences gives a graph with one node, which is not final. The same input always gives the same graph, including
 * the numbers of nodes. */
int graph_build(struct graph **ret, const struct grammar_acceptor *words, const struct lexicon *lexicon,
                const struct lexicon_overrides *overrides, const struct graph_words *free_words, size_t max_arcs,
                struct base_budget *budget, tragus_error *reterr);

/* Like graph_build, with any source of pronunciations: pronounce() works like lexicon_pronounce and is called once per word. */
int graph_build_with(struct graph **ret, const struct grammar_acceptor *words,
                     int (*pronounce)(void *user, const char *word, struct lexicon_pronunciation *out, size_t max_variants),
                     void *user, const struct graph_words *free_words, size_t max_arcs, struct base_budget *budget,
                     tragus_error *reterr);

void graph_free(struct graph *g); /* takes NULL */

/* The spelling of a word that an arc names: one of the grammar's, or after those of the language model. */
const char *graph_word(const struct graph *g, uint32_t word);
const struct graph_report *graph_report(const struct graph *g);

/* Returns what the word that an arc of the tree completes costs after the words of a state, Q8, and the state after it. */
static inline int32_t graph_free_word(const struct graph *g, const struct graph_arc *arc, uint32_t before, uint32_t *ret_state) {
    uint32_t word = arc->word - g->n_words;
    *ret_state = 0; /* the language model knows nothing after a word that it lacks */
    if (word >= g->n_lm_words)
        return arc->most_q8;
    int32_t cost = lm_next(g->lm, before, word, ret_state);
    return arc->most_q8 > 0 && cost > arc->most_q8 ? arc->most_q8 : cost;
}

#endif
