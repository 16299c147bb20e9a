/* SPDX-License-Identifier: Apache-2.0 */
/* What the sounds of one user may take: files that do not answer, and memory. */
#include "rig.h"
#include "service/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MOST_BYTES 100000

static sd_event *event;
static struct service *service;

static void start_service(unsigned sessions_per_user) {
    struct service_options o;
    rig_device("silence", NULL);
    assert_int_equal(sd_event_new(&event), 0);
    rig_options(&o);
    o.limits.sound_bytes = MOST_BYTES;
    o.limits.sessions_per_user = sessions_per_user;
    service = rig_service(event, &o);
    rig_grammar(service, event, "channels", "front center\nrear left\n");
}

static void end_service(void) {
    service_free(service);
    sd_event_unref(event);
}

/* A session for the sound of fd, which remains the caller's. */
static struct service_session *session_for(int fd, bool sound_file, bool limited, struct rig_log *log) {
    struct service_input input = {
        .sound_file = sound_file, .limited = limited, .format = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE}};
    struct service_session_options o = rig_session_options(service, "channels", log);
    tragus_error e = {0};
    o.microphone = false;
    struct service_session *s = rig_session(service, &o);
    if (service_session_set_input(s, fd, &input, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

static uint64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void users_have_entries_of_their_own(void **state) {
    struct sender *list = NULL;
    (void)state;
    struct sender *ann = sender_find(&list, 1001), *bob = sender_find(&list, 1002);
    assert_ptr_not_equal(ann, bob);
    assert_ptr_equal(sender_find(&list, 1001), ann);
    assert_true(sender_take(ann, 60, 100));
    assert_false(sender_take(ann, 41, 100));
    assert_true(sender_take(ann, 40, 100));
    assert_false(sender_take(ann, SIZE_MAX, 100));
    assert_true(sender_take(bob, 100, 100));
    sender_give_back(ann, 60);
    assert_true(sender_take(ann, 60, 100));
    senders_free(&list);
    assert_null(list);
}

static void the_content_comes_through_a_socket(void **state) {
    struct sender *list = NULL;
    struct sender_file *f;
    tragus_error e;
    char *text = malloc(300000), *back = malloc(300001);
    (void)state;
    for (size_t i = 0; i < 300000; i++)
        text[i] = (char)(i * 7 + i / 1000);
    char *path = rig_file("sound", text, 300000);
    for (int from_beginning = 0; from_beginning < 2; from_beginning++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC), socket;
        size_t at = 0, skipped = from_beginning ? 0 : 1000;
        ssize_t n;
        assert_int_equal(lseek(fd, 1000, SEEK_SET), 1000);
        assert_int_equal(sender_read_file(sender_find(&list, 1001), fd, from_beginning, 8, &socket, &f, &e), 0);
        while ((n = read(socket, back + at, 300001 - at)) > 0)
            at += (size_t)n;
        assert_int_equal(at, 300000 - skipped);
        assert_memory_equal(back, text + skipped, at);
        assert_int_equal(sender_file_error(f), 0);
        sender_file_unref(f);
        close(socket);
    }
    senders_free(&list);
    free(path);
    free(text);
    free(back);
}

static void a_file_that_cannot_be_read_says_why(void **state) {
    struct sender *list = NULL;
    struct sender_file *f;
    tragus_error e;
    char part[10];
    int socket, fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC); /* nothing is mapped at its beginning */
    (void)state;
    assert_int_equal(sender_read_file(sender_find(&list, 1001), fd, true, 8, &socket, &f, &e), 0);
    assert_int_equal(read(socket, part, sizeof(part)), 0);
    assert_int_equal(sender_file_error(f), -EIO);
    sender_file_unref(f);
    close(socket);
    senders_free(&list);
}

static void files_that_do_not_answer_are_counted(void **state) {
    struct sender *list = NULL;
    struct sender_file *f;
    tragus_error e;
    int silent = rig_silent_file(), socket;
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        int fd = dup(silent), r = sender_read_file(sender_find(&list, 1001), fd, false, 2, &socket, &f, &e);
        assert_int_equal(r, i < 2 ? 0 : -ENOBUFS);
        if (r < 0)
            continue;
        sender_file_unref(f);
        close(socket); /* the reader has gone, but the thread cannot know */
    }
    assert_int_equal(sender_read_file(sender_find(&list, 1002), dup(silent), false, 2, &socket, &f, &e), 0);
    sender_file_unref(f);
    close(socket);
    senders_free(&list);
    close(silent);
}

/* Recognising it fails after a while; meanwhile, and at the end, nobody waits for it. */
static void a_silent_file_stops_nobody(void **state) {
    struct rig_log log[3] = {{0}};
    int silent = rig_silent_file();
    tragus_error e = {0};
    (void)state;
    start_service(1);
    uint64_t start_ms = now_ms();
    for (unsigned i = 0; i < 3; i++) { /* raw; a sound file; and one more file than may be read at once */
        struct service_session *s = session_for(silent, i == 1, false, &log[i]);
        assert_int_equal(service_session_start(s, &e), i < 2 ? 0 : -ENOBUFS);
        if (i == 0) {
            assert_true(rig_until(event, rig_finished, &log[i]));
            assert_in_range(now_ms() - start_ms, 9000, 15000);
            assert_int_equal(log[i].finish, SERVICE_INPUT_FAILED);
            assert_non_null(strstr(log[i].text, "does not answer"));
        }
        service_session_free(s);
    }
    start_ms = now_ms();
    end_service();
    assert_in_range(now_ms() - start_ms, 0, 3000);
    close(silent);
}

static void regular_files_and_calls_have_a_limit(void **state) {
    static const int16_t silence[MOST_BYTES];
    tragus_error e = {0};
    (void)state;
    start_service(8);
    char *path = rig_file("silence.raw", silence, 16000);
    assert_int_equal(truncate(path, (off_t)1 << 30), 0); /* takes no room on the disk */
    for (int is_file = 0; is_file < 2; is_file++)
        for (int limited = 0; limited < 2; limited++) {
            struct rig_log log = {0};
            int ends[2] = {-1, -1};
            if (is_file) {
                ends[0] = open(path, O_RDONLY | O_CLOEXEC);
            } else {
                assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
                assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 18) >= 1 << 18);
                assert_int_equal(write(ends[1], silence, sizeof(silence)), sizeof(silence));
                close(ends[1]);
            }
            struct service_session *s = session_for(ends[0], false, limited, &log);
            close(ends[0]);
            assert_int_equal(service_session_start(s, &e), 0);
            assert_true(rig_until(event, rig_finished, &log));
            assert_int_equal(log.finish, is_file || limited ? SERVICE_INPUT_FAILED : SERVICE_END_OF_INPUT);
            if (is_file || limited)
                assert_non_null(strstr(log.text, "larger than 100000 bytes"));
            service_session_free(s);
        }
    free(path);
    end_service();
}

static void sound_files_of_a_user_share_a_limit(void **state) {
    static const char part[60000] = "RIFF";
    struct rig_log log[2] = {{0}};
    struct service_session *s[2];
    tragus_error e = {0};
    int ends[2][2];
    (void)state;
    start_service(8);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pipe2(ends[i], O_CLOEXEC), 0);
        assert_int_equal(write(ends[i][1], part, sizeof(part)), sizeof(part));
        s[i] = session_for(ends[i][0], true, false, &log[i]);
        assert_int_equal(service_session_start(s[i], &e), 0);
        rig_run(event, 200);
    }
    assert_true(rig_until(event, rig_finished, &log[1]));
    assert_int_equal(log[1].finish, SERVICE_INPUT_FAILED);
    assert_non_null(strstr(log[1].text, "at the same time"));
    assert_int_equal(log[0].n_finished, 0);
    for (unsigned i = 0; i < 2; i++) {
        service_session_free(s[i]);
        close(ends[i][0]);
        close(ends[i][1]);
    }
    end_service();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_have_entries_of_their_own),     cmocka_unit_test(the_content_comes_through_a_socket),
        cmocka_unit_test(a_file_that_cannot_be_read_says_why), cmocka_unit_test(files_that_do_not_answer_are_counted),
        cmocka_unit_test(a_silent_file_stops_nobody),          cmocka_unit_test(regular_files_and_calls_have_a_limit),
        cmocka_unit_test(sound_files_of_a_user_share_a_limit),
    };
    (void)signal(SIGPIPE, SIG_IGN); /* as in the daemon */
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    /* Threads that wait for files that never answer are left. The leak check would stop them first, and wait for ever. */
    fflush(NULL);
    _exit(r);
}
