/* SPDX-License-Identifier: Apache-2.0 */
/* service/grammars.c: the named grammars: those of the configuration, those that callers added, and who may change which. */
#include "service/private.h"

#include "engine/engine.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int service_copy_error(struct base_error *ret, const tragus_error *e) {
    if (e->file[0])
        return base_error_at(ret, e->code, e->file, e->line, e->column, "%s", e->text);
    return base_error_set(ret, e->code, "%s", e->text);
}

static void grammar_options(const struct service *s, tragus_grammar_options *o) {
    tragus_grammar_options_init(o);
    o->pronunciations_path = s->options.pronunciations;
    o->max_arcs = s->options.limits.grammar_arcs;
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

/* The grammar of that name which this owner sees: its own before everybody's. */
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

const struct service_grammar *service_grammar_find(struct service *s, const char *owner, const char *name,
                                                   struct base_error *reterr) {
    if (!*name)
        name = s->default_grammar ? s->default_grammar : "";
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

void service_set_default_grammar(struct service *s, const char *name) {
    free(s->default_grammar);
    s->default_grammar = strdup(name);
}

void service_grammar_describe(const struct service_grammar *g, struct service_grammar_info *ret) {
    const struct grammar *sentences = engine_grammar_sentences(g->grammar);
    const struct graph *graph = engine_grammar_graph(g->grammar);
    const struct graph_report *report = graph_report(graph);
    *ret = (struct service_grammar_info){
        .n_templates = grammar_n_templates(sentences),
        .n_intents = grammar_n_intents(sentences),
        .n_guessed = report->n_guessed,
        .n_states = graph->n_nodes,
        .n_words = graph->n_words,
        .guessed = report->guessed,
    };
}

const char *service_grammar_intent(const struct service_grammar *g, size_t i) {
    return grammar_intent(engine_grammar_sentences(g->grammar), i);
}

static int check_name(const char *name, struct base_error *reterr) {
    size_t n = strlen(name);
    bool good = n >= 1 && n <= 64;
    for (size_t i = 0; good && i < n; i++)
        good = isalnum((unsigned char)name[i]) || (i > 0 && strchr("._-", name[i]));
    if (good)
        return 0;
    return base_error_set(reterr, -EINVAL, "\"%.70s\" cannot name a grammar; use up to 64 letters, digits, '.', '_', '-'", name);
}

/* Puts a compiled grammar (whose reference it takes) in the place of the old one, or at the end; sessions go on with it. */
static int put(struct service *s, struct service_grammar *old, const char *name, const char *format, const char *owner, uid_t uid,
               tragus_grammar *grammar, struct base_error *reterr) {
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
        for (struct service_session *session = s->sessions; session; session = session->next)
            if (!session->dead && session->grammar == before)
                session_use_grammar(session, g);
    tragus_grammar_unref(before);
    return 0;
}

int service_grammar_load(struct service *s, const char *name, const char *const paths[], size_t n, struct base_error *reterr) {
    tragus_grammar_options options;
    tragus_grammar *grammar;
    tragus_error error = {0};

    int r = check_name(name, reterr);
    if (r < 0)
        return r;
    tragus_model *model = service_model(s, reterr);
    if (!model)
        return -ENODATA;
    grammar_options(s, &options);
    r = tragus_grammar_load(&grammar, model, &options, paths, n, NULL, &error);
    if (r < 0)
        return service_copy_error(reterr, &error);
    return put(s, lookup(s, "", name), name, "file", NULL, 0, grammar, reterr);
}

static int may_change(const struct service_grammar *g, const struct service_caller *caller, struct base_error *reterr) {
    if (g->owner || caller->privileged) /* a private one was found by its owner only */
        return 0;
    if (g->uid == caller->uid && strcmp(g->format, "file") != 0)
        return 0;
    return base_error_set(reterr, -EPERM, "grammar \"%s\" belongs to another user; add one under a name of your own", g->name);
}

int service_grammar_add(struct service *s, const struct service_caller *caller, const char *name, const char *format,
                        bool is_private, const tragus_text texts[], size_t n_texts, tragus_diagnostics *d,
                        struct base_error *reterr) {
    tragus_grammar_options options;
    tragus_grammar *grammar;
    tragus_error error = {0};
    unsigned n_mine = 0;
    size_t len = 0;

    int r = check_name(name, reterr);
    if (r < 0)
        return r;
    tragus_model *model = service_model(s, reterr);
    if (!model)
        return -ENODATA;
    for (size_t i = 0; i < n_texts; i++)
        len += texts[i].len_bytes;
    if (len > s->options.limits.grammar_bytes)
        return base_error_set(reterr, -E2BIG, "the grammar has %zu bytes; the limit grammar_bytes is %zu", len,
                              s->options.limits.grammar_bytes);
    struct service_grammar *old = lookup(s, caller->owner, name);
    if (old && is_private && !old->owner)
        old = NULL; /* a private one may stand beside everybody's */
    if (old && (r = may_change(old, caller, reterr)) < 0)
        return r;
    for (const struct service_grammar *g = s->grammars; g; g = g->next)
        n_mine += g->uid == caller->uid && strcmp(g->format, "file") != 0;
    if (!old && n_mine >= s->options.limits.grammars_per_user)
        return base_error_set(reterr, -EDQUOT,
                              "this user has added %u grammars already; remove some (the limit is grammars_per_user)", n_mine);
    grammar_options(s, &options);
    r = tragus_grammar_load_texts(&grammar, model, &options, texts, n_texts, d, &error);
    if (r < 0)
        return service_copy_error(reterr, &error);
    return put(s, old, name, *format ? format : "auto", is_private ? caller->owner : NULL, caller->uid, grammar, reterr);
}

int service_grammar_remove(struct service *s, const struct service_caller *caller, const char *name, struct base_error *reterr) {
    if (!*name || !service_grammar_find(s, caller->owner, name, reterr))
        return *name ? -ENOENT : base_error_set(reterr, -ENOENT, "name the grammar that is to be removed");
    struct service_grammar *g = lookup(s, caller->owner, name);
    int r = may_change(g, caller, reterr);
    if (r < 0)
        return r;
    struct service_grammar **link = &s->grammars;
    while (*link != g)
        link = &(*link)->next;
    *link = g->next;
    entry_free(g); /* sessions keep their own reference */
    return 0;
}

int service_grammar_set_list(struct service *s, const struct service_caller *caller, const char *name, const char *list,
                             const tragus_list_value values[], size_t n, struct base_error *reterr) {
    tragus_grammar *grammar;
    tragus_diagnostics diagnostics = {0};
    tragus_error error = {0};

    const struct service_grammar *found = service_grammar_find(s, caller->owner, name, reterr);
    if (!found)
        return -ENOENT;
    struct service_grammar *g = lookup(s, caller->owner, found->name);
    /* The lists of a house's grammar change with the house: whoever may configure, or whose it is. */
    int r = may_change(g, caller, reterr);
    if (r < 0)
        return r;
    r = tragus_grammar_with_list(&grammar, g->grammar, list, values, n, &diagnostics, &error);
    tragus_diagnostics_done(&diagnostics);
    if (r < 0)
        return service_copy_error(reterr, &error);
    return put(s, g, g->name, g->format, g->owner, g->uid, grammar, reterr);
}

int service_pronounce(struct service *s, const char *word, struct service_pronunciation *out, size_t max,
                      struct base_error *reterr) {
    struct lexicon_pronunciation variants[LEXICON_MAX_VARIANTS];

    tragus_model *model = service_model(s, reterr);
    if (!model)
        return -ENODATA;
    struct lexicon *lexicon = engine_model_lexicon(model);
    int n = lexicon_pronounce(lexicon, s->overrides, word, variants, max < LEXICON_MAX_VARIANTS ? max : LEXICON_MAX_VARIANTS);
    if (n < 0)
        return base_error_set(
            reterr, n, n == -E2BIG ? "\"%.60s\" is too long for one word" : "\"%.60s\" holds nothing that can be spoken", word);
    for (int i = 0; i < n; i++) {
        out[i] = (struct service_pronunciation){.guessed = variants[i].source == LEXICON_GUESS, .n_phones = variants[i].n_phones};
        for (size_t k = 0; k < variants[i].n_phones; k++)
            out[i].phones[k] = lexicon_phone(lexicon, variants[i].phones[k]);
    }
    return n;
}
