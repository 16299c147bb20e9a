/* SPDX-License-Identifier: Apache-2.0 */
/* From tokens to an answer: words, times, confidence, and whether to believe it.
 *
 * Two candidates: the best token that reached the end of a sentence, at whatever step (kept out of reach of the beam), and, where
 * something was begun and not finished, the best token completed by the fewest phones at a price each. The second is a guess, for
 * a caller who wants a sentence in any case; it is never accepted otherwise.
 *
 * ratio = (sentence - filler, both over all rows) / phones of the sentence: sound that the sentence takes for silence and the
 * filler does not counts against it. A word's own ratio is against the greedy path over its own steps, with the filler's price on
 * each of its phones, and as if it had two phones more of ratio 0: else a swallowed "a" or "an" would speak louder than all the
 * rest. The utterance's confidence lies three quarters of the way from the ratio of the worst word to that of all, on the curve of
 * options.c. Where much may be said, something is found that fits by chance, above all something short: so the logarithm of the
 * number of sentences counts against it, shared among its phones, as a prior of one in that number would.
 *
 * evidence = (sentence - blank throughout, the blank's penalty taken back) / phones of the sentence beyond the first two and a
 * half. In noise the network is sure of nothing, and any phones will do: sentence and filler are then equally likely, and the ratio
 * says nothing. But the blank is then nearly as likely: a sentence that does not lie far above silence was not said. A single short
 * word cannot lie far above it, and a long one that is found in noise by chance does not: hence the phones that need show nothing.
 *
 * A word is heard late: the network's spikes stand near the middle of a phone or behind it. So a word begins halfway between the
 * last sound of the word before and its own first, but not more than 100 ms before the latter, and ends with the step in which its
 * last phone sounded last; and what the model is late by throughout is taken off both.
 *
 * Not told: TRAGUS_AMBIGUOUS. Paths of different words that meet in one node leave only the better one, so that what ends alive is
 * not the list of the best sentences.
 */
#include "base/assert.h"
#include "base/fixed.h"
#include "decoder/state.h"

#define MISSING_PHONE_Q8 2048 /* 8 nats: a phone that was not said must cost more than one that was said badly */
#define MAX_LEAD_MS 100u
#define WORD_PRIOR_PHONES 2
#define HALF_PHONES_FREE 5 /* so short words keep their answers while no order is found in noise: docs/ACCURACY.md */

struct sentence {
    uint32_t n_words; /* all of them; entries holds the first LISTENER_MAX_WORDS */
    uint32_t n_phones;
    int64_t score_q8; /* relative to the greedy path, over all rows */
    uint32_t n_sounding;
    struct decoder_entry entries[LISTENER_MAX_WORDS];
};

static struct decoder_entry last_word(const struct decoder_token *t) {
    return (struct decoder_entry){.previous = t->history,
                                  .word = t->word,
                                  .start_step = t->start_step,
                                  .end_step = t->last_step,
                                  .score_q8 = t->last_score - t->start_score,
                                  .n_phones = t->n_phones};
}

static uint32_t n_completed(const struct decoder *d, const struct decoder_token *t) {
    uint32_t n = t->word != GRAPH_NO_WORD;
    for (uint32_t i = t->history; i != DECODER_NONE; i = d->history[i].previous)
        n++;
    return n;
}

static void add_word(struct sentence *s, const struct decoder_entry *e) {
    if (s->n_words < LISTENER_MAX_WORDS)
        s->entries[s->n_words] = *e;
    s->n_words++;
    s->n_phones += e->n_phones;
}

/* The words that a token has completed, and its score without the words' penalties. */
static void trace(const struct decoder *d, const struct decoder_token *t, struct sentence *s) {
    uint32_t n = n_completed(d, t);
    bool within = t->word == GRAPH_NO_WORD && t->n_phones > 0;
    int64_t paid = (int64_t)(n + within) * d->options.word_penalty_q8;
    *s = (struct sentence){.n_words = n, .score_q8 = d->taken_off + t->score + paid, .n_sounding = t->n_sounding};
    struct decoder_entry e = {.previous = t->history};
    if (t->word != GRAPH_NO_WORD)
        e = last_word(t);
    else if (t->history != DECODER_NONE)
        e = d->history[t->history];
    while (n-- > 0) {
        if (n < LISTENER_MAX_WORDS)
            s->entries[n] = e;
        s->n_phones += e.n_phones;
        if (e.previous != DECODER_NONE)
            e = d->history[e.previous];
    }
}

/* A token's sentence completed by the shortest way to an end. */
static void complete(const struct decoder *d, const struct decoder_token *t, uint32_t node, struct sentence *s) {
    const struct graph *g = d->graph;
    trace(d, t, s);
    struct decoder_entry e = last_word(t); /* of use where the token is within a word */
    while (d->to_end[node] > 0) {
        uint32_t a = g->first_arc[node];
        while (d->to_end[g->arcs[a].to] != d->to_end[node] - 1)
            a++;
        if (g->arcs[a].first)
            e = (struct decoder_entry){.start_step = d->step + 1};
        e.end_step = d->step;
        e.n_phones++;
        e.score_q8 -= MISSING_PHONE_Q8;
        s->score_q8 -= MISSING_PHONE_Q8;
        e.word = g->arcs[a].word;
        if (e.word != GRAPH_NO_WORD)
            add_word(s, &e);
        node = g->arcs[a].to;
    }
}

static uint32_t node_of(const struct decoder *d, uint32_t token) {
    return token < d->n_arcs ? d->graph->arcs[d->tokens[token].id].to : d->tokens[token].id;
}

/* The best sentence into *s. Returns 1 when it was said to its end, 0 when it is a guess, -1 when there is none. */
static int choose(const struct decoder *d, struct sentence *s) {
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
        uint32_t first_ms = (s->entries[i].start_step - 1) * d->options.step_ms;
        uint32_t lead_ms = (first_ms - before_ms) / 2;
        ret->words[i].start_ms = in_time(d, first_ms - (lead_ms < MAX_LEAD_MS ? lead_ms : MAX_LEAD_MS));
        before_ms = s->entries[i].end_step * d->options.step_ms;
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
        int64_t n_phones = s->entries[i].n_phones;
        int64_t gained = s->entries[i].score_q8 + n_phones * d->options.filler_penalty_q8;
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
        ret->words[i].word = s.entries[i].word;
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
