/* SPDX-License-Identifier: Apache-2.0 */
/* Histories: a fixed pool of phones linked backwards, garbage-collected by mark and compact when nearly full.
 *
 * A phone's entry is made when the next phone begins, because only then is its end known; until then, tokens carry the phone
 * themselves. Links go to lower indices, so one downward pass marks and one upward pass compacts.
 */
#include "decoder/state.h"

static struct decoder_entry last_phone(const struct decoder_token *t) {
    return (struct decoder_entry){.previous = t->history,
                                  .arc = t->arc,
                                  .start_step = t->start_step,
                                  .end_step = t->last_step,
                                  .score_q8 = t->last_score - t->start_score,
                                  .gap_q8 = t->gap_q8};
}

bool decoder_history_commit(struct decoder *d, struct decoder_token *t, uint32_t *ret) {
    if (t->entry == DECODER_NONE && t->arc != DECODER_NONE) {
        if (d->n_history == d->max_history)
            return false;
        t->entry = d->n_history++;
        d->history[t->entry] = last_phone(t);
    }
    *ret = t->entry;
    return true;
}

static void mark(struct decoder *d, const struct decoder_token *t) {
    if (t->history != DECODER_NONE)
        d->history_moved[t->history] = 1;
    if (t->entry != DECODER_NONE)
        d->history_moved[t->entry] = 1;
}

static void move(const struct decoder *d, struct decoder_token *t) {
    if (t->history != DECODER_NONE)
        t->history = d->history_moved[t->history];
    if (t->entry != DECODER_NONE)
        t->entry = d->history_moved[t->entry];
}

void decoder_history_collect(struct decoder *d) {
    for (uint32_t i = 0; i < d->n_history; i++)
        d->history_moved[i] = 0;
    for (uint32_t i = 0; i < d->n_tokens; i++)
        mark(d, &d->tokens[i].token);
    if (d->has_complete)
        mark(d, &d->complete);
    for (uint32_t i = d->n_history; i-- > 0;)
        if (d->history_moved[i] && d->history[i].previous != DECODER_NONE)
            d->history_moved[d->history[i].previous] = 1;

    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n_history; i++) {
        if (!d->history_moved[i])
            continue;
        struct decoder_entry e = d->history[i];
        if (e.previous != DECODER_NONE)
            e.previous = d->history_moved[e.previous];
        d->history[n] = e;
        d->history_moved[i] = n++;
    }
    d->n_history = n;
    for (uint32_t i = 0; i < d->n_tokens; i++)
        move(d, &d->tokens[i].token);
    if (d->has_complete)
        move(d, &d->complete);
}

void decoder_history_path(struct decoder *d, const struct decoder_token *t, struct decoder_path *ret) {
    *ret = (struct decoder_path){.entries = d->history_moved, .lm_q8 = t->lm_q8};
    if (t->arc == DECODER_NONE)
        return;
    ret->last = last_phone(t);
    ret->n_phones = 1;
    for (uint32_t i = t->history; i != DECODER_NONE; i = d->history[i].previous)
        ret->n_phones++;
    uint32_t at = ret->n_phones - 1;
    for (uint32_t i = t->history; i != DECODER_NONE; i = d->history[i].previous)
        d->history_moved[--at] = i;
}

const struct decoder_entry *decoder_history_phone(const struct decoder *d, const struct decoder_path *p, uint32_t i) {
    return i + 1 < p->n_phones ? &d->history[p->entries[i]] : &p->last;
}

uint32_t decoder_history_word(const struct decoder *d, uint32_t arc) {
    return arc == DECODER_NONE ? GRAPH_NO_WORD : d->graph->arcs[arc].word;
}
