/* SPDX-License-Identifier: Apache-2.0 */
#include "service/sender.h"
#include "base/thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PART_BYTES 65536

struct sender_file {
    struct sender_file *next;
    int fd, socket; /* the thread's; socket: the end that it writes to */
    bool from_beginning;
    unsigned char part[PART_BYTES];
    _Atomic int error;
    _Atomic bool ended;
    _Atomic unsigned n_holders; /* the sender, the thread, and the caller of sender_read_file; the last one frees it */
};

struct sender {
    struct sender *next;
    uid_t uid;
    struct sender_file *files; /* the threads that have not ended, as far as is known */
    struct base_account sounds, memory;
};

struct sender *sender_find(struct sender **list, uid_t uid) {
    struct sender *s = *list;
    while (s && s->uid != uid)
        s = s->next;
    if (s || !(s = calloc(1, sizeof(*s))))
        return s;
    s->uid = uid;
    s->next = *list;
    return *list = s;
}

void senders_free(struct sender **list) {
    while (*list) {
        struct sender *s = *list;
        *list = s->next;
        while (s->files) {
            struct sender_file *f = s->files;
            s->files = f->next;
            sender_file_unref(f);
        }
        free(s);
    }
}

bool sender_take(struct sender *s, size_t bytes, size_t most) {
    return base_account_take(&s->sounds, bytes, most);
}

void sender_give_back(struct sender *s, size_t bytes) {
    base_account_give_back(&s->sounds, bytes);
}

struct base_account *sender_memory(struct sender *s) {
    return &s->memory;
}

/* --- files -------------------------------------------------------------------------------------------------------------------- */

void sender_file_unref(struct sender_file *f) {
    if (!f || atomic_fetch_sub(&f->n_holders, 1) > 1)
        return;
    explicit_bzero(f->part, sizeof(f->part));
    free(f);
}

int sender_file_error(const struct sender_file *f) {
    return atomic_load(&f->error);
}

/* Returns false if nobody reads any more. */
static bool pass_on(const struct sender_file *f, size_t n) {
    for (size_t at = 0; at < n;) {
        ssize_t sent = send(f->socket, f->part + at, n - at, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += (size_t)sent;
    }
    return true;
}

static void *run(void *user) {
    struct sender_file *f = user;
    off_t at = 0;

    for (;;) {
        ssize_t n = f->from_beginning ? pread(f->fd, f->part, PART_BYTES, at) : read(f->fd, f->part, PART_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            atomic_store(&f->error, -errno);
        if (n <= 0 || !pass_on(f, (size_t)n))
            break;
        at += n;
    }
    close(f->socket); /* the reader sees the end, and then asks for the error */
    close(f->fd);
    atomic_store(&f->ended, true);
    sender_file_unref(f);
    return NULL;
}

static unsigned count_files(struct sender *s) {
    unsigned n = 0;
    for (struct sender_file **link = &s->files; *link;) {
        struct sender_file *f = *link;
        if (atomic_load(&f->ended)) {
            *link = f->next;
            sender_file_unref(f);
        } else {
            link = &f->next;
            n++;
        }
    }
    return n;
}

static struct sender_file *file_new(int fd, bool from_beginning, int *ret_socket) {
    int ends[2];
    struct sender_file *f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        free(f);
        return NULL;
    }
    f->fd = fd;
    f->from_beginning = from_beginning;
    f->socket = ends[0];
    f->n_holders = 3;
    *ret_socket = ends[1];
    return f;
}

int sender_read_file(struct sender *s, int fd, bool from_beginning, unsigned most, int *ret_socket, struct sender_file **ret,
                     tragus_error *reterr) {
    struct sender_file *f = NULL;
    pthread_t thread;
    int socket = -1;

    int r = count_files(s) < most ? 0
                                  : base_error_set(reterr, -ENOBUFS,
                                                   "%u files of this user are being read already; some do not answer, so copy them "
                                                   "to a local file system",
                                                   most);
    if (r >= 0 && !(f = file_new(fd, from_beginning, &socket)))
        r = base_error_set(reterr, -ENOMEM, "not enough memory or descriptors to read the file");
    if (r >= 0) {
        r = base_thread_start(&thread, "file", run, f);
        if (r < 0)
            base_error_set(reterr, r, "no thread can be started: %s", strerror(-r));
    }
    if (r < 0) {
        if (f) {
            close(f->socket);
            close(socket);
        }
        free(f);
        close(fd);
        return r;
    }
    (void)pthread_detach(thread);
    f->next = s->files;
    s->files = f;
    *ret_socket = socket;
    *ret = f;
    return 0;
}
