/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/costs.h: finds the template or list that takes most time or memory, so that an error message can name it. */
#ifndef TRAGUS_GRAMMAR_COSTS_H
#define TRAGUS_GRAMMAR_COSTS_H

#include "base/budget.h"
#include "grammar/diagnostic.h"

struct grammar_cost {
    struct grammar_position position;
    const char *text; /* the template, or the name of the list; NULL: none in particular */
    uint64_t units, bytes;
};

struct grammar_costs {
    const struct base_budget *budget; /* a cost is what is spent from it; not NULL */
    struct grammar_cost now, most_units, most_bytes;
    uint64_t units_before;
    size_t bytes_before;
};

/* Attributes the following costs to the text at this position. Returns the previous attribution, for grammar_costs_resume. */
struct grammar_cost grammar_costs_begin(struct grammar_costs *c, struct grammar_position position, const char *text);
void grammar_costs_resume(struct grammar_costs *c, const struct grammar_cost *outer);

/* Adds what was spent since the last call to the current cost. */
void grammar_costs_settle(struct grammar_costs *c);

/* Reports that a budget or the memory is exceeded, and what costs most. what: "compiling", "matching". Returns code. */
int grammar_costs_refuse(const struct grammar_costs *c, int code, const char *what, struct grammar_report *r);

#endif
