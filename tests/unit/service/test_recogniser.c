/* SPDX-License-Identifier: Apache-2.0 */
/* The queues around a recogniser, with recorded speech. This thread plays both sides: main and the sound's thread. */
#include "calls.h"
#include "ready.h"
#include "service/recogniser.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHANNELS "front center\nrear left\nside right\nturn on the light\nwhat time is it\nopen the window\nplay some music\n"
#define OTHERS "rear left\nturn on the light\nwhat time is it\nopen the window\nplay some music\n"
#define RING 128 /* records */

static tragus_model *model;
static tragus_grammar *channels, *others;
static struct engine_hop *hops; /* of "front center" and "rear left"; the gate removed the silence */
static size_t n_hops, n_first;  /* of all, and of the first segment */
static struct base_wake wake;

static void keep_hop(const struct engine_hop *hop, void *user) {
    (void)user;
    hops = realloc(hops, (n_hops + 1) * sizeof(*hops));
    assert_non_null(hops);
    hops[n_hops++] = *hop;
    if (n_first == 0 && hop->flags & ENGINE_LAST)
        n_first = n_hops;
}

static int make(void **state) {
    struct ready_sound sound = {0};
    struct engine_segmenter s;
    (void)state;
    model = ready_model();
    channels = ready_grammar(model, CHANNELS);
    others = ready_grammar(model, OTHERS);
    ready_append_quiet(&sound, 500);
    ready_append_recording(&sound, "Front_Center");
    ready_append_quiet(&sound, 1600);
    ready_append_recording(&sound, "Rear_Left");
    ready_append_quiet(&sound, 1600);
    engine_segmenter_init(&s, NULL, engine_model_cpu_flags(model), 0);
    engine_segmenter_push(&s, sound.pcm, sound.n, 0, keep_hop, NULL);
    engine_segmenter_end(&s, keep_hop, NULL);
    ready_sound_done(&sound);
    assert_true(n_first > 0 && n_first < n_hops);
    return base_wake_init(&wake);
}

static int unmake(void **state) {
    (void)state;
    free(hops);
    base_wake_done(&wake);
    tragus_grammar_unref(channels);
    tragus_grammar_unref(others);
    tragus_model_unref(model);
    return 0;
}

/* --- the two sides --- */

static struct engine_listener *listener(tragus_grammar *g) {
    tragus_session_options o;
    tragus_session_options_init(&o);
    struct engine_listener *l = engine_listener_new(model, g, &o);
    assert_non_null(l);
    return l;
}

static struct engine_session *session(bool partial) {
    struct engine_session *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    s->listener = listener(channels);
    s->reject = true;
    s->wants_partial = partial;
    return s;
}

static void session_free(struct engine_session *s) {
    engine_listener_free(s->listener);
    engine_listener_free(s->coming);
    free(s);
}

static struct recogniser *make_recogniser(void) {
    struct recogniser *r = recogniser_new(model, &wake);
    assert_non_null(r);
    return r;
}

static void order(struct recogniser *r, enum recogniser_command_type type, struct engine_session *s, struct engine_listener *l) {
    recogniser_command(r, (struct recogniser_command){.type = type, .session = s, .listener = l});
}

/* The sound's thread: takes hops from..to-1 and checks for commands after every sixth, as the microphone's thread does. */
static void hear(struct recogniser *r, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        recogniser_take_hop(r, &hops[i]);
        if (i % 6 == 5)
            recogniser_take_commands(r);
    }
    recogniser_take_commands(r);
}

/* What main finds in the ring. */
struct taken {
    unsigned n, n_partial, n_started, n_ended, n_result, n_swapped, n_retired, n_late;
    unsigned n_coming;     /* retired while a listener was still pending */
    unsigned last_partial; /* index of the last partial result among the records */
    uint64_t sequence;
    char text[512]; /* of results; rejected ones in brackets */
};

static bool is_result(const struct engine_record *r) {
    return r->event == TRAGUS_UTTERANCE || r->event == TRAGUS_REJECTED;
}

static void note_result(struct taken *t, const struct engine_record *r) {
    struct engine_event *e;
    assert_int_equal(engine_event_new(&e, r, 0, NULL, 0), 0);
    const tragus_event *v = engine_event_view(e);
    size_t len = strlen(t->text);
    snprintf(t->text + len, sizeof(t->text) - len, v->type == TRAGUS_UTTERANCE ? "%s\n" : "(%s)\n", v->text);
    engine_event_free(e);
}

/* Takes at most `most` records, and frees the listeners and sessions that are returned. */
static void take(struct recogniser *r, struct taken *t, unsigned most) {
    struct engine_record record;
    for (; most > 0 && recogniser_next_record(r, &record); most--) {
        t->n++;
        t->n_partial += record.event == TRAGUS_PARTIAL;
        t->n_started += record.event == TRAGUS_SPEECH_STARTED;
        t->n_ended += record.event == TRAGUS_SPEECH_ENDED;
        t->n_result += is_result(&record);
        if (record.event == TRAGUS_PARTIAL)
            t->last_partial = t->n;
        if (is_result(&record)) {
            t->sequence = record.sequence;
            note_result(t, &record);
        }
        if (record.type == ENGINE_SWAPPED) {
            t->n_swapped += record.session != NULL;
            t->n_late += record.session == NULL;
            engine_listener_free(record.listener);
        }
        if (record.type == ENGINE_RETIRED) {
            t->n_retired++;
            t->n_coming += record.session->coming != NULL;
            session_free(record.session);
        }
    }
}

static bool is_awake(void) {
    struct pollfd p = {.fd = wake.fd, .events = POLLIN};
    bool awake = poll(&p, 1, 0) == 1;
    base_wake_clear(&wake);
    return awake;
}

/* --- tests --- */

static void a_session_hears_all_in_order(void **state) {
    (void)state;
    struct recogniser *r = make_recogniser();
    struct engine_record record;
    tragus_event_type last = TRAGUS_UTTERANCE;
    struct taken t = {0};
    order(r, RECOGNISER_ADD, session(true), NULL);
    assert_true(recogniser_has_commands(r));
    recogniser_take_commands(r);
    assert_false(recogniser_has_commands(r));
    is_awake();
    hear(r, 0, n_first);
    assert_true(is_awake());
    for (unsigned n = 0; recogniser_next_record(r, &record); n++) {
        if (record.event == TRAGUS_SPEECH_STARTED)
            assert_true(last == TRAGUS_UTTERANCE || last == TRAGUS_REJECTED);
        if (record.event == TRAGUS_SPEECH_ENDED)
            assert_true(last == TRAGUS_SPEECH_STARTED || last == TRAGUS_PARTIAL);
        if (is_result(&record)) {
            assert_int_equal(last, TRAGUS_SPEECH_ENDED);
            note_result(&t, &record);
        }
        assert_int_equal(record.sequence, 1);
        last = record.event;
    }
    assert_string_equal(t.text, "front center\n");
    hear(r, n_first, n_hops);
    recogniser_end(r);
    take(r, &t, RING);
    assert_string_equal(t.text, "front center\nrear left\n");
    assert_int_equal(t.sequence, 2);
    assert_true(t.n_partial > 0);
    assert_int_equal(t.n_retired, 1);
    struct engine_cost cost;
    recogniser_cost(r, &cost);
    assert_in_range(cost.hops, n_hops - 2, n_hops); /* two end markers may carry no sound */
    assert_true(cost.steps > 0 && cost.network_us > 0 && cost.frontend_us > 0);
    assert_int_equal(recogniser_lost(r), 0);
    recogniser_free(r);
}

static void stop_decides_what_came_before(void **state) {
    (void)state;
    struct recogniser *r = make_recogniser();
    struct engine_session *s = session(false);
    struct taken t = {0};
    order(r, RECOGNISER_ADD, s, NULL);
    recogniser_take_commands(r);
    hear(r, 0, n_first - 60); /* after the words, but within the silence that follows */
    take(r, &t, RING);
    assert_int_equal(t.n_result, 0);
    order(r, RECOGNISER_STOP, s, NULL);
    recogniser_take_commands(r);
    hear(r, n_first - 60, n_first - 1);
    take(r, &t, RING);
    assert_string_equal(t.text, "front center\n");
    assert_int_equal(t.n_retired, 1);
    /* Nobody listens any more, so further sound must cost nothing. */
    struct engine_cost before, after;
    recogniser_cost(r, &before);
    hear(r, n_first, n_hops);
    recogniser_cost(r, &after);
    assert_int_equal(after.hops, before.hops);
    take(r, &t, RING);
    assert_int_equal(t.n_result, 1);
    recogniser_free(r);
}

static void stop_in_silence_retires_at_once(void **state) {
    (void)state;
    struct recogniser *r = make_recogniser();
    struct engine_session *s = session(false);
    struct taken t = {0};
    order(r, RECOGNISER_ADD, s, NULL);
    order(r, RECOGNISER_STOP, s, NULL);
    recogniser_take_commands(r);
    take(r, &t, RING);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.n_retired, 1);
    recogniser_free(r);
}

static void drop_retires_at_once_without_a_result(void **state) {
    (void)state;
    struct recogniser *r = make_recogniser();
    struct engine_session *s = session(false), *stays = session(false);
    struct taken t = {0};
    order(r, RECOGNISER_ADD, s, NULL);
    order(r, RECOGNISER_ADD, stays, NULL);
    recogniser_take_commands(r);
    hear(r, 0, n_first - 60);
    take(r, &t, RING);
    assert_int_equal(t.n_started, 2);
    order(r, RECOGNISER_DROP, s, NULL);
    recogniser_take_commands(r);
    t = (struct taken){0};
    take(r, &t, RING);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.n_retired, 1);
    hear(r, n_first - 60, n_first);
    take(r, &t, RING);
    assert_string_equal(t.text, "front center\n"); /* from the session that stays */
    order(r, RECOGNISER_DROP, stays, NULL);
    recogniser_take_commands(r);
    take(r, &t, RING);
    assert_int_equal(t.n_retired, 2);
    order(r, RECOGNISER_DROP, stays, NULL); /* main owns it already: only its address is compared */
    order(r, RECOGNISER_STOP, stays, NULL);
    recogniser_take_commands(r);
    take(r, &t, RING);
    assert_int_equal(t.n_retired, 2);
    recogniser_free(r);
}

static void a_swap_counts_from_the_next_utterance(void **state) {
    (void)state;
    struct recogniser *r = make_recogniser();
    struct engine_session *s = session(false);
    struct taken t = {0};
    order(r, RECOGNISER_ADD, s, NULL);
    recogniser_take_commands(r);
    hear(r, 0, n_first / 2);
    order(r, RECOGNISER_SWAP, s, listener(others));
    hear(r, n_first / 2, n_first);
    take(r, &t, RING);
    assert_string_equal(t.text, "front center\n"); /* `others` does not contain it */
    hear(r, n_first, n_hops);
    take(r, &t, RING);
    assert_string_equal(t.text, "front center\nrear left\n");
    assert_int_equal(t.n_swapped, 1);
    hear(r, 0, n_first);
    take(r, &t, RING);
    assert_null(strstr(t.text + strlen("front center\n"), "\nfront center\n"));
    recogniser_end(r);
    take(r, &t, RING);
    assert_int_equal(t.n_retired, 1);
    recogniser_free(r);
}

static void a_listener_that_comes_too_late_goes_home(void **state) {
    (void)state;
    struct recogniser *r = make_recogniser();
    struct engine_session *s = session(false);
    struct taken t = {0};
    order(r, RECOGNISER_ADD, s, NULL);
    order(r, RECOGNISER_SWAP, s, listener(others));
    order(r, RECOGNISER_SWAP, s, listener(others)); /* replaces the pending one, which is returned */
    recogniser_take_commands(r);
    take(r, &t, RING);
    assert_int_equal(t.n_late, 1);
    recogniser_end(r); /* s retires, and its pending listener with it */
    order(r, RECOGNISER_SWAP, s, listener(others));
    recogniser_take_commands(r);
    take(r, &t, RING);
    assert_int_equal(t.n_retired, 1);
    assert_int_equal(t.n_late, 2);
    assert_int_equal(t.n_swapped, 0);
    recogniser_free(r);
}

/* With this many sessions, the ring is the only limit on what main receives. */
static void a_full_ring_loses_partial_results_first_and_memory_never(void **state) {
    (void)state;
    enum { N = 40 };
    struct recogniser *r = make_recogniser();
    struct engine_session *sessions[N];
    struct taken t = {0};

    for (unsigned i = 0; i < N; i++) {
        sessions[i] = session(true);
        order(r, RECOGNISER_ADD, sessions[i], NULL);
    }
    hear(r, 0, n_first / 2);
    for (unsigned i = 0; i < N; i++)
        order(r, RECOGNISER_SWAP, sessions[i], listener(channels));
    recogniser_take_commands(r);
    hear(r, n_first / 2, n_first);
    assert_in_range(recogniser_room(r), 0, RECOGNISER_FINAL_RECORDS);
    hear(r, n_first, n_hops); /* the next utterance: 40 old listeners are to be returned */
    assert_int_equal(recogniser_room(r), 0);
    take(r, &t, RING);
    assert_int_equal(t.n, RING);
    assert_true(t.n_partial > 0);
    assert_in_range(t.last_partial, 1, RING - RECOGNISER_FINAL_RECORDS);
    /* Two utterances per session: started, ended, result. */
    assert_int_equal(recogniser_lost(r), N * 6 - t.n_started - t.n_ended - t.n_result);

    for (unsigned i = 0; i < N; i++)
        order(r, RECOGNISER_STOP, sessions[i], NULL);
    hear(r, 0, n_first / 2); /* if there was no room for the old listener, the swap is retried with this utterance */
    for (unsigned turn = 0; turn < 1000 && t.n_retired < N; turn++) {
        take(r, &t, 3);
        recogniser_take_commands(r);
    }
    assert_int_equal(t.n_retired, N);
    assert_int_equal(t.n_swapped + t.n_coming, N); /* no listener is lost */
    recogniser_free(r);
}

static void commands_wait_for_room(void **state) {
    (void)state;
    enum { N = 64 };
    struct recogniser *r = make_recogniser();
    struct engine_session *sessions[N];
    struct taken t = {0};
    unsigned n_swaps = 0;

    for (unsigned i = 0; i < N; i++) {
        sessions[i] = session(false);
        order(r, RECOGNISER_ADD, sessions[i], NULL);
    }
    recogniser_take_commands(r);
    assert_true(recogniser_has_room(r));
    for (unsigned i = 0; recogniser_has_room(r); i++, n_swaps++) /* four per session, of which three are returned */
        order(r, RECOGNISER_SWAP, sessions[i % N], listener(others));
    assert_int_equal(n_swaps, 4 * N);
    recogniser_take_commands(r);
    assert_int_equal(recogniser_room(r), 1);
    assert_true(recogniser_has_commands(r));
    for (unsigned i = 0; i < N; i++)
        order(r, RECOGNISER_DROP, sessions[i], NULL);
    recogniser_take_commands(r);
    assert_int_equal(recogniser_room(r), 1);
    for (unsigned turn = 0; turn < 1000 && t.n_retired < N; turn++) {
        take(r, &t, 5);
        recogniser_take_commands(r);
    }
    assert_int_equal(t.n_retired, N);
    assert_int_equal(t.n_late, 3 * N);
    assert_true(recogniser_has_room(r));
    assert_int_equal(recogniser_lost(r), 0);
    assert_false(recogniser_has_commands(r));
    recogniser_free(r);
}

/* All records as text, for exact comparison. */
static char *exact(struct recogniser *r) {
    struct engine_record record;
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    while (recogniser_next_record(r, &record)) {
        fprintf(f, "%d %d %lld %llu", (int)record.type, (int)record.event, (long long)record.start_hop,
                (unsigned long long)record.n_heard);
        if (is_result(&record))
            fprintf(f, " %d %d %d %u..%u", (int)record.reason, (int)record.result.score_q8, (int)record.result.confidence_q15,
                    record.result.start_ms, record.result.end_ms);
        fputc('\n', f);
        if (record.type == ENGINE_RETIRED)
            session_free(record.session);
    }
    fclose(f);
    return text;
}

static void wipe_leaves_nothing_of_what_was_heard(void **state) {
    (void)state;
    struct recogniser *r = make_recogniser();
    char *heard[3];
    for (unsigned i = 0; i < 3; i++) {
        order(r, RECOGNISER_ADD, session(true), NULL);
        recogniser_take_commands(r);
        hear(r, n_first, n_hops);
        recogniser_end(r);
        heard[i] = exact(r);
        if (i == 0) { /* without the wipe, the second run would start with another running mean */
            assert_false(recogniser_wiped(r));
            order(r, RECOGNISER_WIPE, NULL, NULL);
            is_awake();
            recogniser_take_commands(r);
            assert_true(is_awake());
            assert_true(recogniser_wiped(r));
            assert_false(recogniser_wiped(r));
        }
    }
    assert_true(strlen(heard[0]) > 20);
    assert_string_equal(heard[1], heard[0]);
    assert_string_not_equal(heard[2], heard[0]);
    for (unsigned i = 0; i < 3; i++)
        free(heard[i]);
    recogniser_free(r);
}

static void lost_hops_end_the_segment(void **state) {
    (void)state;
    struct recogniser *r = make_recogniser();
    struct taken t = {0};
    order(r, RECOGNISER_ADD, session(false), NULL);
    recogniser_take_commands(r);
    hear(r, 0, n_first - 80); /* within or just after the words */
    take(r, &t, RING);
    assert_int_equal(t.n_started, 1);
    assert_int_equal(t.n_ended, 0);
    hear(r, n_first - 40, n_first - 39); /* 40 hops are missing */
    take(r, &t, RING);
    assert_int_equal(t.n_ended, 1);
    hear(r, n_first - 39, n_hops);
    recogniser_end(r);
    take(r, &t, RING);
    assert_non_null(strstr(t.text, "rear left\n"));
    assert_int_equal(t.n_retired, 1);
    recogniser_free(r);
}

static void nothing_allocates_in_the_sounds_thread(void **state) {
    (void)state;
    struct recogniser *r = make_recogniser();
    struct engine_session *s = session(true), *dropped = session(false);
    struct taken t = {0};
    order(r, RECOGNISER_ADD, s, NULL);
    order(r, RECOGNISER_ADD, dropped, NULL);
    order(r, RECOGNISER_SWAP, s, listener(others));
    calls_start();
    recogniser_take_commands(r);
    hear(r, 0, n_first);
    struct calls calls = calls_stop();
    order(r, RECOGNISER_DROP, dropped, NULL);
    order(r, RECOGNISER_STOP, s, NULL);
    order(r, RECOGNISER_WIPE, NULL, NULL);
    calls_start();
    hear(r, n_first, n_hops);
    recogniser_end(r);
    struct calls later = calls_stop();
    assert_int_equal(calls.n_allocated + later.n_allocated, 0);
    assert_int_equal(calls.n_freed + later.n_freed, 0);
    assert_int_equal(calls.n_locked + later.n_locked, 0);
    take(r, &t, RING);
    assert_true(t.n_started > 0);
    assert_int_equal(t.n_retired, 2);
    recogniser_free(r);
}

static void what_nobody_took_is_freed(void **state) {
    (void)state;
    struct recogniser *r = make_recogniser();
    struct engine_session *s = session(false);
    order(r, RECOGNISER_ADD, s, NULL);
    recogniser_take_commands(r);
    struct engine_listener *second = listener(others);
    order(r, RECOGNISER_SWAP, s, listener(others)); /* a sanitizer would detect the leaks */
    order(r, RECOGNISER_SWAP, s, second);           /* the first one goes home, where nobody takes it */
    recogniser_take_commands(r);
    order(r, RECOGNISER_SWAP, s, listener(others)); /* is not executed */
    recogniser_free(r);
    assert_ptr_equal(s->coming, second);
    session_free(s); /* still lent, so it belongs to main again */
    recogniser_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_hears_all_in_order),
        cmocka_unit_test(stop_decides_what_came_before),
        cmocka_unit_test(stop_in_silence_retires_at_once),
        cmocka_unit_test(drop_retires_at_once_without_a_result),
        cmocka_unit_test(a_swap_counts_from_the_next_utterance),
        cmocka_unit_test(a_listener_that_comes_too_late_goes_home),
        cmocka_unit_test(a_full_ring_loses_partial_results_first_and_memory_never),
        cmocka_unit_test(commands_wait_for_room),
        cmocka_unit_test(wipe_leaves_nothing_of_what_was_heard),
        cmocka_unit_test(lost_hops_end_the_segment),
        cmocka_unit_test(nothing_allocates_in_the_sounds_thread),
        cmocka_unit_test(what_nobody_took_is_freed),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
