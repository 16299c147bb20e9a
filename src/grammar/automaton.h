/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/automaton.h: merges, determinises and numbers acyclic automata over words. */
#ifndef TRAGUS_GRAMMAR_AUTOMATON_H
#define TRAGUS_GRAMMAR_AUTOMATON_H

#include "grammar/grammar.h"
#include "grammar/pool.h"

struct grammar_link {
    uint32_t from, word, to;
};

struct grammar_links { /* an automaton under construction; the caller assigns state numbers */
    struct grammar_link *items;
    size_t n, size;
};

struct grammar_automaton {
    uint32_t n_states, start;
    uint32_t *first_arc; /* n_states + 1 */
    struct grammar_word_arc *arcs;
    uint8_t *is_final; /* as in a grammar_acceptor */
};

/* Builds an automaton from links in any order. finals: is_final of the n_states. */
struct grammar_automaton grammar_automaton_make(struct grammar_pool *p, const struct grammar_links *links, uint32_t n_states,
                                                uint32_t start, const uint8_t *finals);

/* Returns an automaton of the same language without unreachable and dead states, and with equivalent states merged. If the input is
 * deterministic, the result is minimal. Arcs are sorted by word; states are numbered breadth first.
 * scratch: for what is not needed afterwards; it may be p. */
struct grammar_automaton grammar_automaton_merge(struct grammar_pool *p, struct grammar_pool *scratch,
                                                 const struct grammar_automaton *a);

/* Makes an automaton of the same language with at most one arc per word and state. Returns false if it would have more than
 * max_states states or take too much memory; the partial result is freed. */
bool grammar_automaton_determinise(struct grammar_pool *p, struct grammar_pool *scratch, const struct grammar_automaton *a,
                                   uint32_t max_states, struct grammar_automaton *ret);

#endif
