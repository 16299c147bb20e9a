/* SPDX-License-Identifier: Apache-2.0 */
/* cli/grammar.h: the sub-verbs of `tragus grammar`. */
#ifndef TRAGUS_CLI_GRAMMAR_H
#define TRAGUS_CLI_GRAMMAR_H

#include "cli/cli.h"

/* argv[0] is "grammar SUBVERB", for messages. */
cli_verb_function cli_grammar_check, cli_grammar_sample, cli_grammar_test;

#endif
