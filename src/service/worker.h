/* SPDX-License-Identifier: Apache-2.0 */
/* service/worker.h: a thread for what takes longer than the main thread may: compiling a grammar, matching a text.
 *
 * Main pushes jobs; the thread runs them one by one; main takes them back and finishes them. A user with many jobs does not keep
 * another user's waiting: of those that wait, the thread takes the oldest one of a user other than the last, if there is one.
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
    uid_t uid;                            /* for whom */
    const char *owner;                    /* likewise, as service_owner_gone names it */
    struct base_budget budget;            /* run works within it; main may cancel it */
    void (*run)(struct worker_job *job);  /* in the thread; touches nothing of main's but the job */
    void (*done)(struct worker_job *job); /* in main, once for every job, also where it was cancelled; frees it */
    struct worker_job *next;              /* the worker's */
};

/* name, nice: of the thread. main_wake: woken when a job was run. */
int worker_new(struct worker **ret, const char *name, int nice, const struct base_wake *main_wake);
/* Cancels all jobs, joins the thread, and finishes every job. Takes NULL. */
void worker_free(struct worker *w);
void worker_push(struct worker *w, struct worker_job *job);
/* Finishes those that were run. Takes NULL. */
void worker_collect(struct worker *w);
/* Cancels the jobs of an owner; NULL: all. Their done finds worker_cancelled. */
void worker_cancel(struct worker *w, const char *owner);
bool worker_cancelled(const struct worker_job *job);
/* Jobs of a user that are not finished. */
size_t worker_n_jobs(struct worker *w, uid_t uid);

#endif
