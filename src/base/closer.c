/* SPDX-License-Identifier: Apache-2.0 */
#include "base/closer.h"
#include "base/descriptor.h"
#include "base/thread.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_THREADS 16 /* that close at the same time; the others wait in turn */
#define ALSA_MAJOR 116

struct waiting {
    struct waiting *next;
    int fd;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct waiting *first, **end = &first;
static unsigned n_threads, n_open;

static bool is_sound_device(int fd) {
    struct statx st;
    return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) == 0 && st.stx_rdev_major == ALSA_MAJOR;
}

static bool is_local(int fd) {
    int domain = AF_UNSPEC;
    socklen_t length = sizeof(domain);
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_UNIX;
}

bool base_closer_may_wait(int fd) {
    int kind = base_descriptor_kind(fd);

    if (kind == S_IFSOCK)
        return !is_local(fd);
    if (kind == S_IFCHR)
        return !is_sound_device(fd);
    return kind == S_IFREG || kind == S_IFDIR || kind == S_IFBLK;
}

static struct waiting *take(void) {
    struct waiting *w = first;

    if (!w)
        return NULL;
    first = w->next;
    if (!first)
        end = &first;
    return w;
}

/* Ends when there is nothing more to close. */
static void *run(void *user) {
    (void)user;

    pthread_mutex_lock(&lock);
    for (struct waiting *w; (w = take());) {
        pthread_mutex_unlock(&lock);
        close(w->fd);
        free(w);
        pthread_mutex_lock(&lock);
        n_open--;
    }
    n_threads--;
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* Returns whether there is a thread that will close what was added. */
static bool start(void) {
    pthread_t thread;

    if (n_threads < MOST_THREADS && base_thread_start(&thread, "close", run, NULL) == 0) {
        (void)pthread_detach(thread);
        n_threads++;
    }
    return n_threads > 0;
}

void base_closer_close(int fd) {
    struct waiting *w = malloc(sizeof(*w));
    bool can = false;

    if (w) {
        pthread_mutex_lock(&lock);
        can = start();
        if (can) {
            *w = (struct waiting){.fd = fd};
            *end = w;
            end = &w->next;
            n_open++;
        }
        pthread_mutex_unlock(&lock);
    }
    if (can)
        return;
    free(w);
    (void)syscall(SYS_close, fd); /* not close, which may be tragusd's own (daemon/close.c) and come back here */
}

unsigned base_closer_n_open(void) {
    pthread_mutex_lock(&lock);
    unsigned n = n_open;
    pthread_mutex_unlock(&lock);
    return n;
}
