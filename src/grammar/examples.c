/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/examples.c: a few sentences that show what can be said, found by walking the acceptor. It is trimmed and has no cycles,
 * so each walk ends at a sentence. The walks are pseudo-random, and the same for the same grammar. */
#include "grammar/grammar.h"

#include <stdio.h>
#include <string.h>

#define MOST_WORDS 32
#define GOOD_WORDS 5 /* short enough to read at a glance, long enough to show more than a word */
#define TRIES 32

static uint32_t draw(uint32_t *seed, uint32_t n) { /* xorshift32 */
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % n;
}

/* Walks from an arc until the first final state. Returns the number of words, or 0 if the sentence is too long or has free
 * words. */
static unsigned walk(const struct grammar_acceptor *a, uint32_t arc, uint32_t seed, char out[GRAMMAR_EXAMPLE_BYTES]) {
    size_t used = 0;

    for (unsigned n = 1; n <= MOST_WORDS; n++) {
        if (strcmp(a->words[a->arcs[arc].word], GRAMMAR_FREE_WORDS) == 0) /* what to say there is not known */
            return 0;
        int more = snprintf(out + used, GRAMMAR_EXAMPLE_BYTES - used, "%s%s", n > 1 ? " " : "", a->words[a->arcs[arc].word]);
        if (more < 0 || (size_t)more >= GRAMMAR_EXAMPLE_BYTES - used)
            return 0;
        used += (size_t)more;
        uint32_t state = a->arcs[arc].to, first = a->first_arc[state], n_arcs = a->first_arc[state + 1] - first;
        if (a->is_final[state] || n_arcs == 0)
            return n;
        arc = first + draw(&seed, n_arcs);
    }
    return 0;
}

static bool is_new(const char *example, char others[][GRAMMAR_EXAMPLE_BYTES], size_t n) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(others[i], example) == 0)
            return false;
    return true;
}

size_t grammar_examples(const struct grammar *g, char ret[][GRAMMAR_EXAMPLE_BYTES], size_t n) {
    const struct grammar_acceptor *a = grammar_acceptor(g);
    uint32_t first = a && a->n_states > 0 ? a->first_arc[a->start] : 0;
    uint32_t n_first = a && a->n_states > 0 ? a->first_arc[a->start + 1] - first : 0;
    char example[GRAMMAR_EXAMPLE_BYTES];
    size_t n_found = 0;

    for (size_t i = 0; n_first > 0 && i < n; i++) {
        /* First words that are far from each other in the alphabet, which often belong to different intents. */
        uint32_t arc = first + (uint32_t)((2 * i + 1) * n_first / (2 * n));
        unsigned best = MOST_WORDS;
        for (uint32_t try = 1; try <= TRIES; try++) {
            unsigned n_words = walk(a, arc, (uint32_t)(i + 1) * 2654435761u + try * 40503u, example);
            unsigned away = n_words > GOOD_WORDS ? n_words - GOOD_WORDS : GOOD_WORDS - n_words;
            if (n_words == 0 || away >= best || !is_new(example, ret, n_found))
                continue;
            best = away;
            memcpy(ret[n_found], example, sizeof(example));
        }
        n_found += best < MOST_WORDS;
    }
    return n_found;
}
