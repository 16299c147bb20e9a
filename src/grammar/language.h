/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/language.h: how a language says numbers and symbols: tables from models/TAG/language.yaml and models/numbers/TAG.yaml. */
#ifndef TRAGUS_GRAMMAR_LANGUAGE_H
#define TRAGUS_GRAMMAR_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grammar_numbers;

struct grammar_symbol {
    const char *typed, *spoken; /* lower case */
    uint32_t first;             /* character of `typed` */
};

struct grammar_symbols {
    const struct grammar_symbol *items; /* longer ones first */
    size_t n;
    uint32_t first[4]; /* a bit for each character of ASCII that a symbol begins with */
};

struct grammar_clock_rule { /* how times with the minutes from..to are said */
    int from, to;
    const char *text; /* with {hour} or {next_hour}; with {minute} or {minutes_to}, if there are several minutes */
};

struct grammar_language {
    const char *tag;                                /* "en" */
    const struct grammar_numbers *numbers;          /* NULL: they have no words */
    struct grammar_symbols symbols;                 /* anywhere */
    struct grammar_symbols before, between, behind; /* numbers; before: phrases with {number}, one a line */
    struct grammar_symbols below_zero;              /* units, and phrases with {number}, which is below zero */
    const struct grammar_clock_rule *clock;         /* of 7:30 */
    size_t n_clock;
    const char *capitals_path;                 /* of a list of words that are written with capitals; it may not exist */
    const char *measures_one, *measures_other; /* templates: words of measure after "one", and after other numbers; NULL: none */
};

struct grammar_builder;
struct grammar_report;

/* Gets the tables for a language tag with or without a region; they are read at the first call. *ret is NULL if there are none, or
 * if they have mistakes, which are reported. Returns 0, or the code that ended a pool's run. */
int grammar_builder_language(const struct grammar_language **ret, struct grammar_builder *b, const char *tag,
                             struct grammar_report *report);

/* Returns whether two tags are equal, in any case and with - or _. */
bool grammar_language_equal(const char *a, const char *b);
bool grammar_language_has_region(const char *tag);

#endif
