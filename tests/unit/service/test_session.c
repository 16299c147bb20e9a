/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions from creation to end: with sound from a descriptor, pushed sound, and the microphone. */
#include "ready.h"
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CHANNELS "front center\nrear left\nside right\nturn on the light\nwhat time is it\nopen the window\nplay some music\n"
#define MOST_SESSIONS 70

static sd_event *event;
static struct service *service;
static struct ready_sound sound; /* "front center" and "rear left" */
static size_t n_first;           /* samples until "front center" is over, plus half a pause */
static const struct service_input raw = {.format = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE}};

static int make(void **state) {
    struct service_options o;
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN); /* as in the daemon */
    ready_append_quiet(&sound, 300);
    ready_append_recording(&sound, "Front_Center");
    ready_append_quiet(&sound, 300);
    n_first = sound.n;
    ready_append_quiet(&sound, 1000);
    ready_append_recording(&sound, "Rear_Left");
    ready_append_quiet(&sound, 800);
    char *path = rig_file("sound.raw", sound.pcm, 2 * sound.n);
    rig_device("silence", NULL);
    rig_device("speech", path);
    free(path);
    assert_int_equal(sd_event_new(&event), 0);
    rig_options(&o);
    o.device = "speech";
    o.limits.sessions_per_user = MOST_SESSIONS;
    service = rig_service(event, &o);
    rig_grammar(service, event, "channels", CHANNELS);
    service_set_default_grammar(service, "channels");
    return 0;
}

static int unmake(void **state) {
    (void)state;
    service_free(service);
    sd_event_unref(event);
    ready_sound_done(&sound);
    return 0;
}

static void start(struct service_session *session) {
    tragus_error e = {0};
    if (service_session_start(session, &e) < 0)
        fail_msg("%s", e.text);
}

/* --- pushed sound --- */

static struct service_session *pushed(const struct service_session_options *o, const struct service_input *input) {
    struct service_session *s = rig_session(service, o);
    tragus_error e = {0};
    if (service_session_set_pushed(s, input, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

static void push(struct service_session *s, const int16_t *pcm, size_t n) {
    const unsigned char *bytes = (const unsigned char *)pcm;
    size_t at = 0;
    for (unsigned turn = 0; at < 2 * n; turn++) {
        ssize_t taken = service_session_push(s, bytes + at, 2 * n - at);
        assert_true(taken >= 0);
        assert_in_range(turn, 0, 10000);
        at += (size_t)taken;
        rig_run(event, taken > 0 ? 0 : 2);
    }
}

static void pushed_sound_is_understood(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    tragus_error e = {0};
    size_t at = 0;
    (void)state;
    o.session.partial = 1;
    struct service_session *s = pushed(&o, &raw);
    const unsigned char *bytes = (const unsigned char *)sound.pcm;
    /* Before the start, accepts only as much as there is room for. */
    size_t n_silence = 0;
    static const int16_t silence[16000];
    ssize_t n = (ssize_t)sizeof(silence);
    while (n == (ssize_t)sizeof(silence)) {
        n = service_session_push(s, silence, sizeof(silence));
        assert_in_range(n, 0, sizeof(silence));
        n_silence += (size_t)n;
    }
    assert_true(n_silence > 0 && n_silence % 2 == 0);
    assert_int_equal(service_session_push(s, silence, sizeof(silence)), 0);
    start(s);
    for (unsigned turn = 0; at < 2 * sound.n; turn++) { /* an odd number of bytes splits frames */
        n = service_session_push(s, bytes + at, 2 * sound.n - at < 777 ? 2 * sound.n - at : 777);
        assert_true(n >= 0);
        assert_in_range(turn, 0, 100000);
        at += (size_t)n;
        rig_run(event, n > 0 ? 0 : 2);
    }
    service_session_push_end(s);
    assert_int_equal(service_session_push(s, bytes, 2), -ENOTCONN);
    assert_true(rig_until(event, rig_finished, &log));
    assert_string_equal(log.heard, "front center\nrear left\n");
    assert_int_equal(log.finish, SERVICE_END_OF_INPUT);
    assert_int_equal(log.n_started, 2);
    assert_int_equal(log.n_ended, 2);
    assert_true(log.n_partial > 0);
    assert_int_equal(log.sequence, 2);
    assert_int_equal(log.latency_ms, 0); /* not live, so nobody waits for it */
    assert_true(log.time_us < (uint64_t)(sound.n + n_silence / 2) * 1000000 / 16000 + 1000000);
    service_session_push_end(s); /* a second call has no effect */

    /* A restart needs new input, and continues the numbers of utterances. */
    assert_int_equal(service_session_start(s, &e), -EALREADY);
    assert_non_null(strstr(e.text, "SetInput"));
    log = (struct rig_log){0};
    assert_int_equal(service_session_set_pushed(s, &raw, &e), 0);
    start(s);
    push(s, sound.pcm, n_first);
    service_session_push_end(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_string_equal(log.heard, "front center\n");
    assert_int_equal(log.sequence, 3);
    service_session_free(s);
}

static void push_is_refused_where_nothing_is_pushed(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    tragus_error e = {0};
    int ends[2];
    (void)state;
    struct service_session *s = rig_session(service, &o);
    assert_int_equal(service_session_push(s, "ab", 2), -ENOTCONN);
    assert_int_equal(service_session_start(s, &e), -EALREADY);
    assert_int_equal(service_session_set_pushed(s, &raw, &e), 0);
    assert_int_equal(service_session_push(s, "ab", 2), 2);
    assert_int_equal(pipe(ends), 0); /* a descriptor replaces the pushed input */
    assert_int_equal(service_session_set_input(s, ends[0], &raw, &e), 0);
    close(ends[0]);
    assert_int_equal(service_session_push(s, "ab", 2), -ENOTCONN);
    close(ends[1]);
    start(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_int_equal(log.finish, SERVICE_END_OF_INPUT);

    /* A stopped session accepts no more sound. */
    log = (struct rig_log){0};
    assert_int_equal(service_session_set_pushed(s, &raw, &e), 0);
    start(s);
    assert_int_equal(service_session_set_pushed(s, &raw, &e), -EALREADY);
    assert_int_equal(service_session_stop(s), 0);
    assert_true(rig_until(event, rig_finished, &log));
    assert_int_equal(service_session_push(s, "ab", 2), -ENOTCONN);
    service_session_free(s);
}

static void live_pushed_sound_has_a_latency(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    struct service_input live = raw;
    (void)state;
    live.live = true;
    struct service_session *s = pushed(&o, &live);
    start(s);
    push(s, sound.pcm, n_first / 2); /* two seconds at once would be late */
    rig_run(event, 1400);            /* real time */
    push(s, sound.pcm + n_first / 2, n_first - n_first / 2);
    service_session_push_end(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_string_equal(log.heard, "front center\n");
    assert_true(log.latency_ms > 0);
    service_session_free(s);
}

/* --- ends --- */

static void one_shot_ends_with_the_first_result(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    (void)state;
    o.one_shot = true;
    struct service_session *s = pushed(&o, &raw);
    start(s);
    const unsigned char *bytes = (const unsigned char *)sound.pcm;
    for (size_t at = 0; at < 2 * sound.n;) { /* the session may end before all is read */
        ssize_t n = service_session_push(s, bytes + at, 2 * sound.n - at);
        if (n < 0)
            break;
        at += (size_t)n;
        rig_run(event, 2);
    }
    service_session_push_end(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_string_equal(log.heard, "front center\n");
    assert_int_equal(log.finish, SERVICE_ONE_SHOT_DONE);
    assert_int_equal(log.n_finished, 1);
    service_session_free(s);
}

static void a_limited_session_times_out(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    (void)state;
    o.limited = true;
    o.timeout_ms = 50;
    struct service_session *s = pushed(&o, &raw);
    start(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_int_equal(log.finish, SERVICE_TIMED_OUT);
    assert_string_equal(log.heard, "");
    assert_int_equal(log.n_finished, 1);
    service_session_free(s);

    /* With a result in time, the timer is cancelled, and the session ends with its input. */
    log = (struct rig_log){0};
    o.timeout_ms = 20000;
    s = pushed(&o, &raw);
    start(s);
    push(s, sound.pcm, n_first);
    service_session_push_end(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_int_equal(log.finish, SERVICE_END_OF_INPUT);
    service_session_free(s);
}

static bool has_speech(const void *user) {
    struct service_session_view view;
    service_session_view(user, &view);
    return view.state == SERVICE_IN_SPEECH;
}

static void a_sentence_that_began_in_time_is_heard_to_its_end(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    (void)state;
    o.limited = o.one_shot = true;
    o.timeout_ms = 3000; /* the beginning must be heard by then, also on a busy machine */
    struct service_session *s = pushed(&o, &raw);
    start(s);
    push(s, sound.pcm, n_first - 4800 - 4800); /* without the last 0.3 s of the words, and the pause */
    assert_true(rig_until(event, has_speech, s));
    rig_run(event, 3500);
    assert_int_equal(log.n_finished, 0);
    push(s, sound.pcm + n_first - 4800 - 4800, sound.n - (n_first - 4800 - 4800));
    service_session_push_end(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_string_equal(log.heard, "front center\n");
    assert_int_equal(log.finish, SERVICE_ONE_SHOT_DONE);
    service_session_free(s);
}

static void stop_decides_what_was_said(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    struct service_session_view view;
    (void)state;
    struct service_session *s = pushed(&o, &raw);
    service_session_view(s, &view);
    assert_int_equal(view.state, SERVICE_IDLE);
    assert_false(view.running);
    assert_int_equal(view.started_us, 0);
    assert_int_equal(service_session_stop(s), -EALREADY);
    start(s);
    service_session_view(s, &view);
    assert_int_equal(view.state, SERVICE_WAITING_FOR_SPEECH);
    assert_true(view.running);
    assert_true(view.started_us > 1500000000000000);
    push(s, sound.pcm, n_first);
    assert_true(rig_until(event, has_speech, s));
    assert_int_equal(log.n_utterances, 0);
    /* Pushed sound may still be queued, so wait until it was heard. */
    do {
        rig_run(event, 5);
        service_session_view(s, &view);
    } while (view.position_us + 20000 < (uint64_t)n_first * 1000000 / 16000);
    assert_int_equal(service_session_stop(s), 0);
    service_session_view(s, &view);
    assert_int_equal(view.state, SERVICE_DECIDING);
    assert_int_equal(service_session_stop(s), 0); /* a second call has no effect */
    assert_true(rig_until(event, rig_finished, &log));
    assert_string_equal(log.heard, "front center\n");
    assert_int_equal(log.finish, SERVICE_STOPPED);
    assert_int_equal(log.n_finished, 1);
    service_session_view(s, &view);
    assert_int_equal(view.state, SERVICE_IDLE);
    assert_int_equal(service_session_stop(s), -EALREADY);
    service_session_free(s);
}

static bool has_heard_all(const void *user) {
    struct service_session_view view;
    service_session_view(user, &view);
    return view.position_us + 20000 >= (uint64_t)n_first * 1000000 / 16000;
}

/* A session that waits for a wake phrase is opened by a call, as if by a button. */
static void a_call_opens_the_grammar(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    struct service_session_view view;
    tragus_error e = {0};
    (void)state;
    o.wake = (const char *const[]){"good morning house"};
    o.n_wake = 1;
    struct service_session *s = pushed(&o, &raw);
    assert_int_equal(service_session_trigger(s, 0, &e), -EALREADY);
    start(s);
    service_session_view(s, &view);
    assert_int_equal(view.state, SERVICE_WAITING_FOR_WAKE);
    push(s, sound.pcm, n_first); /* is not heard */
    assert_true(rig_until(event, has_heard_all, s));
    assert_int_equal(service_session_trigger(s, 999, &e), -EINVAL);
    assert_non_null(strstr(e.text, "OpenMs"));
    assert_int_equal(service_session_trigger(s, 60000, &e), 0);
    service_session_view(s, &view);
    assert_int_equal(view.state, SERVICE_WAITING_FOR_SPEECH);
    push(s, sound.pcm + n_first, sound.n - n_first);
    service_session_push_end(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_string_equal(log.heard, "rear left\n");
    service_session_free(s);
}

/* Calls that the sound's thread has not taken yet are bounded. */
static void too_many_calls_are_refused(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    tragus_error e = {0};
    int r = 0;
    (void)state;
    o.wake = (const char *const[]){"good morning house"};
    o.n_wake = 1;
    struct service_session *s = pushed(&o, &raw);
    start(s);
    for (unsigned i = 0; i < 100000 && r == 0; i++)
        r = service_session_trigger(s, 0, &e);
    assert_true(r == 0 || r == -EAGAIN); /* the thread may keep up */
    assert_int_equal(service_session_stop(s), 0);
    assert_true(rig_until(event, rig_finished, &log));
    service_session_free(s);
}

static void a_session_may_be_freed_when_it_is_told_something(void **state) {
    struct rig_log log = {0}, other = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    struct service_session_options p = rig_session_options(service, "", &other);
    size_t before = service_n_sessions(service);
    (void)state;
    struct service_session *s = pushed(&o, &raw), *stays = pushed(&p, &raw);
    log.free_at_result = true;
    log.session = &s;
    start(s);
    start(stays);
    push(stays, sound.pcm, n_first);
    push(s, sound.pcm, n_first);
    service_session_push_end(stays);
    service_session_push_end(s);
    assert_true(rig_until(event, rig_finished, &other));
    assert_true(rig_until(event, rig_has_result, &log));
    rig_run(event, 30);
    assert_null(s);
    assert_string_equal(log.heard, "front center\n");
    assert_int_equal(log.n_finished, 0);
    assert_string_equal(other.heard, "front center\n");
    assert_int_equal(service_n_sessions(service), before + 1);
    service_session_free(stays);
    service_session_free(NULL);
    assert_int_equal(service_n_sessions(service), before);
}

static void nothing_is_told_after_the_owner_has_gone(void **state) {
    static const struct service_caller one = {.owner = ":1.1", .privileged = true}, two = {.owner = ":1.2", .privileged = true};
    struct rig_log gone = {0}, stays = {0};
    struct service_session_options o = rig_session_options(service, "", &gone);
    struct service_session *a, *b, *c;
    size_t before = service_n_sessions(service);
    (void)state;
    assert_int_equal(service_session_new(&a, service, &one, &o, NULL), 0);
    o.microphone = true;
    assert_int_equal(service_session_new(&b, service, &one, &o, NULL), 0);
    o = rig_session_options(service, "", &stays);
    assert_int_equal(service_session_new(&c, service, &two, &o, NULL), 0);
    assert_int_equal(service_session_set_pushed(a, &raw, NULL), 0);
    assert_int_equal(service_session_set_pushed(c, &raw, NULL), 0);
    start(a);
    start(b);
    start(c);
    push(c, sound.pcm, n_first);
    assert_true(service_microphone_open(service));
    service_owner_gone(service, ":1.1");
    assert_int_equal(service_n_sessions(service), before + 1);
    service_session_push_end(c);
    assert_true(rig_until(event, rig_finished, &stays));
    assert_string_equal(stays.heard, "front center\n");
    rig_run(event, 100);
    assert_int_equal(gone.n_finished + gone.n_lost + gone.n_started, 0);
    assert_false(service_microphone_open(service)); /* nobody listens */
    service_session_free(c);
}

/* --- descriptors --- */

static void a_descriptor_is_the_sessions_own_copy(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    tragus_error e = {0};
    int ends[2];
    (void)state;
    struct service_session *s = rig_session(service, &o);
    char *path = rig_file("again.raw", sound.pcm, 2 * sound.n);
    int fd = open(path, O_RDONLY);
    free(path);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(service_session_set_input(s, ends[0], &raw, &e), 0);
    close(ends[0]);
    assert_int_equal(service_session_set_input(s, fd, &raw, &e), 0); /* the pipe is no longer used */
    close(fd);
    assert_int_equal(write(ends[1], "ab", 2), -1); /* and nobody keeps it open */
    assert_int_equal(errno, EPIPE);
    close(ends[1]);
    start(s);
    assert_int_equal(service_session_set_input(s, 0, &raw, &e), -EALREADY);
    assert_non_null(strstr(e.text, "Stop before SetInput"));
    assert_true(rig_until(event, rig_finished, &log));
    assert_string_equal(log.heard, "front center\nrear left\n");
    service_session_free(s);
}

static void wrong_input_is_refused(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    struct service_input input = raw;
    tragus_error e = {0};
    int ends[2];
    (void)state;
    struct service_session *s = rig_session(service, &o);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(service_session_set_input(s, ends[1], &raw, &e), -ENOTSUP);
    assert_int_equal(service_session_set_input(s, 9999, &raw, &e), -EBADF);
    input.format.rate = 7999;
    assert_int_equal(service_session_set_input(s, ends[0], &input, &e), -EINVAL);
    assert_non_null(strstr(e.text, "Rate"));
    input.format.rate = 192001;
    assert_int_equal(service_session_set_pushed(s, &input, &e), -EINVAL);
    input = raw;
    input.format.channels = 33;
    assert_int_equal(service_session_set_input(s, ends[0], &input, &e), -EINVAL);
    assert_non_null(strstr(e.text, "Channels"));
    input.format.channels = 0;
    assert_int_equal(service_session_set_input(s, ends[0], &input, &e), -EINVAL);
    input = raw;
    input.sound_file = input.live = true;
    assert_int_equal(service_session_set_input(s, ends[0], &input, &e), -EPROTO);
    assert_int_equal(service_session_start(s, &e), -EALREADY); /* the refused call had no effect */
    close(ends[0]);
    close(ends[1]);
    service_session_free(s);
}

static void what_is_no_sound_fails(void **state) {
    static const char letter[] = "This is a letter to a friend and no sound at all, however long one listens to it.";
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    struct service_input input = raw;
    (void)state;
    input.sound_file = true;
    struct service_session *s = pushed(&o, &input);
    start(s);
    assert_int_equal(service_session_push(s, letter, sizeof(letter)), (ssize_t)sizeof(letter));
    service_session_push_end(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_int_equal(log.n_lost, 1);
    assert_int_equal(log.loss, SERVICE_DESCRIPTOR_BROKEN);
    assert_int_equal(log.finish, SERVICE_INPUT_FAILED);
    assert_non_null(strstr(log.text, "not a sound file"));
    /* The session can be used again. */
    log = (struct rig_log){0};
    assert_int_equal(service_session_set_pushed(s, &raw, NULL), 0);
    start(s);
    push(s, sound.pcm, n_first);
    service_session_push_end(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_string_equal(log.heard, "front center\n");
    service_session_free(s);
}

static void live_sound_that_is_dropped_is_told(void **state) {
    static const int16_t silence[16000];
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "", &log);
    struct service_input live = raw;
    tragus_error e = {0};
    int ends[2];
    (void)state;
    live.live = true;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 19) >= 1 << 19);
    for (int i = 0; i < 10; i++)
        assert_int_equal(write(ends[1], silence, sizeof(silence)), (ssize_t)sizeof(silence));
    close(ends[1]);
    struct service_session *s = rig_session(service, &o);
    assert_int_equal(service_session_set_input(s, ends[0], &live, &e), 0);
    close(ends[0]);
    start(s);
    assert_true(rig_until(event, rig_finished, &log));
    assert_int_equal(log.finish, SERVICE_END_OF_INPUT);
    assert_int_equal(log.loss, SERVICE_OVERRUN);
    assert_in_range(log.lost_us, 8000000, 10000000);
    service_session_free(s);
}

/* --- results --- */

static void a_session_that_rejects_nothing_has_the_best_sentence(void **state) {
    (void)state;
    rig_grammar(service, event, "others", "turn on the kitchen light\nwhat time is it in paris\n");
    for (int reject = 0; reject < 2; reject++) {
        struct rig_log log = {0};
        struct service_session_options o = rig_session_options(service, "others", &log);
        o.session.reject = reject;
        struct service_session *s = pushed(&o, &raw);
        start(s);
        push(s, sound.pcm, n_first);
        service_session_push_end(s);
        assert_true(rig_until(event, rig_finished, &log));
        assert_int_equal(log.n_rejected, reject);
        assert_int_equal(log.n_utterances, !reject);
        assert_true(log.reason != TRAGUS_REASON_NONE); /* why it is rejected, or would be */
        service_session_free(s);
    }
}

static void a_session_has_its_context(void **state) {
    static const char rooms[] = "language: en\nintents:\n  Here:\n    data:\n      - sentences: [\"front center\"]\n"
                                "        requires_context: {area: {value: kitchen, slot: true}}\n";
    static const tragus_context kitchen[] = {{"area", "kitchen"}}, hall[] = {{"area", "hall"}};
    (void)state;
    rig_grammar(service, event, "rooms", rooms);
    for (int right = 0; right < 2; right++) {
        struct rig_log log = {0};
        struct service_session_options o = rig_session_options(service, "rooms", &log);
        o.context = right ? kitchen : hall;
        o.n_context = 1;
        struct service_session *s = pushed(&o, &raw);
        start(s);
        push(s, sound.pcm, n_first);
        service_session_push_end(s);
        assert_true(rig_until(event, rig_finished, &log));
        assert_string_equal(log.heard, "front center\n");
        assert_string_equal(log.intent, right ? "Here" : "");
        service_session_free(s);
    }
}

/* --- limits --- */

static void a_user_has_so_many_sessions(void **state) {
    static const struct service_caller other = {.owner = "x", .uid = 1, .privileged = true};
    struct service_session_options o = rig_session_options(service, "", NULL);
    struct service_session *mine[MOST_SESSIONS], *more = NULL;
    tragus_error e = {0};
    (void)state;
    assert_int_equal(service_n_sessions(service), 0);
    for (unsigned i = 0; i < MOST_SESSIONS; i++)
        mine[i] = rig_session(service, &o);
    assert_int_equal(service_session_new(&more, service, &rig_daemon, &o, &e), -EDQUOT);
    assert_null(more);
    assert_non_null(strstr(e.text, "sessions_per_user"));
    assert_int_equal(service_session_new(&more, service, &other, &o, &e), 0); /* each user's sessions are counted separately */
    service_session_free(mine[0]);
    mine[0] = rig_session(service, &o);
    assert_int_equal(service_n_sessions(service), MOST_SESSIONS + 1);
    for (unsigned i = 0; i < MOST_SESSIONS; i++)
        service_session_free(mine[i]);
    service_session_free(more);
    assert_int_equal(service_n_sessions(service), 0);
    assert_null(service_next_session(service, NULL));
}

static void the_list_tells_who_listens(void **state) {
    struct service_session_options o = rig_session_options(service, "", NULL);
    struct service_session_view view;
    struct service_session *s, *t;
    (void)state;
    o.app = "a clock";
    o.pid = 42;
    assert_int_equal(service_session_new(&s, service, &rig_guest, &o, NULL), 0);
    o.app = "a lamp";
    t = rig_session(service, &o);
    unsigned n = 0, n_mine = 0;
    for (const struct service_session *i = service_next_session(service, NULL); i; i = service_next_session(service, i)) {
        n++;
        if (i != s)
            continue;
        n_mine++;
        service_session_view(i, &view);
        assert_string_equal(view.app, "a clock");
        assert_string_equal(view.owner, "guest");
        assert_string_equal(view.grammar, "channels");
        assert_int_equal(view.pid, 42);
        assert_int_equal(view.uid, 65534);
        assert_false(view.microphone);
        assert_false(view.running);
    }
    assert_int_equal(n, 2);
    assert_int_equal(n_mine, 1);
    service_session_free(s);
    service_session_free(t);
}

static void not_everybody_may_open_the_microphone(void **state) {
    struct service_session_options o = rig_session_options(service, "", NULL);
    struct service_session *s = NULL;
    tragus_error e = {0};
    (void)state;
    o.microphone = true;
    assert_int_equal(service_session_new(&s, service, &rig_guest, &o, &e), -EPERM);
    assert_null(s);
    o.microphone = false;
    assert_int_equal(service_session_new(&s, service, &rig_guest, &o, &e), 0);
    service_session_free(s);
    o.grammar = "nowhere";
    assert_int_equal(service_session_new(&s, service, &rig_guest, &o, &e), -ENOENT);
    assert_non_null(strstr(e.text, "nowhere"));
    o.grammar = "";
    o.session.min_confidence = NAN;
    assert_int_equal(service_session_new(&s, service, &rig_guest, &o, &e), -EINVAL);
}

/* --- the microphone --- */

static bool is_closed(const void *user) {
    (void)user;
    return !service_microphone_open(service);
}

static struct service_session *hear_microphone(struct rig_log *log, bool one_shot) {
    struct service_session_options o = rig_session_options(service, "", log);
    o.microphone = true;
    o.one_shot = one_shot;
    struct service_session *s = rig_session(service, &o);
    start(s);
    return s;
}

static bool has_level(const void *user) {
    struct service_session_view view;
    service_session_view(user, &view);
    return view.level_db > -60;
}

static void several_hear_the_same_microphone(void **state) {
    struct rig_log log = {0}, other = {0};
    struct service_session_view view, idle_view;
    tragus_error e = {0};
    (void)state;
    assert_false(service_microphone_open(service));
    struct service_session *s = hear_microphone(&log, true);
    assert_true(service_microphone_open(service));
    struct service_session *t = hear_microphone(&other, false);
    struct service_session_options o = rig_session_options(service, "", NULL);
    struct service_session *idle = rig_session(service, &o); /* its owner may not hear the microphone */
    assert_true(rig_until(event, has_level, s));
    service_session_view(idle, &idle_view);
    assert_true(idle_view.level_db <= -90);
    assert_int_equal(idle_view.position_us, 0);
    service_session_free(idle);
    assert_true(rig_until(event, rig_finished, &log));
    assert_int_equal(log.finish, SERVICE_ONE_SHOT_DONE);
    assert_true(log.latency_ms > 0);
    assert_true(rig_until(event, rig_has_result, &other));
    assert_string_equal(log.heard, "front center\n");
    assert_string_equal(other.heard, "front center\n");
    assert_true(service_microphone_open(service));
    service_session_view(t, &view);
    assert_true(view.microphone && view.position_us >= 1500000 && view.position_us < 20000000);
    assert_int_equal(service_session_set_pushed(t, &raw, &e), -EALREADY);
    other.start_at_finish = true; /* restarted within the callback */
    assert_int_equal(service_session_stop(t), 0);
    assert_true(rig_until(event, rig_finished, &other));
    assert_int_equal(other.finish, SERVICE_STOPPED);
    assert_true(service_microphone_open(service));
    service_session_view(t, &view);
    assert_true(view.running && view.position_us < 1000000);
    service_session_free(t);
    service_session_free(s);
    assert_true(rig_until(event, is_closed, NULL));
}

static void losses_are_told_to_all(void **state) {
    struct rig_log log = {0}, other = {0};
    (void)state;
    struct service_session *s = hear_microphone(&log, false), *t = hear_microphone(&other, false);
    rig_run(event, 100);
    rig_control("speech", "overrun");
    assert_true(rig_until(event, rig_has_lost, &log));
    assert_int_equal(log.loss, SERVICE_OVERRUN);
    assert_int_equal(other.loss, SERVICE_OVERRUN);
    assert_true(log.lost_us > 0);
    log = other = (struct rig_log){0};
    rig_control("speech", "gone");
    assert_true(rig_until(event, rig_has_lost, &log));
    assert_int_equal(log.loss, SERVICE_DEVICE_GONE);
    assert_int_equal(other.loss, SERVICE_DEVICE_GONE);
    assert_non_null(strstr(log.text, "is gone"));
    assert_int_equal(service_ready(service), SERVICE_DEGRADED);
    struct rig_log late = {0};
    struct service_session *u = hear_microphone(&late, false); /* a session that starts now is told as well */
    assert_true(rig_until(event, rig_has_lost, &late));
    assert_int_equal(late.loss, SERVICE_DEVICE_GONE);
    rig_run(event, 50);
    assert_int_equal(log.n_lost, 1);
    assert_int_equal(late.n_lost, 1);
    rig_control("speech", NULL);
    service_session_free(s);
    service_session_free(t);
    service_session_free(u);
    rig_run(event, 50);
    assert_int_equal(service_ready(service), SERVICE_READY); /* nobody needs it */
}

static void the_microphone_takes_so_many(void **state) {
    static struct rig_log logs[MOST_SESSIONS];
    struct service_session *sessions[MOST_SESSIONS];
    tragus_error e = {0};
    unsigned n = 0;
    int r = 0;
    (void)state;
    while (n < MOST_SESSIONS && r >= 0) {
        struct service_session_options o = rig_session_options(service, "", &logs[n]);
        o.microphone = true;
        sessions[n] = rig_session(service, &o);
        r = service_session_start(sessions[n++], &e);
    }
    assert_int_equal(r, -EDQUOT);
    assert_int_equal(n, 65);
    service_session_free(sessions[0]);
    assert_int_equal(service_session_start(sessions[64], &e), -EDQUOT); /* until the first has been returned */
    rig_run(event, 200);
    start(sessions[64]);
    for (unsigned i = 1; i < n; i++)
        service_session_free(sessions[i]);
    assert_true(rig_until(event, is_closed, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushed_sound_is_understood),
        cmocka_unit_test(push_is_refused_where_nothing_is_pushed),
        cmocka_unit_test(live_pushed_sound_has_a_latency),
        cmocka_unit_test(one_shot_ends_with_the_first_result),
        cmocka_unit_test(a_limited_session_times_out),
        cmocka_unit_test(a_sentence_that_began_in_time_is_heard_to_its_end),
        cmocka_unit_test(stop_decides_what_was_said),
        cmocka_unit_test(a_call_opens_the_grammar),
        cmocka_unit_test(too_many_calls_are_refused),
        cmocka_unit_test(a_session_may_be_freed_when_it_is_told_something),
        cmocka_unit_test(nothing_is_told_after_the_owner_has_gone),
        cmocka_unit_test(a_descriptor_is_the_sessions_own_copy),
        cmocka_unit_test(wrong_input_is_refused),
        cmocka_unit_test(what_is_no_sound_fails),
        cmocka_unit_test(live_sound_that_is_dropped_is_told),
        cmocka_unit_test(a_session_that_rejects_nothing_has_the_best_sentence),
        cmocka_unit_test(a_session_has_its_context),
        cmocka_unit_test(a_user_has_so_many_sessions),
        cmocka_unit_test(the_list_tells_who_listens),
        cmocka_unit_test(not_everybody_may_open_the_microphone),
        cmocka_unit_test(several_hear_the_same_microphone),
        cmocka_unit_test(losses_are_told_to_all),
        cmocka_unit_test(the_microphone_takes_so_many),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
