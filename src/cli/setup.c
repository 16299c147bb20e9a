/* SPDX-License-Identifier: Apache-2.0 */
/* cli/setup.c: opens the model and the grammar: as given, or beside the executable, or as installed; matches typed text. */
#include "cli/cli.h"
#include "engine/engine.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns "FOLDER OF THE EXECUTABLE/below" if it exists, so that ./tragus runs in a build tree without being installed. */
static const char *beside(char out[PATH_MAX], const char *below) {
    char folder[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
    if (n <= 0)
        return NULL;
    folder[n] = '\0';
    char *slash = strrchr(folder, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    if (snprintf(out, PATH_MAX, "%s/%s", folder, below) >= PATH_MAX || access(out, R_OK) < 0)
        return NULL;
    return out;
}

/* If what is taken by default is missing, also says how to get it. Returns r. */
static int advise(int r, tragus_error *e, const char *advice) {
    if (r == -ENOENT && e)
        (void)base_error_at(e, e->code, e->file, e->line, e->column, "%s; %s", e->text, advice);
    return r;
}

int cli_try_model(tragus_model **ret, const char *path, tragus_error *reterr) {
    char near[PATH_MAX];
    if (!path)
        path = getenv("TRAGUS_MODEL");
    if (!path || !path[0])
        path = beside(near, "models/" ENGINE_DEFAULT_LANGUAGE "/acoustic.tragus");
    int r = tragus_model_open(ret, path, getenv("TRAGUS_CPU"), reterr);
    return path ? r : advise(r, reterr, "install the package tragus-model-en, or name a model with -m");
}

int cli_open_model(tragus_model **ret, const char *path) {
    tragus_error e = {0};
    if (cli_try_model(ret, path, &e) == 0)
        return CLI_OK;
    cli_complain(e.file, e.line, e.column, e.text);
    return CLI_MODEL;
}

/* Prints what a load has to say. path: where it is if a message names no file; may be "". Returns CLI_OK or CLI_MODEL. */
static int report(int r, tragus_diagnostics *d, const tragus_error *e, tragus_severity least, const char *path) {
    size_t n_errors = 0;
    for (size_t i = 0; i < d->n_items; i++) {
        static const char *const severities[] = {"", "note: ", "warning: ", "error: "};
        const tragus_diagnostic *item = &d->items[i];
        if (item->severity < least)
            continue;
        char text[sizeof(item->text) + 16];
        snprintf(text, sizeof(text), "%s%s", severities[item->severity & 3], item->text);
        cli_complain(*item->file ? item->file : path, item->line, item->column, text);
        n_errors += item->severity == TRAGUS_ERROR;
    }
    if (r < 0 && n_errors == 0)
        cli_complain(*e->file ? e->file : path, e->line, e->column, e->text);
    tragus_diagnostics_done(d);
    return r < 0 ? CLI_MODEL : CLI_OK;
}

/* Any words of the model's language model. */
static int open_free(tragus_grammar **ret, tragus_model *m, const tragus_grammar_options *o, tragus_diagnostics *d,
                     tragus_error *reterr) {
    static const char text[] = "sentences: ['{words}']\nlists: {words: {wildcard: true}}\n";
    const tragus_text texts[] = {{.name = "--free", .format = "hassil", .text = text, .len_bytes = sizeof(text) - 1}};
    return tragus_grammar_load_texts(ret, m, o, texts, 1, d, reterr);
}

int cli_try_grammar(tragus_grammar **ret, tragus_model *m, const struct cli_setup *s, tragus_diagnostics *d, tragus_error *reterr) {
    char near[PATH_MAX], models[PATH_MAX];
    const char *standard[1];
    const char *const *paths = s->grammars;
    size_t n_paths = s->n_grammars;
    if (n_paths == 0) {
        standard[0] = beside(near, "data/grammars/home.yaml");
        if (!standard[0])
            standard[0] = CLI_SENTENCES;
        paths = standard;
        n_paths = 1;
    }

    tragus_grammar_options o;
    tragus_grammar_options_init(&o);
    o.pronunciations_path = s->pronunciations;
    o.models_path = beside(models, "models");
    o.language = s->language;
    if (s->free)
        return open_free(ret, m, &o, d, reterr);
    int r = tragus_grammar_load(ret, m, &o, paths, n_paths, d, reterr);
    return s->n_grammars > 0 ? r : advise(r, reterr, "name a file or a folder of sentences with -g");
}

int cli_open_grammar(tragus_grammar **ret, tragus_model *m, const struct cli_setup *s) {
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    tragus_severity least = s->only_errors ? TRAGUS_ERROR : s->verbose ? TRAGUS_NOTE : TRAGUS_WARNING;
    return report(cli_try_grammar(ret, m, s, &d, &e), &d, &e, least, s->n_grammars == 1 ? s->grammars[0] : "");
}

int cli_match_text(tragus_match **ret, tragus_grammar *g, const char *text, const struct grammar_match_options *o,
                   tragus_error *reterr) {
    struct base_budget budget;
    base_budget_init(&budget, ENGINE_MAX_CPU_MS, ENGINE_MAX_BYTES);
    return engine_match_text_with(ret, g, text, o, &budget, reterr);
}

int cli_prepare_fallback(tragus_model *m) {
    tragus_error e = {0};
    if (engine_model_prepare_fallback(m, &e) == 0)
        return CLI_OK;
    cli_complain(e.file, 0, 0, e.text);
    return CLI_MODEL;
}

int cli_wake_add(struct cli_wake *w, const char *phrase, const char *option, const char *verb) {
    if (w->n_phrases == CLI_MAX_PHRASES)
        return cli_usage(verb, "%s can be given at most %d times", option, CLI_MAX_PHRASES);
    w->phrases[w->n_phrases++] = phrase;
    return CLI_OK;
}

int cli_wake_per_hour(struct cli_wake *w, const char *value, const char *verb) {
    char *end;
    w->per_hour = strtod(value, &end);
    if (end == value || *end || !(w->per_hour >= 0.001 && w->per_hour <= 100))
        return cli_usage(verb, "--per-hour must be a number from 0.001 to 100, not %s", value);
    return CLI_OK;
}

int cli_open_wake(struct cli_wake *w, tragus_model *m, const struct cli_setup *s) {
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    if (w->n_phrases == 0)
        return CLI_OK;
    return report(tragus_wake_phrases(&w->grammar, m, w->phrases, w->n_phrases, w->per_hour, &d, &e), &d, &e,
                  s->verbose ? TRAGUS_NOTE : TRAGUS_WARNING, "");
}
