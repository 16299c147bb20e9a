/* SPDX-License-Identifier: Apache-2.0 */
/* Word histories: a fixed pool of words linked backwards, garbage-collected by mark and compact when nearly full.
 *
 * A word's entry is made when the next word begins, because only then is its end known; until then, tokens carry the word
 * themselves. Links go to lower indices, so one downward pass marks and one upward pass compacts.
 */
#include "decoder/state.h"

bool decoder_history_commit(struct decoder *d, struct decoder_token *t, uint32_t *ret) {
    if (t->word == GRAPH_NO_WORD) {
        *ret = t->history;
        return true;
    }
    if (t->entry == DECODER_NONE) {
        if (d->n_history == d->max_history)
            return false;
        t->entry = d->n_history++;
        d->history[t->entry] = (struct decoder_entry){.previous = t->history,
                                                      .word = t->word,
                                                      .start_step = t->start_step,
                                                      .end_step = t->last_step,
                                                      .score_q8 = t->last_score - t->start_score,
                                                      .n_phones = t->n_phones};
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
