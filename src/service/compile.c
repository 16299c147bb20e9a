/* SPDX-License-Identifier: Apache-2.0 */
/* service/compile.c: compiles grammars on their own thread and within a budget, so that no grammar delays other clients.
 *
 * Rights and limits are checked when the call arrives, and again before the grammar is installed, because both may have changed.
 * Grammars of the configuration are loaded again in the same way. Lists that programs have set go over to the new grammar, and are
 * saved if the service has a folder for them.
 */
#include "base/utf8.h"
#include "service/log.h"
#include "service/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_JOBS 16      /* jobs of one user that may wait */
#define SAVER ((uid_t)-2) /* jobs of one user are done in order, and a list that was set last must be saved last */

struct reload {
    size_t n_left; /* jobs that are not done, and the caller of service_reload */
    unsigned n_loaded, n_failed;
    bool forget_lists;
    int code;
    service_reload_done *done;
    void *user;
};

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
    struct reload *reload; /* if the job loads files again; else NULL */
    char **paths;
    size_t n_paths;
    tragus_grammar *base;  /* the grammar that changes, as it was when the compilation began */
    bool base_is_of_files; /* of a reload: its lists are kept, else those of options.state */
    tragus_grammar *saved; /* whose lists are saved; NULL: not yet */
    bool is_saved;

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

/* Loads files again with the lists that the grammar has now. If those on the disk are damaged, the log told it at the start. */
static int load_files(struct compile_job *j) {
    const struct service *s = j->service;
    struct engine_list *kept = NULL;
    const struct engine_list *lists = j->base_is_of_files ? engine_grammar_lists(j->base) : NULL;

    if (!j->base_is_of_files && s->options.state && !j->reload->forget_lists &&
        state_read(&kept, s->options.state, j->name, NULL) >= 0)
        lists = kept;
    int r = grammars_compile(s, &j->grammar, "", (const char *const *)j->paths, j->n_paths, NULL, 0,
                             j->reload->forget_lists ? NULL : lists, &j->diagnostics, &j->job.budget, &j->error);
    engine_lists_free(kept);
    return r;
}

/* Runs in the compile thread. */
static void run_job(struct worker_job *job) {
    struct compile_job *j = (struct compile_job *)job;

    if (j->reload) {
        j->code = load_files(j);
        return;
    }
    if (!j->list) {
        j->code = grammars_compile(j->service, &j->grammar, j->language, NULL, 0, j->texts, j->n_texts, NULL, &j->diagnostics,
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

static void set_base(struct compile_job *j, const struct service_grammar *g) {
    tragus_grammar_unref(j->base);
    j->base = g ? tragus_grammar_ref(g->grammar) : NULL;
    j->base_is_of_files = g && strcmp(g->format, GRAMMARS_FROM_FILES) == 0;
}

/* If the grammar has changed since the compilation began, queues the change again for the new one and returns false. */
static bool is_of_now(struct compile_job *j, const struct service_grammar *g) {
    if ((!j->list && !j->reload) || (g ? g->grammar : NULL) == j->base)
        return true;
    set_base(j, g);
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

/* --- saving lists --- */

/* One of the jobs of a reload, or its caller, is done. */
static void leave_reload(struct reload *reload, int code) {
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

/* Runs in the compile thread, which may wait for the disk. */
static void run_save(struct worker_job *job) {
    struct compile_job *j = (struct compile_job *)job;
    j->code = state_write(j->service->options.state, j->name, engine_grammar_lists(j->saved), &j->error);
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
    }
    if (j->done)
        j->done(&(struct service_grammar_result){.diagnostics = &j->diagnostics}, j->user);
    if (j->reload)
        leave_reload(j->reload, worker_cancelled(job) ? -ECANCELED : 0);
    free_job(j);
}

/* Saves the lists of a grammar that is in use now, or removes those of one that has none; then calls the job's done, or leaves its
 * reload. */
static void save_lists(struct compile_job *j, const struct service_grammar *g) {
    j->saved = tragus_grammar_ref(g->grammar);
    j->job.uid = SAVER;
    j->job.owner = ""; /* it is saved even if the caller leaves */
    j->job.run = run_save;
    j->job.done = finish_save;
    worker_push(j->service->compiler, &j->job);
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
    const struct service_grammar *g = result.code == 0 && j->list && !j->is_private ? grammars_public(j->service, j->name) : NULL;
    if (g && grammars_keeps_lists(j->service, g)) {
        save_lists(j, g);
        return;
    }
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
    set_base(j, g);
    push_job(j);
    return 0;
}

/* --- loading files again --- */

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

static void finish_files(struct worker_job *job) {
    struct compile_job *j = (struct compile_job *)job;
    struct service *s = j->service;
    struct reload *reload = j->reload;

    /* Another reload may have found that the configuration no longer names it. */
    bool cancelled = worker_cancelled(job);
    if (cancelled || !grammars_is_reserved(s, j->name)) {
        free_job(j);
        leave_reload(reload, cancelled ? -ECANCELED : 0);
        return;
    }
    if (j->code >= 0 && !is_of_now(j, grammars_public(s, j->name)))
        return;
    tragus_grammar *grammar = j->grammar;
    j->grammar = NULL;
    int r = grammars_loaded(s, j->name, grammar, &j->diagnostics, j->code, &j->error);
    count(s, reload, j->name, r, &j->error);
    if (r >= 0 && reload->forget_lists && s->options.state) {
        save_lists(j, grammars_public(s, j->name));
        return;
    }
    free_job(j);
    leave_reload(reload, 0);
}

static int push_files(struct service *s, struct reload *reload, uid_t uid, const struct service_files *files,
                      tragus_error *reterr) {
    const struct service_caller caller = {.owner = "", .uid = uid}; /* goes on if the caller leaves */
    int r = grammars_reserve(s, files->name, reterr);
    if (r < 0)
        return r;
    struct compile_job *j = job_new(s, &caller, files->name, GRAMMARS_FROM_FILES, "", NULL, NULL);
    bool good = j && (j->paths = calloc(files->n_paths ? files->n_paths : 1, sizeof(*j->paths)));
    for (size_t i = 0; good && i < files->n_paths; i++)
        good = (j->paths[j->n_paths++] = strdup(files->paths[i])) != NULL;
    if (!good) {
        if (j)
            free_job(j);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    j->reload = reload;
    j->job.done = finish_files;
    reload->n_left++;
    set_base(j, grammars_public(s, files->name));
    push_job(j);
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
        r = check_queue(s, caller, reterr);
    if (r >= 0)
        r = s->read_configuration(&files, &n, s->read_user, reterr);
    if (r < 0)
        return r;
    struct reload *reload = calloc(1, sizeof(*reload));
    if (!reload)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    *reload = (struct reload){.n_left = 1, .forget_lists = forget_lists, .done = done, .user = user};
    grammars_keep_only(s, files, n);
    for (size_t i = 0; i < n; i++) {
        tragus_error e = {0};
        r = push_files(s, reload, caller->uid, &files[i], &e);
        if (r < 0)
            count(s, reload, files[i].name, r, &e);
    }
    service_tell_change(s);
    leave_reload(reload, 0);
    return 0;
}
