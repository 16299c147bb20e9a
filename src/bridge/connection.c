/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/connection.c: a client: its events, in order, and what is sent to it.
 *
 * While an answer is pending, the client's further events wait in the socket, because events have no numbers and the client assigns
 * answers by their order. Only the handlers of the event loop free a connection; everybody else marks it. */
#include "bridge/private.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 65536
/* A client that lets this much accumulate does not read what we send. */
#define MOST_UNSENT 1048576
/* Bytes of the tag of a language. What is longer fits no grammar. */
#define MOST_LANGUAGE 64

/* Where the current stream of sound stands. */
enum turn {
    TURN_NONE, /* none began, or it was answered at its end */
    TURN_OPEN,
    TURN_ENDED,   /* it was stopped; its answer is pending */
    TURN_ANSWERED /* it was answered early: the rest of its sound is dropped */
};

struct bridge_connection {
    struct bridge *bridge;
    struct bridge_connection *next;
    int fd;
    sd_event_source *io, *work;
    struct bridge_wire_reader reader;
    struct base_buffer out;
    size_t n_sent; /* of out */
    bool refused;  /* gets an error; what it still sends is dropped, because close would then destroy the error on its way */
    bool ends;     /* closed after its output is written */
    bool lost;     /* closed at once */
    enum turn turn;
    bool wake;    /* the next stream is for wake phrases */
    bool replies; /* texts are answered with the grammar's responses, not with intents */
    char *language;
    json_object *phrases;
    uint32_t end_silence_ms;     /* of the next stream; 0: as tragusd is configured */
    struct bridge_format format; /* of the stream */
    struct bridge_stream *stream;
    struct bridge_request *request;
};

struct bridge *bridge_connection_bridge(const struct bridge_connection *c) {
    return c->bridge;
}

/* --- sending ------------------------------------------------------------------------------------------------------------------ */

static void want_work(struct bridge_connection *c) {
    if (sd_event_source_set_enabled(c->work, SD_EVENT_ONESHOT) < 0)
        c->lost = true;
}

void bridge_connection_resume(struct bridge_connection *c) {
    want_work(c);
}

void bridge_connection_send(struct bridge_connection *c, const char *type, json_object *data) {
    bridge_wire_add(&c->out, type, data);
    json_object_put(data);
    if (c->out.failed || c->out.len_bytes - c->n_sent > MOST_UNSENT)
        c->lost = true;
    want_work(c);
}

void bridge_connection_fail(struct bridge_connection *c, const char *code, const char *text) {
    json_object *data = json_object_new_object();
    busjson_add(data, "text", json_object_new_string(text));
    busjson_add(data, "code", json_object_new_string(code));
    bridge_connection_send(c, "error", data);
}

static void write_out(struct bridge_connection *c) {
    while (c->n_sent < c->out.len_bytes && !c->lost) {
        ssize_t n = send(c->fd, c->out.data + c->n_sent, c->out.len_bytes - c->n_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0)
            c->lost = true;
        else
            c->n_sent += (size_t)n;
    }
    if (c->out.data)
        explicit_bzero(c->out.data, c->out.size_bytes);
    base_buffer_clear(&c->out);
    c->n_sent = 0;
}

/* --- sound -------------------------------------------------------------------------------------------------------------------- */

static int64_t number_of(json_object *data, const char *key, int64_t otherwise) {
    json_object *value = json_object_object_get(data, key);
    return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : otherwise;
}

static json_object *object_of(json_object *data, const char *key) {
    json_object *value = json_object_object_get(data, key);
    return json_object_is_type(value, json_type_object) ? value : NULL;
}

static void forget_stream(struct bridge_connection *c) {
    bridge_stream_free(c->stream);
    c->stream = NULL;
    c->turn = TURN_NONE;
}

void bridge_connection_stream_over(struct bridge_connection *c) {
    c->turn = c->turn == TURN_OPEN ? TURN_ANSWERED : TURN_NONE;
    c->stream = NULL;
    want_work(c);
}

void bridge_connection_request_over(struct bridge_connection *c) {
    c->request = NULL;
    want_work(c);
}

/* Copies the names of wake phrases. What is too much, or is no name, is not kept, but enough of it for an error: see
 * bridge_stream_new. */
static json_object *copy_names(json_object *names) {
    size_t n = busjson_length(names);
    json_object *copy = n > 0 ? json_object_new_array() : NULL;

    for (size_t i = 0; i < n && i <= BRIDGE_MOST_PHRASES; i++) {
        json_object *name = json_object_array_get_idx(names, i);
        busjson_append(copy, json_object_is_type(name, json_type_string) ? json_object_get(name) : NULL);
    }
    return copy;
}

/* The silence that ends a command, by vad_sensitivity: Home Assistant's own times. 0: the default, or a word that we do not know.
 */
static uint32_t end_silence_of(const char *sensitivity) {
    if (sensitivity && strcmp(sensitivity, "relaxed") == 0)
        return 1250;
    if (sensitivity && strcmp(sensitivity, "aggressive") == 0)
        return 250;
    return 0;
}

/* Begins the description of the next stream. */
static void describe_stream(struct bridge_connection *c, bool wake, json_object *data) {
    const char *language = busjson_text(data, "language");
    json_object *names = json_object_object_get(data, "names");

    forget_stream(c);
    free(c->language);
    json_object_put(c->phrases);
    c->wake = wake;
    c->language = language && strlen(language) <= MOST_LANGUAGE ? strdup(language) : NULL;
    c->phrases = copy_names(names);
    c->end_silence_ms = end_silence_of(busjson_text(data, "vad_sensitivity"));
}

static void open_stream(struct bridge_connection *c, json_object *data) {
    tragus_error e = {0};

    forget_stream(c);
    c->format = (struct bridge_format){
        .rate = number_of(data, "rate", 16000), .width = number_of(data, "width", 2), .channels = number_of(data, "channels", 1)};
    const struct bridge_stream_options o = {.format = c->format,
                                            .wake = c->wake,
                                            .language = c->language,
                                            .phrases = c->phrases,
                                            .end_silence_ms = c->end_silence_ms,
                                            .timestamp_ms = number_of(data, "timestamp", 0)};
    if (bridge_stream_new(&c->stream, c, &o, &e) < 0) {
        bridge_connection_fail(c, "audio-start", e.text);
        c->turn = TURN_ANSWERED;
    } else {
        c->turn = TURN_OPEN;
    }
}

static void take_sound(struct bridge_connection *c, const struct bridge_wire_event *e) {
    if (c->turn == TURN_NONE)
        open_stream(c, e->data);
    if (c->turn != TURN_OPEN)
        return;
    if (number_of(e->data, "rate", c->format.rate) != c->format.rate ||
        number_of(e->data, "width", c->format.width) != c->format.width ||
        number_of(e->data, "channels", c->format.channels) != c->format.channels) {
        bridge_connection_fail(c, "audio-chunk",
                               "the format of this audio-chunk is not that of audio-start; send a new audio-start first");
        forget_stream(c);
        c->turn = TURN_ANSWERED;
        return;
    }
    bridge_stream_feed(c->stream, e->payload, e->n_payload);
}

static void stop_sound(struct bridge_connection *c) {
    if (c->turn == TURN_OPEN) {
        c->turn = TURN_ENDED;
        bridge_stream_end(c->stream);
        return;
    }
    if (c->turn == TURN_NONE && c->wake) { /* there was no sound */
        bridge_connection_send(c, "not-detected", NULL);
    } else if (c->turn == TURN_NONE) {
        bridge_transcript_begin(c, c->language);
        bridge_transcript_end(c, "", c->language, NULL);
    }
    c->turn = TURN_NONE;
}

/* --- events ------------------------------------------------------------------------------------------------------------------- */

static void take_text(struct bridge_connection *c, const struct bridge_wire_event *e) {
    tragus_error error = {0};
    const struct bridge_request_options o = {.text = busjson_text(e->data, "text"),
                                             .language = busjson_text(e->data, "language"),
                                             .context = object_of(e->data, "context"),
                                             .reply = c->replies};

    if (!o.text)
        bridge_connection_fail(c, e->type, "this event has no \"text\"; send the sentence as a string");
    else if (bridge_request_new(&c->request, c, &o, &error) < 0)
        bridge_connection_fail(c, e->type, error.text);
}

/* A name that nothing has changes nothing. */
static void select_program(struct bridge_connection *c, const char *name) {
    if (name && strcmp(name, BRIDGE_REPLIES_PROGRAM) == 0)
        c->replies = true;
    else if (name && strcmp(name, BRIDGE_PROGRAM) == 0)
        c->replies = false;
}

static void take_event(struct bridge_connection *c, const struct bridge_wire_event *e) {
    if (strcmp(e->type, "describe") == 0) {
        bridge_connection_send(c, "info", bridge_info(c->bridge));
    } else if (strcmp(e->type, "ping") == 0) {
        json_object *data = json_object_new_object();
        if (busjson_text(e->data, "text"))
            busjson_add(data, "text", json_object_new_string(busjson_text(e->data, "text")));
        bridge_connection_send(c, "pong", data);
    } else if (strcmp(e->type, "select-program") == 0) {
        select_program(c, busjson_text(e->data, "name"));
    } else if (strcmp(e->type, "transcribe") == 0) {
        describe_stream(c, false, e->data);
    } else if (strcmp(e->type, "detect") == 0) {
        describe_stream(c, true, e->data);
    } else if (strcmp(e->type, "audio-start") == 0) {
        open_stream(c, e->data);
    } else if (strcmp(e->type, "audio-chunk") == 0) {
        take_sound(c, e);
    } else if (strcmp(e->type, "audio-stop") == 0) {
        stop_sound(c);
    } else if (strcmp(e->type, "recognize") == 0 || strcmp(e->type, "transcript") == 0) {
        take_text(c, e); /* Home Assistant sends `transcript` to intent services */
    }
}

static void refuse(struct bridge_connection *c, const char *code, const char *text) {
    forget_stream(c);
    bridge_connection_fail(c, code, text);
    c->refused = true;
}

static bool is_waiting(const struct bridge_connection *c) {
    return c->ends || c->lost || c->request || c->turn == TURN_ENDED || (c->stream && bridge_stream_is_full(c->stream));
}

/* Takes the events that are there. */
static void take_events(struct bridge_connection *c) {
    struct bridge_wire_event event;
    tragus_error e = {0};
    int r = 0;

    while (!c->refused && !is_waiting(c) && (r = bridge_wire_next(&c->reader, &event, &e)) > 0) {
        take_event(c, &event);
        bridge_wire_use_up(&c->reader); /* the client may have to wait for long now */
    }
    if (r < 0)
        refuse(c, "protocol", e.text);
}

static void take_bytes(struct bridge_connection *c) {
    char bytes[READ_BYTES];

    ssize_t n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    bool bad = n < 0 && errno != EAGAIN && errno != EINTR;
    if (n > 0 && !c->refused)
        bad = bridge_wire_push(&c->reader, bytes, (size_t)n) < 0;
    c->lost = c->lost || bad;
    c->ends = c->ends || n == 0;
    if (n > 0)
        explicit_bzero(bytes, (size_t)n);
}

/* --- lifetime ----------------------------------------------------------------------------------------------------------------- */

static void connection_free(struct bridge_connection *c) {
    struct bridge_connection **link = &c->bridge->connections;
    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    c->bridge->n_connections--;
    bridge_stream_free(c->stream);
    bridge_request_free(c->request);
    sd_event_source_disable_unref(c->io);
    sd_event_source_disable_unref(c->work);
    bridge_wire_reader_done(&c->reader);
    if (c->out.data)
        explicit_bzero(c->out.data, c->out.size_bytes);
    base_buffer_done(&c->out);
    json_object_put(c->phrases);
    free(c->language);
    close(c->fd);
    free(c);
}

/* Does what can be done now, and waits for the rest. May free the connection. */
static void go_on(struct bridge_connection *c) {
    take_events(c);
    write_out(c);
    bool unsent = c->n_sent < c->out.len_bytes;
    if (c->lost || (c->ends && !unsent)) {
        connection_free(c);
        return;
    }
    if (c->refused && !unsent)
        (void)shutdown(c->fd, SHUT_WR);
    /* While the client's events wait, we look only for its end. */
    uint32_t events =
        (is_waiting(c) ? 0 : (uint32_t)EPOLLIN) | (unsent ? (uint32_t)EPOLLOUT : 0) | (c->ends ? 0 : (uint32_t)EPOLLRDHUP);
    if (sd_event_source_set_io_events(c->io, events) < 0)
        connection_free(c);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *user) {
    struct bridge_connection *c = user;
    (void)source, (void)fd;

    if (revents & EPOLLIN)
        take_bytes(c);
    else if (revents & (EPOLLHUP | EPOLLERR))
        c->lost = true;
    else if (revents & EPOLLRDHUP)
        c->ends = true;
    go_on(c);
    return 0;
}

static int on_work(sd_event_source *source, void *user) {
    (void)source;
    go_on(user);
    return 0;
}

/* Without these, a client whose machine loses power would keep its connection for ever. */
static void keep_alive(int fd) {
    const int on = 1, idle_s = 60, pause_s = 10, times = 3;
    if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s)) < 0)
        return; /* it is a Unix socket */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &pause_s, sizeof(pause_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof(times));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void bridge_connection_new(struct bridge *b, int fd) {
    struct bridge_connection *c = calloc(1, sizeof(*c));
    if (!c) {
        close(fd);
        return;
    }
    c->bridge = b;
    c->fd = fd;
    c->next = b->connections;
    b->connections = c;
    b->n_connections++;
    keep_alive(fd);
    int r = sd_event_add_io(b->event, &c->io, fd, EPOLLIN | EPOLLRDHUP, on_io, c);
    if (r >= 0)
        r = sd_event_add_defer(b->event, &c->work, on_work, c);
    if (r < 0) {
        connection_free(c);
        return;
    }
    if (b->n_connections > BRIDGE_MOST_CONNECTIONS) {
        bridge_connection_fail(c, "busy", "too many connections; close one first");
        c->ends = true; /* at once, because it counts */
    }
}

void bridge_connections_free(struct bridge *b) {
    struct bridge_connection *next;
    for (struct bridge_connection *c = b->connections; c; c = next) {
        next = c->next;
        connection_free(c);
    }
    bridge_streams_free(b);
}
