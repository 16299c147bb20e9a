/* SPDX-License-Identifier: Apache-2.0 */
/* graph/graph.h: a word acceptor and a lexicon become one minimised graph of phones for the decoder.
 *
 * Epsilon-free: every arc carries a phone. Where an arc ends a word it names it. Words are not told apart before their sounds are:
 * the prefixes of words that may stand at the same place are shared, then equal continuations are merged (minimisation by hashing
 * from the end; Daciuk et al., 2000, for the acyclic case).
 */
#ifndef TRAGUS_GRAPH_GRAPH_H
#define TRAGUS_GRAPH_GRAPH_H

#include "base/budget.h"
#include "base/error.h"
#include "grammar/grammar.h"
#include "lexicon/lexicon.h"

#include <stdint.h>

#define GRAPH_NO_WORD 0xffffffffu

struct graph_arc {
    uint32_t to;   /* node */
    uint32_t word; /* word that this arc's phone completes, or GRAPH_NO_WORD */
    uint8_t phone; /* 1..n_phones; the arcs of a node are sorted by it */
    uint8_t first; /* 1 where this phone is the first of its word */
    uint16_t reserved;
};

struct graph { /* immutable once built; any thread */
    uint32_t n_nodes, n_arcs, n_words;
    uint32_t start;
    const uint32_t *first_arc; /* n_nodes + 1 */
    const struct graph_arc *arcs;
    const uint8_t *is_final;  /* n_nodes: a sentence may end here */
    const char *const *words; /* spellings, owned by the graph */
    size_t size_bytes;
};

struct graph_report {     /* what a grammar's author should know */
    size_t n_guessed;     /* words whose sound was guessed */
    const char **guessed; /* their spellings, valid while the graph is */
};

/* Builds. overrides may be NULL. -E2BIG when there would be more than max_arcs arcs before equal endings are merged (0 =
 * 4,000,000); -ENOENT with the word when one cannot be spoken at all. Beyond the budget (NULL:
 * none) it ends with the budget's code. The graph keeps nothing of words or lexicon. Homophones from
 * one place to the same place are one path, which bears the word that comes first in the acceptor. An acceptor without sentences
 * gives a graph of one node that is not final. The same input gives the same graph, down to the numbers of nodes. */
int graph_build(struct graph **ret, const struct grammar_acceptor *words, const struct lexicon *lexicon,
                const struct lexicon_overrides *overrides, size_t max_arcs, struct base_budget *budget, tragus_error *reterr);

/* The same with any source of pronunciations: pronounce() works as lexicon_pronounce does and is called once a word. */
int graph_build_with(struct graph **ret, const struct grammar_acceptor *words,
                     int (*pronounce)(void *user, const char *word, struct lexicon_pronunciation *out, size_t max_variants),
                     void *user, size_t max_arcs, struct base_budget *budget, tragus_error *reterr);

void graph_free(struct graph *g); /* takes NULL */
const struct graph_report *graph_report(const struct graph *g);

#endif
