/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/examine.h: what a compiled grammar consists of, for tools that help to write one. */
#ifndef TRAGUS_GRAMMAR_EXAMINE_H
#define TRAGUS_GRAMMAR_EXAMINE_H

#include "grammar/grammar.h"

struct grammar_examined { /* one template */
    const char *file, *text, *intent;
    int line, column;
    double ways;    /* how many different sentences it makes, each free text counted once; 0: it never matches */
    size_t n_words; /* of the longest of them */
    bool is_wild;   /* has free text */
};
/* i: 0..grammar_n_templates - 1. The texts live as long as g, and readings have the same pointers (template_text). */
void grammar_examine(const struct grammar *g, size_t i, struct grammar_examined *ret);

/* Makes a random sentence of a template, with the names of free text as its words. *seed changes. Returns a text that the caller
 * frees, or NULL: it makes none, or memory is out. */
char *grammar_sample(const struct grammar *g, size_t i, uint64_t *seed);

/* Calls visit for each value of each list that templates use; spoken: one of the ways to say it, valid during the call. Returns the
 * first negative value of visit, or 0, or -ENOMEM. */
int grammar_visit_values(const struct grammar *g, int (*visit)(const char *list, const char *spoken, const char *value, void *user),
                         void *user);

#endif
