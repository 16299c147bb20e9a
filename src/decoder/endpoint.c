/* SPDX-License-Identifier: Apache-2.0 */
/* decoder/endpoint.c: when an utterance has ended.
 *
 * The rules ask how long it has been silent, and whether the best sentence is complete and may go on. To decide earlier than the
 * network's look-ahead allows, the rows that would follow if it stayed silent can be assumed; if that does not end the utterance,
 * they are taken back.
 */
#include "decoder/state.h"

#include <string.h>

#define SOUNDING_ROWS 2u /* for which a sentence's last phone may sound on, when the rows after it are assumed */

static struct decoder_moment moment_of(const struct decoder *d) {
    struct decoder_moment m = {.speech = d->filler.best.n_phones > 0, .rules = d->rules};
    uint32_t last = d->filler.best.last_step;
    if (d->best != DECODER_NONE) {
        const struct decoder_token *best = &d->tokens[d->best].token;
        uint32_t node = decoder_node_of(d, d->best);
        last = best->last_step > last ? best->last_step : last;
        if (d->best_complete != DECODER_NONE) {
            const struct decoder_token *t = &d->tokens[d->best_complete].token;
            m.complete = decoder_history_word(d, t->arc) != GRAPH_NO_WORD && t->score >= best->score - d->options.end_margin_q8;
            m.last = m.complete && d->best_complete == d->best && d->graph->first_arc[node] == d->graph->first_arc[node + 1] &&
                     (!d->free || d->graph->first_loop[node] == d->graph->first_loop[node + 1]);
            m.final = m.last && d->best >= d->n_arcs;
            node = m.complete ? decoder_node_of(d, d->best_complete) : node;
        }
        m.rules += d->ending[node] > 0 ? (size_t)(d->ending[node] - 1) * DECODER_N_RULES : 0;
    }
    m.silence_ms = (d->step - last) * d->options.step_ms;
    m.length_ms = (m.speech && d->speech_step > 0 ? d->step - d->speech_step + 1 : d->step) * d->options.step_ms;
    return m;
}

static bool holds(const struct decoder_rule *r, const struct decoder_moment *m) {
    return (r->in_speech == ANY || (r->in_speech == YES) == m->speech) &&
           (r->complete == ANY || (r->complete == YES) == m->complete) && (r->final == ANY || m->final) &&
           m->silence_ms >= r->silence_ms && m->length_ms >= r->length_ms;
}

void decoder_end_by_rules(struct decoder *d) {
    if (d->filler.best.n_phones > 0 && d->speech_step == 0)
        d->speech_step = d->step;
    if (d->state == LISTENER_ENDED)
        return;
    const struct decoder_moment m = moment_of(d);
    d->state = m.speech ? LISTENER_SPEAKING : LISTENER_WAITING;
    for (unsigned i = 0; i < DECODER_N_RULES; i++) {
        const struct decoder_rule *r = &m.rules[i];
        if (!holds(r, &m) || (r->sure == YES && !decoder_is_sure(d)))
            continue;
        d->state = LISTENER_ENDED;
        d->ended_by = r->reason;
        return;
    }
}

uint32_t decoder_rows_to_end(const struct decoder *d) {
    struct decoder_moment m = moment_of(d), later = m;
    uint32_t least = 0;
    if (d->state != LISTENER_SPEAKING || !m.complete || (m.silence_ms == 0 && !m.last))
        return 0;
    later.silence_ms = UINT32_MAX;
    later.final = m.last;
    for (unsigned i = 0; i < DECODER_N_RULES; i++) {
        const struct decoder_rule *r = &m.rules[i];
        bool doubted = r->sure == YES && d->tokens[d->best_complete].token.last_step == d->doubted_step;
        if (r->silence_ms <= m.silence_ms || doubted || !holds(r, &later))
            continue;
        uint32_t n = (r->silence_ms - m.silence_ms + d->options.step_ms - 1) / d->options.step_ms;
        least = least == 0 || n < least ? n : least;
    }
    return least > 0 && m.silence_ms == 0 ? least + SOUNDING_ROWS : least;
}

bool decoder_assume(struct decoder *d, const int16_t *posteriors, size_t n) {
    decoder_history_collect(d); /* later it would move what the kept tokens refer to */
    struct decoder kept = *d;
    memcpy(d->kept_tokens, d->tokens, d->n_tokens * sizeof *d->tokens);
    memcpy(d->kept_filler, d->filler.tokens, d->n_labels * sizeof *d->kept_filler);
    for (size_t i = 0; i < n && d->n_tokens <= d->max_history - d->n_history; i++) {
        if (decoder_step(d, posteriors + i * d->row_width) == LISTENER_ENDED) {
            d->n_assumed = (uint32_t)i + 1;
            return true;
        }
    }
    *d = kept;
    memcpy(d->tokens, d->kept_tokens, d->n_tokens * sizeof *d->tokens);
    memcpy(d->filler.tokens, d->kept_filler, d->n_labels * sizeof *d->kept_filler);
    d->doubted_step = d->tokens[d->best_complete].token.last_step;
    return false;
}
