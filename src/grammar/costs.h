/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/costs.h: which template or list of a grammar costs most time and memory, so that a refusal can name it. */
#ifndef TRAGUS_GRAMMAR_COSTS_H
#define TRAGUS_GRAMMAR_COSTS_H

#include "base/budget.h"
#include "grammar/diagnostic.h"

struct grammar_cost {
    struct grammar_position position;
    const char *text; /* of the template, or the list's name; NULL: nothing in particular */
    uint64_t units, bytes;
};

struct grammar_costs {
    const struct base_budget *budget; /* what is spent of it is the cost; not NULL */
    struct grammar_cost now, most_units, most_bytes;
    uint64_t units_before;
    size_t bytes_before;
};

/* From here on costs are those of what stands at a position. Returns what was under way, for grammar_costs_resume. */
struct grammar_cost grammar_costs_begin(struct grammar_costs *c, struct grammar_position position, const char *text);
void grammar_costs_resume(struct grammar_costs *c, const struct grammar_cost *outer);

/* Counts the cost of what is under way. */
void grammar_costs_settle(struct grammar_costs *c);

/* Reports that a budget is exceeded, or memory, and what costs most. what: "compiling", "matching". Returns code. */
int grammar_costs_refuse(const struct grammar_costs *c, int code, const char *what, struct grammar_report *r);

#endif
