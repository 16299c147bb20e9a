/* SPDX-License-Identifier: Apache-2.0 */
/* service/compile.h: jobs of the compile thread: a grammar of a caller (compile.c), a list of a grammar, and saving it (lists.c),
 * and files that are loaded again (reload.c). */
#ifndef TRAGUS_SERVICE_COMPILE_H
#define TRAGUS_SERVICE_COMPILE_H

#include "service/private.h"

struct reload;

struct compile_job {
    struct worker_job job; /* first member */
    struct service *service;
    struct service_caller caller; /* its owner is our own copy */
    char *name, *format, *language;
    bool is_private;
    tragus_grammar *base; /* the grammar that changes, as it was when the compilation began; NULL: there was none */
    bool base_is_of_files, base_has_unused_lists;

    tragus_text *texts; /* of a new grammar; with our own copies of name and text */
    size_t n_texts;

    char *list; /* if the job changes a list, its name; else NULL */
    tragus_list_value *values;
    size_t n_values;
    tragus_grammar *saved; /* whose lists are saved; NULL: not yet */
    bool keeps_others;     /* lists in options.state that the saved grammar does not use stay there */
    bool has_others;       /* and there are some */
    bool is_saved;

    struct reload *reload; /* if the job loads files again; else NULL */
    char **paths;
    size_t n_paths;
    bool took_unused;           /* lists in options.state that the base does not use were taken, too */
    bool without_unused;        /* but they do not fit */
    struct unused_lists unused; /* why.code 0: all are used */

    tragus_grammar *grammar; /* the compiled grammar */
    tragus_diagnostics diagnostics;
    tragus_error error;
    int code;
    service_grammar_done *done;
    void *user;
};

/* Makes a job that is finished by compile_finish; run is called in the compile thread. */
struct compile_job *compile_job_new(struct service *s, const struct service_caller *caller, const char *name, const char *format,
                                    const char *language, void (*run)(struct worker_job *job));
void compile_job_free(struct compile_job *j);
/* Refuses, with a message, if too many jobs of this user wait already. */
int compile_check_queue(struct service *s, const struct service_caller *caller, tragus_error *reterr);
void compile_push(struct compile_job *j);
void compile_again(struct compile_job *j); /* pushes a job that has run */
void compile_set_base(struct compile_job *j, const struct service_grammar *g);
/* If the grammar is no longer the base, pushes the job again for the new one and returns false. */
bool compile_is_of_now(struct compile_job *j, const struct service_grammar *g);
/* Installs what was compiled, and answers. In the main thread. */
void compile_finish(struct worker_job *job);

/* Saves the lists of a grammar that is in use now, or removes those of one that has none; then calls the job's done, or leaves its
 * reload. */
void lists_save(struct compile_job *j, const struct service_grammar *g);

/* One of the jobs of a reload, or its caller, is done. */
void reload_leave(struct reload *reload, int code);

#endif
