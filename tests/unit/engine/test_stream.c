/* SPDX-License-Identifier: Apache-2.0 */
/* Streams and sessions with recorded speech: results, any chunking, no allocation, several listeners, replaced grammars. */
#include "calls.h"
#include "decoder/state.h"
#include "engine/private.h"
#include "nn/nn.h"
#include "ready.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* No two sound alike: tests/accuracy measures how well the model distinguishes those that do. */
#define CHANNELS "front center\nrear left\nside right\nturn on the light\nwhat time is it\nopen the window\nplay some music\n"

static tragus_model *model;
static tragus_grammar *channels, *others;
static struct ready_sound sound; /* two utterances, noise and silence */

static int make(void **state) {
    (void)state;
    model = ready_model();
    channels = ready_grammar(model, CHANNELS);
    others = ready_grammar(model, "turn on the light\nwhat time is it\nopen the window\nplay some music\n");
    ready_append_quiet(&sound, 700);
    ready_append_recording(&sound, "Front_Center");
    ready_append_quiet(&sound, 1600);
    ready_append_noise(&sound, 300, 3000);
    ready_append_quiet(&sound, 1600);
    ready_append_recording(&sound, "Rear_Left");
    ready_append_quiet(&sound, 1237); /* not a whole number of hops */
    return 0;
}

static int unmake(void **state) {
    (void)state;
    ready_sound_done(&sound);
    tragus_grammar_unref(channels);
    tragus_grammar_unref(others);
    tragus_model_unref(model);
    return 0;
}

/* --- a listener's events as text --- */

struct log {
    char *text;
    size_t len;
    unsigned n_utterances, n_rejected, n_partials, n_started, n_ended;
    char last[256]; /* text of the last utterance */
};

static void add(struct log *l, const char *text) {
    size_t n = strlen(text);
    l->text = realloc(l->text, l->len + n + 1);
    memcpy(l->text + l->len, text, n + 1);
    l->len += n;
}

static void note(struct log *l, const tragus_event *e) {
    char line[1024];
    snprintf(line, sizeof(line), "%d #%llu at %llu '%s' '%s' %d %.6f %u..%u\n", (int)e->type, (unsigned long long)e->sequence,
             (unsigned long long)e->time_ms, e->text, e->intent, (int)e->reason, e->confidence, e->start_ms, e->end_ms);
    add(l, line);
    for (size_t i = 0; i < e->n_words; i++) {
        snprintf(line, sizeof(line), "  %s %u..%u %.6f\n", e->words[i].word, e->words[i].start_ms, e->words[i].end_ms,
                 e->words[i].confidence);
        add(l, line);
    }
    l->n_utterances += e->type == TRAGUS_UTTERANCE;
    l->n_rejected += e->type == TRAGUS_REJECTED;
    l->n_partials += e->type == TRAGUS_PARTIAL;
    l->n_started += e->type == TRAGUS_SPEECH_STARTED;
    l->n_ended += e->type == TRAGUS_SPEECH_ENDED;
    if (e->type == TRAGUS_UTTERANCE)
        snprintf(l->last, sizeof(l->last), "%s", e->text);
}

static void poll(tragus_session *s, struct log *l) {
    const tragus_event *e;
    int r;
    while ((r = tragus_session_poll(s, &e)) > 0)
        note(l, e);
    assert_int_equal(r, 0);
}

static tragus_session *listen(tragus_stream *s, tragus_grammar *g, int partial) {
    tragus_session *session;
    tragus_session_options o;
    tragus_session_options_init(&o);
    o.partial = partial;
    assert_int_equal(tragus_session_new(&session, s, g, &o), 0);
    return session;
}

static struct log hear(const int16_t *pcm, size_t n, size_t piece, int gate) {
    struct log l = {0};
    tragus_stream *s;
    tragus_stream_options o;
    tragus_stream_options_init(&o);
    o.gate = gate;
    assert_int_equal(tragus_stream_new(&s, model, &o), 0);
    tragus_session *session = listen(s, channels, 1);
    for (size_t i = 0; i < n; i += piece) {
        assert_int_equal(tragus_stream_feed(s, pcm + i, n - i < piece ? n - i : piece), 0);
        poll(session, &l);
    }
    assert_int_equal(tragus_stream_flush(s), 0);
    poll(session, &l);
    tragus_stream_free(s);
    return l;
}

/* --- tests --- */

static void recorded_speech_is_understood(void **state) {
    (void)state;
    struct log l = hear(sound.pcm, sound.n, 1600, 1);
    if (l.n_utterances != 2 || strcmp(l.last, "rear left") != 0 || !strstr(l.text, "'front center'"))
        fail_msg("%s", l.text);
    assert_int_equal(l.n_started, l.n_ended);
    assert_true(l.n_partials > 0);
    free(l.text);
}

static void any_cutting_gives_the_same_events(void **state) {
    static const size_t pieces[] = {1, 7, 160, 1000};
    (void)state;
    for (int gate = 0; gate < 2; gate++) {
        struct log whole = hear(sound.pcm, sound.n, sound.n, gate);
        assert_true(whole.len > 0);
        for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
            struct log l = hear(sound.pcm, sound.n, pieces[i], gate);
            assert_string_equal(l.text, whole.text);
            free(l.text);
        }
        free(whole.text);
    }
}

static void times_lie_where_the_words_are(void **state) {
    (void)state;
    tragus_stream *s;
    const tragus_event *e;
    assert_int_equal(tragus_stream_new(&s, model, NULL), 0);
    tragus_session *session = listen(s, channels, 0);
    unsigned n = 0;
    uint32_t last_ms = 0;
    for (size_t i = 0; i < sound.n; i += 160) {
        assert_int_equal(tragus_stream_feed(s, sound.pcm + i, sound.n - i < 160 ? sound.n - i : 160), 0);
        while (tragus_session_poll(session, &e) > 0) {
            if (e->type != TRAGUS_UTTERANCE)
                continue;
            n++;
            assert_int_equal(e->n_words, 2);
            assert_true(e->time_ms <= (i + 160) / 16);
            assert_true(e->end_ms <= e->time_ms); /* a decision comes after the speech */
            for (size_t k = 0; k < e->n_words; k++) {
                assert_true(e->words[k].start_ms >= last_ms);
                assert_true(e->words[k].start_ms < e->words[k].end_ms);
                assert_true(e->words[k].confidence >= 0.0 && e->words[k].confidence <= 1.0);
                last_ms = e->words[k].end_ms;
            }
            /* The first recording begins at 700 ms and lasts about 1.4 s. */
            if (n == 1)
                assert_true(e->words[0].start_ms >= 600 && e->words[1].end_ms <= 2300);
        }
    }
    assert_true(n >= 1);
    tragus_stream_free(s);
}

/* How long after the words of "front center" it was reported. */
static uint32_t delay_of(tragus_grammar *g) {
    tragus_stream *s;
    const tragus_event *e;
    uint32_t delay_ms = 0;
    assert_int_equal(tragus_stream_new(&s, model, NULL), 0);
    tragus_session *session;
    assert_int_equal(tragus_session_new(&session, s, g, NULL), 0);
    assert_int_equal(tragus_stream_feed(s, sound.pcm, sound.n), 0);
    while (tragus_session_poll(session, &e) > 0)
        if (e->type == TRAGUS_UTTERANCE && strcmp(e->text, "front center") == 0)
            delay_ms = (uint32_t)e->time_ms - e->end_ms;
    tragus_stream_free(s);
    tragus_grammar_unref(g);
    return delay_ms;
}

#define PAUSES_HEAD "intents: {A: {data: [{sentences: [rear left, side right]}, {sentences: [front center]"

/* A block of sentences may ask for its own silences, longer than the gate would stay open, too. */
static void sentences_have_their_own_pauses(void **state) {
    (void)state;
    uint32_t plain_ms = delay_of(ready_grammar(model, PAUSES_HEAD "}]}}\n"));
    uint32_t patient_ms =
        delay_of(ready_grammar(model, PAUSES_HEAD ", final_silence_ms: 1500, end_silence_ms: 1500, open_silence_ms: 1500}]}}\n"));
    assert_true(plain_ms > 0 && plain_ms < 1000);
    assert_true(patient_ms >= 1500 - 100 && patient_ms < 2000); /* the network places a word's end within 100 ms */
}

static void feeding_allocates_nothing(void **state) {
    (void)state;
    tragus_stream *s;
    assert_int_equal(tragus_stream_new(&s, model, NULL), 0);
    tragus_session *first = listen(s, channels, 1), *second = listen(s, others, 1);
    struct log l = {0};
    calls_start();
    int r = tragus_stream_feed(s, sound.pcm, sound.n);
    if (r == 0)
        r = tragus_stream_flush(s);
    struct calls calls = calls_stop();
    assert_int_equal(r, 0);
    assert_int_equal(calls.n_allocated, 0);
    assert_int_equal(calls.n_freed, 0);
    assert_int_equal(calls.n_locked, 0);
    assert_int_equal(calls.n_files, 0);
    poll(first, &l);
    assert_true(l.n_utterances > 0); /* so it did hear something */
    poll(second, &l);
    free(l.text);
    tragus_stream_free(s);
}

/* Feeds the sound in chunks and appends what is rejected and not understood, as any words. */
static void hear_free(tragus_model *m, tragus_grammar *g, size_t chunk, int fallback, char *out, size_t size) {
    tragus_stream *s;
    tragus_session *session;
    tragus_session_options o;
    const tragus_event *e;
    tragus_session_options_init(&o);
    o.fallback = fallback;
    out[0] = '\0';
    assert_int_equal(tragus_stream_new(&s, m, NULL), 0);
    assert_int_equal(tragus_session_new(&session, s, g, &o), 0);
    calls_start();
    for (size_t i = 0; i < sound.n; i += chunk)
        if (tragus_stream_feed(s, sound.pcm + i, sound.n - i < chunk ? sound.n - i : chunk) < 0)
            break;
    int r = tragus_stream_flush(s);
    struct calls calls = calls_stop();
    assert_int_equal(r, 0);
    assert_int_equal(calls.n_allocated + calls.n_freed + calls.n_locked + calls.n_files, 0);
    while (tragus_session_poll(session, &e) > 0) {
        assert_true(e->type == TRAGUS_REJECTED || e->n_free_words == 0);
        if (e->type != TRAGUS_REJECTED)
            continue;
        snprintf(out + strlen(out), size - strlen(out), "%s|", e->free_text);
        for (size_t i = 0; i < e->n_free_words; i++)
            assert_true(e->free_words[i].start_ms < e->free_words[i].end_ms && e->free_words[i].end_ms <= e->time_ms);
    }
    tragus_stream_free(s);
}

static void a_fallback_hears_any_words(void **state) {
    (void)state;
    char whole[1000], parts[1000], without[1000];
    tragus_stream *s;
    tragus_session *session;
    tragus_session_options o;
    tragus_session_options_init(&o);
    o.fallback = 1;
    assert_int_equal(tragus_stream_new(&s, model, NULL), 0);
    assert_int_equal(tragus_session_new(&session, s, others, &o), -ENODATA); /* no language model */
    tragus_stream_free(s);
    tragus_model *m = ready_model_with_words();
    tragus_grammar *g = ready_grammar(m, "turn on the light\nwhat time is it\nopen the window\nplay some music\n");
    hear_free(m, g, sound.n, 1, whole, sizeof(whole));
    assert_non_null(strstr(whole, "front center|"));
    hear_free(m, g, 777, 1, parts, sizeof(parts));
    assert_string_equal(parts, whole);
    hear_free(m, g, 1600, 0, without, sizeof(without));
    assert_true(strspn(without, "|") == strlen(without) && without[0]);
    tragus_grammar_unref(g);
    tragus_model_unref(m);
}

static void listeners_do_not_disturb_each_other(void **state) {
    (void)state;
    struct log alone = hear(sound.pcm, sound.n, 1600, 1), l = {0}, other = {0};
    tragus_stream *s;
    assert_int_equal(tragus_stream_new(&s, model, NULL), 0);
    tragus_session *killed = listen(s, others, 0), *session = listen(s, channels, 1), *second = listen(s, others, 0);
    for (size_t i = 0; i < sound.n; i += 1600) {
        if (i == 16000) {
            tragus_session_free(killed); /* in the middle of an utterance */
            killed = NULL;
        }
        assert_int_equal(tragus_stream_feed(s, sound.pcm + i, sound.n - i < 1600 ? sound.n - i : 1600), 0);
        poll(session, &l);
        poll(second, &other);
    }
    assert_int_equal(tragus_stream_flush(s), 0);
    poll(session, &l);
    assert_string_equal(l.text, alone.text);
    assert_int_equal(other.n_utterances, 0); /* the sentence is not in its grammar */
    tragus_stream_free(s);
    free(l.text);
    free(alone.text);
    free(other.text);
}

static struct engine_listener *listener_with(uint32_t final_ms, uint32_t end_ms) {
    tragus_session_options o;
    tragus_session_options_init(&o);
    o.final_silence_ms = final_ms;
    o.end_silence_ms = end_ms;
    struct engine_listener *l = engine_listener_new(model, channels, &o);
    assert_non_null(l);
    struct decoder *d = l->state;
    d->options.sure_q15 = 1 << 15; /* never sure: it waits half-way between the two */
    return l;
}

/* Adds when the first session's utterances are decided. */
static bool note_decision(const struct engine_record *r, void *user) {
    char line[64];
    if (r->session->tag == 1 && r->event == TRAGUS_UTTERANCE) {
        snprintf(line, sizeof(line), "at hop %llu\n", (unsigned long long)r->n_heard);
        add(user, line);
    }
    return true;
}

static void take_hop(const struct engine_hop *hop, void *user) {
    engine_recogniser_take(user, hop);
}

/* Hears the sound beside a session that waits for other_ms; 0: alone. */
static struct log hear_beside(uint32_t other_ms) {
    struct log l = {0};
    struct engine_segmenter *segmenter = calloc(1, sizeof(*segmenter));
    struct engine_recogniser *r = engine_recogniser_new(model, note_decision, &l);
    struct engine_session session = {.tag = 1, .listener = listener_with(400, 500)}, other = {.listener = NULL};
    assert_true(segmenter && r);
    engine_segmenter_init(segmenter, NULL, 0, 0);
    segmenter->gated = false;
    engine_recogniser_add(r, &session);
    if (other_ms > 0) {
        other.listener = listener_with(other_ms, other_ms);
        engine_recogniser_add(r, &other);
    }
    engine_segmenter_push(segmenter, sound.pcm, sound.n, 0, take_hop, r);
    engine_recogniser_free(r);
    engine_listener_free(session.listener);
    engine_listener_free(other.listener);
    free(segmenter);
    return l;
}

/* The network runs ahead as far as any session needs, but each takes only the rows that it needs itself. */
static void patience_of_others_does_not_matter(void **state) {
    (void)state;
    struct log alone = hear_beside(0);
    assert_non_null(alone.text);
    for (uint32_t ms = 420; ms <= 540; ms += 30) {
        struct log l = hear_beside(ms);
        assert_string_equal(l.text, alone.text);
        free(l.text);
    }
    free(alone.text);
}

static void a_new_grammar_holds_from_the_next_utterance(void **state) {
    (void)state;
    struct log l = {0};
    tragus_stream *s;
    assert_int_equal(tragus_stream_new(&s, model, NULL), 0);
    tragus_session *session = listen(s, channels, 0);
    size_t middle = 16 * 1200; /* within the first recording */
    assert_int_equal(tragus_stream_feed(s, sound.pcm, middle), 0);
    assert_int_equal(tragus_session_set_grammar(session, others), 0);
    assert_int_equal(tragus_stream_feed(s, sound.pcm + middle, sound.n - middle), 0);
    assert_int_equal(tragus_stream_flush(s), 0);
    poll(session, &l);
    assert_string_equal(l.last, "front center");
    assert_int_equal(l.n_utterances, 1);
    free(l.text);

    l = (struct log){0};
    assert_int_equal(tragus_session_set_grammar(session, others), 0); /* replaced before it was used */
    assert_int_equal(tragus_session_set_grammar(session, channels), 0);
    assert_int_equal(tragus_stream_feed(s, sound.pcm, sound.n), 0);
    assert_int_equal(tragus_stream_flush(s), 0);
    poll(session, &l);
    assert_string_equal(l.last, "rear left");
    free(l.text);
    tragus_stream_free(s);
}

static void silence_is_no_event_and_costs_no_network(void **state) {
    (void)state;
    struct ready_sound quiet = {0};
    ready_append_quiet(&quiet, 20000);
    struct log l = hear(quiet.pcm, quiet.n, 1600, 1);
    assert_int_equal(l.len, 0);

    tragus_stream *s;
    tragus_cost cost;
    assert_int_equal(tragus_stream_new(&s, model, NULL), 0);
    assert_int_equal(tragus_stream_feed(s, quiet.pcm, quiet.n), 0);
    tragus_stream_cost(s, &cost);
    assert_int_equal(cost.audio_ms, 20000);
    assert_int_equal(cost.speech_ms, 0);
    assert_int_equal(cost.steps, 0);
    tragus_stream_free(s);
    ready_sound_done(&quiet);
}

static void noise_is_never_an_utterance(void **state) {
    (void)state;
    struct ready_sound noise = {0};
    for (int i = 0; i < 5; i++) {
        ready_append_noise(&noise, 400, 300 << i);
        ready_append_quiet(&noise, 1500);
    }
    struct log l = hear(noise.pcm, noise.n, 1600, 1);
    assert_int_equal(l.n_utterances, 0);
    free(l.text);
    ready_sound_done(&noise);
}

static struct log hear_without_rejection(const struct ready_sound *heard, tragus_grammar *g) {
    tragus_stream *s;
    tragus_session *session;
    tragus_session_options o;
    struct log l = {0};
    tragus_session_options_init(&o);
    o.reject = 0;
    assert_int_equal(tragus_stream_new(&s, model, NULL), 0);
    assert_int_equal(tragus_session_new(&session, s, g, &o), 0);
    assert_int_equal(tragus_stream_feed(s, heard->pcm, heard->n), 0);
    assert_int_equal(tragus_stream_flush(s), 0);
    poll(session, &l);
    tragus_stream_free(s);
    return l;
}

static void without_rejection_the_best_sentence_comes(void **state) {
    (void)state;
    struct log l = hear_without_rejection(&sound, others);
    assert_true(l.n_utterances >= 1);
    free(l.text);
}

static void without_rejection_it_comes_even_where_nothing_was_heard(void **state) {
    (void)state;
    struct ready_sound noise = {0};
    tragus_grammar *letter = ready_grammar(model, "o\n");
    ready_append_noise(&noise, 300, 3000);
    ready_append_quiet(&noise, 500);
    struct log rejecting = hear(noise.pcm, noise.n, 1600, 1), l = hear_without_rejection(&noise, letter);
    assert_int_equal(rejecting.len, 0);
    assert_int_equal(l.n_started, 1);
    assert_int_equal(l.n_ended, 1);
    assert_int_equal(l.n_utterances, 1);
    assert_string_equal(l.last, "o");
    free(rejecting.text);
    free(l.text);
    tragus_grammar_unref(letter);
    ready_sound_done(&noise);
}

static void events_that_nobody_polls_are_bounded(void **state) {
    (void)state;
    tragus_stream *s;
    int r = 0;
    unsigned n = 0;
    assert_int_equal(tragus_stream_new(&s, model, NULL), 0);
    tragus_session *session = listen(s, channels, 0);
    while (r == 0 && n++ < 40)
        r = tragus_stream_feed(s, sound.pcm, sound.n);
    assert_int_equal(r, -ENOBUFS);
    struct log l = {0};
    poll(session, &l);
    assert_int_equal(l.n_started + l.n_ended + l.n_utterances + l.n_rejected, 64);
    assert_int_equal(tragus_stream_feed(s, sound.pcm, sound.n), 0);
    free(l.text);
    tragus_stream_free(s);
}

static void session_options_reach_the_decoder(void **state) {
    (void)state;
    tragus_session_options o;
    tragus_session_options_init(&o);
    struct decoder_options d = engine_decoder_options(model, &o);
    assert_int_equal(d.step_ms, 10 * nn_model_step_hops(engine_model_network(model)));
    o.min_confidence = 0.25;
    o.end_silence_ms = 5000;
    o.max_speech_ms = 7000;
    d = engine_decoder_options(model, &o);
    assert_int_equal(d.min_confidence_q15, 8192);
    assert_int_equal(d.end_silence_ms, 5000);
    assert_true(d.open_silence_ms >= 5000);
    assert_int_equal(d.max_speech_ms, 7000);
    o.final_silence_ms = 150;
    o.open_silence_ms = 300; /* said explicitly, it may be less */
    d = engine_decoder_options(model, &o);
    assert_int_equal(d.final_silence_ms, 150);
    assert_int_equal(d.open_silence_ms, 300);
    o.final_silence_ms = o.open_silence_ms = 0;
    o.end_silence_ms = 100;
    d = engine_decoder_options(model, &o);
    assert_int_equal(d.final_silence_ms, 100);
}

static void the_passport_has_the_curves(void **state) {
    (void)state;
    struct decoder_options d = engine_decoder_options(model, NULL);
    const struct decoder_curve *loss = &d.scorecard.curves[DECODER_LOSS];
    assert_true(loss->n >= 4);
    for (uint32_t i = 1; i < loss->n; i++) {
        assert_true(loss->x_q8[i] > loss->x_q8[i - 1]);
        assert_true(loss->y_q8[i] <= loss->y_q8[i - 1]); /* a greater loss never sounds better */
    }
    assert_true(memcmp(&d.scorecard, &(struct decoder_scorecard){0}, sizeof(d.scorecard)) != 0);
    struct decoder_options defaults = decoder_defaults();
    assert_true(memcmp(&d.scorecard, &defaults.scorecard, sizeof(d.scorecard)) != 0);
}

static void nonsense_is_refused(void **state) {
    (void)state;
    tragus_stream *s;
    tragus_session *session;
    const tragus_event *e;
    int16_t pcm[1] = {0};
    assert_int_equal(tragus_stream_new(NULL, model, NULL), -EINVAL);
    assert_int_equal(tragus_stream_new(&s, NULL, NULL), -EINVAL);
    assert_int_equal(tragus_stream_feed(NULL, pcm, 1), -EINVAL);
    assert_int_equal(tragus_stream_flush(NULL), -EINVAL);
    assert_int_equal(tragus_session_poll(NULL, &e), -EINVAL);
    assert_int_equal(tragus_stream_new(&s, model, NULL), 0);
    assert_int_equal(tragus_stream_feed(s, NULL, 1), -EINVAL);
    assert_int_equal(tragus_stream_feed(s, NULL, 0), 0);
    assert_int_equal(tragus_session_new(&session, s, NULL, NULL), -EINVAL);
    tragus_session_options o = {0}; /* not initialised */
    assert_int_equal(tragus_session_new(&session, s, channels, &o), -EINVAL);
    tragus_grammar *typed = ready_grammar(NULL, "hello\n");
    assert_int_equal(tragus_session_new(&session, s, typed, NULL), -EINVAL);
    tragus_grammar_unref(typed);
    assert_int_equal(tragus_stream_flush(s), 0);
    tragus_stream_free(s);
    tragus_stream_free(NULL);
    tragus_session_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_speech_is_understood),
        cmocka_unit_test(any_cutting_gives_the_same_events),
        cmocka_unit_test(times_lie_where_the_words_are),
        cmocka_unit_test(sentences_have_their_own_pauses),
        cmocka_unit_test(feeding_allocates_nothing),
        cmocka_unit_test(a_fallback_hears_any_words),
        cmocka_unit_test(listeners_do_not_disturb_each_other),
        cmocka_unit_test(patience_of_others_does_not_matter),
        cmocka_unit_test(a_new_grammar_holds_from_the_next_utterance),
        cmocka_unit_test(silence_is_no_event_and_costs_no_network),
        cmocka_unit_test(noise_is_never_an_utterance),
        cmocka_unit_test(without_rejection_the_best_sentence_comes),
        cmocka_unit_test(without_rejection_it_comes_even_where_nothing_was_heard),
        cmocka_unit_test(events_that_nobody_polls_are_bounded),
        cmocka_unit_test(session_options_reach_the_decoder),
        cmocka_unit_test(the_passport_has_the_curves),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
