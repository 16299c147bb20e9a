/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what the engine makes of a listener's result: alternatives, the confidence that they leave, and why a sentence is rejected.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/private.h"
#include "ready.h"

#include <stdio.h>
#include <string.h>

static const char sentences[] = "language: en\n"
                                "intents:\n"
                                "  Set:\n"
                                "    data:\n"
                                "      - sentences: ['set [it to] {n}', 'make it {n}']\n"
                                "  Stop:\n"
                                "    data:\n"
                                "      - sentences: ['stop']\n"
                                "        min_confidence: 0.5\n"
                                "        metadata: {Sound_File: done.wav, level: 3}\n"
                                "  Open:\n"
                                "    data:\n"
                                "      - sentences: ['open']\n"
                                "        min_confidence: 0.95\n"
                                "lists:\n"
                                "  n:\n"
                                "    values: [{in: thirteen, out: 13}, {in: thirty, out: 30}, {in: a dozen, out: 12}]\n";

static struct {
    tragus_model *model;
    tragus_grammar *grammar;
    struct engine_listener *listener;
    struct engine_record record;
} t;

static int set_up(void **state) {
    (void)state;
    tragus_error error;
    const tragus_text text = {.name = "numbers.yaml", .text = sentences, .len_bytes = strlen(sentences)};
    t.model = ready_model();
    assert_int_equal(tragus_grammar_load_texts(&t.grammar, t.model, NULL, &text, 1, NULL, &error), 0);
    t.listener = engine_listener_new(t.model, t.grammar, NULL);
    assert_non_null(t.listener);
    assert_int_equal(t.listener->min_confidence_q15, engine_decoder_options(t.model, NULL).min_confidence_q15);
    t.listener->min_confidence_q15 = 24576; /* odds of 3 to 1 */
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    engine_listener_free(t.listener);
    tragus_grammar_unref(t.grammar);
    tragus_model_unref(t.model);
    return 0;
}

/* The number of a word in the graph. */
static uint32_t word(const char *spelling) {
    const struct graph *g = engine_grammar_graph(t.grammar);
    for (uint32_t i = 0; i < g->n_words; i++)
        if (strcmp(g->words[i], spelling) == 0)
            return i;
    fail_msg("the graph has no word '%s'", spelling);
    return 0;
}

static uint32_t words_of(const char *text, uint32_t out[]) {
    char copy[128], *rest = copy;
    uint32_t n = 0;
    snprintf(copy, sizeof(copy), "%s", text);
    for (char *w; (w = strsep(&rest, " "));)
        out[n++] = word(w);
    return n;
}

/* A sentence that was accepted with odds of 7 to 1, two nats, where 3 to 1 are asked for. */
static struct listener_result *heard(const char *text) {
    t.record = (struct engine_record){
        .type = ENGINE_HEARD, .event = TRAGUS_UTTERANCE, .listener = t.listener, .reject = true, .n_heard = 200};
    struct listener_result *r = &t.record.result;
    uint32_t words[LISTENER_MAX_WORDS];
    r->n_words = words_of(text, words);
    for (uint32_t i = 0; i < r->n_words; i++)
        r->words[i].word = words[i];
    r->logit_q8 = 512;
    r->confidence_q15 = decoder_logistic(512);
    return r;
}

static void rival(struct listener_result *r, const char *text, int32_t margin_q8, int32_t cost_q8) {
    struct listener_rival *x = &r->rivals[r->n_rivals++];
    *x = (struct listener_rival){.margin_q8 = margin_q8, .cost_q8 = cost_q8};
    x->n_words = words_of(text, x->words);
}

static struct engine_event *event(void) {
    struct engine_event *e = NULL;
    assert_int_equal(engine_event_new(&e, &t.record, 0, NULL, 0), 0);
    return e;
}

static void another_meaning_is_an_alternative(void **state) {
    (void)state;
    struct listener_result *r = heard("set thirteen");
    rival(r, "set thirty", 1000, 100);
    rival(r, "stop", 2000, 50);
    struct engine_event *e = event();
    const tragus_event *v = engine_event_view(e);
    assert_int_equal(v->type, TRAGUS_UTTERANCE);
    assert_int_equal(v->n_alternatives, 2);
    assert_string_equal(v->alternatives[0].text, "set thirty");
    assert_string_equal(v->alternatives[0].intent, "Set");
    assert_int_equal(v->alternatives[0].n_slots, 1);
    assert_string_equal(v->alternatives[0].slots[0].name, "n");
    assert_int_equal(v->alternatives[0].slots[0].value.integer, 30);
    assert_string_equal(v->alternatives[1].intent, "Stop");
    /* the nearest one takes its cost off the odds, and the alternatives' odds are lower by their margins */
    assert_int_equal((int)(v->confidence * 32768), decoder_logistic(512 - 100));
    assert_int_equal((int)(v->alternatives[0].confidence * 32768), decoder_logistic(512 - 100 - 1000));
    assert_int_equal((int)(v->alternatives[1].confidence * 32768), decoder_logistic(512 - 100 - 2000));
    assert_string_equal(v->detail, "");
    engine_event_free(e);
}

static void other_words_with_the_same_meaning_are_none(void **state) {
    (void)state;
    struct listener_result *r = heard("set it to thirteen");
    rival(r, "set thirteen", 0, 900);
    rival(r, "make it thirteen", 10, 900);
    struct engine_event *e = event();
    const tragus_event *v = engine_event_view(e);
    assert_int_equal(v->type, TRAGUS_UTTERANCE);
    assert_int_equal(v->n_alternatives, 0);
    assert_int_equal((int)(v->confidence * 32768), decoder_logistic(512));
    engine_event_free(e);
    /* nor do two rivals with one meaning make two alternatives */
    r = heard("set it to thirteen");
    rival(r, "set thirteen", 0, 900);
    rival(r, "set thirty", 700, 60);
    rival(r, "make it thirty", 800, 50);
    e = event();
    v = engine_event_view(e);
    assert_int_equal(v->n_alternatives, 1);
    assert_int_equal((int)(v->confidence * 32768), decoder_logistic(512 - 60));
    engine_event_free(e);
}

static void nearly_equal_is_ambiguous(void **state) {
    (void)state;
    for (int reject = 0; reject < 2; reject++) {
        struct listener_result *r = heard("set thirteen");
        rival(r, "set thirty", 20, 400);
        t.record.reject = reject;
        struct engine_event *e = event();
        const tragus_event *v = engine_event_view(e);
        assert_int_equal(v->type, reject ? TRAGUS_REJECTED : TRAGUS_UTTERANCE);
        assert_int_equal(v->reason, TRAGUS_AMBIGUOUS);
        assert_string_equal(v->detail, "it may also be 'set thirty'");
        assert_string_equal(v->intent, "Set"); /* so that a program can ask which was meant */
        assert_int_equal(v->slots[0].value.integer, 13);
        engine_event_free(e);
    }
}

static void an_intent_may_need_more_or_less(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int32_t logit_q8; /* 0: even odds */
        tragus_reason reason;
    } cases[] = {
        {"set thirteen", 256, TRAGUS_LOW_CONFIDENCE},
        {"set thirteen", 300, TRAGUS_REASON_NONE}, /* 3 to 1: 281 */
        {"stop", 1, TRAGUS_REASON_NONE},
        {"stop", -30, TRAGUS_LOW_CONFIDENCE},
        {"open", 700, TRAGUS_LOW_CONFIDENCE},
        {"open", 800, TRAGUS_REASON_NONE}, /* 19 to 1: 754 */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct listener_result *r = heard(cases[i].text);
        r->logit_q8 = cases[i].logit_q8;
        r->confidence_q15 = decoder_logistic(r->logit_q8);
        struct engine_event *e = event();
        assert_int_equal(engine_event_view(e)->reason, cases[i].reason);
        assert_int_equal(engine_event_view(e)->type, cases[i].reason ? TRAGUS_REJECTED : TRAGUS_UTTERANCE);
        engine_event_free(e);
    }
    /* the decoder keeps what the least demanding intent accepts */
    assert_true(grammar_least_confidence(engine_grammar_sentences(t.grammar)) == 0.5);
}

static void the_place_is_named(void **state) {
    (void)state;
    static const struct {
        enum listener_fault fault;
        uint32_t word;
        const char *detail;
    } cases[] = {
        {LISTENER_FAULT_NONE, 1, ""},
        {LISTENER_FAULT_BEFORE, 1, "something unknown before 'set'"},
        {LISTENER_FAULT_AFTER, 1, "something unknown after 'thirteen'"},
        {LISTENER_FAULT_GAP, 3, "something unknown between 'to' and 'thirteen'"},
        {LISTENER_FAULT_WORD, 0, "'set' does not fit"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct listener_result *r = heard("set it to thirteen");
        t.record.event = TRAGUS_REJECTED;
        t.record.reason = TRAGUS_NOT_IN_GRAMMAR;
        r->fault = cases[i].fault;
        r->fault_word = cases[i].word;
        struct engine_event *e = event();
        assert_string_equal(engine_event_view(e)->detail, cases[i].detail);
        assert_int_equal(engine_event_view(e)->reason, TRAGUS_NOT_IN_GRAMMAR);
        engine_event_free(e);
    }
}

/* Times are milliseconds in 32 bits, which end after 49.7 days of listening. */
static void times_do_not_begin_anew(void **state) {
    (void)state;
    const uint64_t most_hops = UINT32_MAX / 10;
    for (int64_t after = -1000; after <= 1000; after += 1000) {
        struct listener_result *r = heard("set thirteen");
        t.record.start_hop = (int64_t)most_hops + after;
        t.record.n_heard = most_hops + (uint64_t)(after + 200);
        r->start_ms = 100;
        r->end_ms = 500;
        struct engine_event *e = event();
        const tragus_event *v = engine_event_view(e);
        assert_int_equal(v->start_ms, after < 0 ? 10 * (most_hops - 1000) + 100 : UINT32_MAX);
        assert_int_equal(v->end_ms, after < 0 ? 10 * (most_hops - 1000) + 500 : UINT32_MAX);
        assert_int_equal(v->time_ms, 10 * t.record.n_heard);
        engine_event_free(e);
        t.record.event = TRAGUS_SPEECH_STARTED;
        e = event();
        assert_int_equal(engine_event_view(e)->start_ms, after < 0 ? 10 * t.record.n_heard : UINT32_MAX);
        engine_event_free(e);
    }
}

/* As for typed text. */
static void metadata_comes_with_the_sentence(void **state) {
    (void)state;
    (void)heard("stop");
    struct engine_event *e = event();
    const tragus_event *v = engine_event_view(e);
    assert_int_equal(v->n_metadata, 2);
    assert_string_equal(v->metadata[0].name, "Sound_File");
    assert_string_equal(v->metadata[0].value.text, "done.wav");
    assert_string_equal(v->metadata[1].name, "level");
    assert_int_equal(v->metadata[1].value.type, TRAGUS_INTEGER);
    assert_int_equal(v->metadata[1].value.integer, 3);
    engine_event_free(e);
    (void)heard("open");
    e = event();
    assert_int_equal(engine_event_view(e)->n_metadata, 0);
    engine_event_free(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_meaning_is_an_alternative),
        cmocka_unit_test(other_words_with_the_same_meaning_are_none),
        cmocka_unit_test(nearly_equal_is_ambiguous),
        cmocka_unit_test(an_intent_may_need_more_or_less),
        cmocka_unit_test(the_place_is_named),
        cmocka_unit_test(times_do_not_begin_anew),
        cmocka_unit_test(metadata_comes_with_the_sentence),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
