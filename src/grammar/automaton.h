/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/automaton.h: acyclic automata over words: merged, determinised, numbered. */
#ifndef TRAGUS_GRAMMAR_AUTOMATON_H
#define TRAGUS_GRAMMAR_AUTOMATON_H

#include "grammar/grammar.h"
#include "grammar/pool.h"

struct grammar_link {
    uint32_t from, word, to;
};

struct grammar_links { /* an automaton while it grows; states are numbers that the maker hands out */
    struct grammar_link *items;
    size_t n, size;
};

struct grammar_automaton {
    uint32_t n_states, start;
    uint32_t *first_arc; /* n_states + 1 */
    struct grammar_word_arc *arcs;
    uint8_t *is_final;
};

/* From links in any order. finals: n_states flags. */
struct grammar_automaton grammar_automaton_make(struct grammar_pool *p, const struct grammar_links *links, uint32_t n_states,
                                                uint32_t start, const uint8_t *finals);

/* The same language: states that cannot be reached or lead nowhere are gone, states with equal futures are one. A deterministic
 * automaton comes out minimal. Arcs are sorted by word, states numbered breadth first. */
struct grammar_automaton grammar_automaton_merge(struct grammar_pool *p, const struct grammar_automaton *a);

/* The same language with one arc a word and state. False when it would have more than max_states states, or takes much memory; what
 * was made of it is given back. */
bool grammar_automaton_determinise(struct grammar_pool *p, const struct grammar_automaton *a, uint32_t max_states,
                                   struct grammar_automaton *ret);

#endif
