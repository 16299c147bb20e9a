/* SPDX-License-Identifier: Apache-2.0 */
/* ways: prints the events for recordings that reach tragus in one way, as the JSON of `tragus transcribe --events --partial`.
 *
 *     ways [-r] feed CHUNK GRAMMAR FILE...             tragus_stream_feed, CHUNK samples per call; 0: random sizes
 *     ways [-r] recognize ADDRESS NAME FILE...         Recognize of the file; NAME: a grammar of the daemon at ADDRESS
 *     ways [-r] pipe ADDRESS NAME FILE...              SetInput with a pipe, raw, written in pieces of random sizes
 *     ways [-r] device ADDRESS NAME PLAYED FILE...     the microphone: its ALSA device plays the file PLAYED from the first
 *                                                      frame on, and is unplugged after the last
 *
 * -r: nothing is rejected. Results of Recognize have their own format, and are printed with the keys that they have on the bus.
 */
#include "audio/source.h"
#include "busjson/busjson.h"
#include "cli/busclient.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_TRIES 5
#define LOST_BY_DEVICE 1
#define LOST_BY_OVERRUN 2
#define LONGEST_CALL_US UINT64_C(300000000)

static bool rejects = true;

static void must(int r, const char *what) {
    if (r >= 0)
        return;
    fprintf(stderr, "ways: %s: %s\n", what, strerror(-r));
    exit(1);
}

/* The sound as all ways except Recognize get it. */
static int16_t *read_sound(const char *file, size_t *ret_n) {
    tragus_error e = {0};
    int16_t *pcm;
    if (audio_file_read(file, &pcm, ret_n, &e) < 0) {
        fprintf(stderr, "ways: %s: %s\n", file, e.text);
        exit(1);
    }
    return pcm;
}

/* A linear congruential generator, so that every run splits the sound in the same way. */
static size_t random_size(size_t most) {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return 1 + (state >> 8) % most;
}

static void print_for(const char *file, json_object *o) {
    json_object_object_add(o, "file", json_object_new_string(file));
    cli_json_print(o);
}

/* --- the library -------------------------------------------------------------------------------------------------------------- */

static void print_polled(tragus_session *session, const char *file) {
    const tragus_event *e;
    int r;
    while ((r = tragus_session_poll(session, &e)) > 0)
        print_for(file, cli_json_event(e));
    must(r, "tragus_session_poll");
}

static void feed_file(tragus_model *m, tragus_grammar *g, const char *file, size_t chunk) {
    tragus_stream *stream;
    tragus_session *session;
    tragus_session_options o;
    size_t n_all;
    int16_t *pcm = read_sound(file, &n_all);

    tragus_session_options_init(&o);
    o.partial = 1;
    o.reject = rejects;
    must(tragus_stream_new(&stream, m, NULL), "tragus_stream_new");
    must(tragus_session_new(&session, stream, g, &o), "tragus_session_new");
    for (size_t at = 0, n; at < n_all; at += n) {
        n = chunk ? chunk : random_size(4000);
        n = n < n_all - at ? n : n_all - at;
        must(tragus_stream_feed(stream, pcm + at, n), "tragus_stream_feed");
        print_polled(session, file);
    }
    must(tragus_stream_flush(stream), "tragus_stream_flush");
    print_polled(session, file);
    tragus_stream_free(stream);
    free(pcm);
}

static void feed(const char *chunk, const char *grammar, int n_files, char **files) {
    struct cli_setup setup = {.grammars = {grammar}, .n_grammars = 1};
    tragus_model *m = NULL;
    tragus_grammar *g = NULL;
    if (cli_open_model(&m, NULL) != CLI_OK || cli_open_grammar(&g, m, &setup) != CLI_OK)
        exit(1);
    for (int i = 0; i < n_files; i++)
        feed_file(m, g, files[i], (size_t)atoi(chunk));
    tragus_grammar_unref(g);
    tragus_model_unref(m);
}

/* --- Recognize ---------------------------------------------------------------------------------------------------------------- */

/* Converts one a{sv} of the results. busjson_value does not fit: slots are keys too, and both "slots" and "Slots" exist. */
static json_object *result_to_json(sd_bus_message *m) {
    json_object *o = json_object_new_object();
    const char *key;

    while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
        must(sd_bus_message_read(m, "s", &key), "a result");
        if (strcmp(key, "slots") == 0) {
            must(sd_bus_message_enter_container(m, 'v', "a{sv}"), "slots");
            json_object_object_add(o, key, busjson_names(m));
            must(sd_bus_message_exit_container(m), "slots");
        } else {
            json_object_object_add(o, key, busjson_value(m));
        }
        must(sd_bus_message_exit_container(m), "a result");
    }
    return o;
}

static void recognize_file(sd_bus *bus, const char *grammar, const char *file) {
    sd_bus_message *call, *reply;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    must(fd < 0 ? -errno : 0, file);
    must(sd_bus_message_new_method_call(bus, &call, BUSCLIENT_NAME, BUSCLIENT_PATH, BUSCLIENT_MANAGER, "Recognize"), "Recognize");
    must(sd_bus_message_append(call, "ha{sv}", fd, 2, "Grammar", "s", grammar, "Reject", "b", (int)rejects), "Recognize");
    int r = sd_bus_call(bus, call, LONGEST_CALL_US, &error, &reply);
    must(r, error.message ? error.message : "Recognize");
    close(fd);
    must(sd_bus_message_enter_container(reply, 'a', "a{sv}"), "results");
    while (sd_bus_message_enter_container(reply, 'a', "{sv}") > 0) {
        print_for(file, result_to_json(reply));
        must(sd_bus_message_exit_container(reply), "results");
    }
    sd_bus_message_unref(call);
    sd_bus_message_unref(reply);
}

/* --- sessions ----------------------------------------------------------------------------------------------------------------- */

struct heard {
    json_object *events[4096];
    size_t n_events;
    unsigned loss;
    bool finished;
};

static int on_signal(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct heard *h = user;
    const char *event;
    (void)error;

    json_object *o = busjson_signal(m, &event);
    if (!o)
        return 0;
    if (strcmp(event, "input_lost") == 0) {
        unsigned reason = (unsigned)json_object_get_int(json_object_object_get(o, "reason"));
        h->loss = h->loss == LOST_BY_OVERRUN ? h->loss : reason;
    }
    h->finished |= strcmp(event, "finished") == 0;
    if (strcmp(event, "input_lost") == 0 || strcmp(event, "finished") == 0)
        json_object_put(o);
    else if (h->n_events < sizeof(h->events) / sizeof(h->events[0]))
        h->events[h->n_events++] = o;
    else
        must(-ENOBUFS, "events");
    return 0;
}

static sd_bus_message *create_session(sd_bus *bus, const char *grammar, const char *input, const char **ret_path) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply;
    int r = sd_bus_call_method(bus, BUSCLIENT_NAME, BUSCLIENT_PATH, BUSCLIENT_MANAGER, "CreateSession", &error, &reply, "a{sv}", 4,
                               "Grammar", "s", grammar, "Input", "s", input, "Partial", "b", 1, "Reject", "b", (int)rejects);
    must(r, error.message ? error.message : "CreateSession");
    must(sd_bus_message_read(reply, "o", ret_path), "CreateSession");
    return reply;
}

static void call(sd_bus *bus, const char *path, const char *method) {
    bool close = strcmp(method, "Close") == 0;
    must(sd_bus_call_method(bus, BUSCLIENT_NAME, path, BUSCLIENT_SESSION, method, NULL, NULL, close ? "" : "a{sv}", 0), method);
}

static void wait_until(sd_bus *bus, const struct heard *h, bool (*done)(const struct heard *h)) {
    while (!done(h)) {
        int r = sd_bus_process(bus, NULL);
        must(r, "the bus");
        if (r == 0)
            must(sd_bus_wait(bus, LONGEST_CALL_US), "the bus");
    }
}

static bool has_finished(const struct heard *h) {
    return h->finished;
}

static bool has_lost(const struct heard *h) {
    return h->finished || h->loss != 0;
}

static void print_heard(struct heard *h, const char *file) {
    for (size_t i = 0; i < h->n_events; i++)
        print_for(file, h->events[i]);
}

static void discard_heard(struct heard *h) {
    for (size_t i = 0; i < h->n_events; i++)
        json_object_put(h->events[i]);
}

/* Starts a process that writes the sound into a pipe; returns the read end. */
static int start_writer(const char *file) {
    int ends[2];
    must(pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0, "pipe");
    if (fork() != 0) {
        close(ends[1]);
        return ends[0];
    }
    close(ends[0]);
    size_t n_all;
    const char *bytes = (const char *)read_sound(file, &n_all);
    n_all *= sizeof(int16_t);
    for (size_t at = 0; at < n_all;) {
        size_t n = random_size(5000); /* bytes, so a sample may be split */
        ssize_t written = write(ends[1], bytes + at, n < n_all - at ? n : n_all - at);
        if (written < 0)
            _exit(1);
        at += (size_t)written;
    }
    _exit(0);
}

static void pipe_file(sd_bus *bus, const char *grammar, const char *file) {
    static struct heard h;
    sd_bus_slot *slot;
    const char *path;
    sd_bus_message *made = create_session(bus, grammar, "fd", &path);

    h = (struct heard){.n_events = 0};
    must(sd_bus_match_signal(bus, &slot, BUSCLIENT_NAME, path, BUSCLIENT_SESSION, NULL, on_signal, &h), "match");
    int fd = start_writer(file);
    must(sd_bus_call_method(bus, BUSCLIENT_NAME, path, BUSCLIENT_SESSION, "SetInput", NULL, NULL, "ha{sv}", fd, 1, "Rate", "u",
                            AUDIO_RATE),
         "SetInput");
    close(fd);
    call(bus, path, "Start");
    wait_until(bus, &h, has_finished);
    if (h.loss)
        must(-EIO, "the pipe lost sound");
    print_heard(&h, file);
    call(bus, path, "Close");
    sd_bus_slot_unref(slot);
    sd_bus_message_unref(made);
    (void)wait(NULL);
}

/* --- the microphone ----------------------------------------------------------------------------------------------------------- */

static void give_to_device(const char *file, const char *played) {
    size_t n;
    int16_t *pcm = read_sound(file, &n);
    FILE *out = fopen(played, "wb");
    if (!out || fwrite(pcm, sizeof(*pcm), n, out) != n || fclose(out) != 0)
        must(-EIO, played);
    free(pcm);
}

/* Returns false if sound was lost because the machine was too busy. The session opens the device, which then starts; it ends with
 * the file, and the session is stopped before the device is retried. */
static bool play_file(sd_bus *bus, const char *grammar, const char *file) {
    static struct heard h;
    sd_bus_slot *slot;
    const char *path;
    sd_bus_message *made = create_session(bus, grammar, "microphone", &path);

    h = (struct heard){.n_events = 0};
    must(sd_bus_match_signal(bus, &slot, BUSCLIENT_NAME, path, BUSCLIENT_SESSION, NULL, on_signal, &h), "match");
    call(bus, path, "Start");
    wait_until(bus, &h, has_lost);
    call(bus, path, "Stop");
    wait_until(bus, &h, has_finished);
    bool whole = h.loss == LOST_BY_DEVICE;
    if (whole)
        print_heard(&h, file);
    else
        discard_heard(&h);
    call(bus, path, "Close");
    sd_bus_slot_unref(slot);
    sd_bus_message_unref(made);
    return whole;
}

static void play(sd_bus *bus, const char *grammar, const char *played, const char *file) {
    give_to_device(file, played);
    for (unsigned i = 0; i < MOST_TRIES; i++) {
        if (play_file(bus, grammar, file))
            return;
        fprintf(stderr, "ways: %s: sound was lost, again\n", file);
    }
    must(-EIO, "the device lost sound every time: this machine is too busy");
}

int main(int argc, char **argv) {
    sd_bus *bus;
    int at = 1;
    if (at < argc && strcmp(argv[at], "-r") == 0) {
        rejects = false;
        at++;
    }
    bool device = at < argc && strcmp(argv[at], "device") == 0;
    int first_file = at + (device ? 4 : 3);
    if (first_file >= argc)
        return 2;
    const char *way = argv[at], *where = argv[at + 1], *grammar = argv[at + 2];
    if (strcmp(way, "feed") == 0) {
        feed(where, grammar, argc - first_file, argv + first_file);
        return 0;
    }
    if (busclient_open(&bus, where) != CLI_OK)
        return 1;
    for (int i = first_file; i < argc; i++) {
        if (device)
            play(bus, grammar, argv[at + 3], argv[i]);
        else if (strcmp(way, "pipe") == 0)
            pipe_file(bus, grammar, argv[i]);
        else if (strcmp(way, "recognize") == 0)
            recognize_file(bus, grammar, argv[i]);
        else
            return 2;
        fflush(stdout);
    }
    sd_bus_flush_close_unref(bus);
    return 0;
}
