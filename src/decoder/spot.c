/* SPDX-License-Identifier: Apache-2.0 */
/* The spotter: hears a phrase anywhere in what is said, as soon as it has been said.
 *
 * A new token starts in every step, so a path may begin at any time; what was heard before it costs nothing, and nothing needs to
 * be known about it. Every score is relative to the greedy path, that is, to what any phones could get in the same rows, so no
 * model of other speech is needed (for CTC networks: Zhuang et al., 2016; Bluche, Primet and Gisselbrecht, 2020, arXiv 2002.10851).
 * A path that has reached the end of a phrase is judged twice, with the numbers of evidence.h: as soon as its last phone has ended,
 * and, if it was not clear enough then, 300 ms later, when it is known whether anything followed. How clear it must be depends on
 * how often its phones occur in speech.
 */
#include "decoder/state.h"

#include <string.h>

#define SOON_STEPS 2u          /* 60 ms after the last phone's last step: it has ended then */
#define ALONE_STEPS 10u        /* 300 ms */
#define STEP_COST_Q8 8         /* per step: of two equal paths the later one counts */
#define MOST_LOSS_Q8 614       /* per phone; a path that has lost more is not looked at */
#define MOST_WORD_LOSS_Q8 1152 /* of a word, per phone and one more: the word was not said */
#define MOST_PAUSE_STEPS 17    /* 500 ms between two phones */
#define BEAM_Q8 (40 << 8)
#define MOST_ENTRIES 4096u

struct spotter {
    struct decoder *decoder;
    struct listener_result found;                    /* the phrase, or the best candidate while it is not decided */
    int32_t features[DECODER_N_FEATURES], rarity_q8; /* of the candidate */
    uint32_t last_step;                              /* in which its last phone sounds; 0: there is none */
    bool heard;
};

static void *place(struct base_arena *a, const void *setup) {
    struct decoder_setup own = *(const struct decoder_setup *)setup;
    struct decoder_options *o = &own.options;
    own.verifier = NULL;
    o->max_history = MOST_ENTRIES;
    o->beam_q8 = BEAM_Q8;
    o->word_penalty_q8 = 0;
    o->no_speech_ms = 0;
    o->max_speech_ms = 5000; /* the longest phrase */
    struct spotter *p = base_arena_place(a, sizeof *p);
    struct decoder *d = decoder_place(a, &own);
    if (!p)
        return NULL;
    *p = (struct spotter){.decoder = d};
    d->spots = true;
    return p;
}

static void start(void *listener, const struct listener_before *before) {
    struct spotter *p = listener;
    if (before->follows)
        decoder_continue(p->decoder);
    else
        decoder_start(p->decoder);
    p->last_step = 0;
    p->heard = false;
}

/* Whether the phrase was said without a long pause in it. */
static bool is_fluent(const struct decoder *d, const struct decoder_path *path) {
    for (uint32_t i = 1; i < path->n_phones; i++)
        if (decoder_history_phone(d, path, i)->start_step > decoder_history_phone(d, path, i - 1)->end_step + MOST_PAUSE_STEPS)
            return false;
    return true;
}

static int32_t rarity_of(const struct decoder *d, const struct decoder_path *path) {
    int32_t sum = 0;
    for (uint32_t i = 0; i < path->n_phones; i++) {
        unsigned phone = d->graph->arcs[decoder_history_phone(d, path, i)->arc].phone;
        sum += phone < DECODER_MAX_LABELS ? d->options.spotting.rarity_q8[phone] : 0;
    }
    return sum;
}

/* Makes a token the candidate if its path fits better than that of the one before. */
static void consider(struct spotter *p, const struct decoder_token *t) {
    struct decoder *d = p->decoder;
    struct listener_result r;
    struct decoder_path path;
    int32_t f[DECODER_N_FEATURES];
    decoder_history_path(d, t, &path);
    if (!is_fluent(d, &path) || !decoder_describe(d, t, &r, f) || f[DECODER_LOSS] > MOST_LOSS_Q8 ||
        f[DECODER_WORD] > MOST_WORD_LOSS_Q8)
        return;
    if (p->last_step > 0 && f[DECODER_LOSS] > p->features[DECODER_LOSS])
        return;
    decoder_history_path(d, t, &path);
    p->rarity_q8 = rarity_of(d, &path);
    p->found = r;
    memcpy(p->features, f, sizeof(f));
    p->last_step = t->last_step;
}

int32_t decoder_least_logit(const struct decoder_spotting *s, const struct decoder_bar *b, int32_t rarity_q8) {
    return decoder_curve_at(&b->least, rarity_q8) + (int32_t)((int64_t)s->rarer_q8 * 256 / s->slope_q8);
}

/* How far the candidate is above a bar, if so much was lost after it. */
static int32_t above(const struct spotter *p, const struct decoder_bar *b, int32_t after_q8) {
    int32_t f[DECODER_N_FEATURES];
    memcpy(f, p->features, sizeof(f));
    f[DECODER_AFTER] = after_q8;
    return decoder_logit(&b->scorecard, f) - decoder_least_logit(&p->decoder->options.spotting, b, p->rarity_q8);
}

/* Reports the candidate if it is above a bar: its confidence there is 0.5. */
static bool report(struct spotter *p, const struct decoder_bar *b, int32_t after_q8) {
    p->found.logit_q8 = above(p, b, after_q8);
    p->found.confidence_q15 = decoder_logistic(p->found.logit_q8);
    p->found.n_rows_after = p->decoder->step - p->last_step;
    p->features[DECODER_AFTER] = after_q8;
    decoder_set_features(&p->found, p->features);
    return p->found.logit_q8 >= 0;
}

static int32_t lost_after(const struct spotter *p) {
    return decoder_silence_lost(p->decoder, p->last_step + 1, p->decoder->step);
}

static bool decide(struct spotter *p) {
    const struct decoder_spotting *s = &p->decoder->options.spotting;
    uint32_t n_after = p->decoder->step - p->last_step;
    if (n_after == SOON_STEPS && !s->any)
        return report(p, &s->soon, 0);
    if (n_after < ALONE_STEPS)
        return false;
    if (report(p, &s->alone, lost_after(p)) || s->any)
        return true;
    p->last_step = 0;
    return false;
}

/* If the candidate needs only silence after it. */
static uint32_t rows_to_end(const void *listener) {
    const struct spotter *p = listener;
    const struct decoder_spotting *s = &p->decoder->options.spotting;
    if (p->last_step == 0 || p->heard || s->any || above(p, &s->alone, lost_after(p)) < 0)
        return 0;
    uint32_t n_after = p->decoder->step - p->last_step;
    return n_after >= SOON_STEPS && n_after < ALONE_STEPS ? ALONE_STEPS - n_after : 0;
}

static bool assume(void *listener, const int16_t *posteriors, size_t n) {
    struct spotter *p = listener;
    const struct decoder *d = p->decoder;
    int32_t lost = lost_after(p);
    if (n < ALONE_STEPS - (d->step - p->last_step))
        return false;
    for (uint32_t i = 0; i < ALONE_STEPS - (d->step - p->last_step); i++)
        lost += decoder_blank_loss(d, posteriors + (size_t)i * d->row_width);
    int32_t after = p->features[DECODER_AFTER];
    p->heard = report(p, &d->options.spotting.alone, lost);
    p->features[DECODER_AFTER] = after;
    return p->heard;
}

static enum listener_state step(void *listener, const int16_t *posteriors) {
    struct spotter *p = listener;
    struct decoder *d = p->decoder;
    decoder_hear(d, posteriors);
    d->has_complete = false;
    decoder_pass(d);
    decoder_start_again(d, STEP_COST_Q8);
    if (d->best_complete != DECODER_NONE) {
        const struct decoder_token *t = &d->tokens[d->best_complete].token;
        if (t->last_step > 0 && t->last_step + SOON_STEPS == d->step)
            consider(p, t);
    }
    p->heard = p->last_step > 0 && decide(p);
    return p->heard ? LISTENER_ENDED : LISTENER_WAITING;
}

static void partial(const void *listener, struct listener_partial *ret) {
    (void)listener;
    *ret = (struct listener_partial){.n_words = 0};
}

static void finish(void *listener, struct listener_result *ret) {
    const struct spotter *p = listener;
    *ret = p->heard ? p->found : (struct listener_result){.reason = TRAGUS_NO_SPEECH};
}

const struct listener_ops decoder_spotter = {.name = "phrases",
                                             .place = place,
                                             .start = start,
                                             .step = step,
                                             .rows_to_end = rows_to_end,
                                             .assume = assume,
                                             .partial = partial,
                                             .finish = finish};
