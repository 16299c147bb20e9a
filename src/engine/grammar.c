/* SPDX-License-Identifier: Apache-2.0 */
/* engine/grammar.c: sentences compiled with a model's lexicon, and the reading of typed text.
 *
 * A grammar is immutable. The builder that it came from is kept beside it, shared by all grammars that differ only in their lists,
 * so that replacing a list does not read the files again.
 */
#include "base/assert.h"
#include "engine/private.h"
#include "grammar/files.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list { /* a list given at run time */
    struct list *next;
    char *name;
    struct grammar_list_value *values;
    size_t n;
};

struct sources {
    atomic_uint n_refs;
    pthread_mutex_t lock; /* of the builder: grammars may be derived on several threads */
    struct grammar_builder *builder;
    struct lexicon_overrides *overrides;
    struct list *given; /* names of all lists that any grammar of these sources gave the builder */
    size_t max_arcs;
};

struct tragus_grammar {
    atomic_uint n_refs;
    tragus_model *model;
    struct sources *sources;
    struct list *lists;
    struct grammar *sentences;
    struct graph *graph;
};

struct tragus_match {
    tragus_grammar *grammar;
    struct grammar_match *match;
    size_t n;
    char *text; /* words of slots */
    tragus_slot *slots;
    tragus_reading readings[];
};

/* --- diagnostics --- */

ENGINE_PUBLIC void tragus_diagnostics_done(tragus_diagnostics *d) {
    if (!d)
        return;
    free(d->items);
    *d = (tragus_diagnostics){0};
}

/* Appends what was found and frees it; out of memory here only shortens the list. */
static void give_diagnostics(tragus_diagnostics *ret, struct grammar_diagnostics *d) {
    if (ret && d->n_items > 0) {
        tragus_diagnostic *items = realloc(ret->items, (ret->n_items + d->n_items) * sizeof(*items));
        if (items) {
            ret->items = items;
            ret->size_items = ret->n_items + d->n_items;
            for (size_t i = 0; i < d->n_items; i++) {
                const struct grammar_diagnostic *from = &d->items[i];
                tragus_diagnostic *to = &items[ret->n_items++];
                *to = (tragus_diagnostic){.severity = (int)from->severity, .line = from->line, .column = from->column};
                snprintf(to->file, sizeof(to->file), "%s", from->file);
                snprintf(to->text, sizeof(to->text), "%s", from->text);
            }
        }
    }
    grammar_diagnostics_done(d);
}

/* Words whose sound was guessed, as notes: their author may want to say how they sound. */
static void give_guessed(tragus_diagnostics *ret, const struct graph *graph) {
    const struct graph_report *report = graph ? graph_report(graph) : NULL;
    if (!ret || !report || report->n_guessed == 0)
        return;
    tragus_diagnostic *items = realloc(ret->items, (ret->n_items + report->n_guessed) * sizeof(*items));
    if (!items)
        return;
    ret->items = items;
    ret->size_items = ret->n_items + report->n_guessed;
    for (size_t i = 0; i < report->n_guessed; i++) {
        tragus_diagnostic *to = &items[ret->n_items++];
        *to = (tragus_diagnostic){.severity = GRAMMAR_NOTE};
        snprintf(to->text, sizeof(to->text), "'%.100s' is in no dictionary; how it is spoken was guessed from its letters",
                 report->guessed[i]);
    }
}

/* --- sources and lists --- */

static struct list *list_free(struct list *l) {
    if (!l)
        return NULL;
    struct list *next = l->next;
    for (size_t i = 0; i < l->n; i++) {
        free((char *)l->values[i].in);
        free((char *)l->values[i].out);
        free((char *)l->values[i].context_domain);
    }
    free(l->values);
    free(l->name);
    free(l);
    return next;
}

static bool copy_text(const char **to, const char *from) {
    *to = from ? strdup(from) : NULL;
    return *to || !from;
}

static struct list *list_new(const char *name, const struct grammar_list_value values[], size_t n) {
    struct list *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->name = strdup(name);
    l->values = calloc(n ? n : 1, sizeof(*l->values));
    bool ok = l->name && l->values;
    for (; ok && l->n < n; l->n++)
        ok = copy_text(&l->values[l->n].in, values[l->n].in) && copy_text(&l->values[l->n].out, values[l->n].out) &&
             copy_text(&l->values[l->n].context_domain, values[l->n].context_domain);
    if (ok)
        return l;
    list_free(l);
    return NULL;
}

static struct sources *sources_unref(struct sources *s) {
    if (s && atomic_fetch_sub_explicit(&s->n_refs, 1, memory_order_acq_rel) == 1) {
        grammar_builder_free(s->builder);
        lexicon_overrides_free(s->overrides);
        for (struct list *l = s->given; l;)
            l = list_free(l);
        pthread_mutex_destroy(&s->lock);
        free(s);
    }
    return NULL;
}

static int sources_new(struct sources **ret, tragus_model *m, const tragus_grammar_options *o, struct base_error *reterr) {
    struct sources *s = calloc(1, sizeof(*s));
    if (!s)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    atomic_init(&s->n_refs, 1);
    pthread_mutex_init(&s->lock, NULL);
    s->max_arcs = o ? o->max_arcs : 0;
    int r = grammar_builder_new(&s->builder);
    if (r == 0)
        r = lexicon_overrides_new(&s->overrides);
    if (r < 0)
        base_error_set(reterr, r, "out of memory");
    if (r == 0 && m && o && o->pronunciations_path)
        r = lexicon_overrides_load(s->overrides, engine_model_lexicon(m), o->pronunciations_path, reterr);
    if (r < 0) {
        sources_unref(s);
        return r;
    }
    *ret = s;
    return 0;
}

static bool has_list(const struct list *lists, const char *name) {
    for (; lists; lists = lists->next)
        if (strcmp(lists->name, name) == 0)
            return true;
    return false;
}

/* Puts the builder's run-time lists as `lists` says. Those that only another grammar of the same sources gave become empty. */
static int give_lists(struct sources *s, const struct list *lists, struct grammar_diagnostics *d, struct base_error *reterr) {
    int r = 0;
    for (const struct list *l = s->given; r == 0 && l; l = l->next)
        if (!has_list(lists, l->name))
            r = grammar_builder_set_list(s->builder, l->name, NULL, 0, d, reterr);
    for (const struct list *l = lists; r == 0 && l; l = l->next) {
        if (!has_list(s->given, l->name)) {
            struct list *name = list_new(l->name, NULL, 0);
            if (!name)
                return base_error_set(reterr, -ENOMEM, "out of memory");
            name->next = s->given;
            s->given = name;
        }
        r = grammar_builder_set_list(s->builder, l->name, l->values, l->n, d, reterr);
    }
    return r;
}

/* --- grammars --- */

static tragus_grammar *grammar_new(tragus_model *m, struct sources *s) {
    tragus_grammar *g = calloc(1, sizeof(*g));
    if (!g)
        return NULL;
    atomic_init(&g->n_refs, 1);
    g->model = tragus_model_ref(m);
    g->sources = s;
    return g;
}

static int compile(tragus_grammar *g, struct grammar_diagnostics *d, struct base_error *reterr) {
    int r = grammar_compile(&g->sentences, g->sources->builder, d, reterr);
    if (r < 0 || !g->model)
        return r;
    return graph_build(&g->graph, grammar_acceptor(g->sentences), engine_model_lexicon(g->model), g->sources->overrides,
                       g->sources->max_arcs, NULL, reterr);
}

ENGINE_PUBLIC void tragus_grammar_options_init(tragus_grammar_options *o) {
    if (o)
        *o = (tragus_grammar_options){.size_bytes = sizeof(*o)};
}

/* From paths, or from texts in memory. */
static int load(tragus_grammar **ret, tragus_model *m, const tragus_grammar_options *o, const char *const paths[], size_t n_paths,
                const tragus_text texts[], size_t n_texts, tragus_diagnostics *d, tragus_error *reterr) {
    struct base_error e = {0};
    struct grammar_diagnostics found = {0};
    struct sources *sources = NULL;
    tragus_grammar *g = NULL;

    int r = sources_new(&sources, m, o, &e);
    if (r == 0 && !(g = grammar_new(m, sources))) {
        sources_unref(sources);
        r = base_error_set(&e, -ENOMEM, "out of memory");
    }
    base_assert(r < 0 || (sources && g));
    for (size_t i = 0; r == 0 && i < n_paths; i++)
        r = grammar_builder_add_path(sources->builder, paths[i], &found, &e);
    for (size_t i = 0; g && i < n_texts; i++) { /* goes on after a wrong one, so that all mistakes are told at once */
        int wrong = grammar_builder_add_text(sources->builder, texts[i].name, texts[i].format, texts[i].text, texts[i].len_bytes,
                                             &found, r < 0 ? NULL : &e);
        r = r < 0 ? r : wrong;
    }
    if (r == 0)
        r = compile(g, &found, &e);
    give_diagnostics(d, &found);
    if (r < 0) {
        tragus_grammar_unref(g);
        e.code = r;
        return engine_error_give(reterr, &e);
    }
    give_guessed(d, g->graph);
    *ret = g;
    return 0;
}

ENGINE_PUBLIC int tragus_grammar_load(tragus_grammar **ret, tragus_model *m, const tragus_grammar_options *o,
                                      const char *const paths[], size_t n_paths, tragus_diagnostics *d, tragus_error *reterr) {
    if (!ret || !paths || n_paths == 0)
        return -EINVAL;
    return load(ret, m, o, paths, n_paths, NULL, 0, d, reterr);
}

ENGINE_PUBLIC int tragus_grammar_load_texts(tragus_grammar **ret, tragus_model *m, const tragus_grammar_options *o,
                                            const tragus_text texts[], size_t n_texts, tragus_diagnostics *d,
                                            tragus_error *reterr) {
    if (!ret || !texts || n_texts == 0)
        return -EINVAL;
    for (size_t i = 0; i < n_texts; i++)
        if (!texts[i].name || !texts[i].text)
            return -EINVAL;
    return load(ret, m, o, NULL, 0, texts, n_texts, d, reterr);
}

int engine_grammar_files(const char *path, int (*visit)(const char *file, void *user), void *user, struct base_error *reterr) {
    return grammar_files(path, visit, user, reterr);
}

/* The lists of `old`, with `list` in place of the one of its name. */
static int copy_lists(tragus_grammar *g, const tragus_grammar *old, const char *name, const struct grammar_list_value values[],
                      size_t n) {
    struct list *l = list_new(name, values, n);
    if (!l)
        return -ENOMEM;
    g->lists = l;
    for (const struct list *from = old->lists; from; from = from->next) {
        if (strcmp(from->name, name) == 0)
            continue;
        if (!(l->next = list_new(from->name, from->values, from->n)))
            return -ENOMEM;
        l = l->next;
    }
    return 0;
}

ENGINE_PUBLIC int tragus_grammar_with_list(tragus_grammar **ret, tragus_grammar *g, const char *list,
                                           const tragus_list_value values[], size_t n, tragus_diagnostics *d,
                                           tragus_error *reterr) {
    if (!ret || !g || !list || (!values && n > 0))
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        if (!values[i].in)
            return -EINVAL;
    struct base_error e = {0};
    struct grammar_diagnostics found = {0};
    struct grammar_list_value *new_values = calloc(n ? n : 1, sizeof(*new_values));
    tragus_grammar *new = new_values ? grammar_new(g->model, g->sources) : NULL;
    int r = -ENOMEM;
    if (new) {
        atomic_fetch_add_explicit(&g->sources->n_refs, 1, memory_order_relaxed);
        for (size_t i = 0; i < n; i++)
            new_values[i] = (struct grammar_list_value){values[i].in, values[i].out, values[i].domain};
        r = copy_lists(new, g, list, new_values, n);
    }
    if (r < 0)
        base_error_set(&e, r, "out of memory");
    if (r == 0) {
        pthread_mutex_lock(&g->sources->lock);
        r = give_lists(g->sources, new->lists, &found, &e);
        if (r == 0)
            r = compile(new, &found, &e);
        pthread_mutex_unlock(&g->sources->lock);
    }
    free(new_values);
    give_diagnostics(d, &found);
    if (r < 0) {
        tragus_grammar_unref(new);
        e.code = r;
        return engine_error_give(reterr, &e);
    }
    give_guessed(d, new->graph);
    *ret = new;
    return 0;
}

ENGINE_PUBLIC tragus_grammar *tragus_grammar_ref(tragus_grammar *g) {
    if (g)
        atomic_fetch_add_explicit(&g->n_refs, 1, memory_order_relaxed);
    return g;
}

ENGINE_PUBLIC tragus_grammar *tragus_grammar_unref(tragus_grammar *g) {
    if (g && atomic_fetch_sub_explicit(&g->n_refs, 1, memory_order_acq_rel) == 1) {
        graph_free(g->graph);
        grammar_free(g->sentences);
        for (struct list *l = g->lists; l;)
            l = list_free(l);
        sources_unref(g->sources);
        tragus_model_unref(g->model);
        free(g);
    }
    return NULL;
}

const struct grammar *engine_grammar_sentences(const tragus_grammar *g) {
    return g->sentences;
}

const struct graph *engine_grammar_graph(const tragus_grammar *g) {
    return g->graph;
}

/* --- typed text --- */

tragus_value engine_value(const struct grammar_value *v) {
    tragus_value to = {.text = v->text, .integer = v->integer, .real = v->real, .boolean = v->boolean};
    switch (v->type) {
    case GRAMMAR_TEXT:
        to.type = TRAGUS_TEXT;
        break;
    case GRAMMAR_INTEGER:
        to.type = TRAGUS_INTEGER;
        to.real = (double)v->integer;
        break;
    case GRAMMAR_REAL:
        to.type = TRAGUS_REAL;
        break;
    case GRAMMAR_BOOLEAN:
        to.type = TRAGUS_BOOLEAN;
        break;
    }
    return to;
}

char *engine_copy_words(char *to, const char *text, uint32_t first, uint32_t n) {
    uint32_t word = 0;
    while (*text && word < first + n) {
        text += strspn(text, " \t\n\r");
        size_t len = strcspn(text, " \t\n\r");
        if (len > 0 && word >= first) {
            if (word > first)
                *to++ = ' ';
            memcpy(to, text, len);
            to += len;
        }
        text += len;
        word++;
    }
    *to++ = '\0';
    return to;
}

struct grammar_context_value *engine_context(const tragus_context context[], size_t n) {
    struct grammar_context_value *values = calloc(n ? n : 1, sizeof(*values));
    for (size_t i = 0; values && i < n; i++)
        values[i] = (struct grammar_context_value){context[i].key, context[i].value};
    return values;
}

static int fill_readings(tragus_match *m, const char *text) {
    size_t n_slots = 0;
    for (size_t i = 0; i < m->n; i++)
        n_slots += grammar_match_reading(m->match, i)->n_slots;
    m->slots = calloc(n_slots ? n_slots : 1, sizeof(*m->slots));
    m->text = malloc(n_slots * (strlen(text) + 1) + 1);
    if (!m->slots || !m->text)
        return -ENOMEM;
    tragus_slot *slot = m->slots;
    char *words = m->text;
    for (size_t i = 0; i < m->n; i++) {
        const struct grammar_reading *from = grammar_match_reading(m->match, i);
        m->readings[i] = (tragus_reading){.text = from->text,
                                          .intent = from->intent ? from->intent : "",
                                          .response = from->response,
                                          .template_text = from->template_text,
                                          .slots = slot,
                                          .n_slots = from->n_slots};
        for (size_t k = 0; k < from->n_slots; k++, slot++) {
            const struct grammar_slot *s = &from->slots[k];
            *slot = (tragus_slot){.name = s->name, .value = engine_value(&s->value), .text = words, .confidence = 1.0};
            words = engine_copy_words(words, text, s->first_word, s->fixed ? 0 : s->n_words);
        }
    }
    return 0;
}

ENGINE_PUBLIC int tragus_match_text(tragus_match **ret, tragus_grammar *g, const char *text, const tragus_context context[],
                                    size_t n_context, size_t max) {
    if (!ret || !g || !text || (!context && n_context > 0))
        return -EINVAL;
    struct grammar_context_value *values = engine_context(context, n_context);
    if (!values)
        return -ENOMEM;
    struct grammar_match *match = NULL;
    int n = grammar_match(&match, g->sentences, text, values, n_context, max);
    free(values);
    if (n < 0)
        return n;
    tragus_match *m = calloc(1, sizeof(*m) + (size_t)n * sizeof(m->readings[0]));
    if (!m) {
        grammar_match_free(match);
        return -ENOMEM;
    }
    m->grammar = tragus_grammar_ref(g);
    m->match = match;
    m->n = (size_t)n;
    int r = fill_readings(m, text);
    if (r < 0) {
        tragus_match_free(m);
        return r;
    }
    *ret = m;
    return n;
}

ENGINE_PUBLIC const tragus_reading *tragus_match_reading(const tragus_match *m, size_t i) {
    return m && i < m->n ? &m->readings[i] : NULL;
}

ENGINE_PUBLIC void tragus_match_free(tragus_match *m) {
    if (!m)
        return;
    grammar_match_free(m->match);
    tragus_grammar_unref(m->grammar);
    free(m->slots);
    free(m->text);
    free(m);
}
