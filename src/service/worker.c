/* SPDX-License-Identifier: Apache-2.0 */
#include "service/worker.h"
#include "base/thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct worker {
    pthread_t thread;
    struct base_wake wake; /* wakes the thread */
    const struct base_wake *main_wake;
    int nice;
    _Atomic bool quit;

    pthread_mutex_t lock; /* protects the members below */
    struct worker_job *waiting, *running, *finished;
    uid_t last_uid;
};

/* The oldest job of a user other than the last one served, else the oldest. */
static struct worker_job *take(struct worker *w) {
    struct worker_job **link = &w->waiting;
    while (*link && (*link)->uid == w->last_uid)
        link = &(*link)->next;
    if (!*link)
        link = &w->waiting;
    struct worker_job *job = *link;
    if (job) {
        *link = job->next;
        job->next = NULL;
        w->last_uid = job->uid;
    }
    return job;
}

static void append(struct worker_job **list, struct worker_job *job) {
    while (*list)
        list = &(*list)->next;
    job->next = NULL;
    *list = job;
}

static void *run(void *user) {
    struct worker *w = user;

    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), w->nice); /* on Linux each thread has its own nice value */
    while (!atomic_load_explicit(&w->quit, memory_order_acquire)) {
        pthread_mutex_lock(&w->lock);
        struct worker_job *job = w->running = take(w);
        pthread_mutex_unlock(&w->lock);
        if (!job) {
            base_wake_wait(&w->wake, -1);
            continue;
        }
        job->run(job);
        pthread_mutex_lock(&w->lock);
        w->running = NULL;
        append(&w->finished, job);
        pthread_mutex_unlock(&w->lock);
        base_wake_up(w->main_wake);
    }
    return NULL;
}

int worker_new(struct worker **ret, const char *name, int nice, const struct base_wake *main_wake) {
    struct worker *w = calloc(1, sizeof(*w));
    if (!w)
        return -ENOMEM;
    w->main_wake = main_wake;
    w->nice = nice;
    w->last_uid = (uid_t)-1;
    pthread_mutex_init(&w->lock, NULL);
    int r = base_wake_init(&w->wake);
    if (r >= 0)
        r = base_thread_start(&w->thread, name, run, w);
    if (r < 0) {
        base_wake_done(&w->wake);
        pthread_mutex_destroy(&w->lock);
        free(w);
        return r;
    }
    *ret = w;
    return 0;
}

void worker_free(struct worker *w) {
    if (!w)
        return;
    worker_cancel(w, NULL);
    atomic_store_explicit(&w->quit, true, memory_order_release);
    base_wake_up(&w->wake);
    pthread_join(w->thread, NULL);
    while (w->waiting) {
        struct worker_job *job = w->waiting;
        w->waiting = job->next;
        append(&w->finished, job);
    }
    worker_collect(w);
    base_wake_done(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

void worker_push(struct worker *w, struct worker_job *job) {
    pthread_mutex_lock(&w->lock);
    append(&w->waiting, job);
    pthread_mutex_unlock(&w->lock);
    base_wake_up(&w->wake);
}

void worker_collect(struct worker *w) {
    while (w) {
        pthread_mutex_lock(&w->lock);
        struct worker_job *job = w->finished;
        if (job)
            w->finished = job->next;
        pthread_mutex_unlock(&w->lock);
        if (!job)
            return;
        job->done(job);
    }
}

bool worker_cancelled(const struct worker_job *job) {
    return atomic_load_explicit(&job->budget.cancelled, memory_order_relaxed);
}

static void cancel(struct worker_job *list, const char *owner) {
    for (struct worker_job *job = list; job; job = job->next)
        if (!owner || strcmp(job->owner, owner) == 0)
            base_budget_cancel(&job->budget);
}

void worker_cancel(struct worker *w, const char *owner) {
    pthread_mutex_lock(&w->lock);
    cancel(w->waiting, owner);
    cancel(w->running, owner);
    cancel(w->finished, owner);
    pthread_mutex_unlock(&w->lock);
}

size_t worker_n_jobs(struct worker *w, uid_t uid) {
    size_t n = 0;
    pthread_mutex_lock(&w->lock);
    for (struct worker_job *job = w->waiting; job; job = job->next)
        n += job->uid == uid;
    for (struct worker_job *job = w->finished; job; job = job->next)
        n += job->uid == uid;
    n += w->running && w->running->uid == uid;
    pthread_mutex_unlock(&w->lock);
    return n;
}
