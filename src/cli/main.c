/* SPDX-License-Identifier: Apache-2.0 */
/* cli/main.c: `tragus VERB ...`: finds the verb in a table and calls it. */
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verb {
    const char *name, *summary;
    cli_verb_function *function;
};

static const struct verb verbs[] = {
    {"transcribe", "sound files to sentences", cli_transcribe},
    {"match", "typed sentences to intent and slots", cli_match},
    {"evaluate", "labelled recordings: how often it is right, what it costs", cli_evaluate},
    {"pronounce", "how words are taken to be spoken", cli_pronounce},
    {"features", "the numbers that the network sees", cli_features},
    {"model", "info: what a model says of itself; check: whether it computes right here", cli_model},
    {"bench", "what recognition costs on this machine", cli_bench},
    {"listen", "what the daemon hears, with a level meter", cli_listen},
    {"status", "what the daemon does and costs", cli_status},
};
#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const char exit_codes[] = "0  done; something was understood\n"
                                 "1  it ran, and the answer is no: nothing understood, no match, a check that found a difference\n"
                                 "2  wrong command line\n"
                                 "3  a file to work on is missing or wrong: sound, list\n"
                                 "4  model, lexicon or grammar are missing or wrong\n"
                                 "5  the daemon, tragusd, cannot be reached\n";

static const char environment[] =
    "TRAGUS_MODEL  the model where -m names none: an acoustic model or the directory of a language\n"
    "TRAGUS_CPU    which instruction sets may be used: all, none, or names like avx2,neon; it only takes away\n";

static const struct verb *find(const char *name) {
    for (size_t i = 0; i < N_VERBS; i++)
        if (strcmp(name, verbs[i].name) == 0)
            return &verbs[i];
    return NULL;
}

static void print_help(void) {
    puts("Usage: tragus VERB ...\n\nUnderstands spoken commands on this machine.\n");
    for (size_t i = 0; i < N_VERBS; i++)
        printf("  %-12s %s\n", verbs[i].name, verbs[i].summary);
    puts("\n'tragus VERB --help' says more of a verb; 'tragus help exit-codes' and 'tragus help environment' are for scripts;\n"
         "'tragus --version' prints the version.");
}

static int help(int argc, char **argv) {
    if (argc < 2) {
        print_help();
        return CLI_OK;
    }
    if (strcmp(argv[1], "exit-codes") == 0) {
        fputs(exit_codes, stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "environment") == 0) {
        fputs(environment, stdout);
        return CLI_OK;
    }
    const struct verb *verb = find(argv[1]);
    if (verb)
        return verb->function(2, (char *[]){argv[1], (char *)"--help", NULL});
    fprintf(stderr, "tragus: there is no help on '%s'\n", argv[1]);
    return CLI_USAGE;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fputs("tragus: a verb is missing; 'tragus help' lists them\n", stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0) {
        printf("tragus %s\n", tragus_version());
        return CLI_OK;
    }
    const struct verb *verb = find(name);
    if (!verb) {
        fprintf(stderr, "tragus: '%s' is no verb; 'tragus help' lists them\n", name);
        return CLI_USAGE;
    }
    opterr = 0; /* the verbs complain themselves, with the program's name */
    int r = verb->function(argc - 1, argv + 1);
    /* A full disk must not look like success. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("tragus: standard output");
        return r == CLI_OK ? CLI_INPUT : r;
    }
    return r;
}
