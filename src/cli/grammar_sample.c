/* SPDX-License-Identifier: Apache-2.0 */
/* cli/grammar_sample.c: `tragus grammar sample`: random sentences of a grammar with their meaning. */
#include "cli/grammar.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "Usage: tragus grammar sample [-g GRAMMAR]... [-n N] [--seed S]\n"
                           "\n"
                           "Prints random sentences with intent and slots, in the form that 'tragus grammar\n"
                           "test' reads. Each template is as likely as any other. Without -g it uses\n"
                           "/etc/tragus/sentences.\n"
                           "\n"
                           "  -n, --number N             sentences; default 10\n"
                           "      --seed S               another number gives other sentences; default 1\n"
                           "  -g, --grammar PATH         sentences: a file or a directory; may be repeated,\n"
                           "                             all are merged\n"
                           "      --language TAG         the language to load, if the files have sentences\n"
                           "                             in several, for example de\n"
                           "      --context KEY=VALUE    context of the sentences, for example\n"
                           "                             area=Kitchen; may be repeated\n"
                           "  -v, --verbose              also print notes on the grammar\n"
                           "\n"
                           "Exit codes: 0 sentences were printed, 1 there are none, 4 the grammar is\n"
                           "invalid.\n";

#define MOST 1000000 /* sentences */

static void print_slot(const tragus_slot *s) {
    bool quoted = s->value.text[0] == '\0' || strpbrk(s->value.text, " \t");
    printf(quoted ? " %s=\"%s\"" : " %s=%s", s->name, s->value.text);
}

/* Prints a sentence of a template. Returns whether there was one. */
static bool print_sample(tragus_grammar *g, size_t template, uint64_t *seed, const struct cli_context *context) {
    tragus_match *match = NULL;
    char *text = grammar_sample(engine_grammar_sentences(g), template, seed);
    if (!text)
        return false;
    bool good = tragus_match_text(&match, g, text, context->items, context->n, 1) > 0;
    if (good) {
        const tragus_reading *r = tragus_match_reading(match, 0);
        printf("%s => %s", text, *r->intent ? r->intent : "\"\"");
        for (size_t i = 0; i < r->n_slots; i++)
            print_slot(&r->slots[i]);
        putchar('\n');
    }
    tragus_match_free(match);
    free(text);
    return good;
}

static int sample(tragus_grammar *g, size_t n, uint64_t seed, const struct cli_context *context) {
    size_t n_templates = grammar_n_templates(engine_grammar_sentences(g)), n_printed = 0;
    uint64_t choice = seed * 0x9E3779B97F4A7C15u + 1;

    for (size_t tries = 0; n_templates > 0 && n_printed < n && tries < 20 * n + n_templates; tries++) {
        choice = choice * 6364136223846793005u + 1442695040888963407u;
        n_printed += print_sample(g, (size_t)(choice >> 33) % n_templates, &seed, context);
    }
    return n_printed > 0 ? CLI_OK : CLI_NEGATIVE;
}

int cli_grammar_sample(int argc, char **argv) {
    enum { SEED = 256, CONTEXT };
    static const struct option options[] = {{"grammar", required_argument, NULL, 'g'},
                                            {"language", required_argument, NULL, CLI_LANGUAGE},
                                            {"number", required_argument, NULL, 'n'},
                                            {"seed", required_argument, NULL, SEED},
                                            {"context", required_argument, NULL, CONTEXT},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct cli_setup setup = {0};
    struct cli_context context = {.n = 0};
    uint64_t n = 10, seed = 1;
    tragus_grammar *g = NULL;
    int option, r;

    while ((option = getopt_long(argc, argv, ":g:n:vh", options, NULL)) != -1) {
        if (cli_setup_option(&setup, option, optarg, argv[0], &r)) {
            if (r != CLI_OK)
                return r;
        } else if (option == 'n') {
            if ((r = cli_number(argv[0], "--number", optarg, 1, MOST, &n)) != CLI_OK)
                return r;
        } else if (option == SEED) {
            if ((r = cli_number(argv[0], "--seed", optarg, 0, UINT64_MAX, &seed)) != CLI_OK)
                return r;
        } else if (option == CONTEXT) {
            if ((r = cli_context_add(&context, optarg, argv[0])) != CLI_OK)
                return r;
        } else {
            return cli_other_option(argv[0], option, help, argv);
        }
    }
    if (optind < argc)
        return cli_usage(argv[0], "unexpected argument %s", argv[optind]);
    r = cli_open_grammar(&g, NULL, &setup);
    if (r == CLI_OK)
        r = sample(g, n, seed, &context);
    tragus_grammar_unref(g);
    return r;
}
