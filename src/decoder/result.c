/* SPDX-License-Identifier: Apache-2.0 */
/* From tokens to a result: words, times, confidence, and whether to accept it.
 *
 * There are two candidates: the best token of any step that reached the end of a sentence (kept safe from the beam) and, if a
 * sentence was begun but not finished, the best token completed by the fewest phones, with a cost for each. The second one is a
 * guess for callers who want a sentence in any case; otherwise it is never accepted.
 *
 * ratio = (sentence - filler, both over all rows) / phones of the sentence. Sound that the sentence treats as silence and the
 * filler does not thus counts against the sentence. A large grammar is likely to contain something that fits by chance, above all
 * something short. So the logarithm of the number of sentences, divided by the phones, is subtracted, as for a uniform prior over
 * that number. A word's own ratio is computed against the greedy path over the word's steps, with the filler's cost added for each
 * of its phones, and with two extra phones of ratio 0: otherwise a swallowed "a" or "an" would outweigh all the rest.
 *
 * These numbers and those of evidence.c give the confidence.
 *
 * Words are heard late: the network's spikes are near the middle of a phone or after it. So a word begins halfway between the
 * previous word's last sound and its own first one, but at most 100 ms before the latter, and ends with the last step in which its
 * last phone sounded. The model's constant lateness is subtracted from both.
 */
#include "base/assert.h"
#include "base/fixed.h"
#include "decoder/state.h"

#define MISSING_PHONE_Q8 2048 /* 8 nats: a phone that was not said must cost more than a badly spoken one */
#define MAX_LEAD_MS 100u
#define WORD_PRIOR_PHONES 2
#define MOST_SUM_Q8 30720          /* 120 nats */
#define NO_LOGIT_Q8 (-4096)        /* -16: the least that is reported */
#define LEAST_FOR_RIVALS_Q8 (-512) /* a sentence below this is not accepted by anyone, so its rivals do not matter */

struct word {
    uint32_t word;
    uint32_t start_step, end_step; /* first and last step in which one of its phones sounds */
    int64_t score_q8;              /* of the steps from the first to the last */
    uint32_t n_phones;
};

struct sentence {
    uint32_t n_words; /* all words, but `words` holds only the first LISTENER_MAX_WORDS */
    uint32_t n_phones;
    int64_t score_q8; /* relative to the greedy path, over all rows */
    struct word words[LISTENER_MAX_WORDS];
    struct decoder_path path;
    struct word begun; /* its last phone has not been added yet */
};

/* Adds a phone to the word begun, or begins one; with its last phone, the word is added to the sentence. */
static void add_phone(struct sentence *s, const struct graph_arc *arc, const struct decoder_entry *e) {
    struct word *w = &s->begun;
    if (arc->first)
        *w = (struct word){.start_step = e->start_step};
    w->score_q8 += (int64_t)e->score_q8 + (arc->first ? 0 : e->gap_q8);
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
    *s = (struct sentence){.score_q8 = d->taken_off + t->score + t->lm_q8};
    decoder_history_path(d, t, &s->path);
    for (uint32_t i = 0; i < s->path.n_phones; i++) {
        const struct decoder_entry *e = decoder_history_phone(d, &s->path, i);
        const struct graph_arc *arc = &d->graph->arcs[e->arc];
        s->score_q8 += arc->first && e->arc < d->graph->tree_arc ? d->options.word_penalty_q8 : 0;
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

/* Stores the best sentence in *s. Returns 1 if it was complete, 0 if it is a guess, -1 if there is none. */
static int choose(struct decoder *d, struct sentence *s) {
    int64_t best = d->has_complete ? d->complete.score : INT64_MIN;
    uint32_t unfinished = DECODER_NONE;
    for (uint32_t i = 0; i < d->n_tokens && d->filler.best.n_phones > 0; i++) {
        uint16_t lacks = d->to_end[decoder_node_of(d, i)];
        int64_t score = (int64_t)d->tokens[i].token.score - (int64_t)lacks * MISSING_PHONE_Q8;
        if (lacks == 0 || lacks == UINT16_MAX || score <= best)
            continue;
        best = score;
        unfinished = i;
    }
    if (unfinished != DECODER_NONE) {
        complete(d, &d->tokens[unfinished].token, decoder_node_of(d, unfinished), s);
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

static void set_word_confidences(const struct decoder *d, const struct sentence *s, struct listener_result *ret) {
    int32_t worst = INT32_MAX;
    for (uint32_t i = 0; i < ret->n_words; i++) {
        int64_t n_phones = s->words[i].n_phones;
        int64_t gained = s->words[i].score_q8 + n_phones * d->options.filler_penalty_q8;
        int32_t ratio = (int32_t)base_clamp(gained / (n_phones + WORD_PRIOR_PHONES), INT32_MIN, INT32_MAX);
        ret->words[i].confidence_q15 = decoder_confidence(&d->options, ratio);
        if (ratio < worst)
            ret->fault_word = i;
        worst = ratio < worst ? ratio : worst;
    }
}

static int32_t worst_word_loss(const struct sentence *s) {
    int64_t worst = 0;
    for (uint32_t i = 0; i < s->n_words && i < LISTENER_MAX_WORDS; i++) {
        int64_t loss = -s->words[i].score_q8 / (s->words[i].n_phones + 1);
        worst = loss > worst ? loss : worst;
    }
    return (int32_t)(worst < INT32_MAX ? worst : INT32_MAX);
}

static int32_t sum_of(uint32_t n_phones, int32_t loss_q8) {
    return (int32_t)base_clamp((int64_t)n_phones * (256 - loss_q8), -MOST_SUM_Q8, MOST_SUM_Q8);
}

/* Sets the features of the whole sentence except those of its path. */
static void set_ratio(const struct decoder *d, const struct sentence *s, struct listener_result *ret,
                      int32_t f[DECODER_N_FEATURES]) {
    base_assert(s->n_phones > 0);
    int64_t heard = d->filler.taken_off + d->filler.best.score;
    int64_t prior = base_round_shift((int64_t)d->options.prior_q8 * d->choice_q8, 8) / s->n_phones;
    ret->ratio_q8 = (int32_t)base_clamp((s->score_q8 - heard) / s->n_phones, INT16_MIN, INT16_MAX);
    f[DECODER_LOSS] = (int32_t)prior - ret->ratio_q8;
    f[DECODER_SUM] = sum_of(s->n_phones, f[DECODER_LOSS]);
    f[DECODER_WORD] = worst_word_loss(s);
    f[DECODER_MARGIN] = DECODER_RIVAL_LIMIT;
}

/* The word that phone i of a path belongs to, and whether it is the word's first phone. */
static uint32_t word_of(const struct decoder *d, const struct decoder_path *path, uint32_t i, bool *ret_first) {
    uint32_t word = 0;
    for (uint32_t k = 0; k < i; k++)
        word += decoder_history_word(d, decoder_history_phone(d, path, k)->arc) != GRAPH_NO_WORD;
    *ret_first = d->graph->arcs[decoder_history_phone(d, path, i)->arc].first;
    return word;
}

/* The feature that speaks most against the sentence, compared with the best value of its curve. */
static enum decoder_feature worst_feature(const struct decoder_scorecard *card, const int32_t f[DECODER_N_FEATURES]) {
    int32_t most = 0;
    enum decoder_feature worst = DECODER_LOSS;
    for (unsigned i = 0; i < DECODER_N_FEATURES; i++) {
        const struct decoder_curve *c = &card->curves[i];
        int32_t best = INT32_MIN;
        for (uint32_t k = 0; k < c->n; k++)
            best = c->y_q8[k] > best ? c->y_q8[k] : best;
        int32_t cost = c->n > 0 ? best - decoder_curve_at(c, f[i]) : 0;
        if (cost > most) {
            most = cost;
            worst = (enum decoder_feature)i;
        }
    }
    return worst;
}

/* The fault lies between two phones of a path: before phone i. */
static void blame_pair(const struct decoder *d, const struct decoder_path *path, uint32_t i, struct listener_result *ret) {
    bool first = false;
    if (i == 0 || i == path->n_phones) {
        ret->fault = i == 0 ? LISTENER_FAULT_BEFORE : LISTENER_FAULT_AFTER;
        return;
    }
    ret->fault_word = word_of(d, path, i, &first);
    ret->fault = first ? LISTENER_FAULT_GAP : LISTENER_FAULT_WORD;
}

/* Why a sentence with these features is not accepted, and where it does not fit. ret->fault_word is the worst word when called. */
static tragus_reason blame(const struct decoder *d, const struct decoder_path *path, const struct decoder_worst *worst,
                           const int32_t f[DECODER_N_FEATURES], struct listener_result *ret) {
    switch (worst_feature(&d->options.scorecard, f)) {
    case DECODER_BEFORE:
        ret->fault = LISTENER_FAULT_BEFORE;
        return TRAGUS_NOT_IN_GRAMMAR;
    case DECODER_AFTER:
        ret->fault = LISTENER_FAULT_AFTER;
        return TRAGUS_NOT_IN_GRAMMAR;
    case DECODER_GAP:
    case DECODER_WORD_GAP:
    case DECODER_GAP_RATIO:
    case DECODER_WORD_GAP_RATIO:
        blame_pair(d, path, worst->gap, ret);
        return TRAGUS_NOT_IN_GRAMMAR;
    case DECODER_DOUBT:
    case DECODER_WORST_DOUBT:
        blame_pair(d, path, worst->doubt, ret);
        return TRAGUS_NOT_IN_GRAMMAR;
    case DECODER_WINDOW:
    case DECODER_WORD:
    case DECODER_WINDOW_RATIO:
    case DECODER_WORD_RATIO:
    case DECODER_WIDE:
        ret->fault = LISTENER_FAULT_WORD;
        return TRAGUS_NOT_IN_GRAMMAR;
    case DECODER_LOSS:
    case DECODER_SUM:
    case DECODER_EXACT:
        return TRAGUS_NOT_IN_GRAMMAR;
    case DECODER_PEAK: /* phones that are less likely than ones drawn at random: others are clear, so it is not noise */
        return f[DECODER_PEAK] > f[DECODER_ENTROPY] ? TRAGUS_NOT_IN_GRAMMAR : TRAGUS_TOO_NOISY;
    case DECODER_ENTROPY:
        return TRAGUS_TOO_NOISY;
    case DECODER_MARGIN:
    case DECODER_N_FEATURES:
        break;
    }
    return TRAGUS_LOW_CONFIDENCE;
}

int32_t decoder_logit(const struct decoder_scorecard *card, const int32_t f[DECODER_N_FEATURES]) {
    int64_t sum = card->bias_q8;
    for (unsigned i = 0; i < DECODER_N_FEATURES; i++)
        sum += decoder_curve_at(&card->curves[i], f[i]);
    return (int32_t)base_clamp(sum, NO_LOGIT_Q8, -NO_LOGIT_Q8);
}

void decoder_set_features(struct listener_result *ret, const int32_t f[DECODER_N_FEATURES]) {
    ret->n_features = DECODER_N_FEATURES;
    for (unsigned i = 0; i < DECODER_N_FEATURES; i++)
        ret->features[i] = (int16_t)base_clamp(f[i], INT16_MIN, INT16_MAX);
}

void decoder_follow_talk(struct decoder *d, uint32_t talk_ms) {
    d->talk_ms = talk_ms;
}

/* Few commands are given in the middle of a talk, but most false ones are heard there. The curves know only the sentence and the
 * 400 ms around it, so what was said before that lowers the odds here. */
static int32_t talk_cost_q8(const struct decoder *d, const struct decoder_path *path) {
    uint64_t ms = d->talk_ms + (uint64_t)decoder_history_phone(d, path, 0)->start_step * d->options.step_ms;
    return d->talk_ms != LISTENER_NO_TALK && ms <= d->options.after_talk_ms ? d->options.after_talk_q8 : 0;
}

/* Sets the confidences and the features. Returns why the sentence would be rejected if its confidence is too low. */
static tragus_reason set_confidence(const struct decoder *d, const struct sentence *s, struct listener_result *ret) {
    int32_t f[DECODER_N_FEATURES] = {0};
    struct decoder_worst worst = {0};
    set_word_confidences(d, s, ret);
    set_ratio(d, s, ret, f);
    ret->logit_q8 = NO_LOGIT_Q8;
    tragus_reason reason = TRAGUS_NOT_IN_GRAMMAR;
    if (s->path.n_phones > 0 && decoder_evidence(d, &s->path, f, &worst)) {
        decoder_set_ratios(f);
        f[DECODER_EXACT] = s->path.n_phones == s->n_phones ? f[DECODER_EXACT] : 0; /* a guess lacks words, and is not accepted */
        ret->logit_q8 = decoder_logit(&d->options.scorecard, f);
        bool fits = decoder_logistic(ret->logit_q8) >= d->options.min_confidence_q15;
        reason = fits ? TRAGUS_LOW_CONFIDENCE : blame(d, &s->path, &worst, f, ret);
        ret->logit_q8 -= talk_cost_q8(d, &s->path);
        decoder_set_features(ret, f);
    }
    ret->confidence_q15 = decoder_logistic(ret->logit_q8);
    return reason;
}

static void set_words(const struct sentence *s, struct listener_result *ret) {
    ret->n_words = s->n_words < LISTENER_MAX_WORDS ? s->n_words : LISTENER_MAX_WORDS;
    for (uint32_t i = 0; i < ret->n_words; i++)
        ret->words[i].word = s->words[i].word;
}

bool decoder_is_sure(struct decoder *d) {
    struct sentence s;
    struct listener_result r = {0};
    trace(d, &d->complete, &s);
    if (s.n_words == 0)
        return false;
    set_words(&s, &r);
    (void)set_confidence(d, &s, &r);
    return r.confidence_q15 >= d->options.sure_q15;
}

/* What each rival takes off the confidence, if it has another meaning. */
static void set_costs(const struct decoder *d, struct listener_result *ret) {
    const struct decoder_curve *c = &d->options.scorecard.curves[DECODER_MARGIN];
    for (uint32_t i = 0; i < ret->n_rivals; i++)
        ret->rivals[i].cost_q8 = decoder_curve_at(c, DECODER_RIVAL_LIMIT) - decoder_curve_at(c, ret->rivals[i].margin_q8);
}

void decoder_finish(struct decoder *d, struct listener_result *ret) {
    const struct decoder_options *o = &d->options;
    bool never_reject = o->min_confidence_q15 <= 0;
    uint32_t n_heard = d->filler.best.n_phones;
    struct sentence s = {0};
    int said = choose(d, &s);

    *ret = (struct listener_result){.reason = TRAGUS_NO_SPEECH, .ratio_q8 = INT32_MIN};
    if (said < 0 || s.n_words == 0) {
        if (n_heard > 0)
            ret->reason = TRAGUS_NOT_IN_GRAMMAR;
        return;
    }
    set_words(&s, ret);
    ret->score_q8 = (int32_t)base_clamp(d->greedy_sum + s.score_q8, INT32_MIN, INT32_MAX);
    set_times(d, &s, ret);
    tragus_reason doubt = set_confidence(d, &s, ret);

    ret->reason = TRAGUS_REASON_NONE;
    if (!never_reject && n_heard == 0)
        ret->reason = TRAGUS_NO_SPEECH;
    else if (!never_reject && d->ended_by != TRAGUS_REASON_NONE)
        ret->reason = d->ended_by;
    else if (!never_reject && (said == 0 || ret->confidence_q15 < o->min_confidence_q15))
        ret->reason = 2 * n_heard < s.n_phones ? TRAGUS_TOO_SHORT : said == 0 ? TRAGUS_NOT_IN_GRAMMAR : doubt;
    if (said > 0 && ret->n_features > 0 && (never_reject || ret->logit_q8 > LEAST_FOR_RIVALS_Q8)) {
        decoder_rivals(d, &s.path, ret);
        set_costs(d, ret);
    }
}

bool decoder_describe(struct decoder *d, const struct decoder_token *t, struct listener_result *ret,
                      int32_t f[DECODER_N_FEATURES]) {
    struct sentence s;
    struct decoder_worst worst;
    int64_t score_q8 = 0;
    trace(d, t, &s);
    *ret = (struct listener_result){.reason = TRAGUS_REASON_NONE, .n_rows_after = d->step - t->last_step};
    if (s.n_words == 0 || s.n_words > LISTENER_MAX_WORDS || !decoder_evidence(d, &s.path, f, &worst))
        return false;
    for (uint32_t i = 0; i < s.path.n_phones; i++) {
        const struct decoder_entry *e = decoder_history_phone(d, &s.path, i);
        score_q8 += e->score_q8 + (i > 0 ? e->gap_q8 : 0);
    }
    set_words(&s, ret);
    set_times(d, &s, ret);
    set_word_confidences(d, &s, ret);
    f[DECODER_LOSS] = (int32_t)base_clamp(-score_q8 / s.n_phones, 0, INT16_MAX);
    f[DECODER_SUM] = sum_of(s.n_phones, f[DECODER_LOSS]);
    f[DECODER_WORD] = worst_word_loss(&s);
    f[DECODER_MARGIN] = DECODER_RIVAL_LIMIT;
    decoder_set_ratios(f);
    decoder_set_features(ret, f);
    return true;
}
