/* SPDX-License-Identifier: Apache-2.0 */
/* engine/grammar.c: compiles sentences with a model's lexicon.
 *
 * A grammar is immutable. Its builder is kept and shared by all grammars that differ only in their lists, so that replacing a list
 * does not reread the files.
 */
#include "base/assert.h"
#include "engine/private.h"
#include "grammar/files.h"
#include "grammar/formats.h"
#include "grammar/language.h"
#include "grammar/places.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_GUESSED = 100 }; /* at most this many words are listed individually */

struct sources {
    atomic_uint n_refs;
    pthread_mutex_t lock; /* protects the builder: several threads may derive grammars */
    struct grammar_builder *builder;
    struct lexicon_overrides *overrides;
    char *language;            /* of the options; NULL: the sentences' own */
    struct engine_list *given; /* names of all lists that any grammar of these sources set in the builder */
    tragus_diagnostics read;   /* of reading the files */
    size_t max_arcs;
    uint32_t max_cpu_ms; /* limit for each compilation */
    size_t max_bytes;
};

struct tragus_grammar {
    atomic_uint n_refs;
    tragus_model *model;
    struct sources *sources;
    struct engine_list *lists;
    struct grammar *sentences;
    struct graph *graph;
    tragus_diagnostics compiled;  /* of compiling; those of reading are the sources' */
    struct base_account *account; /* that counts it; NULL: none */
    size_t n_counted;             /* bytes */
};

/* --- diagnostics --- */

ENGINE_PUBLIC void tragus_diagnostics_done(tragus_diagnostics *d) {
    grammar_diagnostics_done(d);
}

static void append(tragus_diagnostics *d, const tragus_diagnostics *from) {
    for (size_t i = 0; i < from->n_items; i++)
        grammar_diagnostics_copy(d, &from->items[i]);
}

static bool contains(const tragus_diagnostics *d, const tragus_diagnostic *x) {
    for (size_t i = 0; i < d->n_items; i++) {
        const tragus_diagnostic *item = &d->items[i];
        if (item->line == x->line && item->column == x->column && strcmp(item->file, x->file) == 0 &&
            strcmp(item->text, x->text) == 0)
            return true;
    }
    return false;
}

/* Appends what a changed list brought: the diagnostics of its values, and those that the grammar before the change did not have. */
static void append_new(tragus_diagnostics *d, const tragus_diagnostics *from, const tragus_diagnostics *before, const char *list) {
    char file[sizeof(from->items->file)];
    snprintf(file, sizeof(file), "{%s}", list);
    for (size_t i = 0; d && i < from->n_items; i++)
        if (strcmp(from->items[i].file, file) == 0 || !contains(before, &from->items[i]))
            grammar_diagnostics_copy(d, &from->items[i]);
}

/* Warns of words that cannot be spoken. Without memory, the warnings name no places. */
static void warn_of_unspoken(tragus_diagnostics *d, const struct grammar_builder *builder, const struct graph_report *report) {
    struct grammar_report warnings = {.list = d};
    struct grammar_position *places = report->n_unspoken > 0 ? calloc(report->n_unspoken, sizeof(*places)) : NULL;
    if (places)
        grammar_builder_places(builder, report->unspoken, report->n_unspoken, places);
    for (size_t i = 0; i < report->n_unspoken; i++)
        grammar_report_at(&warnings, TRAGUS_WARNING, places ? places[i] : (struct grammar_position){0},
                          "left out of speech: '%.60s' cannot be spoken and is understood when typed only; spell it out, or give "
                          "its sounds among your own pronunciations",
                          report->unspoken[i]);
    free(places);
}

/* Notes words whose pronunciation was guessed, in case the author wants to specify it. */
static void note_guessed(tragus_diagnostics *d, const struct graph_report *report) {
    char text[256];
    for (size_t i = 0; i < report->n_guessed && i < MOST_GUESSED; i++) {
        snprintf(text, sizeof(text), "'%.100s' is in no dictionary; how it is spoken was guessed from its letters",
                 report->guessed[i]);
        grammar_diagnostics_add(d, TRAGUS_NOTE, text);
    }
    if (report->n_guessed > MOST_GUESSED) {
        snprintf(text, sizeof(text), "%zu more words are in no dictionary; how they are spoken was guessed",
                 report->n_guessed - MOST_GUESSED);
        grammar_diagnostics_add(d, TRAGUS_NOTE, text);
    }
}

/* --- sources --- */

static struct sources *sources_unref(struct sources *s) {
    if (s && atomic_fetch_sub_explicit(&s->n_refs, 1, memory_order_acq_rel) == 1) {
        grammar_builder_free(s->builder);
        lexicon_overrides_free(s->overrides);
        grammar_diagnostics_done(&s->read);
        free(s->language);
        engine_lists_free(s->given);
        pthread_mutex_destroy(&s->lock);
        free(s);
    }
    return NULL;
}

static int sources_new(struct sources **ret, tragus_model *m, const tragus_grammar_options *options, tragus_diagnostics *d,
                       tragus_error *reterr) {
    tragus_grammar_options o;
    tragus_grammar_options_init(&o);
    if (options && engine_take_options(&o, sizeof(o), options) < 0)
        return base_error_set(reterr, -EINVAL, "the options have no size; set them with tragus_grammar_options_init first");
    struct sources *s = calloc(1, sizeof(*s));
    if (!s)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    atomic_init(&s->n_refs, 1);
    pthread_mutex_init(&s->lock, NULL);
    s->max_arcs = o.max_arcs;
    s->max_cpu_ms = o.max_cpu_ms ? o.max_cpu_ms : ENGINE_MAX_CPU_MS;
    s->max_bytes = o.max_bytes ? o.max_bytes : ENGINE_MAX_BYTES;
    int r = grammar_builder_new(&s->builder);
    if (r == 0)
        r = lexicon_overrides_new(&s->overrides);
    if (r < 0)
        base_error_set(reterr, r, "out of memory");
    if (r == 0 && !m)
        grammar_builder_set_typed_only(s->builder);
    if (r == 0 && o.language) {
        s->language = strdup(o.language);
        r = s->language ? 0 : base_error_set(reterr, -ENOMEM, "out of memory");
        grammar_builder_set_language(s->builder, s->language);
    }
    if (r == 0)
        r = engine_give_languages(s->builder, m, o.models_path, d, reterr);
    if (r == 0 && m && o.pronunciations_path)
        r = lexicon_overrides_load(s->overrides, engine_model_lexicon(m), o.pronunciations_path, reterr);
    if (r < 0) {
        sources_unref(s);
        return r;
    }
    *ret = s;
    return 0;
}

static bool has_list(const struct engine_list *lists, const char *name) {
    for (; lists; lists = lists->next)
        if (strcmp(lists->name, name) == 0)
            return true;
    return false;
}

/* Sets the builder's run-time lists to `lists`. Lists set only by other grammars of the same sources become empty. */
static int give_lists(struct sources *s, const struct engine_list *lists, tragus_diagnostics *d, tragus_error *reterr) {
    int r = 0;
    for (const struct engine_list *l = s->given; r == 0 && l; l = l->next)
        if (!has_list(lists, l->name))
            r = grammar_builder_set_list(s->builder, l->name, NULL, 0, d, reterr);
    for (const struct engine_list *l = lists; r == 0 && l; l = l->next) {
        if (!has_list(s->given, l->name)) {
            struct engine_list *name = engine_list_new(l->name, NULL, 0);
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

static bool has_free_words(const struct grammar_acceptor *a) {
    for (uint32_t i = 0; i < a->n_words; i++)
        if (strcmp(a->words[i], GRAMMAR_FREE_WORDS) == 0)
            return true;
    return false;
}

/* Tells that free words cannot be spoken. why: what is wrong with the language model; code 0: there is none. */
static void note_missing_words(tragus_diagnostics *d, const struct graph *graph, const tragus_error *why) {
    bool all = graph->n_arcs == 0;
    char text[512], cause[448];
    if (why->code < 0)
        snprintf(text, sizeof(text), "%sfree words are understood when typed only: %s", all ? "no sentence can be spoken: " : "",
                 base_error_format(why, cause, sizeof(cause)));
    else
        snprintf(text, sizeof(text), "%s are understood when typed only; to speak them, install the package tragus-words-en",
                 all ? "no sentence can be spoken: those with free words" : "sentences with free words");
    grammar_diagnostics_add(d, all || why->code < 0 ? TRAGUS_WARNING : TRAGUS_NOTE, text);
}

static int compile(tragus_grammar *g, struct base_budget *budget, tragus_error *reterr) {
    tragus_diagnostics *d = &g->compiled;
    int r = grammar_compile(&g->sentences, g->sources->builder, d, reterr);
    if (r < 0 || !g->model)
        return r;
    const char *language = grammar_language(g->sentences), *of_model = engine_model_language(g->model);
    if (*language && !grammar_language_same(language, of_model))
        return base_error_set(
            reterr, -ENODATA,
            "the sentences are in language \"%.20s\", but the model is for \"%.20s\"; speech needs a model of their "
            "language, typed text needs none",
            language, of_model);
    const struct grammar_acceptor *words = grammar_acceptor(g->sentences);
    const struct graph_words *free_words = NULL;
    struct graph_words *own = NULL;
    tragus_error why = {0};
    if (has_free_words(words)) {
        r = engine_prefer_names(&own, g->model, g->sentences, g->sources->overrides);
        if (r < 0)
            return base_error_set(reterr, r, "out of memory");
        free_words = own ? own : engine_model_words(g->model, &why);
        if (!free_words && why.code == -ENOMEM)
            return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    r = graph_build(&g->graph, words, engine_model_lexicon(g->model), g->sources->overrides, free_words, g->sources->max_arcs,
                    budget, reterr);
    graph_words_free(own);
    if (r >= 0 && graph_report(g->graph)->lacks_free_words)
        note_missing_words(d, g->graph, &why);
    if (r >= 0) {
        warn_of_unspoken(d, g->sources->builder, graph_report(g->graph));
        note_guessed(d, graph_report(g->graph));
    }
    return r < 0 && r == base_budget_code(budget) ? grammar_refuse(g->sentences, budget, r, d, reterr) : r;
}

/* Starts the calling thread's work for these sources within a budget: the caller's, or *own with the sources' own limits. The
 * builder must not keep the pointer afterwards: call end_budget. */
static struct base_budget *begin_budget(struct sources *s, struct base_budget *budget, struct base_budget *own) {
    if (!budget) {
        base_budget_init(own, s->max_cpu_ms, s->max_bytes);
        budget = own;
    }
    base_budget_start(budget);
    grammar_builder_set_budget(s->builder, budget);
    return budget;
}

static void end_budget(struct sources *s) {
    grammar_builder_set_budget(s->builder, NULL);
}

ENGINE_PUBLIC void tragus_grammar_options_init(tragus_grammar_options *o) {
    if (o)
        *o = (tragus_grammar_options){.size_bytes = sizeof(*o)};
}

/* Copies lists, but for one of this name (NULL: all), to the end of g's. */
static int copy_lists(tragus_grammar *g, const struct engine_list *lists, const char *but) {
    struct engine_list **end = &g->lists;
    while (*end)
        end = &(*end)->next;
    for (; lists; lists = lists->next) {
        if (but && strcmp(lists->name, but) == 0)
            continue;
        *end = engine_list_new(lists->name, lists->values, lists->n);
        if (!*end)
            return -ENOMEM;
        end = &(*end)->next;
    }
    return 0;
}

/* Reads paths or texts in memory, and compiles them. Continues after an invalid text, to report all errors at once. */
static int read_and_compile(tragus_grammar *g, const char *const paths[], size_t n_paths, const tragus_text texts[], size_t n_texts,
                            struct base_budget *budget, tragus_error *reterr) {
    struct grammar_builder *builder = g->sources->builder;
    tragus_diagnostics *d = &g->sources->read;
    int r = 0;
    for (size_t i = 0; r == 0 && i < n_paths; i++)
        r = grammar_builder_add_path(builder, paths[i], d, reterr);
    for (size_t i = 0; base_budget_code(budget) == 0 && i < n_texts; i++) {
        int wrong = grammar_builder_add_text(builder, texts[i].name, texts[i].format, texts[i].text, texts[i].len_bytes, d,
                                             r < 0 ? NULL : reterr);
        r = r < 0 ? r : wrong;
    }
    if (r == 0)
        r = give_lists(g->sources, g->lists, &g->compiled, reterr);
    return r < 0 ? r : compile(g, budget, reterr);
}

int engine_grammar_load(tragus_grammar **ret, tragus_model *m, const tragus_grammar_options *o, const char *const paths[],
                        size_t n_paths, const tragus_text texts[], size_t n_texts, const struct engine_list *lists,
                        tragus_diagnostics *d, struct base_budget *budget, tragus_error *reterr) {
    struct base_budget own;
    struct sources *sources = NULL;
    tragus_grammar *g = NULL;

    int r = sources_new(&sources, m, o, d, reterr);
    if (r == 0 && !(g = grammar_new(m, sources))) {
        sources_unref(sources);
        r = base_error_set(reterr, -ENOMEM, "out of memory");
    }
    base_assert(r < 0 || (sources && g));
    if (r == 0 && copy_lists(g, lists, NULL) < 0)
        r = base_error_set(reterr, -ENOMEM, "out of memory");
    if (r == 0) {
        budget = begin_budget(sources, budget, &own);
        r = read_and_compile(g, paths, n_paths, texts, n_texts, budget, reterr);
        end_budget(sources);
        append(d, &sources->read);
        append(d, &g->compiled);
    }
    if (r < 0) {
        tragus_grammar_unref(g);
        return r;
    }
    *ret = g;
    return 0;
}

ENGINE_PUBLIC int tragus_grammar_load(tragus_grammar **ret, tragus_model *m, const tragus_grammar_options *o,
                                      const char *const paths[], size_t n_paths, tragus_diagnostics *d, tragus_error *reterr) {
    if (!ret || !paths || n_paths == 0)
        return -EINVAL;
    return engine_grammar_load(ret, m, o, paths, n_paths, NULL, 0, NULL, d, NULL, reterr);
}

ENGINE_PUBLIC int tragus_grammar_load_texts(tragus_grammar **ret, tragus_model *m, const tragus_grammar_options *o,
                                            const tragus_text texts[], size_t n_texts, tragus_diagnostics *d,
                                            tragus_error *reterr) {
    if (!ret || !texts || n_texts == 0)
        return -EINVAL;
    for (size_t i = 0; i < n_texts; i++)
        if (!texts[i].name || !texts[i].text)
            return -EINVAL;
    return engine_grammar_load(ret, m, o, NULL, 0, texts, n_texts, NULL, d, NULL, reterr);
}

int engine_grammar_files(const char *path, int (*visit)(const char *file, void *user), void *user, tragus_error *reterr) {
    return grammar_files(path, visit, user, reterr);
}

const char *engine_unknown_format(const char *format) {
    return grammar_format_named(format) ? NULL : GRAMMAR_FORMATS;
}

/* Sets the lists of g in the sources' builder and compiles it. */
static int derive(tragus_grammar *g, struct base_budget *budget, tragus_error *reterr) {
    struct base_budget own;
    pthread_mutex_lock(&g->sources->lock);
    budget = begin_budget(g->sources, budget, &own);
    int r = give_lists(g->sources, g->lists, &g->compiled, reterr);
    if (r == 0)
        r = compile(g, budget, reterr);
    end_budget(g->sources);
    pthread_mutex_unlock(&g->sources->lock);
    return r;
}

static int check_list(const struct grammar *g, const char *list, tragus_error *reterr) {
    if (!*list)
        return base_error_set(reterr, -EINVAL, "a list needs a name");
    if (grammar_has_list(g, list))
        return 0;
    const char *nearest = grammar_nearest_list(g, list);
    if (nearest)
        return base_error_set(reterr, -ESRCH, "no sentence uses a list {%.60s}; did you mean {%.60s}?", list, nearest);
    return base_error_set(reterr, -ESRCH, "no sentence uses a list {%.60s}; write {%.60s} in a sentence first", list, list);
}

int engine_grammar_with_list(tragus_grammar **ret, tragus_grammar *g, const char *list, const tragus_list_value values[], size_t n,
                             tragus_diagnostics *d, struct base_budget *budget, tragus_error *reterr) {
    int r = check_list(g->sentences, list, reterr);
    if (r < 0)
        return r;
    struct grammar_list_value *new_values = calloc(n ? n : 1, sizeof(*new_values));
    tragus_grammar *new = new_values ? grammar_new(g->model, g->sources) : NULL;
    r = -ENOMEM;
    if (new) {
        atomic_fetch_add_explicit(&g->sources->n_refs, 1, memory_order_relaxed);
        for (size_t i = 0; i < n; i++)
            new_values[i] = (struct grammar_list_value){values[i].in, values[i].out, values[i].domain};
        new->lists = engine_list_new(list, new_values, n);
        r = new->lists ? copy_lists(new, g->lists, list) : -ENOMEM;
    }
    if (r < 0)
        base_error_set(reterr, r, "out of memory");
    if (r == 0) {
        r = derive(new, budget, reterr);
        append_new(d, &new->compiled, &g->compiled, list);
    }
    free(new_values);
    if (r < 0) {
        tragus_grammar_unref(new);
        return r;
    }
    *ret = new;
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
    return engine_grammar_with_list(ret, g, list, values, n, d, NULL, reterr);
}

ENGINE_PUBLIC tragus_grammar *tragus_grammar_ref(tragus_grammar *g) {
    if (g)
        atomic_fetch_add_explicit(&g->n_refs, 1, memory_order_relaxed);
    return g;
}

ENGINE_PUBLIC tragus_grammar *tragus_grammar_unref(tragus_grammar *g) {
    if (g && atomic_fetch_sub_explicit(&g->n_refs, 1, memory_order_acq_rel) == 1) {
        if (g->account)
            base_account_give_back(g->account, g->n_counted);
        graph_free(g->graph);
        grammar_free(g->sentences);
        grammar_diagnostics_done(&g->compiled);
        engine_lists_free(g->lists);
        sources_unref(g->sources);
        tragus_model_unref(g->model);
        free(g);
    }
    return NULL;
}

/* Grammars that differ in their lists share what was read; it is counted for each of them. */
bool engine_grammar_count(tragus_grammar *g, struct base_account *a, size_t most_bytes) {
    size_t n = grammar_bytes(g->sentences) + grammar_builder_bytes(g->sources->builder) + (g->graph ? g->graph->size_bytes : 0) +
               (g->compiled.n_items + g->sources->read.n_items) * sizeof(tragus_diagnostic);
    if (!base_account_take(a, n, most_bytes))
        return false;
    g->account = a;
    g->n_counted = n;
    return true;
}

size_t engine_grammar_counted(const tragus_grammar *g, const struct base_account *a) {
    return g->account == a ? g->n_counted : 0;
}

const tragus_diagnostic *engine_grammar_diagnostic(const tragus_grammar *g, size_t i) {
    const tragus_diagnostics *read = &g->sources->read;
    if (i < read->n_items)
        return &read->items[i];
    i -= read->n_items;
    return i < g->compiled.n_items ? &g->compiled.items[i] : NULL;
}

const struct engine_list *engine_grammar_lists(const tragus_grammar *g) {
    return g->lists;
}

const struct grammar *engine_grammar_sentences(const tragus_grammar *g) {
    return g->sentences;
}

tragus_model *engine_grammar_model(const tragus_grammar *g) {
    return g->model;
}

const struct graph *engine_grammar_graph(const tragus_grammar *g) {
    return g->graph;
}
