/* SPDX-License-Identifier: Apache-2.0 */
/* cli/grammar_alike.h: names in the lists of a grammar that sound alike. */
#ifndef TRAGUS_CLI_GRAMMAR_ALIKE_H
#define TRAGUS_CLI_GRAMMAR_ALIKE_H

#include "base/error.h"

#include <stdbool.h>

#define GRAMMAR_ALIKE_MOST 1000 /* names that are compared with each other */

/* Calls found with a sentence for each pair of names of the same list, with different values, that sound the same or alike.
 * pronunciations: the user's own, may be NULL. *ret_all: whether all names were compared. Returns 0, or a negative errno and a
 * message. */
int grammar_alike(const tragus_grammar *g, tragus_model *m, const char *pronunciations, void (*found)(const char *text, void *user),
                  void *user, bool *ret_all, tragus_error *reterr);

#endif
