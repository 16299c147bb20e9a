/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the best token during the utterance, and how many of them later rows can no longer change: those shared by the
 * histories of all tokens within the beam (partial traceback: Brown, Spohrer, Hochschild and Baker, 1982). */
#include "decoder/state.h"

/* The words completed up to an entry. */
static uint32_t words_until(const struct decoder *d, uint32_t entry) {
    uint32_t n = 0;
    for (; entry != DECODER_NONE; entry = d->history[entry].previous)
        n += decoder_history_word(d, d->history[entry].arc) != GRAPH_NO_WORD;
    return n;
}

/* The last entry that two histories share. Links go to lower indices, so if two entries differ, the higher one cannot be shared. */
static uint32_t last_shared(const struct decoder *d, uint32_t a, uint32_t b) {
    while (a != b) {
        if (a == DECODER_NONE || b == DECODER_NONE)
            return DECODER_NONE;
        if (a > b)
            a = d->history[a].previous;
        else
            b = d->history[b].previous;
    }
    return a;
}

void decoder_partial(const struct decoder *d, struct listener_partial *ret) {
    ret->n_words = ret->n_stable = 0;
    if (d->best == DECODER_NONE)
        return;
    const struct decoder_token *t = &d->tokens[d->best].token;
    uint32_t last = decoder_history_word(d, t->arc);
    uint32_t n = words_until(d, t->history) + (last != GRAPH_NO_WORD), at = n;
    if (last != GRAPH_NO_WORD && --at < LISTENER_MAX_WORDS)
        ret->words[at] = last;
    for (uint32_t i = t->history; i != DECODER_NONE; i = d->history[i].previous) {
        uint32_t word = decoder_history_word(d, d->history[i].arc);
        if (word != GRAPH_NO_WORD && --at < LISTENER_MAX_WORDS)
            ret->words[at] = word;
    }
    ret->n_words = n < LISTENER_MAX_WORDS ? n : LISTENER_MAX_WORDS;

    uint32_t shared = t->history;
    for (uint32_t i = 0; i < d->n_tokens && shared != DECODER_NONE; i++)
        shared = last_shared(d, shared, d->tokens[i].token.history);
    uint32_t n_stable = words_until(d, shared);
    ret->n_stable = n_stable < ret->n_words ? n_stable : ret->n_words;
}
