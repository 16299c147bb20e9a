/* SPDX-License-Identifier: Apache-2.0 */
/* CreateSession, Listen, Recognize and the methods of a session, over a real bus, with recorded speech. */
#include "ready.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define MOST_SESSIONS 3

static sd_bus *client;
static struct ready_sound sound; /* "front center" and "rear left" */

static int make(void **state) {
    struct service_options o;
    (void)state;
    ready_append_quiet(&sound, 300);
    ready_append_recording(&sound, "Front_Center");
    ready_append_quiet(&sound, 1300);
    ready_append_recording(&sound, "Rear_Left");
    ready_append_quiet(&sound, 800);
    char *path = rig_file("sound.raw", sound.pcm, 2 * sound.n);
    rig_device("speech", path);
    free(path);
    rig_options(&o);
    o.device = "speech";
    o.limits.sessions_per_user = MOST_SESSIONS;
    wire_start(&o);
    client = wire_connect();
    return 0;
}

static int unmake(void **state) {
    (void)state;
    wire_disconnect(client);
    wire_end();
    ready_sound_done(&sound);
    return 0;
}

/* --- what a session signals --- */

struct heard {
    unsigned n_started, n_ended, n_partial, n_utterance, n_rejected, n_lost, n_finished;
    uint32_t reason;
    char text[256], details[256];
};

static int on_signal(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct heard *h = user;
    const char *member = sd_bus_message_get_member(m), *text, *intent;
    uint64_t number;
    (void)error;
    h->n_started += strcmp(member, "SpeechStarted") == 0;
    h->n_ended += strcmp(member, "SpeechEnded") == 0;
    h->n_partial += strcmp(member, "Partial") == 0;
    h->n_rejected += strcmp(member, "Rejected") == 0;
    if (strcmp(member, "Utterance") == 0) {
        h->n_utterance++;
        assert_true(sd_bus_message_read(m, "tss", &number, &text, &intent) > 0);
        assert_int_equal(number, h->n_utterance + h->n_rejected);
        size_t len = strlen(h->text);
        snprintf(h->text + len, sizeof(h->text) - len, "%s\n", text);
    }
    if (strcmp(member, "InputLost") == 0) {
        h->n_lost++;
        assert_true(sd_bus_message_read(m, "ut", &h->reason, &number) > 0);
    }
    if (strcmp(member, "Finished") == 0) {
        h->n_finished++;
        assert_true(sd_bus_message_read(m, "u", &h->reason) > 0);
        if (sd_bus_message_enter_container(m, 'a', "{sv}") > 0 && sd_bus_message_enter_container(m, 'e', "sv") > 0 &&
            sd_bus_message_read(m, "s", &text) > 0 && strcmp(text, "Text") == 0 && sd_bus_message_read(m, "v", "s", &text) > 0)
            snprintf(h->details, sizeof(h->details), "%s", text);
    }
    return 0;
}

static void follow(sd_bus *bus, const char *path, struct heard *h) {
    assert_true(sd_bus_match_signal(bus, NULL, WIRE_NAME, path, WIRE_SESSION, NULL, on_signal, h) >= 0);
}

static bool is_finished(const void *user) {
    return ((const struct heard *)user)->n_finished > 0;
}

static int sound_file(void) {
    return wire_memory(sound.pcm, 2 * sound.n);
}

static int call_set_input(const char *path, int fd, const char *format, const char *error, const char *part) {
    sd_bus_message *reply = wire_call(client, path, WIRE_SESSION, "SetInput", "ha{sv}", fd, 1, "Format", "s", format);
    if (error)
        wire_expect_error(reply, error, part);
    else
        wire_expect_return(reply);
    return 0;
}

static void start(const char *path) {
    wire_expect_return(wire_call(client, path, WIRE_SESSION, "Start", "a{sv}", 0));
}

static void end(char *path) {
    wire_expect_return(wire_call(client, path, WIRE_SESSION, "Close", ""));
    free(path);
}

/* --- tests --- */

static void a_session_signals_what_it_hears(void **state) {
    struct heard h = {0};
    const char *text;
    uint32_t number;
    uint64_t position;
    double level;
    (void)state;
    char *path = wire_session(client);
    follow(client, path, &h);
    int fd = sound_file();
    call_set_input(path, fd, "S16LE", NULL, NULL);
    close(fd);
    sd_bus_message *reply = wire_property(client, path, WIRE_SESSION, "LevelDb", "d");
    assert_true(sd_bus_message_read(reply, "d", &level) > 0);
    assert_true(level <= -90);
    sd_bus_message_unref(reply);
    reply = wire_property(client, path, WIRE_SESSION, "PositionUSec", "t");
    assert_true(sd_bus_message_read(reply, "t", &position) > 0);
    assert_int_equal(position, 0);
    sd_bus_message_unref(reply);
    reply = wire_property(client, path, WIRE_SESSION, "Owner", "s");
    assert_true(sd_bus_message_read(reply, "s", &text) > 0);
    const char *name;
    assert_true(sd_bus_get_unique_name(client, &name) >= 0);
    assert_string_equal(text, name);
    sd_bus_message_unref(reply);
    reply = wire_property(client, path, WIRE_SESSION, "State", "u");
    assert_true(sd_bus_message_read(reply, "u", &number) > 0);
    assert_int_equal(number, SERVICE_IDLE);
    sd_bus_message_unref(reply);
    start(path);
    assert_true(rig_until(wire_event, is_finished, &h));
    assert_string_equal(h.text, "front center\nrear left\n");
    assert_int_equal(h.n_started, 2);
    assert_int_equal(h.n_ended, 2);
    assert_true(h.n_partial > 0);
    assert_int_equal(h.reason, SERVICE_END_OF_INPUT);
    reply = wire_property(client, path, WIRE_SESSION, "Grammar", "s");
    assert_true(sd_bus_message_read(reply, "s", &text) > 0);
    assert_string_equal(text, "channels");
    sd_bus_message_unref(reply);
    reply = wire_property(client, path, WIRE_SESSION, "Input", "s");
    assert_true(sd_bus_message_read(reply, "s", &text) > 0);
    assert_string_equal(text, "fd");
    sd_bus_message_unref(reply);
    end(path);
}

static void wrong_states_are_refused(void **state) {
    struct heard h = {0};
    int ends[2];
    (void)state;
    char *path = wire_session(client);
    follow(client, path, &h);
    wire_expect_error(wire_call(client, path, WIRE_SESSION, "Stop", "a{sv}", 0), WIRE_ERROR("WrongState"), "not started");
    wire_expect_error(wire_call(client, path, WIRE_SESSION, "Trigger", "a{sv}", 0), WIRE_ERROR("WrongState"), "not started");
    wire_expect_error(wire_call(client, path, WIRE_SESSION, "Start", "a{sv}", 0), WIRE_ERROR("WrongState"), "SetInput");
    assert_int_equal(pipe(ends), 0);
    call_set_input(path, ends[0], "S16LE", NULL, NULL);
    start(path);
    wire_expect_error(wire_call(client, path, WIRE_SESSION, "Start", "a{sv}", 0), WIRE_ERROR("WrongState"), NULL);
    call_set_input(path, ends[0], "S16LE", WIRE_ERROR("WrongState"), "Stop");
    wire_expect_error(wire_call(client, path, WIRE_SESSION, "Trigger", "a{sv}", 0), WIRE_ERROR("WrongState"), "no wake phrase");
    wire_expect_return(wire_call(client, path, WIRE_SESSION, "Stop", "a{sv}", 0));
    assert_true(rig_until(wire_event, is_finished, &h));
    assert_int_equal(h.reason, SERVICE_STOPPED);
    close(ends[0]);
    close(ends[1]);
    end(path);
    path = wire_session(client);
    char *copy = strdup(path);
    end(path);
    wire_expect_error(wire_call(client, copy, WIRE_SESSION, "Start", "a{sv}", 0), SD_BUS_ERROR_UNKNOWN_OBJECT, NULL);
    free(copy);
}

static void wrong_input_is_refused(void **state) {
    struct heard h = {0};
    int pair[2];
    (void)state;
    char *path = wire_session(client);
    follow(client, path, &h);
    int file = sound_file(), null = open("/dev/null", O_RDONLY);
    call_set_input(path, file, "MP3", WIRE_ERROR("UnsupportedFormat"), "MP3");
    call_set_input(path, null, "S16LE", WIRE_ERROR("UnsupportedInput"), NULL);
    assert_int_equal(pipe(pair), 0); /* the wrong end */
    call_set_input(path, pair[1], "S16LE", WIRE_ERROR("UnsupportedInput"), "read end");
    close(pair[0]);
    close(pair[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    call_set_input(path, pair[0], "S16LE", WIRE_ERROR("UnsupportedInput"), NULL);
    wire_expect_error(wire_call(client, path, WIRE_SESSION, "SetInput", "ha{sv}", file, 1, "Rate", "u", 1), WIRE_INVALID, "Rate");
    wire_expect_error(wire_call(client, path, WIRE_SESSION, "SetInput", "ha{sv}", file, 1, "Channels", "u", 99), WIRE_INVALID,
                      "Channels");
    wire_expect_error(wire_call(client, path, WIRE_SESSION, "SetInput", "ha{sv}", file, 2, "Format", "s", "WAV", "Live", "b", 1),
                      WIRE_ERROR("UnsupportedFormat"), "live");
    call_set_input(path, file, "WAV", NULL, NULL); /* an invalid sound file is detected only when it is read */
    start(path);
    assert_true(rig_until(wire_event, is_finished, &h));
    assert_int_equal(h.n_lost, 1);
    assert_int_equal(h.reason, SERVICE_INPUT_FAILED);
    assert_non_null(strstr(h.details, "not a sound file"));
    close(file);
    close(null);
    close(pair[0]);
    close(pair[1]);
    end(path);
}

static void a_session_is_its_owners(void **state) {
    struct heard h = {0};
    (void)state;
    sd_bus *other = wire_connect();
    char *path = wire_session(client);
    follow(other, path, &h);
    static const char *const methods[] = {"Start", "Stop"};
    for (int i = 0; i < 2; i++)
        wire_expect_error(wire_call(other, path, WIRE_SESSION, methods[i], "a{sv}", 0), SD_BUS_ERROR_ACCESS_DENIED, NULL);
    wire_expect_error(wire_call(other, path, WIRE_SESSION, "Close", ""), SD_BUS_ERROR_ACCESS_DENIED, NULL);
    wire_expect_error(wire_call(other, path, "org.freedesktop.DBus.Properties", "Get", "ss", WIRE_SESSION, "LevelDb"),
                      SD_BUS_ERROR_ACCESS_DENIED, NULL);
    struct heard mine = {0};
    follow(client, path, &mine);
    int fd = sound_file();
    call_set_input(path, fd, "S16LE", NULL, NULL);
    close(fd);
    start(path);
    assert_true(rig_until(wire_event, is_finished, &mine));
    rig_run(wire_event, 50);
    assert_int_equal(h.n_started + h.n_utterance + h.n_finished, 0);
    wire_disconnect(other);
    end(path);
}

static bool has_no_sessions(const void *user) {
    (void)user;
    return service_n_sessions(wire_service) == 0;
}

static void what_an_owner_has_ends_with_it(void **state) {
    int ends[2];
    tragus_error e;
    (void)state;
    sd_bus *other = wire_connect();
    char *path = wire_session(other);
    assert_int_equal(pipe(ends), 0);
    wire_expect_return(wire_call(other, path, WIRE_SESSION, "SetInput", "ha{sv}", ends[0], 0));
    wire_expect_return(wire_call(other, path, WIRE_SESSION, "Start", "a{sv}", 0));
    int fd = wire_memory("stop\n", 5);
    wire_expect_return(wire_call(other, WIRE_PATH, WIRE_MANAGER, "AddGrammar", "sha{sv}", "mine", fd, 1, "Private", "b", 1));
    close(fd);
    const char *name;
    assert_true(sd_bus_get_unique_name(other, &name) >= 0);
    char owner[64];
    snprintf(owner, sizeof(owner), "%s", name);
    assert_non_null(service_grammar_find(wire_service, owner, "mine", &e));
    wire_disconnect(other);
    assert_true(rig_until(wire_event, has_no_sessions, NULL));
    assert_null(service_grammar_find(wire_service, owner, "mine", &e));
    close(ends[0]);
    rig_run(wire_event, 100);                     /* the reading thread ends */
    assert_int_equal(write(ends[1], "x", 1), -1); /* nobody keeps the other end open */
    close(ends[1]);
    free(path);
}

#define CREATE(...) wire_call(client, WIRE_PATH, WIRE_MANAGER, "CreateSession", "a{sv}", __VA_ARGS__)

static void errors_have_names(void **state) {
    char *paths[MOST_SESSIONS];
    (void)state;
    wire_expect_error(CREATE(1, "Grammar", "s", "nowhere"), WIRE_ERROR("NoSuchGrammar"), "nowhere");
    wire_expect_error(CREATE(1, "Language", "s", "tlh"), WIRE_ERROR("NoSuchModel"), "tlh");
    wire_expect_error(CREATE(1, "Input", "s", "telephone"), WIRE_ERROR("NoSuchDevice"), "telephone");
    for (int i = 0; i < MOST_SESSIONS; i++)
        paths[i] = wire_session(client);
    wire_expect_error(CREATE(0), WIRE_ERROR("TooManySessions"), "sessions_per_user");
    wire_expect_error(wire_call(client, WIRE_PATH, WIRE_MANAGER, "Listen", "a{sv}", 0), WIRE_ERROR("TooManySessions"), NULL);
    for (int i = 0; i < MOST_SESSIONS; i++)
        end(paths[i]);
    assert_int_equal(service_n_sessions(wire_service), 0);
}

/* --- Listen and Recognize --- */

static unsigned n_results(sd_bus_message *reply, const char *wanted[], unsigned n_wanted) {
    unsigned n = 0;
    const sd_bus_error *e = sd_bus_message_get_error(reply);
    if (e)
        fail_msg("%s: %s", e->name, e->message);
    assert_true(sd_bus_message_enter_container(reply, 'a', "a{sv}") > 0);
    while (sd_bus_message_enter_container(reply, 'a', "{sv}") > 0) {
        const char *key, *text;
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
            assert_true(sd_bus_message_read(reply, "s", &key) > 0);
            if (strcmp(key, "text") == 0) {
                assert_true(sd_bus_message_read(reply, "v", "s", &text) > 0);
                assert_true(n < n_wanted);
                assert_string_equal(text, wanted[n]);
            } else {
                assert_true(sd_bus_message_skip(reply, "v") >= 0);
            }
            assert_true(sd_bus_message_exit_container(reply) >= 0);
        }
        n++;
        assert_true(sd_bus_message_exit_container(reply) >= 0);
    }
    sd_bus_message_unref(reply);
    return n;
}

static void recognize_gives_all_results(void **state) {
    static const char *wanted[] = {"front center", "rear left"};
    size_t n;
    (void)state;
    int raw = sound_file();
    assert_int_equal(
        n_results(wire_call(client, WIRE_PATH, WIRE_MANAGER, "Recognize", "ha{sv}", raw, 1, "Format", "s", "S16LE"), wanted, 2), 2);
    unsigned char *wav = rig_wav(sound.pcm, sound.n, &n);
    int file = wire_memory(wav, n);
    free(wav);
    assert_int_equal(n_results(wire_call(client, WIRE_PATH, WIRE_MANAGER, "Recognize", "ha{sv}", file, 0), wanted, 2), 2);
    int empty = wire_memory("", 0);
    assert_int_equal(
        n_results(wire_call(client, WIRE_PATH, WIRE_MANAGER, "Recognize", "ha{sv}", empty, 1, "Format", "s", "ULAW"), wanted, 2),
        0);
    int text = wire_memory("This is a letter, and no sound at all.", 38), null = open("/dev/null", O_RDONLY);
    wire_expect_error(wire_call(client, WIRE_PATH, WIRE_MANAGER, "Recognize", "ha{sv}", text, 0), WIRE_ERROR("UnsupportedFormat"),
                      "not a sound file");
    wire_expect_error(wire_call(client, WIRE_PATH, WIRE_MANAGER, "Recognize", "ha{sv}", null, 0), WIRE_ERROR("UnsupportedInput"),
                      NULL);
    wire_expect_error(wire_call(client, WIRE_PATH, WIRE_MANAGER, "Recognize", "ha{sv}", text, 1, "Format", "s", "?"),
                      WIRE_ERROR("UnsupportedFormat"), NULL);
    wire_expect_error(wire_call(client, WIRE_PATH, WIRE_MANAGER, "Recognize", "ha{sv}", text, 1, "Grammar", "s", "nowhere"),
                      WIRE_ERROR("NoSuchGrammar"), NULL);
    wire_expect_error(wire_call(client, WIRE_PATH, WIRE_MANAGER, "Recognize", "ha{sv}", text, 1, "Timeout", "u", 1), WIRE_INVALID,
                      "Timeout");
    close(raw);
    close(file);
    close(empty);
    close(text);
    close(null);
    assert_int_equal(service_n_sessions(wire_service), 0);
}

/* The metadata comes from a grammar that anybody may add. */
static void recognize_gives_no_more_than_fits(void **state) {
    static char text[900200];
    (void)state;
    snprintf(
        text, sizeof(text),
        "language: en\nintents:\n  X:\n    data:\n      - sentences: [\"rear left\"]\n        metadata: {a: &x \"%0900000d\", b: "
        "*x, c: *x}\n",
        1);
    wire_expect_return(wire_call(client, WIRE_PATH, WIRE_MANAGER, "AddGrammarText", "ssa{sv}", "long", text, 1, "Private", "b", 1));
    int raw = sound_file();
    wire_expect_error(
        wire_call(client, WIRE_PATH, WIRE_MANAGER, "Recognize", "ha{sv}", raw, 2, "Format", "s", "S16LE", "Grammar", "s", "long"),
        "org.freedesktop.DBus.Error.LimitsExceeded", "too large for one message");
    wire_expect_return(wire_call(client, WIRE_PATH, WIRE_MANAGER, "RemoveGrammar", "s", "long"));
    close(raw);
    assert_int_equal(service_n_sessions(wire_service), 0);
}

/* The details of a result. */
static void results_say_why_they_were_doubtful(void **state) {
    (void)state;
    rig_grammar(wire_service, wire_event, "others", "turn on the kitchen light\nwhat time is it in paris\n");
    int raw = sound_file();
    for (int reject = 0; reject < 2; reject++) {
        unsigned n = 0, n_why = 0, n_words = 0;
        sd_bus_message *reply = wire_call(client, WIRE_PATH, WIRE_MANAGER, "Recognize", "ha{sv}", raw, 3, "Format", "s", "S16LE",
                                          "Grammar", "s", "others", "Reject", "b", reject);
        const sd_bus_error *e = sd_bus_message_get_error(reply);
        if (e)
            fail_msg("%s", e->message);
        assert_true(sd_bus_message_enter_container(reply, 'a', "a{sv}") > 0);
        for (; sd_bus_message_enter_container(reply, 'a', "{sv}") > 0; n++) {
            const char *key, *text;
            uint32_t rejected;
            while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                assert_true(sd_bus_message_read(reply, "s", &key) > 0);
                n_words += strcmp(key, "Words") == 0;
                if (strcmp(key, "ReasonText") == 0) {
                    assert_true(sd_bus_message_read(reply, "v", "s", &text) > 0);
                    assert_true(text[0]);
                    n_why++;
                } else if (strcmp(key, "rejected") == 0) {
                    assert_true(sd_bus_message_read(reply, "v", "u", &rejected) > 0);
                    if (reject)
                        assert_true(rejected > 0);
                } else {
                    assert_true(sd_bus_message_skip(reply, "v") >= 0);
                }
                assert_true(sd_bus_message_exit_container(reply) >= 0);
            }
            assert_true(sd_bus_message_exit_container(reply) >= 0);
        }
        sd_bus_message_unref(reply);
        assert_true(n > 0);
        assert_int_equal(n_why, n);
        assert_int_equal(n_words, n);
        assert_int_equal(lseek(raw, 0, SEEK_SET), 0);
    }
    close(raw);
}

#define LISTEN(...) wire_call(client, WIRE_PATH, WIRE_MANAGER, "Listen", "a{sv}", __VA_ARGS__)

static void listen_gives_one_result(void **state) {
    (void)state;
    sd_bus_message *reply = LISTEN(0);
    const sd_bus_error *e = sd_bus_message_get_error(reply);
    if (e)
        fail_msg("%s: %s", e->name, e->message);
    const char *key, *text;
    assert_true(sd_bus_message_enter_container(reply, 'a', "{sv}") > 0);
    assert_true(sd_bus_message_read(reply, "{sv}", &key, "s", &text) > 0);
    assert_string_equal(key, "text");
    assert_string_equal(text, "front center");
    sd_bus_message_unref(reply);
    assert_int_equal(service_n_sessions(wire_service), 0);
}

static bool is_closed(const void *user) {
    (void)user;
    return !service_microphone_open(wire_service);
}

static void listen_has_errors(void **state) {
    (void)state;
    assert_true(rig_until(wire_event, is_closed, NULL));
    wire_expect_error(LISTEN(1, "Timeout", "u", 20), WIRE_ERROR("Timeout"), NULL);
    wire_expect_error(LISTEN(1, "Timeout", "u", 60001), WIRE_INVALID, "Timeout");
    wire_expect_error(LISTEN(1, "Input", "s", "fd"), WIRE_INVALID, "Input");
    assert_true(rig_until(wire_event, is_closed, NULL));
    rig_control("speech", "gone");
    wire_expect_error(LISTEN(0), WIRE_ERROR("NoSuchDevice"), "speech");
    rig_control("speech", NULL);
    rig_run(wire_event, 50);
    assert_int_equal(service_n_sessions(wire_service), 0);
}

static void what_was_not_understood_is_an_error_of_listen(void **state) {
    (void)state;
    rig_grammar(wire_service, wire_event, "others", "turn on the kitchen light\nwhat time is it in paris\n");
    wire_expect_error(LISTEN(1, "Grammar", "s", "others"), WIRE_ERROR("NotUnderstood"), NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_signals_what_it_hears),
        cmocka_unit_test(wrong_states_are_refused),
        cmocka_unit_test(wrong_input_is_refused),
        cmocka_unit_test(a_session_is_its_owners),
        cmocka_unit_test(what_an_owner_has_ends_with_it),
        cmocka_unit_test(errors_have_names),
        cmocka_unit_test(recognize_gives_all_results),
        cmocka_unit_test(recognize_gives_no_more_than_fits),
        cmocka_unit_test(results_say_why_they_were_doubtful),
        cmocka_unit_test(listen_gives_one_result),
        cmocka_unit_test(listen_has_errors),
        cmocka_unit_test(what_was_not_understood_is_an_error_of_listen),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
