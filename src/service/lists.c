/* SPDX-License-Identifier: Apache-2.0 */
/* service/lists.c: sets lists of grammars, in the compile thread, and saves those of the configuration's if the service has a
 * folder for them. */
#include "service/compile.h"

#include "base/utf8.h"
#include "service/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SAVER ((uid_t)-2) /* jobs of one user are done in order, and a list that was set last must be saved last */

/* In the compile thread. */
static void run_list(struct worker_job *job) {
    struct compile_job *j = (struct compile_job *)job;
    j->code =
        engine_grammar_with_list(&j->grammar, j->base, j->list, j->values, j->n_values, &j->diagnostics, &job->budget, &j->error);
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
        r = compile_check_queue(s, caller, reterr);
    if (r < 0)
        return r;
    struct compile_job *j = compile_job_new(s, caller, g->name, g->format, g->language, run_list);
    if (j)
        j->list = strdup(list);
    if (!j || !j->list || copy_values(j, values, n) < 0) {
        compile_job_free(j);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    j->is_private = g->owner != NULL;
    j->done = done;
    j->user = user;
    compile_set_base(j, g);
    compile_push(j);
    return 0;
}

/* --- saving --- */

/* In the compile thread, which may wait for the disk. */
static void run_save(struct worker_job *job) {
    struct compile_job *j = (struct compile_job *)job;
    const char *folder = j->service->options.state;
    const struct engine_list *lists = engine_grammar_lists(j->saved);
    struct engine_list *all = NULL;

    j->code = j->keeps_others ? state_read_others(&all, folder, j->name, lists, &j->error) : 0;
    j->has_others = j->code > 0;
    if (j->code >= 0 || state_is_damaged(j->code))
        j->code = state_write(folder, j->name, all ? all : lists, &j->error);
    engine_lists_free(all);
    j->is_saved = true;
}

static void finish_save(struct worker_job *job) {
    struct compile_job *j = (struct compile_job *)job;
    char text[512];

    if (!j->is_saved) /* the service ends */
        run_save(job);
    if (j->code < 0) {
        service_log(SERVICE_LOG_WARNING, "Grammar %s: the lists that programs have set will %s at the next start: %s", j->name,
                    j->list ? "be lost" : "come back", j->error.text);
        base_utf8_format(text, sizeof(text), "the list is in use, but will be lost when tragusd ends: %s", j->error.text);
        grammar_diagnostics_add(&j->diagnostics, TRAGUS_WARNING, text);
    } else if (j->keeps_others && !j->has_others) {
        struct service_grammar *g = grammars_public(j->service, j->name);
        if (g && configured_keeps_lists(j->service, g)) {
            configured_tell_unused(j->service, g, NULL);
            service_tell_change(j->service);
        }
    }
    if (j->done)
        j->done(&(struct service_grammar_result){.diagnostics = &j->diagnostics}, j->user);
    if (j->reload)
        reload_leave(j->reload, worker_cancelled(job) ? -ECANCELED : 0);
    compile_job_free(j);
}

void lists_save(struct compile_job *j, const struct service_grammar *g) {
    j->saved = tragus_grammar_ref(g->grammar);
    j->keeps_others = g->has_unused_lists;
    j->job.uid = SAVER;
    j->job.owner = ""; /* it is saved even if the caller leaves */
    j->job.run = run_save;
    j->job.done = finish_save;
    worker_push(j->service->compiler, &j->job);
}
