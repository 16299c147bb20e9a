/* SPDX-License-Identifier: Apache-2.0 */
/* service/fallback.c: prepares a model for sessions that also listen for any words, in the thread that compiles grammars. */
#include "service/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_JOBS 16 /* of one user that may wait */

struct prepare_job {
    struct worker_job job; /* first member */
    char *owner;
    tragus_model *model;
    tragus_error error;
    int code;
    service_fallback_done *done;
    void *user;
};

static void run_prepare(struct worker_job *job) {
    struct prepare_job *j = (struct prepare_job *)job;
    j->code = engine_model_prepare_fallback(j->model, &j->error);
}

static void finish_prepare(struct worker_job *job) {
    struct prepare_job *j = (struct prepare_job *)job;
    if (worker_cancelled(job))
        j->code = base_error_set(&j->error, -ECANCELED, "cancelled: the caller has left, or the service stops");
    j->done(j->code, &j->error, j->user);
    tragus_model_unref(j->model);
    free(j->owner);
    free(j);
}

int service_prepare_fallback(struct service *s, const struct service_caller *caller, const char *grammar,
                             service_fallback_done *done, void *user, tragus_error *reterr) {
    const struct service_grammar *g = service_grammar_find(s, caller->owner, grammar, reterr);
    if (!g)
        return -ENOENT;
    tragus_model *model = engine_grammar_model(g->grammar);
    if (!model || engine_model_has_fallback(model)) /* without a model, the session is refused for that */
        return 1;
    if (worker_n_jobs(s->compiler, caller->uid) >= MOST_JOBS)
        return base_error_set(reterr, -ENOBUFS, "%d calls of this user wait already; wait for an answer", MOST_JOBS);
    struct prepare_job *j = calloc(1, sizeof(*j));
    char *owner = strdup(caller->owner);
    if (!j || !owner) {
        free(j);
        free(owner);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    *j = (struct prepare_job){.job = {.uid = caller->uid, .owner = owner, .run = run_prepare, .done = finish_prepare},
                              .owner = owner,
                              .model = tragus_model_ref(model),
                              .done = done,
                              .user = user};
    base_budget_init(&j->job.budget, s->options.limits.grammar_cpu_ms, 0);
    worker_push(s->compiler, &j->job);
    return 0;
}
