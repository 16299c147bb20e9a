/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/jsgf.h: what the reader of a JSGF grammar knows about names, for the parser of its rules. */
#ifndef TRAGUS_GRAMMAR_JSGF_H
#define TRAGUS_GRAMMAR_JSGF_H

#include "grammar/model.h"

struct grammar_jsgf_scope {
    const char *grammar;  /* its full name; rules are named "grammar.rule" */
    const char **imports; /* "grammar.rule" or "grammar.*" */
    size_t n_imports, size_imports;
    const struct grammar_map *rules; /* all rules that were read */
};

/* Finds the next line with an import in a text, from *text on, and writes the name of the grammar. Returns false if there is none.
 */
bool grammar_jsgf_import(const char **text, const char *end, char *name, size_t size);

#endif
