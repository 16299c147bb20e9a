/* SPDX-License-Identifier: Apache-2.0 */
/* service/compile.c: compiles grammars on their own thread and within a budget, so that no grammar delays other clients.
 *
 * Rights and limits are checked when the call arrives, and again before the grammar is installed, because both may have changed.
 */
#include "service/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_JOBS 16 /* jobs of one user that may wait */

struct compile_job {
    struct worker_job job; /* first member */
    struct service *service;
    struct service_caller caller; /* its owner is our own copy */
    char *name, *format, *language;
    bool is_private;
    tragus_text *texts; /* of a new grammar; with our own copies of name and text */
    size_t n_texts;
    char *list; /* if the job changes a list, its name; else NULL */
    tragus_list_value *values;
    size_t n_values;
    tragus_grammar *base; /* the grammar whose list changes, as it was when the compilation began */

    tragus_grammar *grammar; /* the compiled grammar */
    tragus_diagnostics diagnostics;
    tragus_error error;
    int code;
    service_grammar_done *done;
    void *user;
};

static void free_job(struct compile_job *j) {
    for (size_t i = 0; i < j->n_texts; i++) {
        free((char *)j->texts[i].name);
        free((char *)j->texts[i].text);
    }
    for (size_t i = 0; i < j->n_values; i++) {
        free((char *)j->values[i].in);
        free((char *)j->values[i].out);
        free((char *)j->values[i].domain);
    }
    free(j->texts);
    free(j->values);
    free(j->list);
    free(j->name);
    free(j->format);
    free(j->language);
    free((char *)j->caller.owner);
    tragus_grammar_unref(j->base);
    tragus_grammar_unref(j->grammar);
    tragus_diagnostics_done(&j->diagnostics);
    free(j);
}

/* Runs in the compile thread. */
static void run_job(struct worker_job *job) {
    struct compile_job *j = (struct compile_job *)job;

    if (!j->list) {
        j->code = grammars_compile(j->service, &j->grammar, j->language, NULL, 0, j->texts, j->n_texts, &j->diagnostics,
                                   &job->budget, &j->error);
        return;
    }
    j->code =
        engine_grammar_with_list(&j->grammar, j->base, j->list, j->values, j->n_values, &j->diagnostics, &job->budget, &j->error);
}

static void push_job(struct compile_job *j) {
    const struct service_limits *limits = &j->service->options.limits;
    base_budget_init(&j->job.budget, limits->grammar_cpu_ms, limits->grammar_memory);
    worker_push(j->service->compiler, &j->job);
}

/* If the grammar has changed since the compilation began, queues the list change again for the new one and returns false. */
static bool is_of_now(struct compile_job *j, const struct service_grammar *g) {
    if (!j->list || g->grammar == j->base)
        return true;
    tragus_grammar_unref(j->base);
    j->base = tragus_grammar_ref(g->grammar);
    j->grammar = tragus_grammar_unref(j->grammar);
    tragus_diagnostics_done(&j->diagnostics);
    push_job(j);
    return false;
}

/* Installs the compiled grammar. Returns an error code, or 1 if it is being compiled again. */
static int put(struct compile_job *j, tragus_error *reterr) {
    struct service_grammar *old;
    int r = grammars_may_put(j->service, &j->caller, j->name, j->is_private, j->list != NULL, &old, reterr);
    if (r < 0)
        return r;
    if (old && !is_of_now(j, old))
        return 1;
    tragus_grammar *grammar = j->grammar;
    j->grammar = NULL;                                     /* grammars_put takes the reference even on failure */
    uid_t uid = j->list && old ? old->uid : j->caller.uid; /* changing a list does not change the grammar's owner */
    r = grammars_put(j->service, old, j->name, *j->format ? j->format : "auto", j->is_private ? j->caller.owner : NULL, uid,
                     grammar, reterr);
    if (r >= 0 && !j->is_private && !j->list) {
        grammars_make_visible(j->service, j->caller.owner, j->name);
        j->service->grammars_mark++;
    }
    return r;
}

/* Runs in the main thread. */
static void finish_job(struct worker_job *job) {
    struct compile_job *j = (struct compile_job *)job;
    static const tragus_diagnostics none = {0};
    struct service_grammar_result result = {.code = j->code, .diagnostics = &j->diagnostics};

    if (worker_cancelled(job)) {
        result.diagnostics = &none;
        result.code = base_error_set(&result.error, -ECANCELED, "cancelled: the caller has left, or the service stops");
    } else if (j->code < 0) {
        result.error = j->error;
    } else {
        result.code = put(j, &result.error);
    }
    if (result.code > 0)
        return;
    if (result.code == 0)
        service_tell_change(j->service);
    j->done(&result, j->user);
    free_job(j);
}

static struct compile_job *job_new(struct service *s, const struct service_caller *caller, const char *name, const char *format,
                                   const char *language, service_grammar_done *done, void *user) {
    struct compile_job *j = calloc(1, sizeof(*j));
    if (!j)
        return NULL;
    j->job.uid = caller->uid;
    j->job.run = run_job;
    j->job.done = finish_job;
    j->service = s;
    j->caller = *caller;
    j->caller.owner = j->job.owner = strdup(caller->owner);
    j->name = strdup(name);
    j->format = strdup(format);
    j->language = strdup(language);
    j->done = done;
    j->user = user;
    if (j->caller.owner && j->name && j->format && j->language)
        return j;
    free_job(j);
    return NULL;
}

static int check_queue(struct service *s, const struct service_caller *caller, tragus_error *reterr) {
    if (worker_n_jobs(s->compiler, caller->uid) < MOST_JOBS)
        return 0;
    return base_error_set(reterr, -ENOBUFS, "%d grammars of this user wait to be compiled already; try again when one is done",
                          MOST_JOBS);
}

static int copy_texts(struct compile_job *j, const tragus_text texts[], size_t n) {
    j->texts = calloc(n ? n : 1, sizeof(*j->texts));
    if (!j->texts)
        return -ENOMEM;
    for (; j->n_texts < n; j->n_texts++) {
        tragus_text *to = &j->texts[j->n_texts];
        const tragus_text *from = &texts[j->n_texts];
        char *text = malloc(from->len_bytes + 1);
        *to = (tragus_text){
            .name = strdup(from->name), .format = *j->format ? j->format : NULL, .text = text, .len_bytes = from->len_bytes};
        if (!text || !to->name) {
            j->n_texts++;
            return -ENOMEM;
        }
        memcpy(text, from->text, from->len_bytes);
        text[from->len_bytes] = '\0';
    }
    return 0;
}

int service_grammar_add(struct service *s, const struct service_caller *caller, const struct service_grammar_source *what,
                        service_grammar_done *done, void *user, tragus_error *reterr) {
    struct service_grammar *old;
    size_t len = 0;

    int r = grammars_check_name(what->name, reterr);
    if (r < 0)
        return r;
    r = service_find_model(s, what->language, reterr);
    if (r < 0)
        return r;
    for (size_t i = 0; i < what->n_texts; i++)
        len += what->texts[i].len_bytes;
    if (len > s->options.limits.grammar_bytes)
        return base_error_set(reterr, -E2BIG, "the grammar has %zu bytes; the limit grammar_bytes is %zu", len,
                              s->options.limits.grammar_bytes);
    r = grammars_may_put(s, caller, what->name, what->is_private, false, &old, reterr);
    if (r >= 0)
        r = check_queue(s, caller, reterr);
    if (r < 0)
        return r;
    struct compile_job *j = job_new(s, caller, what->name, what->format, what->language, done, user);
    if (!j || copy_texts(j, what->texts, what->n_texts) < 0) {
        if (j)
            free_job(j);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    j->is_private = what->is_private;
    push_job(j);
    return 0;
}

static int copy_values(struct compile_job *j, const tragus_list_value values[], size_t n) {
    j->values = calloc(n ? n : 1, sizeof(*j->values));
    if (!j->values)
        return -ENOMEM;
    for (; j->n_values < n; j->n_values++) {
        tragus_list_value *to = &j->values[j->n_values];
        const tragus_list_value *from = &values[j->n_values];
        to->in = strdup(from->in);
        to->out = from->out ? strdup(from->out) : NULL;
        to->domain = from->domain ? strdup(from->domain) : NULL;
        if (!to->in || (from->out && !to->out) || (from->domain && !to->domain)) {
            j->n_values++;
            return -ENOMEM;
        }
    }
    return 0;
}

int service_grammar_set_list(struct service *s, const struct service_caller *caller, const char *name, const char *list,
                             const tragus_list_value values[], size_t n, service_grammar_done *done, void *user,
                             tragus_error *reterr) {
    struct service_grammar *g;

    const struct service_grammar *found = service_grammar_find(s, caller->owner, name, reterr);
    if (!found)
        return -ENOENT;
    int r = grammars_may_put(s, caller, found->name, found->owner != NULL, true, &g, reterr);
    if (r >= 0)
        r = check_queue(s, caller, reterr);
    if (r < 0)
        return r;
    struct compile_job *j = job_new(s, caller, g->name, g->format, g->language, done, user);
    if (j)
        j->list = strdup(list);
    if (!j || !j->list || copy_values(j, values, n) < 0) {
        if (j)
            free_job(j);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    j->is_private = g->owner != NULL;
    j->base = tragus_grammar_ref(g->grammar);
    push_job(j);
    return 0;
}
