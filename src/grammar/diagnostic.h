/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/diagnostic.h: saying what is wrong in a grammar: all of it, each with its position and how to mend it. */
#ifndef TRAGUS_GRAMMAR_DIAGNOSTIC_H
#define TRAGUS_GRAMMAR_DIAGNOSTIC_H

#include "grammar/grammar.h"

/* Where diagnostics of one call go: the caller's list (may be NULL) and its error (the first one of severity ERROR). */
struct grammar_report {
    tragus_diagnostics *list;
    tragus_error *reterr;
    size_t n_errors;
};

struct grammar_position {
    const char *file;
    int line, column;
};

void grammar_report_at(struct grammar_report *r, tragus_severity severity, struct grammar_position position, const char *format,
                       ...) __attribute__((format(printf, 4, 5)));

/* The same for what is no mistake in the text: an error that replaces the ones before it in reterr, with a code of its own. */
void grammar_report_failure(struct grammar_report *r, int code, struct grammar_position position, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
