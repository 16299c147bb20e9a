/* SPDX-License-Identifier: Apache-2.0 */
/* service/reload.c: loads the grammars of the configuration again, in the compile thread. Lists that programs have set go over to
 * the new grammars. */
#include "service/compile.h"

#include "service/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reload {
    size_t n_left; /* jobs that are not done, and the caller of service_reload */
    unsigned n_loaded, n_failed;
    bool forget_lists;
    int code;
    service_reload_done *done;
    void *user;
};

void reload_leave(struct reload *reload, int code) {
    reload->code = code < 0 ? code : reload->code;
    if (--reload->n_left > 0)
        return;
    unsigned n = reload->n_loaded + reload->n_failed;
    if (reload->code == 0)
        service_log(reload->n_failed > 0 ? SERVICE_LOG_WARNING : SERVICE_LOG_NOTICE, "Reloaded %u of %u grammars%s",
                    reload->n_loaded, n, reload->n_failed > 0 ? "; the others stay as they were" : "");
    reload->done(reload->code, reload->user);
    free(reload);
}

static void count(struct service *s, struct reload *reload, const char *name, int r, const tragus_error *e) {
    char text[512];
    if (r >= 0)
        reload->n_loaded++;
    else
        reload->n_failed++;
    if (r < 0)
        service_log(SERVICE_LOG_ERROR, "Failed to reload grammar %s: %s", name, base_error_format(e, text, sizeof(text)));
    service_tell_change(s);
}

/* In the compile thread: with the lists that the grammar has now, and those in options.state that it does not use as yet. */
static void run_files(struct worker_job *job) {
    struct compile_job *j = (struct compile_job *)job;
    const struct service *s = j->service;
    bool forget = j->reload->forget_lists;
    struct engine_list *all = NULL;
    const struct engine_list *lists = j->base_is_of_files && !forget ? engine_grammar_lists(j->base) : NULL;

    if (!j->without_unused) {
        bool look = s->options.state && !forget && (!j->base_is_of_files || j->base_has_unused_lists);
        j->unused = (struct unused_lists){.are_lost = false};
        int n = look ? state_read_others(&all, s->options.state, j->name, lists, &j->unused.why) : 0;
        j->unused.are_lost = state_is_damaged(n);
        j->took_unused = n > 0;
    }
    j->code = grammars_compile(s, &j->grammar, "", (const char *const *)j->paths, j->n_paths, NULL, 0, all ? all : lists,
                               &j->diagnostics, &job->budget, &j->error);
    engine_lists_free(all);
}

static void finish_files(struct worker_job *job) {
    struct compile_job *j = (struct compile_job *)job;
    struct service *s = j->service;
    struct reload *reload = j->reload;

    /* Another reload may have found that the configuration no longer names it. */
    bool cancelled = worker_cancelled(job);
    if (cancelled || !configured_has(s, j->name)) {
        compile_job_free(j);
        reload_leave(reload, cancelled ? -ECANCELED : 0);
        return;
    }
    if (j->code >= 0 && !compile_is_of_now(j, grammars_public(s, j->name)))
        return;
    /* Of two mistakes, in the files and in what programs have set, the first must be the one that is told. */
    if (j->code < 0 && j->took_unused && !j->without_unused) {
        j->without_unused = true;
        j->unused.why = j->error;
        compile_again(j);
        return;
    }
    const struct configured_result result = {.code = j->code,
                                             .grammar = j->grammar,
                                             .diagnostics = &j->diagnostics,
                                             .unused = j->unused.why.code < 0 ? &j->unused : NULL};
    j->grammar = NULL;
    int r = configured_loaded(s, j->name, &result, &j->error);
    count(s, reload, j->name, r, &j->error);
    if (r >= 0 && reload->forget_lists && s->options.state) {
        lists_save(j, grammars_public(s, j->name));
        return;
    }
    compile_job_free(j);
    reload_leave(reload, 0);
}

static int push_files(struct service *s, struct reload *reload, uid_t uid, const struct service_files *files,
                      tragus_error *reterr) {
    const struct service_caller caller = {.owner = "", .uid = uid}; /* goes on if the caller leaves */
    int r = configured_reserve(s, files->name, reterr);
    if (r < 0)
        return r;
    struct compile_job *j = compile_job_new(s, &caller, files->name, GRAMMARS_FROM_FILES, "", run_files);
    bool good = j && (j->paths = calloc(files->n_paths ? files->n_paths : 1, sizeof(*j->paths)));
    for (size_t i = 0; good && i < files->n_paths; i++)
        good = (j->paths[j->n_paths++] = strdup(files->paths[i])) != NULL;
    if (!good) {
        compile_job_free(j);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    j->reload = reload;
    j->job.done = finish_files;
    reload->n_left++;
    compile_set_base(j, grammars_public(s, files->name));
    compile_push(j);
    return 0;
}

void service_set_configuration(struct service *s, service_read_configuration *read, void *user) {
    s->read_configuration = read;
    s->read_user = user;
}

int service_reload(struct service *s, const struct service_caller *caller, bool forget_lists, service_reload_done *done, void *user,
                   tragus_error *reterr) {
    const struct service_files *files;
    size_t n;

    int r = service_may_reload(s, caller, reterr);
    if (r < 0)
        return r;
    if (!s->read_configuration)
        return base_error_set(reterr, -ENODATA, "there is no configuration to read again");
    r = service_find_model(s, "", reterr);
    if (r >= 0)
        r = compile_check_queue(s, caller, reterr);
    if (r >= 0)
        r = s->read_configuration(&files, &n, s->read_user, reterr);
    if (r < 0)
        return r;
    struct reload *reload = calloc(1, sizeof(*reload));
    if (!reload)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    *reload = (struct reload){.n_left = 1, .forget_lists = forget_lists, .done = done, .user = user};
    configured_keep_only(s, files, n);
    for (size_t i = 0; i < n; i++) {
        tragus_error e = {0};
        r = push_files(s, reload, caller->uid, &files[i], &e);
        if (r < 0)
            count(s, reload, files[i].name, r, &e);
    }
    service_tell_change(s);
    reload_leave(reload, 0);
    return 0;
}
