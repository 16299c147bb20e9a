/* SPDX-License-Identifier: Apache-2.0 */
/* service/grammars.c: the named grammars, and who may change which. */
#include "service/private.h"

#include "engine/engine.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void grammar_options(const struct service *s, tragus_grammar_options *o) {
    tragus_grammar_options_init(o);
    o->pronunciations_path = s->options.pronunciations;
    o->max_arcs = s->options.limits.grammar_arcs;
    o->max_cpu_ms = s->options.limits.grammar_cpu_ms;
    o->max_bytes = s->options.limits.grammar_memory;
}

static void entry_free(struct service_grammar *g) {
    tragus_grammar_unref(g->grammar);
    free((char *)g->name);
    free((char *)g->format);
    free((char *)g->owner);
    free(g);
}

void grammars_free(struct service *s) {
    while (s->grammars) {
        struct service_grammar *g = s->grammars;
        s->grammars = g->next;
        entry_free(g);
    }
    configured_free(s);
    free(s->default_grammar);
}

void grammars_owner_gone(struct service *s, const char *owner) {
    struct service_grammar **link = &s->grammars;
    while (*link) {
        struct service_grammar *g = *link;
        if (g->owner && strcmp(g->owner, owner) == 0) {
            *link = g->next;
            entry_free(g);
        } else {
            link = &g->next;
        }
    }
}

/* Finds the grammar of that name that an owner sees: its own one takes precedence over a public one. */
static struct service_grammar *lookup(const struct service *s, const char *owner, const char *name) {
    struct service_grammar *found = NULL;
    for (struct service_grammar *g = s->grammars; g; g = g->next)
        if (strcmp(g->name, name) == 0) {
            if (!g->owner && !found)
                found = g;
            else if (g->owner && strcmp(g->owner, owner) == 0)
                return g;
        }
    return found;
}

struct service_grammar *grammars_public(const struct service *s, const char *name) {
    return lookup(s, "", name);
}

bool grammars_is_from_files(const struct service_grammar *g) {
    return strcmp(g->format, GRAMMARS_FROM_FILES) == 0;
}

static struct service_grammar *own_private(const struct service *s, const char *owner, const char *name) {
    struct service_grammar *g = lookup(s, owner, name);
    return g && g->owner ? g : NULL;
}

const struct service_grammar *service_grammar_find(struct service *s, const char *owner, const char *name, tragus_error *reterr) {
    if (!*name)
        name = service_default_grammar(s);
    const struct service_grammar *g = lookup(s, owner, name);
    if (g)
        return g;
    if (!*name)
        base_error_set(reterr, -ENOENT, "no grammar was named and none is the default; set default in tragus.conf, or name one");
    else
        base_error_set(reterr, -ENOENT, "there is no grammar \"%.60s\"; AddGrammar adds one, ListGrammars lists them", name);
    return NULL;
}

const struct service_grammar *service_grammars(const struct service *s) {
    return s->grammars;
}

uint64_t service_grammars_mark(const struct service *s) {
    return s->grammars_mark;
}

const char *service_default_grammar(const struct service *s) {
    return s->default_grammar ? s->default_grammar : "";
}

void service_set_default_grammar(struct service *s, const char *name) {
    free(s->default_grammar);
    s->default_grammar = strdup(name);
}

void service_grammar_describe(const struct service_grammar *g, struct service_grammar_info *ret) {
    const struct grammar *sentences = engine_grammar_sentences(g->grammar);
    const struct graph *graph = engine_grammar_graph(g->grammar);
    const struct graph_report *report = graph ? graph_report(graph) : NULL; /* NULL: typed text only */
    *ret = (struct service_grammar_info){
        .n_templates = grammar_n_templates(sentences),
        .n_intents = grammar_n_intents(sentences),
        .n_guessed = report ? report->n_guessed : 0,
        .n_states = graph ? graph->n_nodes : 0,
        .n_words = graph ? graph->n_words : 0,
        .guessed = report ? report->guessed : NULL,
    };
}

const char *service_grammar_intent(const struct service_grammar *g, size_t i) {
    return grammar_intent(engine_grammar_sentences(g->grammar), i);
}

const char *service_grammar_set_list_name(const struct service_grammar *g, size_t i) {
    const struct engine_list *l = engine_grammar_lists(g->grammar);
    while (l && i-- > 0)
        l = l->next;
    return l ? l->name : NULL;
}

_Static_assert(SERVICE_EXAMPLE_BYTES == GRAMMAR_EXAMPLE_BYTES, "the sizes are equal");

int service_grammar_examples(struct service *s, const char *owner, const char *name, char ret[][SERVICE_EXAMPLE_BYTES], size_t n,
                             tragus_error *reterr) {
    if (n < 1 || n > SERVICE_MOST_EXAMPLES)
        return base_error_set(reterr, -EINVAL, "the number of examples must be from 1 to %d, not %zu", SERVICE_MOST_EXAMPLES, n);
    const struct service_grammar *g = service_grammar_find(s, owner, name, reterr);
    return g ? (int)grammar_examples(engine_grammar_sentences(g->grammar), ret, n) : -ENOENT;
}

int grammars_check_name(const char *name, tragus_error *reterr) {
    size_t n = strlen(name);
    bool good = n >= 1 && n <= 64;
    for (size_t i = 0; good && i < n; i++)
        good = isalnum((unsigned char)name[i]) || (i > 0 && strchr("._-", name[i]));
    if (good)
        return 0;
    return base_error_set(reterr, -EINVAL, "\"%.70s\" cannot name a grammar; use up to 64 letters, digits, '.', '_', '-'", name);
}

static void move_sessions(struct service *s, const tragus_grammar *from, const struct service_grammar *to) {
    for (struct service_session *session = s->sessions; session; session = session->next)
        if (!session->dead && session->grammar == from)
            session_use_grammar(session, to);
    session_swap_wanted(s);
}

void grammars_remove(struct service *s, struct service_grammar *g) {
    struct service_grammar **link = &s->grammars;
    while (*link != g)
        link = &(*link)->next;
    *link = g->next;
    entry_free(g); /* sessions keep their own references */
}

void grammars_make_visible(struct service *s, const char *owner, const char *name) {
    struct service_grammar *hiding = own_private(s, owner, name), *g = lookup(s, "", name);
    if (!hiding || !g)
        return;
    move_sessions(s, hiding->grammar, g);
    grammars_remove(s, hiding);
}

int grammars_put(struct service *s, struct service_grammar *old, const char *name, const char *format, const char *owner, uid_t uid,
                 tragus_grammar *grammar, tragus_error *reterr) {
    struct service_grammar *g = old ? old : calloc(1, sizeof(*g));
    char *new_format = strdup(format);
    if (g && !old) {
        g->name = strdup(name);
        g->owner = owner ? strdup(owner) : NULL;
    }
    if (!g || !new_format || !g->name || (owner && !g->owner)) {
        tragus_grammar_unref(grammar);
        free(new_format);
        if (g && !old)
            entry_free(g);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    tragus_grammar *before = g->grammar;
    g->grammar = grammar;
    const tragus_model *model = engine_grammar_model(grammar);
    g->language = model ? engine_model_language(model) : grammar_language(engine_grammar_sentences(grammar));
    free((char *)g->format);
    g->format = new_format;
    g->uid = uid;
    if (!old) {
        struct service_grammar **end = &s->grammars;
        while (*end)
            end = &(*end)->next;
        *end = g;
    }
    if (before)
        move_sessions(s, before, g);
    tragus_grammar_unref(before);
    return 0;
}

/* The model for the language that the sentences name; the default model if they name none; -ENODATA if that language has none.
 * Reads them without a model, because words of another language may have no pronunciation in this one's. */
static int model_of_sentences(const struct service *s, const char *const paths[], size_t n_paths, const tragus_text texts[],
                              size_t n_texts, struct base_budget *budget) {
    tragus_grammar *typed;
    unsigned i = 0;

    if (engine_grammar_load(&typed, NULL, NULL, paths, n_paths, texts, n_texts, NULL, NULL, budget, NULL) < 0)
        return 0;
    const char *language = grammar_language(engine_grammar_sentences(typed));
    while (*language && i < s->n_models && !grammar_language_same(language, engine_model_language(s->models[i])))
        i++;
    tragus_grammar_unref(typed);
    return i < s->n_models ? (int)i : -ENODATA;
}

int grammars_compile(const struct service *s, tragus_grammar **ret, const char *language, const char *const paths[], size_t n_paths,
                     const tragus_text texts[], size_t n_texts, const struct engine_list *lists, tragus_diagnostics *d,
                     struct base_budget *budget, tragus_error *reterr) {
    tragus_grammar_options options;

    int model = service_find_model(s, language, reterr);
    if (model < 0)
        return model;
    if (!*language)
        model = model_of_sentences(s, paths, n_paths, texts, n_texts, budget);
    grammar_options(s, &options);
    if (model < 0)
        grammar_diagnostics_add(d, TRAGUS_WARNING,
                                "there is no model for the language of these sentences, so they are understood when typed only");
    if (model != 0) /* the user's pronunciations are for the default language */
        options.pronunciations_path = NULL;
    return engine_grammar_load(ret, model < 0 ? NULL : s->models[model], &options, paths, n_paths, texts, n_texts, lists, d, budget,
                               reterr);
}

static int may_change(const struct service *s, const struct service_grammar *g, const struct service_caller *caller,
                      tragus_error *reterr) {
    if (g->owner || caller->privileged) /* only its owner can find a private one */
        return 0;
    if (g->uid == caller->uid && !configured_has(s, g->name))
        return 0;
    return base_error_set(reterr, -EPERM, "grammar \"%s\" belongs to another user; add one under a name of your own", g->name);
}

int grammars_may_put(struct service *s, const struct service_caller *caller, const char *name, bool is_private, bool must_exist,
                     struct service_grammar **ret_old, tragus_error *reterr) {
    unsigned n_mine = 0;

    /* A private grammar and a public one may have the same name. */
    struct service_grammar *mine = own_private(s, caller->owner, name), *old = is_private ? mine : lookup(s, "", name);
    int r = !old || (must_exist && service_may_set_lists(s, caller)) ? 0 : may_change(s, old, caller, reterr);
    if (r < 0)
        return r;
    if (!old && must_exist)
        return base_error_set(reterr, -ENOENT, "grammar \"%.60s\" is gone; AddGrammar adds it", name);
    if (!old && !is_private && !caller->privileged && configured_has(s, name))
        return base_error_set(reterr, -EPERM, "the name \"%s\" belongs to tragus.conf; add a grammar under a name of your own",
                              name);
    for (const struct service_grammar *g = s->grammars; g; g = g->next)
        n_mine += g->uid == caller->uid && !grammars_is_from_files(g) && g != mine; /* which goes or is `old` */
    if (!old && n_mine >= s->options.limits.grammars_per_user)
        return base_error_set(reterr, -ENOBUFS,
                              "this user has added %u grammars already; remove some (the limit is grammars_per_user)", n_mine);
    *ret_old = old;
    return 0;
}

int service_grammar_remove(struct service *s, const struct service_caller *caller, const char *name, tragus_error *reterr) {
    if (!*name || !service_grammar_find(s, caller->owner, name, reterr))
        return *name ? -ENOENT : base_error_set(reterr, -ENOENT, "name the grammar that is to be removed");
    struct service_grammar *g = lookup(s, caller->owner, name);
    int r = may_change(s, g, caller, reterr);
    if (r < 0)
        return r;
    s->grammars_mark += g->owner == NULL;
    grammars_remove(s, g);
    service_tell_change(s);
    return 0;
}
