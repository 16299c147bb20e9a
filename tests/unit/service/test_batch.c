/* SPDX-License-Identifier: Apache-2.0 */
/* A batch thread on files, pipes and sockets: its output depends only on the sound, and its session is returned after every kind
 * of error. */
#include "ready.h"
#include "rig.h"
#include "service/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define CHANNELS "front center\nrear left\nside right\nturn on the light\nwhat time is it\nopen the window\nplay some music\n"
#define PATIENCE_MS 20000

static tragus_model *model;
static tragus_grammar *channels;
static struct ready_sound sound;
static struct base_wake wake;
static char *expected; /* the records of `sound`, read as one raw file */

static struct batch_options raw_options(void) {
    return (struct batch_options){
        .format = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE}, .max_bytes = 64 << 20, .gate = frontend_gate_defaults()};
}

static struct batch_options file_options(void) {
    struct batch_options o = raw_options();
    o.sound_file = true;
    return o;
}

static struct engine_session *session(bool partial) {
    tragus_session_options o;
    tragus_session_options_init(&o);
    struct engine_session *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    s->listener = engine_listener_new(model, channels, &o);
    assert_non_null(s->listener);
    s->wants_partial = partial;
    s->reject = true;
    return s;
}

static struct batch *start(int fd, const struct batch_options *o) {
    struct batch *b = NULL;
    tragus_error e = {0};
    struct engine_session *s = session(true);
    if (batch_start(&b, model, fd, o, s, &wake, &e) < 0)
        fail_msg("%s", e.text);
    return b;
}

/* --- the main thread's side: takes records until the thread is done --- */

struct outcome {
    char *text; /* the records, one per line */
    unsigned n_utterances, n_retired;
    uint64_t lost, first_us;
    struct batch_counters counters;
    tragus_error error;
};

static void note(struct outcome *o, FILE *f, const struct engine_record *r) {
    struct engine_event *event;
    if (r->type == ENGINE_RETIRED) {
        o->n_retired++;
        engine_listener_free(r->session->listener);
        free(r->session);
        return;
    }
    assert_int_equal(engine_event_new(&event, r, 0, NULL, 0), 0);
    const tragus_event *e = engine_event_view(event);
    fprintf(f, "%d #%llu at %llu us: '%s' %.6f %u..%u\n", (int)e->type, (unsigned long long)e->sequence,
            (unsigned long long)r->heard_us, e->text, e->confidence, e->start_ms, e->end_ms);
    o->n_utterances += e->type == TRAGUS_UTTERANCE;
    if (o->first_us == 0)
        o->first_us = r->heard_us;
    engine_event_free(event);
}

static struct outcome finish(struct batch *b) {
    struct outcome o = {0};
    struct engine_record record;
    size_t len;
    bool done = false;
    FILE *f = open_memstream(&o.text, &len);
    assert_non_null(f);
    for (int turn = 0; !done; turn++) {
        assert_in_range(turn, 0, PATIENCE_MS / 10);
        base_wake_wait(&wake, 10);
        done = batch_done(b); /* read before the last records are taken */
        while (recogniser_next_record(batch_recogniser(b), &record))
            note(&o, f, &record);
    }
    fclose(f);
    (void)batch_error(b, &o.error);
    o.lost = recogniser_lost(batch_recogniser(b));
    batch_counters(b, &o.counters);
    batch_free(b);
    assert_int_equal(o.n_retired, 1);
    return o;
}

static int open_file(const void *bytes, size_t n) {
    char *path = rig_file("sound", bytes, n);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    free(path);
    return fd;
}

static int make(void **state) {
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN); /* as in the daemon */
    model = ready_model();
    channels = ready_grammar(model, CHANNELS);
    ready_append_quiet(&sound, 500);
    ready_append_recording(&sound, "Front_Center");
    ready_append_quiet(&sound, 1600);
    ready_append_recording(&sound, "Rear_Left");
    ready_append_quiet(&sound, 1237); /* not a whole number of hops */
    assert_int_equal(base_wake_init(&wake), 0);
    struct batch_options options = raw_options();
    struct outcome o = finish(start(open_file(sound.pcm, 2 * sound.n), &options));
    assert_int_equal(o.n_utterances, 2);
    assert_int_equal(o.counters.hops, (sound.n + 159) / 160);
    expected = o.text;
    return 0;
}

static int unmake(void **state) {
    (void)state;
    free(expected);
    ready_sound_done(&sound);
    base_wake_done(&wake);
    tragus_grammar_unref(channels);
    tragus_model_unref(model);
    return 0;
}

/* --- writers --- */

struct writer {
    pthread_t thread;
    int fd;
    const unsigned char *bytes;
    size_t n, chunk;
};

static void *write_all(void *user) {
    struct writer *w = user;
    for (size_t at = 0; at < w->n;) {
        size_t part = w->n - at < w->chunk ? w->n - at : w->chunk;
        ssize_t n = write(w->fd, w->bytes + at, part);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    close(w->fd);
    return NULL;
}

static void start_writer(struct writer *w, int fd, const void *bytes, size_t n, size_t chunk) {
    *w = (struct writer){.fd = fd, .bytes = bytes, .n = n, .chunk = chunk};
    assert_int_equal(pthread_create(&w->thread, NULL, write_all, w), 0);
}

/* Sends bytes through a pipe or a socket in chunks of this size, and returns the outcome. */
static struct outcome send_through(bool is_socket, const struct batch_options *options, const void *bytes, size_t n, size_t chunk) {
    int ends[2];
    struct writer w;
    if (is_socket)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    else
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct batch *b = start(ends[0], options);
    start_writer(&w, ends[1], bytes, n, chunk);
    struct outcome o = finish(b);
    pthread_join(w.thread, NULL);
    return o;
}

/* --- tests --- */

static void any_chunking_gives_the_same_records(void **state) {
    static const size_t chunks[] = {3, 777, 65536};
    struct batch_options options = raw_options();
    (void)state;
    for (int is_socket = 0; is_socket < 2; is_socket++)
        for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
            struct outcome o = send_through(is_socket, &options, sound.pcm, 2 * sound.n, chunks[i]);
            assert_string_equal(o.text, expected);
            assert_int_equal(o.error.code, 0);
            assert_int_equal(o.counters.lost_us, 0);
            assert_true(o.counters.wakeups > 0);
            free(o.text);
        }
}

static void a_sound_file_is_the_same_sound(void **state) {
    struct batch_options options = file_options();
    size_t n;
    (void)state;
    unsigned char *wav = rig_wav(sound.pcm, sound.n, &n);
    struct outcome file = finish(start(open_file(wav, n), &options));
    assert_string_equal(file.text, expected);
    struct outcome through_pipe = send_through(false, &options, wav, n, 1000);
    assert_string_equal(through_pipe.text, expected);
    struct outcome through_socket = send_through(true, &options, wav, n, 1000);
    assert_string_equal(through_socket.text, expected);
    free(file.text);
    free(through_pipe.text);
    free(through_socket.text);
    free(wav);
}

static void other_encodings_are_the_same_sound(void **state) {
    struct batch_options options = raw_options();
    (void)state;
    int32_t *wide = calloc(2 * sound.n, sizeof(*wide)); /* two identical channels */
    assert_non_null(wide);
    for (size_t i = 0; i < 2 * sound.n; i++)
        wide[i] = (int32_t)sound.pcm[i / 2] * 65536;
    options.format = (struct audio_format){.rate = 16000, .channels = 2, .encoding = AUDIO_S32LE};
    struct outcome o = send_through(false, &options, wide, 2 * sound.n * sizeof(*wide), 1001);
    assert_string_equal(o.text, expected);
    free(o.text);
    free(wide);
}

static void half_a_frame_at_the_end_is_no_matter(void **state) {
    struct batch_options options = raw_options();
    (void)state;
    unsigned char *bytes = malloc(2 * sound.n + 1);
    assert_non_null(bytes);
    memcpy(bytes, sound.pcm, 2 * sound.n);
    bytes[2 * sound.n] = 0x7f;
    struct outcome o = send_through(false, &options, bytes, 2 * sound.n + 1, 4096);
    assert_string_equal(o.text, expected);
    assert_int_equal(o.error.code, 0);
    free(o.text);
    free(bytes);
}

static void nothing_at_all_is_no_error(void **state) {
    struct batch_options options = raw_options();
    (void)state;
    struct outcome o = send_through(false, &options, "", 0, 1);
    assert_string_equal(o.text, "");
    assert_int_equal(o.error.code, 0);
    assert_int_equal(o.counters.hops, 0);
    free(o.text);
}

static void a_writer_that_breaks_off_is_an_error(void **state) {
    struct batch_options options = raw_options();
    int ends[2];
    (void)state;
    /* A peer that closes with unread bytes resets the connection. */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(write(ends[0], "x", 1), 1);
    close(ends[1]);
    struct outcome o = finish(start(ends[0], &options));
    assert_int_equal(o.error.code, -ECONNRESET);
    assert_non_null(strstr(o.error.text, "cannot be read"));
    free(o.text);

    options = file_options();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(write(ends[0], "x", 1), 1);
    close(ends[1]);
    o = finish(start(ends[0], &options));
    assert_int_equal(o.error.code, -ECONNRESET);
    free(o.text);
}

static void what_is_no_sound_file_is_an_error(void **state) {
    struct batch_options options = file_options();
    static const char text[] = "This is a letter to a friend and no sound at all, however long one listens to it.";
    (void)state;
    struct outcome o = finish(start(open_file(text, sizeof(text)), &options));
    assert_int_equal(o.error.code, -EBADMSG);
    free(o.text);
    o = send_through(false, &options, text, sizeof(text), 10);
    assert_int_equal(o.error.code, -EBADMSG);
    free(o.text);
}

static void a_sound_file_has_a_limit(void **state) {
    struct batch_options options = file_options();
    size_t n;
    (void)state;
    unsigned char *wav = rig_wav(sound.pcm, sound.n, &n);
    options.max_bytes = n;
    struct outcome o = send_through(false, &options, wav, n, 65536);
    assert_string_equal(o.text, expected);
    free(o.text);
    options.max_bytes = n - 1;
    o = send_through(false, &options, wav, n, 65536);
    assert_int_equal(o.error.code, -EFBIG);
    assert_string_equal(o.text, "");
    free(o.text);
    o = finish(start(open_file(wav, n), &options));
    assert_int_equal(o.error.code, -EFBIG);
    assert_string_equal(o.text, "");
    free(o.text);
    free(wav);
}

/* A minute of silence is a few kilobytes of FLAC. */
static void what_a_sound_file_holds_has_a_limit(void **state) {
    static const short silence[16000];
    struct batch_options options = file_options();
    SF_INFO info = {.samplerate = 16000, .channels = 1, .format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16};
    char *path = rig_file("silence.flac", "", 0);
    (void)state;
    SNDFILE *f = sf_open(path, SFM_WRITE, &info);
    assert_non_null(f);
    for (int s = 0; s < 60; s++)
        assert_int_equal(sf_write_short(f, silence, 16000), 16000);
    sf_close(f);
    for (size_t s = 59; s <= 60; s++) {
        options.max_bytes = 2 * 16000 * s;
        struct outcome o = finish(start(open(path, O_RDONLY | O_CLOEXEC), &options));
        assert_int_equal(o.error.code, s < 60 ? -EFBIG : 0);
        assert_int_equal(o.counters.hops, s < 60 ? 0 : 6000);
        free(o.text);
    }
    free(path);
}

static void only_what_can_be_read_is_taken(void **state) {
    tragus_error e = {0};
    int ends[2], pair[2], datagrams[2];
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(batch_check_descriptor(ends[0], &e), 0);
    assert_int_equal(batch_check_descriptor(ends[1], &e), -ENOTSUP);
    assert_non_null(strstr(e.text, "read end"));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(batch_check_descriptor(pair[0], &e), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams), 0);
    assert_int_equal(batch_check_descriptor(datagrams[0], &e), -ENOTSUP);
    int file = open_file("x", 1), null = open("/dev/null", O_RDONLY), directory = open("/", O_RDONLY);
    assert_int_equal(batch_check_descriptor(file, &e), 0);
    assert_int_equal(batch_check_descriptor(null, &e), -ENOTSUP);
    assert_int_equal(batch_check_descriptor(directory, &e), -ENOTSUP);
    close(file);
    assert_int_equal(batch_check_descriptor(file, &e), -EBADF);
    for (int i = 0; i < 2; i++) {
        close(ends[i]);
        close(pair[i]);
        close(datagrams[i]);
    }
    close(null);
    close(directory);
}

static void cancel_ends_what_waits_for_sound(void **state) {
    (void)state;
    for (int sound_file = 0; sound_file < 2; sound_file++)
        for (int is_socket = 0; is_socket < 2; is_socket++) {
            struct batch_options options = sound_file ? file_options() : raw_options();
            int ends[2];
            assert_int_equal(is_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends), 0);
            struct batch *b = start(ends[0], &options);
            if (sound_file) /* the start of a file, without an end */
                assert_int_equal(write(ends[1], "RIFF", 4), 4);
            struct timespec pause = {.tv_nsec = 20000000};
            nanosleep(&pause, NULL);
            assert_false(batch_done(b));
            batch_cancel(b);
            struct outcome o = finish(b);
            assert_int_equal(o.error.code, 0); /* as if the input ended here */
            free(o.text);
            close(ends[1]);
        }
}

/* Sound before the cancel gives its result. */
static void cancel_decides_what_was_said(void **state) {
    struct batch_options options = raw_options();
    struct engine_record record;
    int ends[2];
    FILE *nowhere = fopen("/dev/null", "w");
    struct outcome before = {0};
    (void)state;
    assert_non_null(nowhere);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct batch *b = start(ends[0], &options);
    ssize_t n = write(ends[1], sound.pcm, 2 * 16000 * 2); /* two seconds: the words, but not all of the silence after them */
    assert_int_equal(n, 2 * 16000 * 2);
    struct batch_counters c = {0};
    for (int turn = 0; c.hops < 200; turn++) {
        assert_in_range(turn, 0, PATIENCE_MS / 10);
        base_wake_wait(&wake, 10);
        while (recogniser_next_record(batch_recogniser(b), &record))
            note(&before, nowhere, &record);
        batch_counters(b, &c);
    }
    assert_int_equal(before.n_utterances, 0);
    batch_cancel(b);
    struct outcome o = finish(b);
    assert_int_equal(o.n_utterances, 1);
    free(o.text);
    fclose(nowhere);
    close(ends[1]);
}

static int full_pipe(void) {
    static const int16_t silence[16000];
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 19) >= 1 << 19);
    for (int i = 0; i < 10; i++)
        assert_int_equal(write(ends[1], silence, sizeof(silence)), (ssize_t)sizeof(silence));
    close(ends[1]);
    return ends[0];
}

static void live_sound_that_is_too_old_is_dropped(void **state) {
    struct batch_options options = raw_options();
    (void)state;
    struct outcome o = finish(start(full_pipe(), &options));
    assert_int_equal(o.counters.lost_us, 0);
    assert_int_equal(o.counters.hops, 1000);
    free(o.text);
    options.live = true;
    o = finish(start(full_pipe(), &options));
    assert_in_range(o.counters.lost_us, 8000000, 10000000);
    assert_int_equal(o.counters.lost_us / 10000 + o.counters.hops, 1000);
    free(o.text);
}

static void live_sound_has_the_times_of_its_arrival(void **state) {
    struct batch_options options = raw_options();
    struct timespec t;
    (void)state;
    options.live = true;
    clock_gettime(CLOCK_MONOTONIC, &t);
    uint64_t now_us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
    /* Two seconds at once do not count as late yet. */
    struct outcome o = send_through(true, &options, sound.pcm, 2 * 16000 * 2 - 2, 1 << 20);
    assert_int_equal(o.n_utterances, 1);
    assert_true(o.first_us + 3000000 > now_us);
    assert_true(o.first_us < now_us + (uint64_t)PATIENCE_MS * 1000);
    free(o.text);
}

/* While main is busy, the thread waits for room instead of losing records, even partial results. */
static void nothing_is_lost_while_main_is_busy(void **state) {
    struct batch_options options = raw_options();
    struct ready_sound much = {0};
    (void)state;
    for (int i = 0; i < 14; i++) {
        ready_append_recording(&much, "Front_Center");
        ready_append_quiet(&much, 700);
        ready_append_recording(&much, "Rear_Left");
        ready_append_quiet(&much, 700);
    }
    struct outcome quick = finish(start(open_file(much.pcm, 2 * much.n), &options));
    struct batch *b = start(open_file(much.pcm, 2 * much.n), &options);
    uint64_t hops = 0;
    for (int same = 0, turn = 0; same < 20; turn++) { /* until the thread stops */
        struct batch_counters c;
        struct timespec pause = {.tv_nsec = 10000000};
        assert_in_range(turn, 0, PATIENCE_MS / 10);
        nanosleep(&pause, NULL);
        batch_counters(b, &c);
        same = c.hops == hops && hops > 0 ? same + 1 : 0;
        hops = c.hops;
    }
    assert_false(batch_done(b)); /* otherwise the test proves nothing: there must be more records than the ring can hold */
    struct outcome slow = finish(b);
    assert_string_equal(slow.text, quick.text);
    assert_int_equal(slow.lost, 0);
    free(quick.text);
    free(slow.text);
    ready_sound_done(&much);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_chunking_gives_the_same_records),
        cmocka_unit_test(a_sound_file_is_the_same_sound),
        cmocka_unit_test(other_encodings_are_the_same_sound),
        cmocka_unit_test(half_a_frame_at_the_end_is_no_matter),
        cmocka_unit_test(nothing_at_all_is_no_error),
        cmocka_unit_test(a_writer_that_breaks_off_is_an_error),
        cmocka_unit_test(what_is_no_sound_file_is_an_error),
        cmocka_unit_test(a_sound_file_has_a_limit),
        cmocka_unit_test(what_a_sound_file_holds_has_a_limit),
        cmocka_unit_test(only_what_can_be_read_is_taken),
        cmocka_unit_test(cancel_ends_what_waits_for_sound),
        cmocka_unit_test(cancel_decides_what_was_said),
        cmocka_unit_test(live_sound_that_is_too_old_is_dropped),
        cmocka_unit_test(live_sound_has_the_times_of_its_arrival),
        cmocka_unit_test(nothing_is_lost_while_main_is_busy),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
