/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/grammar/walk.h: checks whether an acceptor accepts a sentence, and draws random sentences from it. */
#ifndef TRAGUS_TESTS_GRAMMAR_WALK_H
#define TRAGUS_TESTS_GRAMMAR_WALK_H

#include "grammar/grammar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* is_final of the state where the text ends; 0 if it is not accepted. */
static inline int walk_from(const struct grammar_acceptor *w, uint32_t state, const char *text) {
    text += strspn(text, " ");
    if (!*text)
        return w->is_final[state];
    size_t n = strcspn(text, " ");
    for (uint32_t i = w->first_arc[state]; i < w->first_arc[state + 1]; i++) {
        const char *word = w->words[w->arcs[i].word];
        int is_final = strlen(word) == n && memcmp(word, text, n) == 0 ? walk_from(w, w->arcs[i].to, text + n) : 0;
        if (is_final)
            return is_final;
    }
    return 0;
}

static inline int walk_accepts(const struct grammar_acceptor *w, const char *text) {
    return walk_from(w, w->start, text);
}

/* Draws a random sentence; the same seed gives the same one. */
static inline void walk_draw(const struct grammar_acceptor *w, uint64_t *seed, char *out, size_t size) {
    uint32_t state = w->start;
    size_t len = 0;
    out[0] = '\0';
    for (;;) {
        uint32_t n = w->first_arc[state + 1] - w->first_arc[state];
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        uint32_t draw = (uint32_t)(*seed >> 33);
        if (w->is_final[state] && (n == 0 || draw % 3 == 0))
            return;
        const struct grammar_word_arc *arc = &w->arcs[w->first_arc[state] + (draw / 3) % n];
        const char *word = strcmp(w->words[arc->word], GRAMMAR_FREE_WORDS) == 0 ? "oat milk" : w->words[arc->word];
        len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "", word);
        if (len >= size)
            abort();
        state = arc->to;
    }
}

#endif
