/* SPDX-License-Identifier: Apache-2.0 */
/* From tokens to a result: words, times, confidence, and whether to accept it.
 *
 * There are two candidates: the best token of any step that reached the end of a sentence (kept safe from the beam) and, if a
 * sentence was begun but not finished, the best token completed by the fewest phones, with a cost for each. The second one is a
 * guess for callers who want a sentence in any case; otherwise it is never accepted.
 *
 * ratio = (sentence - filler, both over all rows) / phones of the sentence. Sound that the sentence treats as silence and the
 * filler does not thus counts against the sentence. A word's own ratio is computed against the greedy path over the word's steps,
 * with the filler's cost added for each of its phones, and with two extra phones of ratio 0: otherwise a swallowed "a" or "an"
 * would outweigh all the rest. The confidence of the utterance comes from 3/4 of the whole ratio plus 1/4 of the worst
 * word's, on the curve of options.c. A large grammar is likely to contain something that fits by chance, above all
 * something short. So the logarithm of the number of sentences, divided by the phones, is subtracted, as for a uniform prior over
 * that number.
 *
 * evidence = (sentence - all blank, without the blank penalty) / phones of the sentence beyond the first two and a half. In noise
 * the network is unsure, so any phones will do: sentence and filler become equally likely, and the ratio tells nothing. But then
 * blank is nearly as likely, so a sentence that is not far above silence was not said. A single short word cannot be far above
 * silence even if it was said, but a long sentence found in noise by chance is not: this is why the first phones need no evidence.
 *
 * Words are heard late: the network's spikes are near the middle of a phone or after it. So a word begins halfway between the
 * previous word's last sound and its own first one, but at most 100 ms before the latter, and ends with the last step in which its
 * last phone sounded. The model's constant lateness is subtracted from both.
 *
 * TRAGUS_AMBIGUOUS is never reported. If paths of different words meet in a node, only the best survives, so the tokens alive at
 * the end are not an n-best list.
 */
#include "base/assert.h"
#include "base/fixed.h"
#include "decoder/state.h"

#define MISSING_PHONE_Q8 2048 /* 8 nats: a phone that was not said must cost more than a badly spoken one */
#define MAX_LEAD_MS 100u
#define WORD_PRIOR_PHONES 2
#define HALF_PHONES_FREE 5 /* keeps the results of short words without accepting orders found in noise: docs/ACCURACY.md */

struct word {
    uint32_t word;
    uint32_t start_step, end_step; /* first and last step in which one of its phones sounds */
    int32_t score_q8;              /* of the steps from the first to the last */
    uint32_t n_phones;
};

struct sentence {
    uint32_t n_words; /* all words, but `words` holds only the first LISTENER_MAX_WORDS */
    uint32_t n_phones;
    int64_t score_q8; /* relative to the greedy path, over all rows */
    uint32_t n_sounding;
    struct word words[LISTENER_MAX_WORDS];
    struct word begun; /* its last phone has not been added yet */
};

/* Adds a phone to the word begun, or begins one; with its last phone, the word is added to the sentence. */
static void add_phone(struct sentence *s, const struct graph_arc *arc, const struct decoder_entry *e) {
    struct word *w = &s->begun;
    if (arc->first)
        *w = (struct word){.start_step = e->start_step};
    w->score_q8 += e->score_q8 + (arc->first ? 0 : e->gap_q8);
    w->end_step = e->end_step;
    w->n_phones++;
    w->word = arc->word;
    if (arc->word == GRAPH_NO_WORD)
        return;
    if (s->n_words < LISTENER_MAX_WORDS)
        s->words[s->n_words] = *w;
    s->n_words++;
    s->n_phones += w->n_phones;
}

/* The words that a token has completed, and its score without word penalties. */
static void trace(struct decoder *d, const struct decoder_token *t, struct sentence *s) {
    struct decoder_path path;
    decoder_history_path(d, t, &path);
    *s = (struct sentence){.score_q8 = d->taken_off + t->score};
    for (uint32_t i = 0; i < path.n_phones; i++) {
        const struct decoder_entry *e = decoder_history_phone(d, &path, i);
        const struct graph_arc *arc = &d->graph->arcs[e->arc];
        s->n_sounding += e->end_step - e->start_step + 1;
        s->score_q8 += arc->first ? d->options.word_penalty_q8 : 0;
        add_phone(s, arc, e);
    }
}

/* Completes a token's sentence along the shortest way to a final node. */
static void complete(struct decoder *d, const struct decoder_token *t, uint32_t node, struct sentence *s) {
    const struct graph *g = d->graph;
    const struct decoder_entry missing = {.start_step = d->step + 1, .end_step = d->step, .score_q8 = -MISSING_PHONE_Q8};
    trace(d, t, s);
    while (d->to_end[node] > 0) {
        uint32_t a = g->first_arc[node];
        while (d->to_end[g->arcs[a].to] != d->to_end[node] - 1)
            a++;
        s->score_q8 -= MISSING_PHONE_Q8;
        add_phone(s, &g->arcs[a], &missing);
        node = g->arcs[a].to;
    }
}

static uint32_t node_of(const struct decoder *d, uint32_t token) {
    return token < d->n_arcs ? d->graph->arcs[d->tokens[token].id].to : d->tokens[token].id;
}

/* Stores the best sentence in *s. Returns 1 if it was complete, 0 if it is a guess, -1 if there is none. */
static int choose(struct decoder *d, struct sentence *s) {
    int64_t best = d->has_complete ? d->complete.score : INT64_MIN;
    uint32_t unfinished = DECODER_NONE;
    for (uint32_t i = 0; i < d->n_tokens && d->filler.best.n_phones > 0; i++) {
        uint16_t lacks = d->to_end[node_of(d, i)];
        int64_t score = (int64_t)d->tokens[i].token.score - (int64_t)lacks * MISSING_PHONE_Q8;
        if (lacks == 0 || lacks == UINT16_MAX || score <= best)
            continue;
        best = score;
        unfinished = i;
    }
    if (unfinished != DECODER_NONE) {
        complete(d, &d->tokens[unfinished].token, node_of(d, unfinished), s);
        return 0;
    }
    if (!d->has_complete)
        return -1;
    trace(d, &d->complete, s);
    return 1;
}

static uint32_t in_time(const struct decoder *d, uint32_t heard_ms) {
    return heard_ms > d->options.lateness_ms ? heard_ms - d->options.lateness_ms : 0;
}

static void set_times(const struct decoder *d, const struct sentence *s, struct listener_result *ret) {
    uint32_t before_ms = 0;
    for (uint32_t i = 0; i < ret->n_words; i++) {
        uint32_t first_ms = (s->words[i].start_step - 1) * d->options.step_ms;
        uint32_t lead_ms = (first_ms - before_ms) / 2;
        ret->words[i].start_ms = in_time(d, first_ms - (lead_ms < MAX_LEAD_MS ? lead_ms : MAX_LEAD_MS));
        before_ms = s->words[i].end_step * d->options.step_ms;
        ret->words[i].end_ms = in_time(d, before_ms);
    }
    if (ret->n_words > 0) {
        ret->start_ms = ret->words[0].start_ms;
        ret->end_ms = ret->words[ret->n_words - 1].end_ms;
    }
}

static void set_confidence(const struct decoder *d, const struct sentence *s, struct listener_result *ret) {
    int32_t worst = INT32_MAX;
    for (uint32_t i = 0; i < ret->n_words; i++) {
        int64_t n_phones = s->words[i].n_phones;
        int64_t gained = s->words[i].score_q8 + n_phones * d->options.filler_penalty_q8;
        int32_t ratio = (int32_t)(gained / (n_phones + WORD_PRIOR_PHONES));
        ret->words[i].confidence_q15 = decoder_confidence(&d->options, ratio);
        worst = ratio < worst ? ratio : worst;
    }
    base_assert(s->n_phones > 0);
    int64_t silence = d->silence + (int64_t)d->options.blank_penalty_q8 * s->n_sounding;
    int64_t half_phones = 2 * (int64_t)s->n_phones - HALF_PHONES_FREE;
    ret->evidence_q8 = (int32_t)base_clamp(2 * (s->score_q8 - silence) / (half_phones > 1 ? half_phones : 1), INT32_MIN, INT32_MAX);
    int64_t heard = d->filler.taken_off + d->filler.best.score;
    ret->ratio_q8 = (int32_t)base_clamp((s->score_q8 - heard) / s->n_phones, INT32_MIN, INT32_MAX);
    int64_t prior = base_round_shift((int64_t)d->options.prior_q8 * d->choice_q8, 8) / s->n_phones;
    ret->confidence_q15 = decoder_confidence(&d->options, (int32_t)((3 * (ret->ratio_q8 - prior) + worst) / 4));
}

void decoder_finish(struct decoder *d, struct listener_result *ret) {
    const struct decoder_options *o = &d->options;
    bool never_reject = o->reject_q8 == INT32_MIN && o->min_confidence_q15 <= 0;
    uint32_t n_heard = d->filler.best.n_phones;
    struct sentence s = {0};
    int said = choose(d, &s);

    *ret = (struct listener_result){.reason = TRAGUS_NO_SPEECH, .ratio_q8 = INT32_MIN, .evidence_q8 = INT32_MIN};
    if (said < 0 || s.n_words == 0) {
        if (n_heard > 0)
            ret->reason = TRAGUS_NOT_IN_GRAMMAR;
        return;
    }
    ret->n_words = s.n_words < LISTENER_MAX_WORDS ? s.n_words : LISTENER_MAX_WORDS;
    for (uint32_t i = 0; i < ret->n_words; i++)
        ret->words[i].word = s.words[i].word;
    ret->score_q8 = (int32_t)base_clamp(d->greedy_sum + s.score_q8, INT32_MIN, INT32_MAX);
    set_times(d, &s, ret);
    set_confidence(d, &s, ret);

    if (never_reject)
        ret->reason = TRAGUS_REASON_NONE;
    else if (n_heard == 0)
        ret->reason = TRAGUS_NO_SPEECH;
    else if (d->ended_by != TRAGUS_REASON_NONE)
        ret->reason = d->ended_by;
    else if (said == 0 || ret->ratio_q8 < o->reject_q8)
        ret->reason = 2 * n_heard < s.n_phones ? TRAGUS_TOO_SHORT : TRAGUS_NOT_IN_GRAMMAR;
    else if (ret->evidence_q8 < o->least_evidence_q8)
        ret->reason = TRAGUS_TOO_NOISY;
    else
        ret->reason = ret->confidence_q15 < o->min_confidence_q15 ? TRAGUS_LOW_CONFIDENCE : TRAGUS_REASON_NONE;
}
