/* SPDX-License-Identifier: Apache-2.0 */
/* bus/content.c: a thread for each descriptor, because no other way is safe: a read of a regular file, and even fstat and close,
 * can take for ever if the file is on a file system that another user serves (FUSE, NFS).
 */
#include "bus/content.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/thread.h"
#include "base/wake.h"
#include "bus/private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_BYTES 65536
#define PATIENCE_US UINT64_C(10000000)
#define GRACE_US 1000000 /* main gives up this much later than the thread, which can only be late if a call blocks it */

struct bus_reading {
    struct bus_reading *next;
    struct bus *bus;
    uid_t uid;
    sd_event_source *progress, *patience;
    bus_content_done *done; /* NULL: was called */
    void *user;

    struct base_wake wake; /* wakes main */
    int fd;                /* the thread's */
    size_t most_bytes;
    struct base_buffer text; /* the thread's until has_result, and so are error and result */
    tragus_error error;
    int result;
    _Atomic bool has_result, ended;
    _Atomic unsigned n_holders; /* main and the thread; the last one frees it */
};

static void let_go(struct bus_reading *c) {
    if (atomic_fetch_sub(&c->n_holders, 1) > 1)
        return;
    base_buffer_done(&c->text);
    base_wake_done(&c->wake);
    free(c);
}

/* --- in the thread ------------------------------------------------------------------------------------------------------------ */

static int check_type(int fd, tragus_error *reterr) {
    struct stat st;

    if (fstat(fd, &st) < 0)
        return base_error_set(reterr, -errno, "The grammar cannot be read: %s", strerror(errno));
    if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
        return base_error_set(reterr, -ENOTSUP, "A grammar must come from a file, a pipe or a socket");
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) /* else the read would never end */
        return base_error_set(reterr, -ENOTSUP, "The descriptor is not open for reading; pass the read end of the pipe");
    return 0;
}

/* Waits until there is something to read. Regular files always say that there is. */
static int wait_readable(int fd, uint64_t until_us, tragus_error *reterr) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    uint64_t now_us = base_clock_monotonic_us();

    if (now_us < until_us && poll(&p, 1, (int)((until_us - now_us) / 1000) + 1) != 0)
        return 0;
    return base_error_set(reterr, -ETIMEDOUT, "The end of the grammar did not arrive; close the writing end of the pipe");
}

static int read_part(struct bus_reading *c, struct base_descriptor *input, char part[PART_BYTES]) {
    ssize_t n = base_descriptor_read(input, part, PART_BYTES);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR
                   ? 1
                   : base_error_set(&c->error, -errno, "The grammar cannot be read: %s", strerror(errno));
    if (n > 0)
        base_buffer_add(&c->text, part, (size_t)n);
    if (c->text.failed)
        return base_error_set(&c->error, -ENOMEM, "out of memory");
    if (c->text.len_bytes > c->most_bytes)
        return base_error_set(&c->error, -E2BIG, "The grammar is larger than the limit of %zu bytes", c->most_bytes);
    return n > 0;
}

static int read_all(struct bus_reading *c) {
    uint64_t until_us = base_clock_monotonic_us() + PATIENCE_US;
    char part[PART_BYTES];

    int r = check_type(c->fd, &c->error);
    if (r < 0)
        return r;
    struct base_descriptor input = base_descriptor_of(c->fd);
    do {
        r = wait_readable(c->fd, until_us, &c->error);
        if (r >= 0)
            r = read_part(c, &input, part);
    } while (r > 0);
    return r;
}

static void *run(void *user) {
    struct bus_reading *c = user;

    c->result = read_all(c);
    atomic_store(&c->has_result, true);
    base_wake_up(&c->wake);
    close(c->fd);
    atomic_store(&c->ended, true);
    base_wake_up(&c->wake);
    let_go(c);
    return NULL;
}

/* --- in the main thread ------------------------------------------------------------------------------------------------------- */

/* The thread may go on. */
static void forget(struct bus_reading *c) {
    struct bus_reading **link = &c->bus->readings;
    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    sd_event_source_disable_unref(c->progress);
    sd_event_source_disable_unref(c->patience);
    let_go(c);
}

unsigned bus_content_n_stuck(const struct bus *b, uid_t uid) {
    unsigned n = 0;
    for (const struct bus_reading *c = b->readings; c; c = c->next)
        n += !c->done && c->uid == uid;
    return n;
}

static void finish(struct bus_reading *c, int result, const char *text, size_t len, const tragus_error *e) {
    bus_content_done *done = c->done;
    c->done = NULL;
    if (done)
        done(result, text, len, e, c->user);
}

void bus_content_end(struct bus *b) {
    tragus_error e = {0};
    int r = base_error_set(&e, -ECANCELED, "cancelled: the connection ends");

    while (b->readings) {
        finish(b->readings, r, "", 0, &e);
        forget(b->readings);
    }
}

static int on_progress(sd_event_source *source, int fd, uint32_t events, void *user) {
    struct bus_reading *c = user;
    (void)source, (void)fd, (void)events;

    base_wake_clear(&c->wake);
    bool ended = atomic_load(&c->ended); /* read first: what follows may take a while */
    if (atomic_load(&c->has_result))
        finish(c, c->result, c->text.data ? c->text.data : "", c->text.len_bytes, &c->error);
    if (ended)
        forget(c);
    return 0;
}

static int on_no_patience(sd_event_source *source, uint64_t now_us, void *user) {
    tragus_error e = {0};
    (void)source, (void)now_us;

    int r = base_error_set(&e, -ETIMEDOUT, "The file of the grammar does not answer; copy it to a local file system");
    finish(user, r, "", 0, &e);
    return 0;
}

static int start(struct bus_reading *c) {
    pthread_t thread;

    int r = base_wake_init(&c->wake);
    if (r >= 0)
        r = sd_event_add_io(c->bus->event, &c->progress, c->wake.fd, EPOLLIN, on_progress, c);
    if (r >= 0)
        r = sd_event_add_time_relative(c->bus->event, &c->patience, CLOCK_MONOTONIC, PATIENCE_US + GRACE_US, 0, on_no_patience, c);
    if (r >= 0)
        r = base_thread_start(&thread, "content", run, c);
    if (r >= 0)
        (void)pthread_detach(thread);
    return r;
}

int bus_read_content(struct bus *b, uid_t uid, int fd, size_t most_bytes, bus_content_done *done, void *user) {
    struct bus_reading *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->bus = b;
    c->uid = uid;
    c->done = done;
    c->user = user;
    c->most_bytes = most_bytes;
    c->wake.fd = -1;
    c->n_holders = 2;
    c->next = b->readings;
    b->readings = c;
    c->fd = base_descriptor_keep(fd);
    int r = c->fd < 0 ? c->fd : start(c);
    if (r < 0) {
        if (c->fd >= 0)
            close(c->fd);
        c->n_holders = 1; /* there is no thread */
        forget(c);
    }
    return r;
}
