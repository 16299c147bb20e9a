/* SPDX-License-Identifier: Apache-2.0 */
/* Small acceptors and pronunciations that tests write as text, for the tests of graph and decoder. */
#ifndef TESTS_UNIT_GRAPH_TOY_H
#define TESTS_UNIT_GRAPH_TOY_H

#include "graph/graph.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a seeded generator (xorshift64*; Vigna, 2016) --- */
struct toy_random {
    uint64_t state;
};
static inline uint32_t toy_random(struct toy_random *r, uint32_t below) {
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return (uint32_t)((r->state * 0x2545f4914f6cdd1du) >> 33) % below;
}

/* --- phones: one letter each in the toy dictionaries, 'a' = 1 --- */
#define TOY_PHONES 26

/* A dictionary: one "word sounds" per line, variants on further lines; a capital is the same phone, marked as a guess. */
static inline int toy_pronounce(void *user, const char *word, struct lexicon_pronunciation *out, size_t max) {
    size_t n = 0, len = strlen(word);
    for (const char *line = user; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, word, len) != 0 || line[len] != ' ' || n == max)
            continue;
        out[n] = (struct lexicon_pronunciation){.source = LEXICON_DICTIONARY};
        for (const char *s = line + len + 1; *s && *s != '\n'; s++) {
            if (*s < 'a')
                out[n].source = LEXICON_GUESS;
            out[n].phones[out[n].n_phones++] = (uint8_t)((*s | 0x20) - 'a' + 1);
        }
        n++;
    }
    return n > 0 ? (int)n : -ENOENT;
}

/* --- an acceptor under construction: arcs in any order, then toy_words --- */
struct toy {
    struct grammar_acceptor words;
    uint32_t n, from[1 << 17];
    struct grammar_word_arc arcs[1 << 17], sorted[1 << 17];
    uint32_t first_arc[(1 << 17) + 2];
    uint8_t is_final[1 << 17];
    const char *spellings[1 << 14];
};

static inline struct toy *toy_new(void) {
    struct toy *t = calloc(1, sizeof *t);
    assert(t);
    return t;
}

/* Returns the number of a word; keeps a pointer to its spelling. */
static inline uint32_t toy_word(struct toy *t, const char *word) {
    for (uint32_t i = 0; i < t->words.n_words; i++)
        if (strcmp(t->spellings[i], word) == 0)
            return i;
    t->spellings[t->words.n_words] = word;
    return t->words.n_words++;
}

static inline void toy_arc_number(struct toy *t, uint32_t from, uint32_t word, uint32_t to) {
    t->from[t->n] = from;
    t->arcs[t->n++] = (struct grammar_word_arc){word, to};
    uint32_t most = from > to ? from : to;
    if (most >= t->words.n_states)
        t->words.n_states = most + 1;
}

static inline void toy_arc(struct toy *t, uint32_t from, const char *word, uint32_t to) {
    toy_arc_number(t, from, toy_word(t, word), to);
}

static inline const struct grammar_acceptor *toy_words(struct toy *t) {
    uint32_t at = 0;
    for (uint32_t s = 0; s < t->words.n_states; s++)
        t->first_arc[s + 1] = 0;
    for (uint32_t i = 0; i < t->n; i++)
        t->first_arc[t->from[i] + 1]++;
    for (uint32_t s = 0; s < t->words.n_states; s++)
        t->first_arc[s + 1] += t->first_arc[s];
    uint32_t *next = malloc((t->words.n_states + 1) * sizeof *next);
    assert(next);
    memcpy(next, t->first_arc, (t->words.n_states + 1) * sizeof *next);
    for (at = 0; at < t->n; at++) /* keeps the order within a state */
        t->sorted[next[t->from[at]]++] = t->arcs[at];
    free(next);
    t->words.n_arcs = t->n;
    t->words.first_arc = t->first_arc;
    t->words.arcs = t->sorted;
    t->words.is_final = t->is_final;
    t->words.words = t->spellings;
    return &t->words;
}

/* Adds a sentence to a prefix tree of words; its last state is final. Splits text in place. */
static inline void toy_sentence(struct toy *t, char *text) {
    uint32_t state = 0;
    if (t->words.n_states == 0)
        t->words.n_states = 1;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        uint32_t w = toy_word(t, word), to = 0;
        for (uint32_t i = 0; i < t->n && to == 0; i++)
            if (t->from[i] == state && t->arcs[i].word == w)
                to = t->arcs[i].to;
        if (to == 0) {
            to = t->words.n_states;
            toy_arc_number(t, state, w, to);
        }
        state = to;
    }
    t->is_final[state] = 1;
}

static inline struct graph *toy_graph(struct toy *t, const char *dictionary) {
    struct graph *g = NULL;
    tragus_error e;
    if (graph_build_with(&g, toy_words(t), toy_pronounce, (void *)(uintptr_t)dictionary, NULL, 0, NULL, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        abort();
    }
    return g;
}

#endif
