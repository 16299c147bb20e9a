/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/diagnostic.h: reports all mistakes in a grammar, each with its position and how to fix it. */
#ifndef TRAGUS_GRAMMAR_DIAGNOSTIC_H
#define TRAGUS_GRAMMAR_DIAGNOSTIC_H

#include "grammar/grammar.h"

/* Receives the diagnostics of one call: the caller's list (may be NULL) and its error (the first one of severity ERROR).
 * With `mistake`, an error costs only the value, template, block or file that holds it: the error is listed as a warning that it is
 * left out, reterr stays as it is, and the first such error of all calls is kept in *mistake. n_errors counts in both cases. */
struct grammar_report {
    tragus_diagnostics *list;
    tragus_error *reterr;
    size_t n_errors;
    tragus_error *mistake;
};

struct grammar_position {
    const char *file;
    int line, column;
};

void grammar_report_at(struct grammar_report *r, tragus_severity severity, struct grammar_position position, const char *format,
                       ...) __attribute__((format(printf, 4, 5)));

/* Like the above, for failures that are not mistakes in the text: replaces an earlier error in reterr and has its own code. */
void grammar_report_failure(struct grammar_report *r, int code, struct grammar_position position, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
