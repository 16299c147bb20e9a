/* SPDX-License-Identifier: Apache-2.0 */
/* The queues around a recogniser: what a session hears depends on the sound and the commands, not on thread timing. */
#include "service/batch.h"

#include "ready.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define HANG_HOPS 100
#define N_UTTERANCES 24 /* these give more records than a queue can hold */

static tragus_model *model;
static tragus_grammar *grammar;
static struct base_wake wake;
static struct ready_sound sound; /* two utterances */
static size_t n_first;           /* samples of the first, including the silence after it */
static struct engine_hop *hops;  /* of the sound, as a capture thread produces them */
static size_t n_hops;

static void keep_hop(const struct engine_hop *hop, void *user) {
    (void)user;
    hops[n_hops++] = *hop;
}

static int make(void **state) {
    (void)state;
    static struct engine_segmenter segmenter;
    model = ready_model();
    grammar =
        ready_grammar(model, "front center\nrear left\nturn on the light\nwhat time is it\nopen the window\nplay some music\n");
    assert_int_equal(base_wake_init(&wake), 0);
    ready_append_recording(&sound, "Front_Center"); /* begins with speech: its first hops matter */
    ready_append_quiet(&sound, 1600);
    n_first = sound.n;
    ready_append_recording(&sound, "Rear_Left");
    ready_append_quiet(&sound, 1600);
    hops = calloc(sound.n / FRONTEND_HOP + 2, sizeof(*hops));
    engine_segmenter_init(&segmenter, NULL, engine_model_cpu_flags(model), 0);
    segmenter.gate.options.hang_hops = HANG_HOPS;
    engine_segmenter_push(&segmenter, sound.pcm, sound.n, 0, keep_hop, NULL);
    engine_segmenter_end(&segmenter, keep_hop, NULL);
    return 0;
}

static int unmake(void **state) {
    (void)state;
    free(hops);
    ready_sound_done(&sound);
    base_wake_done(&wake);
    tragus_grammar_unref(grammar);
    tragus_model_unref(model);
    return 0;
}

static void lend(struct engine_session *s) {
    *s = (struct engine_session){.listener = engine_listener_new(model, grammar, NULL), .reject = true, .wants_partial = true};
    assert_non_null(s->listener);
}

/* --- records as text ---------------------------------------------------------------------------------------------------------- */

struct log {
    char text[65536];
    size_t len;
    unsigned n_results, n_partials, n_retired;
};

static void note(struct log *l, const struct engine_record *r) {
    l->n_results += r->type == ENGINE_HEARD && (r->event == TRAGUS_UTTERANCE || r->event == TRAGUS_REJECTED);
    l->n_partials += r->type == ENGINE_HEARD && r->event == TRAGUS_PARTIAL;
    l->n_retired += r->type == ENGINE_RETIRED;
    l->len += (size_t)snprintf(l->text + l->len, sizeof(l->text) - l->len, "%d #%llu at %llu from %lld\n", (int)r->type,
                               (unsigned long long)r->sequence, (unsigned long long)r->n_heard, (long long)r->start_hop);
    assert_true(l->len < sizeof(l->text));
}

static void note_all(struct log *l, struct recogniser *r) {
    struct engine_record record;
    while (recogniser_next_record(r, &record))
        note(l, &record);
}

/* Takes hops from..to-1 and reads the records after each one, as main does when it is woken. */
static void take_hops(struct log *l, struct recogniser *r, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        recogniser_take_hop(r, &hops[i]);
        note_all(l, r);
    }
}

/* --- commands ----------------------------------------------------------------------------------------------------------------- */

/* late: the thread runs only after all sound has been queued, as on a busy machine. */
static void listen(struct log *l, uint64_t add_at, uint64_t stop_at, bool late) {
    struct recogniser *r = recogniser_new(model, &wake);
    struct engine_session session;
    size_t i = 0;

    assert_non_null(r);
    lend(&session);
    *l = (struct log){.len = 0};
    for (; !late && i < n_hops && hops[i].n_heard <= add_at; i++)
        take_hops(l, r, i, i + 1);
    recogniser_command(r, (struct recogniser_command){.type = RECOGNISER_ADD, .session = &session, .n_heard = add_at});
    if (!late)
        recogniser_take_commands(r);
    for (; !late && i < n_hops && hops[i].n_heard <= stop_at; i++)
        take_hops(l, r, i, i + 1);
    recogniser_command(r, (struct recogniser_command){.type = RECOGNISER_STOP, .session = &session, .n_heard = stop_at});
    if (!late)
        recogniser_take_commands(r);
    take_hops(l, r, i, n_hops);
    recogniser_take_commands(r);
    note_all(l, r);
    engine_listener_free(session.listener);
    recogniser_free(r);
}

static void a_session_hears_from_its_start_on_however_late_the_thread_is(void **state) {
    (void)state;
    static struct log soon, late;
    listen(&soon, 0, hops[n_hops - 1].n_heard, false);
    listen(&late, 0, hops[n_hops - 1].n_heard, true);
    assert_int_equal(soon.n_results, 2);
    assert_int_equal(soon.n_retired, 1);
    assert_string_equal(late.text, soon.text);
}

static void a_session_hears_up_to_its_stop_however_late_the_thread_is(void **state) {
    (void)state;
    static struct log soon, late;
    listen(&soon, 0, n_first / FRONTEND_HOP, false);
    listen(&late, 0, n_first / FRONTEND_HOP, true);
    assert_int_equal(soon.n_results, 1);
    assert_int_equal(soon.n_retired, 1);
    assert_string_equal(late.text, soon.text);
    listen(&soon, n_first / FRONTEND_HOP, hops[n_hops - 1].n_heard, false);
    listen(&late, n_first / FRONTEND_HOP, hops[n_hops - 1].n_heard, true);
    assert_int_equal(soon.n_results, 1);
    assert_string_equal(late.text, soon.text);
}

/* --- a descriptor ------------------------------------------------------------------------------------------------------------- */

static int many_utterances(void) {
    int fd = memfd_create("sound", MFD_CLOEXEC);
    for (unsigned i = 0; i < N_UTTERANCES; i++)
        assert_int_equal(write(fd, sound.pcm, n_first * sizeof(*sound.pcm)), n_first * sizeof(*sound.pcm));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* Waits until the thread stops because its queue is full. If it was only slow, the test is less strict. */
static void let_it_fill(struct batch *b) {
    struct batch_counters c = {0};
    uint64_t before;
    do {
        before = c.hops;
        usleep(300000);
        batch_counters(b, &c);
    } while (c.hops != before);
}

static void hear_descriptor(struct log *l, bool slow) {
    struct batch_options options = {
        .max_bytes = SIZE_MAX, .format = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE}, .gate = frontend_gate_defaults()};
    struct engine_session session;
    struct engine_record record;
    tragus_error error = {0};
    struct batch *b;

    *l = (struct log){.len = 0};
    lend(&session);
    assert_int_equal(batch_start(&b, model, many_utterances(), &options, &session, &wake, &error), 0);
    if (slow)
        let_it_fill(b);
    while (l->n_retired == 0) {
        if (recogniser_next_record(batch_recogniser(b), &record)) {
            note(l, &record);
            if (slow)
                usleep(2000);
        } else {
            usleep(1000);
        }
    }
    assert_int_equal(batch_error(b, &error), 0);
    batch_free(b);
    engine_listener_free(session.listener);
}

static void a_descriptor_waits_for_a_slow_reader(void **state) {
    (void)state;
    static struct log eager, slow;
    hear_descriptor(&eager, false);
    hear_descriptor(&slow, true);
    assert_int_equal(eager.n_results, N_UTTERANCES);
    assert_true(eager.n_partials >= N_UTTERANCES);
    assert_string_equal(slow.text, eager.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_hears_from_its_start_on_however_late_the_thread_is),
        cmocka_unit_test(a_session_hears_up_to_its_stop_however_late_the_thread_is),
        cmocka_unit_test(a_descriptor_waits_for_a_slow_reader),
    };
    return cmocka_run_group_tests_name("recogniser", tests, make, unmake);
}
