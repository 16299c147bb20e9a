/* SPDX-License-Identifier: Apache-2.0 */
/* Wake phrases with recorded speech: what is heard before and after one, alone and in one breath; any chunking; bad phrases. */
#include "calls.h"
#include "decoder/state.h"
#include "engine/utterance.h"
#include "ready.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "german.h"

#define CHANNELS "rear left\nrear right\nside left\nside right\nturn on the light\nwhat time is it\n"

static tragus_model *model;
static tragus_grammar *channels, *phrases, *more_words;

static int make(void **state) {
    (void)state;
    model = ready_model();
    channels = ready_grammar(model, CHANNELS);
    assert_int_equal(tragus_wake_phrases(&phrases, model, (const char *[]){"front center", "hey house"}, 2, 0, NULL, NULL), 0);
    assert_int_equal(
        tragus_wake_phrases(&more_words, model, (const char *[]){"hey front center", "front center please"}, 2, 0, NULL, NULL), 0);
    return 0;
}

static int unmake(void **state) {
    (void)state;
    tragus_grammar_unref(channels);
    tragus_grammar_unref(phrases);
    tragus_grammar_unref(more_words);
    tragus_model_unref(model);
    return 0;
}

/* The events of a session that waits for a phrase, as one word each: "wake:front center rear left" and so on. */
static void hear_with(tragus_grammar *wake, const struct ready_sound *s, uint32_t open_ms, size_t piece, char *ret, size_t size) {
    tragus_stream *stream;
    tragus_session *session;
    tragus_session_options o;
    const tragus_event *e;
    size_t len = 0;
    ret[0] = '\0';
    tragus_session_options_init(&o);
    o.wake = wake;
    o.wake_open_ms = open_ms;
    assert_int_equal(tragus_stream_new(&stream, model, NULL), 0);
    assert_int_equal(tragus_session_new(&session, stream, channels, &o), 0);
    for (size_t i = 0; i <= s->n; i += piece) {
        size_t n = s->n - i < piece ? s->n - i : piece;
        calls_start();
        int r = i < s->n ? tragus_stream_feed(stream, s->pcm + i, n) : 0;
        if (r == 0 && i + piece > s->n)
            r = tragus_stream_flush(stream);
        struct calls calls = calls_stop();
        assert_int_equal(r, 0);
        assert_int_equal(calls.n_allocated + calls.n_locked + calls.n_files, 0);
        while (tragus_session_poll(session, &e) > 0) {
            if (e->type == TRAGUS_WAKE_DETECTED) {
                assert_true(e->confidence >= 0.5 && e->confidence <= 1);
                assert_true(e->start_ms < e->end_ms && e->end_ms <= e->time_ms);
                assert_true(e->level_db > -60 && e->level_db < 0);
            }
            if (e->type == TRAGUS_SPEECH_STARTED || e->type == TRAGUS_SPEECH_ENDED)
                continue;
            len += (size_t)snprintf(ret + len, size - len, "%s%s:%s", len ? ", " : "", tragus_event_name(e->type), e->text);
            assert_true(len < size);
        }
    }
    tragus_stream_free(stream);
}

static void hear(const struct ready_sound *s, uint32_t open_ms, size_t piece, char *ret, size_t size) {
    hear_with(phrases, s, open_ms, piece, ret, size);
}

/* The recordings named, separated by blanks; a number is a pause in ms. */
static struct ready_sound sound_of(const char *names) {
    struct ready_sound s = {0};
    char text[256];
    snprintf(text, sizeof(text), "%s", names);
    ready_append_quiet(&s, 700);
    for (char *rest = NULL, *name = strtok_r(text, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        if (atoi(name) > 0)
            ready_append_quiet(&s, (unsigned)atoi(name));
        else
            ready_append_recording(&s, name);
    ready_append_quiet(&s, 1500);
    return s;
}

static void expect(const char *names, uint32_t open_ms, const char *events) {
    char got[512];
    struct ready_sound s = sound_of(names);
    hear(&s, open_ms, 1600, got, sizeof(got));
    ready_sound_done(&s);
    assert_string_equal(got, events);
}

static void without_the_phrase_nothing_is_heard(void **state) {
    (void)state;
    expect("Rear_Left 800 Side_Right", 0, "");
}

static void after_the_phrase_a_sentence_is_heard(void **state) {
    (void)state;
    expect("Front_Center 600 Rear_Left", 0, "wake_detected:front center, utterance:rear left");
    expect("Front_Center 3000 Rear_Left", 0, "wake_detected:front center, utterance:rear left");
}

/* Joins two recordings without the silence that each begins and ends with. */
static void phrase_and_sentence_may_be_one_breath(void **state) {
    char got[512];
    struct ready_sound first = {0}, second = {0}, both = {0};
    (void)state;
    ready_append_recording(&first, "Front_Center");
    ready_append_recording(&second, "Rear_Left");
    ready_append_quiet(&both, 700);
    both.pcm = realloc(both.pcm, (both.n + first.n + second.n) * sizeof(*both.pcm));
    const struct ready_sound *parts[] = {&first, &second};
    for (unsigned i = 0; i < 2; i++) {
        size_t from = 0, to = parts[i]->n;
        while (from < to && abs(parts[i]->pcm[from]) < 300)
            from++;
        while (to > from && abs(parts[i]->pcm[to - 1]) < 300)
            to--;
        memcpy(both.pcm + both.n, parts[i]->pcm + from, (to - from) * sizeof(*both.pcm));
        both.n += to - from;
    }
    ready_append_quiet(&both, 1500);
    hear(&both, 0, 1600, got, sizeof(got));
    assert_string_equal(got, "wake_detected:front center, utterance:rear left");
    ready_sound_done(&first);
    ready_sound_done(&second);
    ready_sound_done(&both);
}

static void every_word_of_the_phrase_must_be_said(void **state) {
    char got[512];
    struct ready_sound s = sound_of("Front_Center 600 Rear_Left");
    (void)state;
    hear_with(more_words, &s, 0, 1600, got, sizeof(got));
    assert_string_equal(got, "");
    ready_sound_done(&s);
}

static void it_closes_after_a_sentence(void **state) {
    (void)state;
    expect("Front_Center 600 Rear_Left 900 Side_Right", 0, "wake_detected:front center, utterance:rear left");
}

static void it_closes_when_its_time_is_over(void **state) {
    (void)state;
    expect("Front_Center 3000 Rear_Left", 1500, "wake_detected:front center");
    expect("Front_Center 3000 Rear_Left 1200 Front_Center 300 Side_Right", 1500,
           "wake_detected:front center, wake_detected:front center, utterance:side right");
}

static void the_phrase_may_be_repeated(void **state) {
    (void)state;
    expect("Front_Center 900 Front_Center 600 Rear_Left", 0,
           "wake_detected:front center, wake_detected:front center, utterance:rear left");
}

/* What is understood if a session that waits for a phrase is opened for open_ms after the recording `first` and a pause; pieces:
 * fed so many samples at a time. */
static void opened_after(const char *first, const char *rest, uint32_t open_ms, size_t piece, const char *text) {
    tragus_stream *stream;
    tragus_session *session;
    tragus_session_options o;
    const tragus_event *e;
    char heard[256] = "";
    struct ready_sound parts[] = {sound_of(first), sound_of(rest)};
    tragus_session_options_init(&o);
    o.wake = phrases;
    assert_int_equal(tragus_stream_new(&stream, model, NULL), 0);
    assert_int_equal(tragus_session_new(&session, stream, channels, &o), 0);
    for (unsigned i = 0; i < 2; i++) {
        if (i == 1)
            assert_int_equal(tragus_session_trigger(session, open_ms), 0);
        for (size_t at = 0; at < parts[i].n; at += piece)
            assert_int_equal(tragus_stream_feed(stream, parts[i].pcm + at, parts[i].n - at < piece ? parts[i].n - at : piece), 0);
        while (tragus_session_poll(session, &e) > 0)
            if (e->type == TRAGUS_UTTERANCE)
                snprintf(heard + strlen(heard), sizeof(heard) - strlen(heard), "%s%s", heard[0] ? ", " : "", e->text);
        ready_sound_done(&parts[i]);
    }
    tragus_stream_free(stream);
    assert_string_equal(heard, text);
}

static void it_can_be_opened_without_a_phrase(void **state) {
    (void)state;
    opened_after("Rear_Right", "Rear_Left 900 Side_Right", 0, 1600, "rear left"); /* one sentence, as after a phrase */
    opened_after("Rear_Right", "Rear_Left 900 Side_Right", 2000, 77, "rear left");
    opened_after("Rear_Right", "2000 Rear_Left", 1500, 1600, "");
    opened_after("Rear_Right", "2000 Rear_Left", 4000, 1600, "rear left");
    opened_after("Front_Center", "1500 Rear_Left", 1000, 1600, "rear left"); /* the phrase's own time is longer */
    tragus_stream *stream;
    tragus_session *session;
    assert_int_equal(tragus_stream_new(&stream, model, NULL), 0);
    assert_int_equal(tragus_session_new(&session, stream, channels, NULL), 0);
    assert_int_equal(tragus_session_trigger(session, 0), -EINVAL);
    assert_int_equal(tragus_session_trigger(NULL, 0), -EINVAL);
    tragus_stream_free(stream);
}

static void any_cutting_gives_the_same_events(void **state) {
    static const size_t pieces[] = {7, 160, 5000, 1000000};
    char whole[512], got[512];
    struct ready_sound s = sound_of("Rear_Right 700 Front_Center 600 Rear_Left 900 Side_Right");
    (void)state;
    hear(&s, 0, 1600, whole, sizeof(whole));
    for (unsigned i = 0; i < 4; i++) {
        hear(&s, 0, pieces[i], got, sizeof(got));
        assert_string_equal(got, whole);
    }
    ready_sound_done(&s);
}

static bool keep_wake(const struct engine_record *r, void *user) {
    if (r->event == TRAGUS_WAKE_DETECTED)
        *(struct engine_record *)user = *r;
    return true;
}

static void take_hop(const struct engine_hop *hop, void *user) {
    engine_recogniser_take(user, hop);
}

/* A spotter hears sound without a pause as one piece, and counts its milliseconds in 32 bits. */
static void times_are_right_after_fifty_days(void **state) {
    struct engine_record *record = calloc(1, sizeof(*record));
    struct engine_segmenter *segmenter = calloc(1, sizeof(*segmenter));
    struct engine_recogniser *r = engine_recogniser_new(model, keep_wake, record);
    struct ready_sound s = sound_of("Front_Center");
    tragus_session_options o;
    (void)state;
    tragus_session_options_init(&o);
    struct engine_session session = {.listener = engine_listener_new(model, channels, &o),
                                     .wake = engine_wake_new(model, phrases, &o)};
    assert_true(record && segmenter && r && session.listener && session.wake);
    engine_segmenter_init(segmenter, NULL, 0, 0);
    segmenter->gated = false;
    engine_recogniser_add(r, &session);
    engine_segmenter_push(segmenter, s.pcm, 600 * 16, 0, take_hop, r);
    assert_true(session.wake->running);
    struct decoder *d = *(struct decoder **)session.wake->spotter->state; /* a spotter's first member */
    uint32_t n_rows = 145000000 / d->max_rows * d->max_rows;
    d->step += n_rows;
    session.wake->start_hop -= (int64_t)n_rows * session.wake->step_hops;
    engine_segmenter_push(segmenter, s.pcm + 600 * 16, s.n - 600 * 16, 600000, take_hop, r);
    assert_int_equal(record->event, TRAGUS_WAKE_DETECTED);
    int64_t start_ms = record->start_hop * ENGINE_HOP_MS + record->result.start_ms;
    assert_in_range(start_ms, 700, 1500); /* the recording begins at 700 ms */
    assert_in_range(-record->level_cdb, 1000, 5000);
    engine_recogniser_free(r);
    engine_listener_free(session.listener);
    engine_wake_free(session.wake);
    ready_sound_done(&s);
    free(segmenter);
    free(record);
}

static void bad_phrases_are_refused_with_a_sentence(void **state) {
    static const char *const bad[] = {"", "  ", "hey [dear] house", "a\nb", "<house>"};
    char longest[200];
    tragus_grammar *g;
    tragus_error e;
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        e = (tragus_error){0};
        assert_int_equal(tragus_wake_phrases(&g, model, &bad[i], 1, 0, NULL, &e), -EINVAL);
        assert_non_null(strstr(e.text, "wake phrase"));
    }
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(tragus_wake_phrases(&g, model, (const char *[]){longest}, 1, 0, NULL, &e), -EINVAL);
    assert_int_equal(tragus_wake_phrases(&g, model, NULL, 1, 0, NULL, &e), -EINVAL);
    const char *const good_and_bad[] = {"hey house", "\u043b\u0430\u043c\u043f\u0430"}; /* Cyrillic */
    assert_int_equal(tragus_wake_phrases(&g, model, good_and_bad, 2, 0, NULL, &e), -EINVAL);
    assert_non_null(strstr(e.text, "cannot be spoken"));
    assert_int_equal(tragus_wake_phrases(&g, model, bad, 0, 0, NULL, &e), -EINVAL);
    assert_int_equal(tragus_wake_phrases(&g, NULL, bad, 1, 0, NULL, &e), -EINVAL);
}

static bool is_warned(const char *phrase, double per_hour) {
    tragus_grammar *g;
    tragus_diagnostics d = {0};
    bool warned = false;
    assert_int_equal(tragus_wake_phrases(&g, model, &phrase, 1, per_hour, &d, NULL), 0);
    for (size_t i = 0; i < d.n_items; i++)
        warned |= d.items[i].severity == TRAGUS_WARNING && strstr(d.items[i].text, phrase);
    tragus_diagnostics_done(&d);
    tragus_grammar_unref(g);
    return warned;
}

static void short_phrases_get_a_warning(void **state) {
    (void)state;
    assert_true(is_warned("anna", 0));
    assert_true(is_warned("in the", 0));
    assert_true(is_warned("what do you want from me", 0)); /* long, but often said */
    assert_false(is_warned("computer, please", 0));
    assert_false(is_warned("good morning house", 0));
}

/* The text of the first warning or note that a phrase gets. */
static void read_rate(void) {
    tragus_diagnostics d = {0};
    tragus_grammar *g;
    assert_int_equal(tragus_wake_phrases(&g, model, (const char *[]){"hey house"}, 1, 0.25, &d, NULL), 0);
    assert_true(d.n_items > 0);
    assert_non_null(strstr(d.items[d.n_items - 1].text, " at 0.25 false alarms an hour"));
    tragus_diagnostics_done(&d);
    tragus_grammar_unref(g);
}

static void a_rate_in_a_locale(void **state) {
    (void)state;
    if (!in_german(read_rate))
        skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_phrase_nothing_is_heard),
        cmocka_unit_test(after_the_phrase_a_sentence_is_heard),
        cmocka_unit_test(phrase_and_sentence_may_be_one_breath),
        cmocka_unit_test(every_word_of_the_phrase_must_be_said),
        cmocka_unit_test(it_closes_after_a_sentence),
        cmocka_unit_test(it_closes_when_its_time_is_over),
        cmocka_unit_test(the_phrase_may_be_repeated),
        cmocka_unit_test(it_can_be_opened_without_a_phrase),
        cmocka_unit_test(any_cutting_gives_the_same_events),
        cmocka_unit_test(times_are_right_after_fifty_days),
        cmocka_unit_test(bad_phrases_are_refused_with_a_sentence),
        cmocka_unit_test(short_phrases_get_a_warning),
        cmocka_unit_test(a_rate_in_a_locale),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
