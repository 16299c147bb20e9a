/* SPDX-License-Identifier: Apache-2.0 */
/* service/compile.c: compiles grammars on their own thread and within a budget, so that no grammar delays other clients.
 *
 * Rights and limits are checked when the call arrives, and again before the grammar is installed, because both may have changed.
 */
#include "service/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_JOBS 16 /* jobs of one user that may wait */

void compile_job_free(struct compile_job *j) {
    if (!j)
        return;
    for (size_t i = 0; i < j->n_texts; i++) {
        free((char *)j->texts[i].name);
        free((char *)j->texts[i].text);
    }
    for (size_t i = 0; i < j->n_values; i++) {
        free((char *)j->values[i].in);
        free((char *)j->values[i].out);
        free((char *)j->values[i].domain);
    }
    for (size_t i = 0; i < j->n_paths; i++)
        free(j->paths[i]);
    free(j->paths);
    free(j->texts);
    free(j->values);
    free(j->list);
    free(j->name);
    free(j->format);
    free(j->language);
    free((char *)j->caller.owner);
    tragus_grammar_unref(j->base);
    tragus_grammar_unref(j->saved);
    tragus_grammar_unref(j->grammar);
    tragus_diagnostics_done(&j->diagnostics);
    free(j);
}

struct compile_job *compile_job_new(struct service *s, const struct service_caller *caller, const char *name, const char *format,
                                    const char *language, void (*run)(struct worker_job *job)) {
    struct compile_job *j = calloc(1, sizeof(*j));
    if (!j)
        return NULL;
    j->job.uid = caller->uid;
    j->job.run = run;
    j->job.done = compile_finish;
    j->service = s;
    j->caller = *caller;
    j->caller.owner = j->job.owner = strdup(caller->owner);
    j->name = strdup(name);
    j->format = strdup(format);
    j->language = strdup(language);
    if (j->caller.owner && j->name && j->format && j->language)
        return j;
    compile_job_free(j);
    return NULL;
}

int compile_check_queue(struct service *s, const struct service_caller *caller, tragus_error *reterr) {
    if (worker_n_jobs(s->compiler, caller->uid) < MOST_JOBS)
        return 0;
    return base_error_set(reterr, -ENOBUFS, "%d grammars of this user wait to be compiled already; try again when one is done",
                          MOST_JOBS);
}

void compile_push(struct compile_job *j) {
    const struct service_limits *limits = &j->service->options.limits;
    base_budget_init(&j->job.budget, limits->grammar_cpu_ms, limits->grammar_memory);
    worker_push(j->service->compiler, &j->job);
}

void compile_again(struct compile_job *j) {
    j->grammar = tragus_grammar_unref(j->grammar);
    tragus_diagnostics_done(&j->diagnostics);
    compile_push(j);
}

void compile_set_base(struct compile_job *j, const struct service_grammar *g) {
    tragus_grammar_unref(j->base);
    j->base = g ? tragus_grammar_ref(g->grammar) : NULL;
    j->base_is_of_files = g && grammars_is_from_files(g);
    j->base_has_unused_lists = g && g->has_unused_lists;
}

bool compile_is_of_now(struct compile_job *j, const struct service_grammar *g) {
    if ((g ? g->grammar : NULL) == j->base)
        return true;
    compile_set_base(j, g);
    compile_again(j);
    return false;
}

/* Installs the compiled grammar. Returns an error code, or 1 if it is being compiled again. */
static int put(struct compile_job *j, tragus_error *reterr) {
    struct service_grammar *old;
    int r = grammars_may_put(j->service, &j->caller, j->name, j->is_private, j->list != NULL, &old, reterr);
    if (r < 0)
        return r;
    if (j->list && !compile_is_of_now(j, old))
        return 1;
    uid_t uid = j->list && old ? old->uid : j->caller.uid; /* changing a list does not change the grammar's owner */
    if (!old || !j->list || !grammars_is_from_files(old))
        r = memory_count_grammar(j->service, uid, j->grammar, old ? old->grammar : NULL, reterr);
    if (r < 0)
        return r;
    tragus_grammar *grammar = j->grammar;
    j->grammar = NULL; /* grammars_put takes the reference even on failure */
    r = grammars_put(j->service, old, j->name, *j->format ? j->format : "auto", j->is_private ? j->caller.owner : NULL, uid,
                     grammar, reterr);
    if (r >= 0 && !j->is_private && !j->list) {
        grammars_make_visible(j->service, j->caller.owner, j->name);
        grammars_public(j->service, j->name)->by_administrator = j->caller.privileged;
        j->service->grammars_mark++;
    }
    return r;
}

void compile_finish(struct worker_job *job) {
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
    const struct service_grammar *g = result.code == 0 && j->list && !j->is_private ? grammars_public(j->service, j->name) : NULL;
    if (g && configured_keeps_lists(j->service, g)) {
        lists_save(j, g);
        return;
    }
    j->done(&result, j->user);
    compile_job_free(j);
}

/* --- grammars of callers --- */

/* In the compile thread. */
static void run_texts(struct worker_job *job) {
    struct compile_job *j = (struct compile_job *)job;
    j->code = grammars_compile(j->service, &j->grammar, j->language, NULL, 0, j->texts, j->n_texts, NULL, &j->diagnostics,
                               &job->budget, &j->error);
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

const char *service_unknown_format(const char *format) {
    return engine_unknown_format(format);
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
        r = compile_check_queue(s, caller, reterr);
    if (r < 0)
        return r;
    struct compile_job *j = compile_job_new(s, caller, what->name, what->format, what->language, run_texts);
    if (!j || copy_texts(j, what->texts, what->n_texts) < 0) {
        compile_job_free(j);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    j->is_private = what->is_private;
    j->done = done;
    j->user = user;
    compile_push(j);
    return 0;
}
