/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/diagnostic.h: saying what is wrong in a grammar: all of it, each with its place and how to mend it. */
#ifndef TRAGUS_GRAMMAR_DIAGNOSTIC_H
#define TRAGUS_GRAMMAR_DIAGNOSTIC_H

#include "grammar/grammar.h"

/* Where diagnostics of one call go: the caller's list (may be NULL) and its error (the first one of severity ERROR). */
struct grammar_report {
    struct grammar_diagnostics *list;
    struct base_error *reterr;
    size_t n_errors;
};

struct grammar_place {
    const char *file;
    int line, column;
};

void grammar_report_at(struct grammar_report *r, enum grammar_severity severity, struct grammar_place place, const char *format,
                       ...) __attribute__((format(printf, 4, 5)));

/* Of n names the one that a misspelt `name` most likely means, or NULL: at most a third of its letters changed. `get` gives the
 * i-th name (NULL: not a candidate). */
const char *grammar_nearest(const char *name, const char *(*get)(const void *names, size_t i), const void *names, size_t n);

#endif
