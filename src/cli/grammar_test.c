/* SPDX-License-Identifier: Apache-2.0 */
/* cli/grammar_test.c: `tragus grammar test`: compares the meaning of typed sentences with the one that a file says. */
#include "busjson/busjson.h"
#include "cli/grammar.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char help[] = "Usage: tragus grammar test [-g GRAMMAR]... FILE...\n"
                           "\n"
                           "Tests typed sentences against the intent and slots that they must have. FILE is\n"
                           "a file of tests, or a folder of them:\n"
                           "\n"
                           "  *.yaml   Home Assistant's test files; their entities, areas and floors become\n"
                           "           the names of the grammar\n"
                           "  *.txt    lines of SENTENCE => INTENT SLOT=VALUE ..., or SENTENCE => - if it\n"
                           "           must not be understood\n"
                           "\n"
                           "Prints each sentence with another meaning, and the counts. Without -g it uses\n"
                           "/etc/tragus/sentences.\n"
                           "\n"
                           "  -g, --grammar PATH         sentences: a file or a directory; may be repeated,\n"
                           "                             all are merged\n"
                           "      --language TAG         the language to load, if the files have sentences\n"
                           "                             in several, for example de\n"
                           "      --quiet                print the counts only\n"
                           "      --json                 print the counts only, as one JSON object, with\n"
                           "                             the number of templates that are loaded and of\n"
                           "                             parts of the grammar that are left out\n"
                           "  -v, --verbose              also print what is left out of the grammar, and\n"
                           "                             notes\n"
                           "\n"
                           "Exit codes: 0 all are right, 1 some are not, or there are none, 3 a file of\n"
                           "tests is missing or invalid, 4 the grammar is invalid.\n";

/* In place of an area, where Home Assistant's tests do not say where the microphone is. */
#define SOME_AREA "__context_area__"

struct test {
    tragus_grammar *grammar; /* as loaded */
    bool quiet, json;
    size_t n, n_right, n_files;
    size_t n_templates, n_left_out; /* of the grammar with the home for which most is loaded */
    int result;
};

static void say(const struct test *t, const char *file, const struct grammar_expected *x, const char *what) {
    if (!t->quiet)
        printf("%s:%d:%d: \"%s\" %s\n", file, x->line, x->column, x->text, what);
}

static const struct grammar_expected_slot *find(const struct grammar_expected *x, const char *name) {
    for (size_t i = 0; i < x->n_slots; i++)
        if (strcmp(x->slots[i].name, name) == 0)
            return &x->slots[i];
    return NULL;
}

static bool has_slot(const tragus_reading *r, const char *name) {
    for (size_t i = 0; i < r->n_slots; i++)
        if (strcmp(r->slots[i].name, name) == 0)
            return true;
    return false;
}

/* Writes what is wrong with a reading to text. Returns whether something is. A slot for which nothing was said comes from the
 * sentence's own `slots` or from the context; a test need not mention it. */
static bool differs(const tragus_reading *r, const struct grammar_expected *x, char *text, size_t size) {
    if (!r || !x->intent) {
        snprintf(text, size, r ? "means %s, but must not be understood" : "is not understood", r ? r->intent : "");
        return (r != NULL) != (x->intent != NULL);
    }
    if (strcmp(r->intent, x->intent) != 0) {
        snprintf(text, size, "means %s, not %s", r->intent, x->intent);
        return true;
    }
    for (size_t i = 0; !x->any_slots && i < r->n_slots; i++) {
        const struct grammar_expected_slot *slot = find(x, r->slots[i].name);
        bool optional = !r->slots[i].text[0] || (x->any_domain && strcmp(r->slots[i].name, "domain") == 0);
        if (slot ? grammar_expected_value(slot, &r->slots[i].value) : optional)
            continue;
        snprintf(text, size, slot ? "has %s=\"%s\", not \"%s\"" : "has %s=\"%s\", which is not expected", r->slots[i].name,
                 r->slots[i].value.text, slot && slot->n_values > 0 ? slot->values[0] : "");
        return true;
    }
    for (size_t i = 0; i < x->n_slots; i++)
        if (!has_slot(r, x->slots[i].name)) {
            snprintf(text, size, "has no %s", x->slots[i].name);
            return true;
        }
    return false;
}

static void test_sentence(struct test *t, tragus_grammar *g, const char *file, const struct grammar_expectations *e,
                          const struct grammar_expected *x) {
    tragus_context context[GRAMMAR_MAX_EXPECTED_CONTEXT + 1];
    size_t n_context = 0;
    tragus_match *match = NULL;
    tragus_error error = {0};
    char text[512], with_template[1024];

    context[n_context++] = (tragus_context){"area", e->area ? e->area : SOME_AREA};
    for (size_t i = 0; i < x->n_context; i++)
        context[n_context++] = x->context[i]; /* the last value of a key counts */
    const struct grammar_match_options how = {.context = context, .n_context = n_context, .max_readings = 1};
    int n = cli_match_text(&match, g, x->text, &how, &error);
    const tragus_reading *r = n > 0 ? tragus_match_reading(match, 0) : NULL;
    t->n++;
    if (n < 0) {
        snprintf(text, sizeof(text), "cannot be tested: %s", error.text);
        say(t, file, x, text);
    } else if (differs(r, x, text, sizeof(text))) {
        snprintf(with_template, sizeof(with_template), "%s%s%s%s", text, r && r->template_text ? " (" : "",
                 r && r->template_text ? r->template_text : "", r && r->template_text ? ")" : "");
        say(t, file, x, with_template);
    } else {
        t->n_right++;
    }
    tragus_match_free(match);
}

/* Gives the grammar the names of the home. Returns 0, or a negative errno and an error. */
static int enter_home(tragus_grammar **ret, tragus_grammar *g, const struct grammar_expectations *e, tragus_error *error) {
    tragus_grammar *now = tragus_grammar_ref(g);
    for (size_t i = 0; i < GRAMMAR_EXPECTED_LISTS; i++) {
        const struct grammar_expected_list *list = &e->lists[i];
        tragus_grammar *next = NULL;
        if (!list->given)
            continue;
        int r = tragus_grammar_with_list(&next, now, list->name, list->values, list->n, NULL, error);
        if (r == -ESRCH) /* no sentence needs such names */
            continue;
        tragus_grammar_unref(now);
        if (r < 0)
            return r;
        now = next;
    }
    *ret = now;
    return 0;
}

static void note_size(struct test *t, const tragus_grammar *g) {
    size_t n_templates = grammar_n_templates(engine_grammar_sentences(g)), n_left_out = 0;
    const tragus_diagnostic *d;

    for (size_t i = 0; (d = engine_grammar_diagnostic(g, i)); i++)
        n_left_out += d->severity >= TRAGUS_WARNING;
    if (n_templates < t->n_templates)
        return;
    t->n_templates = n_templates;
    t->n_left_out = n_left_out;
}

static void print_counts(const struct test *t) {
    if (!t->json) {
        printf("%zu of %zu sentences in %zu file%s are right\n", t->n_right, t->n, t->n_files, t->n_files == 1 ? "" : "s");
        return;
    }
    json_object *o = cli_json_new();
    busjson_add(o, "templates", json_object_new_int64((int64_t)t->n_templates));
    busjson_add(o, "left_out", json_object_new_int64((int64_t)t->n_left_out));
    busjson_add(o, "files", json_object_new_int64((int64_t)t->n_files));
    busjson_add(o, "sentences", json_object_new_int64((int64_t)t->n));
    busjson_add(o, "right", json_object_new_int64((int64_t)t->n_right));
    cli_json_print(o);
}

static int test_file(const char *path, void *user) {
    struct test *t = user;
    struct grammar_expectations *e = NULL;
    tragus_diagnostics d = {0};
    tragus_error error = {0};
    tragus_grammar *g = NULL;

    int r = grammar_expectations_read(&e, path, &d, &error);
    for (size_t i = 0; i < d.n_items; i++) {
        cli_complain(d.items[i].file, d.items[i].line, d.items[i].column, d.items[i].text);
        t->result = CLI_INPUT;
    }
    if (r >= 0 && e->n > 0) {
        t->n_files++;
        r = enter_home(&g, t->grammar, e, &error);
    }
    if (r < 0) {
        cli_complain(*error.file ? error.file : path, error.line, error.column, error.text);
        t->result = CLI_INPUT;
    }
    if (g)
        note_size(t, g);
    for (size_t i = 0; r >= 0 && i < e->n; i++)
        test_sentence(t, g, path, e, &e->items[i]);
    tragus_grammar_unref(g);
    grammar_expectations_free(e);
    tragus_diagnostics_done(&d);
    return 0;
}

int cli_grammar_test(int argc, char **argv) {
    enum { QUIET = 256, JSON };
    static const struct option options[] = {{"grammar", required_argument, NULL, 'g'},
                                            {"language", required_argument, NULL, CLI_LANGUAGE},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {"quiet", no_argument, NULL, QUIET},
                                            {"json", no_argument, NULL, JSON},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct cli_setup setup = {0};
    struct test t = {.result = CLI_OK};
    int option, r;

    while ((option = getopt_long(argc, argv, ":g:vh", options, NULL)) != -1) {
        if (cli_setup_option(&setup, option, optarg, argv[0], &r)) {
            if (r != CLI_OK)
                return r;
        } else if (option == QUIET || option == JSON) {
            t.quiet = true;
            t.json |= option == JSON;
        } else {
            return cli_other_option(argv[0], option, help, argv);
        }
    }
    if (optind == argc)
        return cli_usage(argv[0], "name a file or a folder of tests");
    setup.only_errors = !setup.verbose; /* the lists that are missing are in the tests */
    r = cli_open_grammar(&t.grammar, NULL, &setup);
    if (r != CLI_OK)
        return r;
    for (int i = optind; i < argc; i++) {
        tragus_error error = {0};
        if (engine_grammar_files(argv[i], test_file, &t, &error) < 0) {
            cli_complain(error.file, error.line, error.column, error.text);
            t.result = CLI_INPUT;
        }
    }
    tragus_grammar_unref(t.grammar);
    print_counts(&t);
    if (t.n == 0 && t.result == CLI_OK) {
        cli_complain("", 0, 0, "nothing was tested: there are no sentences in what was named");
        return CLI_NEGATIVE;
    }
    return t.result != CLI_OK ? t.result : t.n_right == t.n ? CLI_OK : CLI_NEGATIVE;
}
