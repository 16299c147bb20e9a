/* SPDX-License-Identifier: Apache-2.0 */
/* cli/grammar.c: `tragus grammar SUBVERB ...`: what helps to write sentences. */
#include "cli/grammar.h"

#include <stdio.h>
#include <string.h>

static const char help[] = "Usage: tragus grammar SUBVERB ...\n"
                           "\n"
                           "  tragus grammar check [OPTIONS] FILE...  print what is wrong in sentences\n"
                           "  tragus grammar sample [OPTIONS]         print random sentences and meanings\n"
                           "  tragus grammar test [OPTIONS] FILE...   test the meaning of sentences\n"
                           "\n"
                           "'tragus grammar SUBVERB --help' explains one.\n";

static const struct {
    const char *name, *full;
    cli_verb_function *function;
} subverbs[] = {
    {"check", "grammar check", cli_grammar_check},
    {"sample", "grammar sample", cli_grammar_sample},
    {"test", "grammar test", cli_grammar_test},
};

int cli_grammar(int argc, char **argv) {
    if (argc < 2)
        return cli_usage(argv[0], "a sub-verb is missing: check, sample or test");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fputs(help, stdout);
        return CLI_OK;
    }
    for (size_t i = 0; i < sizeof(subverbs) / sizeof(subverbs[0]); i++)
        if (strcmp(argv[1], subverbs[i].name) == 0) {
            argv[1] = (char *)subverbs[i].full;
            return subverbs[i].function(argc - 1, argv + 1);
        }
    return cli_usage(argv[0], "%s: unknown sub-verb; it must be check, sample or test", argv[1]);
}
