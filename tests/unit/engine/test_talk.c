/* SPDX-License-Identifier: Apache-2.0 */
/* What other talk just before a sentence takes off its confidence, with recorded speech. */
#include "decoder/state.h"
#include "engine/private.h"
#include "ready.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHORT_MS 150

static tragus_model *model;
static tragus_grammar *sentences, *phrases;

static int make(void **state) {
    (void)state;
    model = ready_model();
    sentences = ready_grammar(model, "front center\nside left\nturn on the light\nwhat time is it\n");
    assert_int_equal(tragus_wake_phrases(&phrases, model, (const char *[]){"side right"}, 1, 0, NULL, NULL), 0);
    return 0;
}

static int unmake(void **state) {
    (void)state;
    tragus_grammar_unref(sentences);
    tragus_grammar_unref(phrases);
    tragus_model_unref(model);
    return 0;
}

struct heard {
    unsigned n, n_rejected, n_woken;
    int32_t logit_q8; /* of the last sentence */
};

static bool note(const struct engine_record *r, void *user) {
    struct heard *h = user;
    h->n += r->event == TRAGUS_UTTERANCE;
    h->n_rejected += r->event == TRAGUS_REJECTED;
    h->n_woken += r->event == TRAGUS_WAKE_DETECTED;
    if (r->event == TRAGUS_UTTERANCE)
        h->logit_q8 = r->result.logit_q8;
    return true;
}

static void take_hop(const struct engine_hop *hop, void *user) {
    engine_recogniser_take(user, hop);
}

static struct heard hear(const struct ready_sound *s, bool wakes, int32_t after_talk_q8) {
    struct heard h = {0};
    tragus_session_options o;
    tragus_session_options_init(&o);
    struct engine_segmenter *segmenter = calloc(1, sizeof(*segmenter));
    struct engine_recogniser *r = engine_recogniser_new(model, note, &h);
    struct engine_session session = {.listener = engine_listener_new(model, sentences, &o), .reject = true};
    assert_true(segmenter && r && session.listener);
    if (wakes)
        session.wake = engine_wake_new(model, phrases, &o);
    ((struct decoder *)session.listener->state)->options.after_talk_q8 = after_talk_q8;
    engine_segmenter_init(segmenter, NULL, 0, 0);
    engine_recogniser_add(r, &session);
    engine_segmenter_push(segmenter, s->pcm, s->n, 0, take_hop, r);
    engine_segmenter_end(segmenter, take_hop, r);
    engine_recogniser_end(r);
    engine_recogniser_free(r);
    engine_wake_free(session.wake);
    engine_listener_free(session.listener);
    free(segmenter);
    return h;
}

/* What "front center" costs after these recordings and this pause. */
static int32_t cost_after(const char *const before[], unsigned pause_ms, bool wakes, unsigned n, unsigned n_rejected) {
    struct ready_sound s = {0};
    ready_append_quiet(&s, 700);
    for (size_t i = 0; before[i]; i++) {
        ready_append_recording(&s, before[i]);
        ready_append_quiet(&s, pause_ms);
    }
    ready_append_recording(&s, "Front_Center");
    ready_append_quiet(&s, 2000);
    struct heard without = hear(&s, wakes, 0), with = hear(&s, wakes, 256);
    ready_sound_done(&s);
    assert_int_equal(without.n, n);
    assert_int_equal(with.n, n);
    assert_int_equal(with.n_rejected, n_rejected);
    assert_int_equal(with.n_woken, wakes);
    return without.logit_q8 - with.logit_q8;
}

#define AFTER(...) ((const char *const[]){__VA_ARGS__, NULL})

static void other_talk_costs(void **state) {
    (void)state;
    assert_int_equal(cost_after(AFTER("Rear_Left"), 900, false, 1, 1), 256);
    assert_int_equal(cost_after(AFTER("Rear_Left", "Rear_Right"), 900, false, 1, 2), 256);
}

static void talk_long_ago_costs_nothing(void **state) {
    (void)state;
    assert_int_equal(cost_after(AFTER("Rear_Left"), 4500, false, 1, 1), 0);
}

/* A cough is no talk: here it is the beginning of a word. */
static void a_short_sound_is_no_talk(void **state) {
    (void)state;
    struct ready_sound s = {0};
    ready_append_quiet(&s, 700);
    size_t n_quiet = s.n;
    ready_append_recording(&s, "Rear_Left");
    s.n = n_quiet + 16 * SHORT_MS;
    ready_append_quiet(&s, 900);
    ready_append_recording(&s, "Front_Center");
    ready_append_quiet(&s, 2000);
    struct heard without = hear(&s, false, 0), with = hear(&s, false, 256);
    ready_sound_done(&s);
    assert_int_equal(with.n, 1);
    assert_int_equal(with.n_rejected, 1);
    assert_int_equal(without.logit_q8, with.logit_q8);
}

static void a_sentence_is_no_talk(void **state) {
    (void)state;
    assert_int_equal(cost_after(AFTER("Side_Left"), 900, false, 2, 0), 0);
    assert_int_equal(cost_after(AFTER("Rear_Left", "Side_Left"), 900, false, 2, 1), 0);
}

static void after_a_wake_phrase_it_costs_nothing(void **state) {
    (void)state;
    assert_int_equal(cost_after(AFTER("Side_Right", "Rear_Left"), 900, true, 1, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_talk_costs),
        cmocka_unit_test(talk_long_ago_costs_nothing),
        cmocka_unit_test(a_short_sound_is_no_talk),
        cmocka_unit_test(a_sentence_is_no_talk),
        cmocka_unit_test(after_a_wake_phrase_it_costs_nothing),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
