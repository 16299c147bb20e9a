/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/language.h: how a language says numbers and symbols: tables from models/TAG/language.yaml; each entry is a template. */
#ifndef TRAGUS_GRAMMAR_LANGUAGE_H
#define TRAGUS_GRAMMAR_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct base_buffer;

/* How the numbers from..to are built: n = q * divisor + r; `#q` and `#r` in text stand for the spelled parts. Every row that fits
 * is an alternative. remainder: 0 = only for r = 0, 1 = only for r > 0. */
struct grammar_number_row {
    int64_t from, to, divisor;
    int remainder;
    const char *text;
};

struct grammar_symbol {
    const char *typed, *spoken; /* lower case */
};

struct grammar_language {
    const char *tag;          /* "en" */
    const char *const *small; /* numbers 0..n_small-1; none, or at least ten */
    size_t n_small;
    const struct grammar_number_row *rows; /* for larger numbers */
    size_t n_rows;
    const char *minus, *point;
    const char *and_half, *half;          /* "#i and a half", "a half"; NULL: not said */
    const struct grammar_symbol *symbols; /* longer symbols first */
    size_t n_symbols;
};

struct grammar_builder;
struct grammar_report;

/* Gets the tables for a language tag with or without a region; they are read at the first call. *ret is NULL if there are none, or
 * if they have mistakes, which are reported. Returns 0, or the code that ended a pool's run. */
int grammar_builder_language(const struct grammar_language **ret, struct grammar_builder *b, const char *tag,
                             struct grammar_report *report);

/* Returns whether two tags name the same language, regardless of the region. */
bool grammar_language_same(const char *a, const char *b);

/* Returns whether two tags are equal, in any case and with - or _. */
bool grammar_language_equal(const char *a, const char *b);
bool grammar_language_has_region(const char *tag);

/* Appends the template of how a number is said; digits as in "-20.5". Returns false, and adds nothing, if the tables do not cover
 * it. */
bool grammar_language_spell(const struct grammar_language *l, const char *digits, size_t len, struct base_buffer *out);

#endif
