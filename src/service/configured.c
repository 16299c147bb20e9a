/* SPDX-License-Identifier: Apache-2.0 */
/* service/configured.c: the grammars of the configuration: their names, which nobody else may take, how they are loaded with the
 * lists that programs have set, and what is told about them.
 */
#include "base/utf8.h"
#include "service/log.h"
#include "service/private.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- names -------------------------------------------------------------------------------------------------------------------- */

/* The names that the configuration uses belong to it, even while no such grammar could be loaded. */
bool configured_has(const struct service *s, const char *name) {
    if (s->default_grammar && strcmp(name, s->default_grammar) == 0)
        return true;
    for (size_t i = 0; i < s->n_reserved; i++)
        if (strcmp(name, s->reserved[i]) == 0)
            return true;
    return false;
}

static int reserve(struct service *s, const char *name) {
    if (configured_has(s, name))
        return 0;
    char **more = reallocarray(s->reserved, s->n_reserved + 1, sizeof(*more));
    if (!more)
        return -ENOMEM;
    s->reserved = more;
    s->reserved[s->n_reserved] = strdup(name);
    if (!s->reserved[s->n_reserved])
        return -ENOMEM;
    s->n_reserved++;
    return 0;
}

int configured_reserve(struct service *s, const char *name, tragus_error *reterr) {
    int r = grammars_check_name(name, reterr);
    if (r >= 0 && reserve(s, name) < 0)
        r = base_error_set(reterr, -ENOMEM, "out of memory");
    return r;
}

/* --- what is told about them -------------------------------------------------------------------------------------------------- */

struct service_trouble { /* at most one of each severity for a grammar */
    struct service_trouble *next;
    tragus_diagnostic what;
    char name[];
};

static void forget_trouble(struct service *s, const char *name, tragus_severity severity) {
    struct service_trouble **link = &s->troubles;
    while (*link && ((*link)->what.severity != severity || strcmp((*link)->name, name) != 0))
        link = &(*link)->next;
    struct service_trouble *t = *link;
    if (t) {
        *link = t->next;
        free(t);
    }
}

/* If there is no memory for it, only the log has it. */
static void keep_trouble(struct service *s, const char *name, const tragus_diagnostic *what) {
    size_t size = strlen(name) + 1;
    forget_trouble(s, name, what->severity);
    struct service_trouble *t = calloc(1, sizeof(*t) + size);
    if (!t)
        return;
    memcpy(t->name, name, size);
    t->what = *what;
    t->next = s->troubles;
    s->troubles = t;
}

/* It could not be loaded. */
static void keep_failure(struct service *s, const char *name, const tragus_error *e) {
    tragus_diagnostic d = {.severity = TRAGUS_ERROR, .line = e->line, .column = e->column};
    memcpy(d.file, e->file, sizeof(d.file));
    memcpy(d.text, e->text, sizeof(d.text));
    keep_trouble(s, name, &d);
}

void configured_tell_unused(struct service *s, struct service_grammar *g, const struct unused_lists *unused) {
    tragus_diagnostic d = {.severity = TRAGUS_WARNING};

    g->has_unused_lists = unused != NULL;
    if (!unused) {
        forget_trouble(s, g->name, TRAGUS_WARNING);
        return;
    }
    base_utf8_format(d.text, sizeof(d.text), "the lists that programs have set are %s, those of its files are used: %s",
                     unused->are_lost ? "lost" : "kept, but cannot be used now", unused->why.text);
    service_log(SERVICE_LOG_WARNING, "Grammar %s: %s", g->name, d.text);
    keep_trouble(s, g->name, &d);
}

/* Whoever adds a grammar is told all that is left out of it. The others need to know that something is. */
#define MOST_OF_A_CLIENT 20

int service_left_out(const struct service *s, int (*visit)(const char *grammar, const tragus_diagnostic *d, void *user),
                     void *user) {
    const tragus_diagnostic *d;
    int r = 0;

    for (const struct service_trouble *t = s->troubles; r >= 0 && t; t = t->next) {
        const struct service_grammar *g = grammars_public(s, t->name);
        /* A client may have added one in its place, or removed it. */
        if (g ? grammars_is_from_files(g) : t->what.severity == TRAGUS_ERROR)
            r = visit(t->name, &t->what, user);
    }
    for (const struct service_grammar *g = s->grammars; r >= 0 && g; g = g->next) {
        size_t left = grammars_is_from_files(g) ? SIZE_MAX : MOST_OF_A_CLIENT;
        for (size_t i = 0; r >= 0 && left > 0 && !g->owner && (d = engine_grammar_diagnostic(g->grammar, i)); i++)
            if (d->severity >= TRAGUS_WARNING) {
                r = visit(g->name, d, user);
                left--;
            }
    }
    return r < 0 ? r : 0;
}

/* --- loading ------------------------------------------------------------------------------------------------------------------ */

bool configured_keeps_lists(const struct service *s, const struct service_grammar *g) {
    return s->options.state && !g->owner && grammars_is_from_files(g);
}

/* Logs what was left out of a configured grammar, which has no client that could be told. */
static void log_left_out(const char *name, const tragus_diagnostics *d) {
    for (size_t i = 0; i < d->n_items; i++) {
        const tragus_diagnostic *item = &d->items[i];
        if (item->severity < TRAGUS_WARNING)
            continue;
        if (item->file[0])
            service_log(SERVICE_LOG_WARNING, "Grammar %s: %s:%d:%d: %s", name, item->file, item->line, item->column, item->text);
        else
            service_log(SERVICE_LOG_WARNING, "Grammar %s: %s", name, item->text);
    }
}

int configured_loaded(struct service *s, const char *name, const struct configured_result *result, tragus_error *e) {
    struct service_grammar *old = grammars_public(s, name);

    log_left_out(name, result->diagnostics);
    int r = result->code;
    if (r >= 0)
        r = grammars_put(s, old, name, GRAMMARS_FROM_FILES, NULL, 0, result->grammar, e);
    if (r < 0) {
        keep_failure(s, name, e);
        return r;
    }
    grammars_public(s, name)->by_administrator = true;
    forget_trouble(s, name, TRAGUS_ERROR);
    configured_tell_unused(s, grammars_public(s, name), result->unused);
    s->grammars_mark++;
    return r;
}

/* Of two mistakes, in the files and in what programs have set, the first must be the one that is told. */
static int load_without_lists(const struct service *s, tragus_grammar **ret, const char *const paths[], size_t n,
                              tragus_diagnostics *d, tragus_error *e) {
    tragus_diagnostics_done(d);
    return grammars_compile(s, ret, "", paths, n, NULL, 0, NULL, d, NULL, e);
}

int service_grammar_load(struct service *s, const char *name, const char *const paths[], size_t n, tragus_error *reterr) {
    struct engine_list *lists = NULL;
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    struct unused_lists unused = {.are_lost = false};
    struct configured_result result = {.diagnostics = &d};

    int r = configured_reserve(s, name, &e);
    if (r >= 0) {
        if (s->options.state)
            unused.are_lost = state_is_damaged(state_read(&lists, s->options.state, name, &unused.why));
        r = grammars_compile(s, &result.grammar, "", paths, n, NULL, 0, lists, &d, NULL, &e);
        if (r < 0 && lists) {
            unused.why = e;
            r = load_without_lists(s, &result.grammar, paths, n, &d, &e);
        }
        engine_lists_free(lists);
    }
    result.code = r;
    result.unused = unused.why.code < 0 ? &unused : NULL;
    r = configured_loaded(s, name, &result, &e);
    tragus_diagnostics_done(&d);
    if (r < 0 && reterr)
        *reterr = e;
    return r;
}

void configured_keep_only(struct service *s, const struct service_files files[], size_t n) {
    for (size_t i = 0; i < s->n_reserved;) {
        char *name = s->reserved[i];
        size_t k = 0;
        while (k < n && strcmp(files[k].name, name) != 0)
            k++;
        if (k < n) {
            i++;
            continue;
        }
        s->reserved[i] = s->reserved[--s->n_reserved];
        struct service_grammar *g = grammars_public(s, name);
        if (g && grammars_is_from_files(g)) {
            grammars_remove(s, g);
            s->grammars_mark++;
        }
        forget_trouble(s, name, TRAGUS_ERROR);
        forget_trouble(s, name, TRAGUS_WARNING);
        free(name);
    }
}

void configured_free(struct service *s) {
    while (s->troubles) {
        struct service_trouble *t = s->troubles;
        s->troubles = t->next;
        free(t);
    }
    while (s->n_reserved > 0)
        free(s->reserved[--s->n_reserved]);
    free(s->reserved);
}
