/* SPDX-License-Identifier: Apache-2.0 */
/* cli/listen_grammar.h: the sentences of `tragus listen -g`, for tragusd. */
#ifndef TRAGUS_CLI_LISTEN_GRAMMAR_H
#define TRAGUS_CLI_LISTEN_GRAMMAR_H

#include <stddef.h>
#include <systemd/sd-bus.h>

/* The name of the grammar, which only this connection sees. */
#define LISTEN_GRAMMAR "tragus-listen"

/* Sends files and folders of sentences to tragusd, as one grammar. Prints what is wrong or left out; returns CLI_OK or another exit
 * code. */
int listen_add_grammar(sd_bus *bus, const char *const paths[], size_t n_paths);

#endif
