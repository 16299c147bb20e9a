/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/stream.c: a stream of sound, which tragusd reads from a pipe.
 *
 * A command is answered as soon as tragusd has decided, so the client need not find its end. As nobody else may end the turn, a
 * stream without speech and a stream whose sound stops coming are ended here after some seconds. */
#include "bridge/stream.h"
#include "busjson/busjson.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A client whose sound waits in this amount is not read from. */
#define MOST_PENDING 262144

/* --- end ---------------------------------------------------------------------------------------------------------------------- */

static void close_end(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void forget_sound(struct bridge_stream *s) {
    s->io = sd_event_source_disable_unref(s->io);
    close_end(&s->to);
    if (s->pending.data)
        explicit_bzero(s->pending.data, s->pending.size_bytes);
    base_buffer_done(&s->pending);
    s->n_written = 0;
}

static void destroy(struct bridge_stream *s) {
    struct bridge_stream **link = &s->session.bridge->streams;
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    bridge_session_done(&s->session);
    forget_sound(s);
    close_end(&s->from);
    sd_event_source_disable_unref(s->limit);
    json_object_put(s->phrases);
    free(s->language);
    free(s);
}

void bridge_stream_free(struct bridge_stream *s) {
    if (!s)
        return;
    s->connection = NULL;
    if (s->state == BRIDGE_CREATING) { /* the path of the session, which must be closed, is in the reply */
        forget_sound(s);
        close_end(&s->from);
        s->limit = sd_event_source_disable_unref(s->limit);
        return;
    }
    struct bridge *b = s->session.bridge;
    destroy(s);
    bridge_streams_start_waiting(b);
}

void bridge_streams_free(struct bridge *b) {
    struct bridge_stream *next;
    for (struct bridge_stream *s = b->streams; s; s = next) {
        next = s->next;
        destroy(s);
    }
}

/* Tells the connection that the stream is over. */
void bridge_stream_over(struct bridge_stream *s) {
    bridge_connection_stream_over(s->connection);
    bridge_stream_free(s);
}

void bridge_stream_fail(struct bridge_stream *s, const char *text) {
    bridge_connection_fail(s->connection, "tragusd", text);
    bridge_stream_over(s);
}

void bridge_streams_fail(struct bridge *b, const char *text) {
    struct bridge_stream *s = b->streams;
    while (s) {
        if (s->session.path && s->connection) {
            bridge_session_forget(&s->session);
            bridge_stream_fail(s, text);
            s = b->streams; /* the list has changed */
        } else {
            s = s->next;
        }
    }
}

/* --- time limits -------------------------------------------------------------------------------------------------------------- */

static int on_limit(sd_event_source *source, uint64_t now_us, void *user) {
    struct bridge_stream *s = user;
    (void)source, (void)now_us;

    if (s->state == BRIDGE_WAITING)
        bridge_stream_fail(s, "all sessions with tragusd are in use by other streams; try again later");
    else if (s->ended)
        bridge_stream_fail(s, "tragusd has not answered in time; see its log");
    else
        bridge_stream_end(s);
    return 0;
}

void bridge_stream_set_limit(struct bridge_stream *s, uint64_t after_us) {
    int r = s->limit ? sd_event_source_set_time_relative(s->limit, after_us)
                     : sd_event_add_time_relative(s->session.bridge->event, &s->limit, CLOCK_MONOTONIC, after_us, 0, on_limit, s);
    if (r >= 0)
        r = sd_event_source_set_enabled(s->limit, SD_EVENT_ONESHOT);
    if (r < 0)
        bridge_log(BRIDGE_LOG_WARNING, "Failed to limit the time of a stream: %s", strerror(-r));
}

void bridge_stream_lift_limit(struct bridge_stream *s) {
    s->limit = sd_event_source_disable_unref(s->limit);
}

/* --- sound -------------------------------------------------------------------------------------------------------------------- */

static void write_pending(struct bridge_stream *s) {
    bool was_full = bridge_stream_is_full(s), wait = false;

    while (s->n_written < s->pending.len_bytes) {
        ssize_t n = write(s->to, s->pending.data + s->n_written, s->pending.len_bytes - s->n_written);
        if (n < 0 && errno == EINTR)
            continue;
        wait = n < 0 && errno == EAGAIN;
        if (n < 0 && !wait && !s->ended) /* tragusd has closed its end; a signal tells why */
            bridge_stream_end(s);
        if (n < 0)
            break;
        s->n_written += (size_t)n;
    }
    if (!wait) {
        base_buffer_clear(&s->pending);
        s->n_written = 0;
        if (s->ended)
            forget_sound(s);
    }
    if (s->io && sd_event_source_set_enabled(s->io, wait ? SD_EVENT_ON : SD_EVENT_OFF) < 0)
        s->ended = true;
    if (was_full && !bridge_stream_is_full(s) && s->connection)
        bridge_connection_resume(s->connection);
}

static int on_writable(sd_event_source *source, int fd, uint32_t revents, void *user) {
    (void)source, (void)fd, (void)revents;
    write_pending(user);
    return 0;
}

void bridge_stream_feed(struct bridge_stream *s, const void *bytes, size_t n) {
    if (s->ended || n == 0)
        return;
    if (s->n_written > 0) { /* the buffer may not grow with the length of the stream */
        memmove(s->pending.data, s->pending.data + s->n_written, s->pending.len_bytes - s->n_written);
        s->pending.len_bytes -= s->n_written;
        s->n_written = 0;
    }
    base_buffer_add(&s->pending, bytes, n);
    if (s->pending.failed)
        s->ended = true; /* what came before is still recognised */
    write_pending(s);
}

bool bridge_stream_is_full(const struct bridge_stream *s) {
    return s->pending.len_bytes - s->n_written > MOST_PENDING;
}

void bridge_stream_end(struct bridge_stream *s) {
    if (!s->ended) {
        s->ended = true;
        if (s->pending.len_bytes == s->n_written)
            forget_sound(s);
    }
    if (s->state != BRIDGE_WAITING)
        bridge_stream_set_limit(s, BRIDGE_DECISION_US);
}

static int check_format(const struct bridge_format *f, tragus_error *reterr) {
    if (f->width != 2 && f->width != 4)
        return base_error_set(reterr, -EINVAL, "width is %lld bytes; send samples of 2 or 4 bytes", (long long)f->width);
    if (f->rate < 4000 || f->rate > 384000)
        return base_error_set(reterr, -EINVAL, "rate is %lld; it must be from 4000 to 384000", (long long)f->rate);
    if (f->channels < 1 || f->channels > 32)
        return base_error_set(reterr, -EINVAL, "channels is %lld; it must be from 1 to 32", (long long)f->channels);
    return 0;
}

static int check_phrases(const struct bridge *b, json_object *phrases, tragus_error *reterr) {
    size_t n = phrases ? busjson_length(phrases) : b->options->n_phrases;

    if (n == 0)
        return base_error_set(reterr, -ENOENT,
                              "no wake phrase is configured; send names in detect, or start tragus-bridge with --wake");
    if (n > BRIDGE_MOST_PHRASES)
        return base_error_set(reterr, -E2BIG, "detect has more than %d names; send fewer", BRIDGE_MOST_PHRASES);
    for (size_t i = 0; phrases && i < n; i++)
        if (!json_object_is_type(json_object_array_get_idx(phrases, i), json_type_string))
            return base_error_set(reterr, -EINVAL, "names of detect must be strings: the phrases in plain words");
    return 0;
}

static int open_pipe(struct bridge_stream *s, tragus_error *reterr) {
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return base_error_set(reterr, -errno, "no pipe can be made: %s", strerror(errno));
    s->from = ends[0];
    s->to = ends[1];
    /* Only our end: the flag belongs to the open file, and tragusd decides about its own. */
    int r = fcntl(s->to, F_SETFL, O_NONBLOCK) < 0
                ? -errno
                : sd_event_add_io(s->session.bridge->event, &s->io, s->to, EPOLLOUT, on_writable, s);
    if (r >= 0)
        r = sd_event_source_set_enabled(s->io, SD_EVENT_OFF);
    return r < 0 ? base_error_set(reterr, r, "the pipe cannot be used: %s", strerror(-r)) : 0;
}

/* The first call is made from the event loop, so that the caller knows the stream before it can fail. */
static int on_first(sd_event_source *source, uint64_t now_us, void *user) {
    struct bridge_stream *s = user;
    struct bridge *b = s->session.bridge;
    (void)source, (void)now_us;

    bridge_stream_lift_limit(s);
    bridge_stream_set_limit(s, BRIDGE_SESSION_US);
    bridge_streams_start_waiting(b);
    return 0;
}

int bridge_stream_new(struct bridge_stream **ret, struct bridge_connection *c, const struct bridge_stream_options *o,
                      tragus_error *reterr) {
    struct bridge *b = bridge_connection_bridge(c);

    int r = check_format(&o->format, reterr);
    if (r >= 0 && o->wake)
        r = check_phrases(b, o->phrases, reterr);
    if (r < 0)
        return r;
    struct bridge_stream *s = calloc(1, sizeof(*s));
    if (!s)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    struct bridge_stream **link = &b->streams;
    while (*link)
        link = &(*link)->next;
    *link = s;
    s->session.bridge = b;
    s->connection = c;
    s->to = s->from = -1;
    s->wake = o->wake;
    s->format = o->format;
    s->timestamp_ms = o->timestamp_ms;
    s->end_silence_ms = o->end_silence_ms;
    s->language = o->language ? strdup(o->language) : NULL;
    s->phrases = json_object_get(o->phrases);
    r = open_pipe(s, reterr);
    if (r >= 0) {
        r = sd_event_add_time_relative(b->event, &s->limit, CLOCK_MONOTONIC, 0, 1, on_first, s);
        if (r < 0)
            (void)base_error_set(reterr, r, "no timer can be made: %s", strerror(-r));
    }
    if (r < 0) {
        destroy(s);
        return r;
    }
    *ret = s;
    return 0;
}
