/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/content.h"
#include "base/buffer.h"
#include "base/descriptor.h"
#include "bus/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#define TURN_BYTES 65536
#define PATIENCE_US 10000000

struct bus_reading {
    struct bus_reading *next;
    struct bus *bus;
    sd_bus_message *call;
    sd_event_source *readable, *patience;
    struct base_buffer text;
    size_t most_bytes;
    struct base_descriptor input;
    bus_content_done *done;
};

static void reading_free(struct bus_reading *c) {
    struct bus_reading **link = &c->bus->readings;
    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    sd_event_source_disable_unref(c->readable);
    sd_event_source_disable_unref(c->patience);
    sd_bus_message_unref(c->call);
    base_buffer_done(&c->text);
    if (c->input.fd >= 0)
        close(c->input.fd);
    free(c);
}

void bus_content_end(struct bus *b) {
    while (b->readings)
        reading_free(b->readings);
}

/* Calls done from the event loop. There, sd-bus does not send the error that done may return, so this function does. */
static void finish(struct bus_reading *c, int result) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int r = c->done(c->bus, c->call, result, c->text.data ? c->text.data : "", c->text.len_bytes, &error);
    if (r < 0 || sd_bus_error_is_set(&error))
        (void)(sd_bus_error_is_set(&error) ? sd_bus_reply_method_error(c->call, &error)
                                           : sd_bus_reply_method_errno(c->call, r, NULL));
    sd_bus_error_free(&error);
    reading_free(c);
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *user) {
    struct bus_reading *c = user;
    char part[16384];
    (void)source, (void)fd, (void)events;

    ssize_t n = base_descriptor_read(&c->input, part, sizeof(part));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n > 0)
        base_buffer_add(&c->text, part, (size_t)n);
    if (n <= 0)
        finish(c, n < 0 ? -errno : 0);
    else if (c->text.failed)
        finish(c, -ENOMEM);
    else if (c->text.len_bytes > c->most_bytes)
        finish(c, -E2BIG);
    return 0;
}

static int on_no_patience(sd_event_source *source, uint64_t now_us, void *user) {
    (void)source, (void)now_us;
    finish(user, -ETIMEDOUT);
    return 0;
}

/* A file is complete, so it is read at once, from its current offset. */
static int read_file(struct base_buffer *text, int fd, size_t most_bytes) {
    char part[TURN_BYTES];
    ssize_t n;

    while ((n = read(fd, part, sizeof(part))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        base_buffer_add(text, part, (size_t)n);
        if (text->failed)
            return -ENOMEM;
        if (text->len_bytes > most_bytes)
            return -E2BIG;
    }
    return 0;
}

int bus_read_content(struct bus *b, sd_bus_message *call, int fd, size_t most_bytes, bus_content_done *done, sd_bus_error *error) {
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (S_ISREG(st.st_mode)) {
        struct base_buffer text = {0};
        int r = read_file(&text, fd, most_bytes);
        r = done(b, call, r, text.data ? text.data : "", text.len_bytes, error);
        base_buffer_done(&text);
        return r;
    }
    if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
        return sd_bus_error_set(error, BUS_ERROR("UnsupportedInput"), "A grammar must come from a file, a pipe or a socket");
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) /* else the read would never end */
        return sd_bus_error_set(error, BUS_ERROR("UnsupportedInput"),
                                "The descriptor is not open for reading; pass the read end of the pipe");

    struct bus_reading *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->bus = b;
    c->call = sd_bus_message_ref(call);
    c->most_bytes = most_bytes;
    c->done = done;
    c->next = b->readings;
    b->readings = c;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int r = copy < 0 ? -errno : sd_event_add_io(b->event, &c->readable, copy, EPOLLIN, on_readable, c);
    c->input = base_descriptor_of(copy);
    if (r >= 0)
        r = sd_event_add_time_relative(b->event, &c->patience, CLOCK_MONOTONIC, PATIENCE_US, 0, on_no_patience, c);
    if (r < 0) {
        reading_free(c);
        return r;
    }
    return 1;
}
