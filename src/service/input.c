/* SPDX-License-Identifier: Apache-2.0 */
/* service/input.c: the sound of a session that does not use the microphone: a descriptor, or what its owner pushes. */
#include "service/private.h"

#include "base/descriptor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes fd the session's input and takes ownership of it. */
static void give_input(struct service_session *session, int fd, const struct service_input *input) {
    if (session->input_fd >= 0)
        close(session->input_fd);
    if (session->push_fd >= 0)
        close(session->push_fd);
    session->input_fd = fd;
    session->push_fd = -1;
    session->input = *input;
    session->microphone = false;
}

static int may_set_input(const struct service_session *session, const struct service_input *input, tragus_error *reterr) {
    if (session->lent)
        return base_error_set(reterr, -EALREADY, "the session is started; call Stop before SetInput");
    return service_check_input(input, reterr);
}

int service_session_set_input(struct service_session *session, int fd, const struct service_input *input, tragus_error *reterr) {
    int r = may_set_input(session, input, reterr);
    if (r >= 0)
        r = batch_check_descriptor(fd, reterr);
    if (r < 0)
        return r;
    int copy = base_descriptor_keep(fd);
    if (copy == -ENOBUFS)
        return base_error_set(reterr, copy, "too many descriptors of clients are open; try again later");
    if (copy < 0)
        return base_error_set(reterr, copy, "the descriptor cannot be kept: %s", strerror(-copy));
    give_input(session, copy, input);
    return 0;
}

/* Uses a socket between two threads of this process: the batch thread reads it like any other, and its buffer limits the
 * backlog. */
int service_session_set_pushed(struct service_session *session, const struct service_input *input, tragus_error *reterr) {
    int ends[2];
    int r = may_set_input(session, input, reterr);
    if (r < 0)
        return r;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return base_error_set(reterr, -errno, "no socket can be made: %s", strerror(errno));
    give_input(session, ends[0], input);
    session->push_fd = ends[1];
    return 0;
}

ssize_t service_session_push(struct service_session *session, const void *bytes, size_t n) {
    if (session->push_fd < 0)
        return -ENOTCONN;
    ssize_t sent = send(session->push_fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -ENOTCONN;
}

void service_session_push_end(struct service_session *session) {
    if (session->push_fd >= 0)
        close(session->push_fd);
    session->push_fd = -1;
}

/* Sets who sends the sound. If it is a regular file, *fd becomes the socket through which its content comes. Closes *fd on failure.
 */
static int find_reader(const struct service_session *session, int *fd, struct batch_options *o, tragus_error *reterr) {
    struct service *s = session->service;

    o->sender = sender_find(&s->senders, session->caller.uid);
    if (!o->sender) {
        close(*fd);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    if (base_descriptor_kind(*fd) != S_IFREG)
        return 0;
    o->max_bytes = s->options.limits.sound_bytes;
    return sender_read_file(o->sender, *fd, o->sound_file, 2 * s->options.limits.sessions_per_user, fd, &o->file, reterr);
}

int input_start(struct service_session *session, tragus_error *reterr) {
    struct service *s = session->service;
    struct batch_options options = {
        .sound_file = session->input.sound_file,
        .live = session->input.live,
        .format = session->input.format,
        .max_bytes = session->input.sound_file || session->input.limited ? s->options.limits.sound_bytes : SIZE_MAX,
        .gate = s->options.gate,
    };
    uint32_t hang_hops = engine_listener_hang_hops(session->lent->listener);
    if (options.gate.hang_hops < hang_hops)
        options.gate.hang_hops = hang_hops;
    struct service_batch *entry = calloc(1, sizeof(*entry));
    if (!entry)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    int fd = session->input_fd;
    session->input_fd = -1;
    int r = find_reader(session, &fd, &options, reterr);
    if (r >= 0)
        r = batch_start(&entry->batch, s->models[session->model], fd, &options, session->lent, &s->wake, reterr);
    if (r < 0) {
        free(entry);
        return r;
    }
    session->batch = entry->batch;
    entry->next = s->batches;
    s->batches = entry;
    return 0;
}
