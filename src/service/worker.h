/* SPDX-License-Identifier: Apache-2.0 */
/* service/worker.h: a thread for work that takes too long for the main thread: compiling a grammar, matching a text.
 *
 * Main queues jobs, the thread runs them one at a time, and main collects and finishes them. To be fair between users, the thread
 * takes the oldest job of a user other than the last one served, if there is one.
 */
#ifndef TRAGUS_SERVICE_WORKER_H
#define TRAGUS_SERVICE_WORKER_H

#include "base/budget.h"
#include "base/wake.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct worker;

struct worker_job {
    uid_t uid;                            /* the user it is for */
    const char *owner;                    /* the owner it is for, as in service_owner_gone */
    struct base_budget budget;            /* run works within it; main may cancel it */
    void (*run)(struct worker_job *job);  /* in the thread; of main's data it may access only the job */
    void (*done)(struct worker_job *job); /* in main, once for every job even if cancelled; frees it */
    struct worker_job *next;              /* used by the worker */
};

/* name, nice: of the thread. main_wake: woken after each job. */
int worker_new(struct worker **ret, const char *name, int nice, const struct base_wake *main_wake);
/* Cancels all jobs, joins the thread and finishes every job. Accepts NULL. */
void worker_free(struct worker *w);
void worker_push(struct worker *w, struct worker_job *job);
/* Finishes the jobs that have run. Accepts NULL. */
void worker_collect(struct worker *w);
/* Cancels the jobs of an owner (NULL: all jobs). In their done, worker_cancelled is true. */
void worker_cancel(struct worker *w, const char *owner);
bool worker_cancelled(const struct worker_job *job);
/* Number of a user's unfinished jobs. */
size_t worker_n_jobs(struct worker *w, uid_t uid);

#endif
