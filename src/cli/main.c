/* SPDX-License-Identifier: Apache-2.0 */
/* cli/main.c: `tragus VERB ...`: looks the verb up in a table and calls it. */
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct verb {
    const char *name, *summary;
    cli_verb_function *function;
};

static const struct verb verbs[] = {
    {"transcribe", "recognise sound files and print their sentences", cli_transcribe},
    {"spot", "find a phrase, such as a wake phrase, in sound files", cli_spot},
    {"match", "print intent and slots of typed sentences", cli_match},
    {"grammar", "check, sample and test sentences", cli_grammar},
    {"evaluate", "measure accuracy and CPU time on labelled recordings", cli_evaluate},
    {"pronounce", "print the pronunciations of words", cli_pronounce},
    {"features", "print the features that are the input of the network", cli_features},
    {"model", "info: print the properties of a model; check: test it on this CPU", cli_model},
    {"bench", "measure the time of each stage on this machine", cli_bench},
    {"listen", "print what the daemon understands, with a level meter", cli_listen},
    {"status", "print the state of the daemon, its CPU time and memory", cli_status},
    {"reload", "have the daemon read its sentences again", cli_reload},
    {"devices", "list the microphones, and whether each can be opened", cli_devices},
    {"words", "build: make a language model for free words; measure: test one", cli_words},
    {"doctor", "check the daemon, the microphone and your voice, and advise", cli_doctor},
};
#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const char exit_codes[] = "0  success; something was understood\n"
                                 "1  the command ran, and the result is negative: nothing understood, no match,\n"
                                 "   a check that found a difference, no microphone that can be opened, or a\n"
                                 "   failed check of doctor\n"
                                 "2  wrong command line\n"
                                 "3  an input file is missing or invalid: sound, list\n"
                                 "4  model, lexicon or grammar is missing or invalid\n"
                                 "5  the daemon, tragusd, cannot be reached\n"
                                 "6  the daemon does not allow this to you; the message names the command that\n"
                                 "   changes it\n";

static const char environment[] = "TRAGUS_MODEL  the model if -m is not given: an acoustic model file or the\n"
                                  "              directory of a language\n"
                                  "TRAGUS_CPU    instruction sets that may be used: all, none, or names like\n"
                                  "              avx2,neon; it can only disable them\n";

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
    puts("\n'tragus VERB --help' explains a verb; 'tragus help exit-codes' and 'tragus help\n"
         "environment' are for scripts; 'tragus --version' prints the version.");
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
    fprintf(stderr, "tragus: there is no help for '%s'; 'tragus help' lists the verbs\n", argv[1]);
    return CLI_USAGE;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fputs("tragus: a verb is missing; 'tragus help' lists the verbs\n", stderr);
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
        fprintf(stderr, "tragus: unknown verb '%s'; 'tragus help' lists the verbs\n", name);
        return CLI_USAGE;
    }
    opterr = 0; /* the verbs report errors themselves, with the name of the program */
    int r = verb->function(argc - 1, argv + 1);
    /* Report a full disk as an error. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("tragus: standard output");
        return r == CLI_OK ? CLI_INPUT : r;
    }
    return r;
}
