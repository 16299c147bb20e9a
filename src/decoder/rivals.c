/* SPDX-License-Identifier: Apache-2.0 */
/* Rivals: for each word of the best sentence, the best sentence with the same words before it and another word in its place.
 *
 * If paths of different words meet in a node, only the best survives, so the tokens alive at the end are no list of the best
 * sentences. A search that starts where word i starts and may not begin with word i finds the best sentence that first differs
 * there (Lawler, 1972, with Viterbi decoding in place of a shortest path). It runs over the rows kept, in the decoder's own memory,
 * once the utterance has ended, and stops as soon as it is DECODER_RIVAL_LIMIT behind the best sentence, which for most words is
 * soon. A free word has no rivals: another word there would be another text, not another command.
 */
#include "decoder/state.h"

#include <string.h>

#define MOST_STEPS 4u /* times the steps of the utterance: bounds the searches together */

struct stage { /* where a word of the best sentence begins */
    uint32_t word, node;
    uint32_t step; /* last step of the word before, or 0 */
    int32_t score; /* of the path until then */
    bool is_free;
};

/* Finds where the words begin, and stores the path's score after each step in d->path_scores. Returns the number of stages, at most
 * LISTENER_MAX_WORDS. */
static uint32_t follow(struct decoder *d, const struct decoder_path *path, struct stage stages[]) {
    uint32_t n = 0, at = 1, node = d->graph->start;
    int32_t score = 0, before = 0, lm_q8 = path->lm_q8; /* lm_q8: not counted yet; all of it counts after the first free words */
    bool was_free = false;
    for (uint32_t i = 0; i < path->n_phones; i++) {
        const struct decoder_entry *e = decoder_history_phone(d, path, i);
        const struct graph_arc *arc = &d->graph->arcs[e->arc];
        bool is_free = e->arc >= d->graph->tree_arc;
        if (was_free && !is_free) {
            before -= lm_q8;
            score -= lm_q8;
            lm_q8 = 0;
        }
        was_free = is_free;
        if (arc->first && n < LISTENER_MAX_WORDS)
            stages[n++] = (struct stage){GRAPH_NO_WORD, node, at - 1, before, is_free};
        for (; at < e->start_step; at++)
            d->path_scores[at % d->max_rows] = score += decoder_row(d, at)[0];
        score -= arc->first ? d->options.word_penalty_q8 : 0;
        for (; at <= e->end_step; at++)
            d->path_scores[at % d->max_rows] = score += decoder_row(d, at)[arc->phone];
        if (arc->word != GRAPH_NO_WORD && n > 0 && stages[n - 1].word == GRAPH_NO_WORD)
            stages[n - 1].word = arc->word;
        before = score;
        node = arc->to;
    }
    for (; at <= d->step; at++)
        d->path_scores[at % d->max_rows] = (score += decoder_row(d, at)[0]) - lm_q8;
    return n;
}

/* Searches from a stage to the last step. Returns whether d->complete is then a rival. */
static bool search(struct decoder *d, const struct stage *s, uint32_t last, uint32_t *budget) {
    decoder_start_at(d, s->node, s->score);
    d->forbidden = s->word;
    for (d->step = s->step + 1; d->step <= last; d->step++) {
        const int16_t *row = decoder_row(d, d->step);
        for (unsigned i = 0; i < d->n_labels; i++)
            d->gain[i] = row[i];
        if (*budget == 0 || d->n_tokens == 0)
            return false;
        decoder_pass(d);
        --*budget;
        int32_t least = d->path_scores[d->step % d->max_rows] - DECODER_RIVAL_LIMIT;
        if (d->best == DECODER_NONE || d->tokens[d->best].token.score < least)
            return false;
    }
    return d->has_complete && d->complete.arc != DECODER_NONE;
}

/* Inserts a rival where its margin belongs, unless the list is full of nearer ones. */
static struct listener_rival *insert(struct listener_result *ret, int32_t margin_q8) {
    uint32_t at = ret->n_rivals;
    while (at > 0 && ret->rivals[at - 1].margin_q8 > margin_q8)
        at--;
    if (at == LISTENER_MAX_RIVALS)
        return NULL;
    uint32_t n = ret->n_rivals < LISTENER_MAX_RIVALS ? ret->n_rivals++ : LISTENER_MAX_RIVALS - 1;
    memmove(&ret->rivals[at + 1], &ret->rivals[at], (n - at) * sizeof ret->rivals[0]);
    ret->rivals[at].margin_q8 = margin_q8;
    return &ret->rivals[at];
}

static void add_word(struct listener_rival *r, uint32_t word) {
    if (word != GRAPH_NO_WORD && r->n_words < LISTENER_MAX_WORDS)
        r->words[r->n_words++] = word;
}

void decoder_rivals(struct decoder *d, const struct decoder_path *path, struct listener_result *ret) {
    struct stage stages[LISTENER_MAX_WORDS];
    uint32_t last = d->step, budget = MOST_STEPS * last, n = follow(d, path, stages);
    int32_t best = d->path_scores[last % d->max_rows], beam_q8 = d->options.beam_q8;
    d->options.beam_q8 = beam_q8 < DECODER_RIVAL_LIMIT ? beam_q8 : DECODER_RIVAL_LIMIT;
    for (uint32_t i = n; i-- > 0;) {
        if (stages[i].is_free || !search(d, &stages[i], last, &budget))
            continue;
        int32_t margin_q8 = best - d->complete.score;
        struct listener_rival *r = margin_q8 < DECODER_RIVAL_LIMIT ? insert(ret, margin_q8 > 0 ? margin_q8 : 0) : NULL;
        if (!r)
            continue;
        struct decoder_path rest;
        decoder_history_path(d, &d->complete, &rest);
        r->n_words = 0;
        for (uint32_t k = 0; k < i; k++)
            add_word(r, stages[k].word);
        for (uint32_t k = 0; k < rest.n_phones; k++)
            add_word(r, decoder_history_word(d, decoder_history_phone(d, &rest, k)->arc));
    }
    d->forbidden = GRAPH_NO_WORD;
    d->options.beam_q8 = beam_q8;
    d->step = last;
}
