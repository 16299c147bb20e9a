/* SPDX-License-Identifier: Apache-2.0 */
/* cli/grammar_check.c: `tragus grammar check`: everything that is wrong or doubtful in sentences, each with its line. */
#include "cli/grammar.h"
#include "cli/grammar_alike.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "Usage: tragus grammar check [OPTIONS] FILE...\n"
                           "\n"
                           "Checks sentences: files or folders, which are merged into one grammar. Prints\n"
                           "what is left out and why, templates that never match, the same words with two\n"
                           "intents, names that sound alike, and words whose pronunciation is guessed; each\n"
                           "with file, line, column and the line itself.\n"
                           "\n"
                           "      --strict               exit code 1 for warnings, too\n"
                           "      --costs                also print how many sentences each template makes,\n"
                           "                             and the words of the longest\n"
                           "      --language TAG         the language to check, if the files have sentences\n"
                           "                             in several, for example de\n"
                           "  -m, --model PATH           acoustic model file, or the directory of a language\n"
                           "  -p, --pronunciations FILE  your own pronunciations: lines of WORD PHONE ...\n"
                           "  -v, --verbose              also print notes\n"
                           "\n"
                           "Exit codes: 0 the grammar can be used, 1 it can, but --strict finds warnings, 4\n"
                           "it cannot.\n";

enum {
    SAMPLES = 8, /* of each template, when looking for the same words with two intents */
    MOST_READINGS = 8,
};

struct check {
    tragus_grammar *grammar;
    tragus_model *model; /* NULL: typed text only */
    const struct cli_setup *setup;
    size_t n_warnings;
};

/* --- printing --- */

/* Prints a line of a file, with a caret under the column, which counts characters from 1. */
static void print_line(const char *path, int line, int column) {
    FILE *f = line > 0 ? fopen(path, "re") : NULL;
    char *text = NULL;
    size_t size = 0;
    ssize_t n = -1;

    for (int i = 0; f && i < line; i++)
        n = getline(&text, &size, f);
    if (n >= 0) {
        text[strcspn(text, "\r\n")] = '\0';
        printf("    %s\n", text);
        fputs(column > 0 ? "    " : "", stdout);
        for (const char *at = text; column > 1 && *at; at++) {
            if (((unsigned char)*at & 0xC0) == 0x80) /* inside a character */
                continue;
            putchar(*at == '\t' ? '\t' : ' ');
            column--;
        }
        puts(column > 0 ? "^" : "");
    }
    free(text);
    if (f)
        fclose(f);
}

static void warn_at(struct check *c, const char *file, int line, int column, const char *text) {
    tragus_error place = {.line = line, .column = column};
    char all[1024];
    snprintf(place.file, sizeof(place.file), "%s", file);
    snprintf(place.text, sizeof(place.text), "warning: %s", text);
    printf("%s\n", base_error_format(&place, all, sizeof(all)));
    print_line(file, line, column);
    c->n_warnings++;
}

static bool is_guess(const tragus_diagnostic *d) {
    return d->severity == TRAGUS_NOTE && strstr(d->text, "guessed") != NULL;
}

static void print_diagnostics(struct check *c, const tragus_diagnostics *d) {
    static const char *const names[] = {"", "note", "warning", "error"};
    for (size_t i = 0; i < d->n_items; i++) {
        const tragus_diagnostic *item = &d->items[i];
        tragus_severity severity = is_guess(item) ? TRAGUS_WARNING : item->severity;
        if (severity < TRAGUS_WARNING && !c->setup->verbose)
            continue;
        tragus_error place = {.line = item->line, .column = item->column};
        char all[1024];
        /* A message about the whole grammar names no file. */
        snprintf(place.file, sizeof(place.file), "%s",
                 *item->file || c->setup->n_grammars > 1 ? item->file : c->setup->grammars[0]);
        snprintf(place.text, sizeof(place.text), "%s: %.240s", names[severity & 3], item->text);
        printf("%s\n", base_error_format(&place, all, sizeof(all)));
        print_line(item->file, item->line, item->column);
        c->n_warnings += severity >= TRAGUS_WARNING;
    }
}

/* --- templates --- */

static void check_never(struct check *c) {
    const struct grammar *g = engine_grammar_sentences(c->grammar);
    struct grammar_examined x;
    for (size_t i = 0; i < grammar_n_templates(g); i++) {
        grammar_examine(g, i, &x);
        if (x.ways <= 0)
            warn_at(c, x.file, x.line, x.column,
                    "never matches: one of its lists has no value here; fill the list, or take it out");
    }
}

/* Whether a reading is by a template with free text. */
static bool is_wild(const struct grammar *g, const tragus_reading *r) {
    struct grammar_examined x;
    for (size_t i = 0; i < grammar_n_templates(g); i++) {
        grammar_examine(g, i, &x);
        if (x.text == r->template_text)
            return x.is_wild;
    }
    return false;
}

/* Whether words that a template makes have another intent, too. Free text may hold anything, and other readings come before it. */
static bool has_two_intents(struct check *c, size_t template, char *text, size_t size) {
    const struct grammar *g = engine_grammar_sentences(c->grammar);
    struct grammar_examined x;
    uint64_t seed = template + 1;
    bool found = false;

    grammar_examine(g, template, &x);
    for (unsigned k = 0; !found && !x.is_wild && k < SAMPLES && k < x.ways; k++) {
        char *words = grammar_sample(g, template, &seed);
        tragus_match *match = NULL;
        int n = words ? tragus_match_text(&match, c->grammar, words, NULL, 0, MOST_READINGS) : 0;
        bool is_own = false;
        const tragus_reading *other = NULL;
        for (int i = 0; i < n; i++) {
            const tragus_reading *r = tragus_match_reading(match, (size_t)i);
            is_own |= strcmp(r->intent, x.intent) == 0;
            if (strcmp(r->intent, x.intent) != 0 && !other && !is_wild(g, r))
                other = r;
        }
        found = is_own && other;
        if (found)
            snprintf(text, size, "\"%.60s\" also means %.40s, by \"%.80s\"", words,
                     *other->intent ? other->intent : "another sentence", other->template_text);
        tragus_match_free(match);
        free(words);
    }
    return found;
}

static void check_intents(struct check *c) {
    const struct grammar *g = engine_grammar_sentences(c->grammar);
    struct grammar_examined x;
    char text[256];
    for (size_t i = 0; i < grammar_n_templates(g); i++)
        if (has_two_intents(c, i, text, sizeof(text))) {
            grammar_examine(g, i, &x);
            warn_at(c, x.file, x.line, x.column, text);
        }
}

static void print_costs(const tragus_grammar *grammar) {
    const struct grammar *g = engine_grammar_sentences(grammar);
    struct grammar_examined x;
    puts("sentences\twords\ttemplate");
    for (size_t i = 0; i < grammar_n_templates(g); i++) {
        grammar_examine(g, i, &x);
        printf("%.4g\t%zu\t%s:%d: %s\n", x.ways, x.n_words, x.file, x.line, x.text);
    }
}

/* --- names --- */

static void warn_of_names(const char *text, void *user) {
    warn_at(user, "", 0, 0, text);
}

static int check_names(struct check *c, tragus_error *reterr) {
    bool compared_all;
    int r = grammar_alike(c->grammar, c->model, c->setup->pronunciations, warn_of_names, c, &compared_all, reterr);
    if (r >= 0 && !compared_all)
        printf("note: only the first %d names were compared by sound\n", GRAMMAR_ALIKE_MOST);
    return r;
}

/* --- */

/* Loads the grammar for the model, or without one if the sentences are in another language than that of the model. */
static int load(struct check *c, tragus_diagnostics *d, tragus_error *e) {
    int r = cli_try_grammar(&c->grammar, NULL, c->setup, d, e);
    if (r < 0)
        return r;
    const char *language = grammar_language(engine_grammar_sentences(c->grammar));
    if (!c->model || (*language && !grammar_language_same(language, engine_model_language(c->model)))) {
        c->model = tragus_model_unref(c->model);
        printf("note: there is no model for language \"%s\"; only typed text was checked\n", language);
        return 0;
    }
    c->grammar = tragus_grammar_unref(c->grammar);
    tragus_diagnostics_done(d);
    return cli_try_grammar(&c->grammar, c->model, c->setup, d, e);
}

static int check(struct check *c, bool strict, bool costs) {
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    int r = load(c, &d, &e);
    print_diagnostics(c, &d);
    if (r < 0 && d.n_items == 0)
        cli_complain(e.file, e.line, e.column, e.text);
    tragus_diagnostics_done(&d);
    if (r < 0)
        return CLI_MODEL;
    check_never(c);
    check_intents(c);
    if (c->model && check_names(c, &e) < 0) {
        cli_complain(e.file, e.line, e.column, e.text);
        return CLI_MODEL;
    }
    if (costs)
        print_costs(c->grammar);
    const struct grammar *g = engine_grammar_sentences(c->grammar);
    printf("%zu templates, %zu intents, %zu warning%s\n", grammar_n_templates(g), grammar_n_intents(g), c->n_warnings,
           c->n_warnings == 1 ? "" : "s");
    return strict && c->n_warnings > 0 ? CLI_NEGATIVE : CLI_OK;
}

int cli_grammar_check(int argc, char **argv) {
    enum { STRICT = 256, COSTS };
    static const struct option options[] = {CLI_SETUP_LONG,
                                            {"language", required_argument, NULL, CLI_LANGUAGE},
                                            {"strict", no_argument, NULL, STRICT},
                                            {"costs", no_argument, NULL, COSTS},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct cli_setup setup = {0};
    struct check c = {.setup = &setup};
    bool strict = false, costs = false;
    int option, r;

    while ((option = getopt_long(argc, argv, CLI_SETUP_SHORT "h", options, NULL)) != -1) {
        if (cli_setup_option(&setup, option, optarg, argv[0], &r)) {
            if (r != CLI_OK)
                return r;
        } else if (option == STRICT) {
            strict = true;
        } else if (option == COSTS) {
            costs = true;
        } else {
            return cli_other_option(argv[0], option, help, argv);
        }
    }
    for (; optind < argc; optind++) {
        (void)cli_setup_option(&setup, 'g', argv[optind], argv[0], &r);
        if (r != CLI_OK)
            return r;
    }
    if (setup.n_grammars == 0)
        return cli_usage(argv[0], "name a file or a folder of sentences");
    if (setup.model) {
        r = cli_open_model(&c.model, setup.model);
        if (r != CLI_OK)
            return r;
    } else {
        (void)cli_try_model(&c.model, NULL, NULL);
    }
    r = check(&c, strict, costs);
    tragus_grammar_unref(c.grammar);
    tragus_model_unref(c.model);
    return r;
}
