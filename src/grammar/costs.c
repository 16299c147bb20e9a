/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/costs.c: measures costs as differences of the budget's counters, and keeps the largest. */
#include "grammar/costs.h"

#include <errno.h>
#include <stdbool.h>

void grammar_costs_settle(struct grammar_costs *c) {
    c->now.units += c->budget->units - c->units_before;
    c->units_before = c->budget->units;
    if (c->budget->used_bytes > c->bytes_before) /* otherwise more was freed than allocated */
        c->now.bytes += c->budget->used_bytes - c->bytes_before;
    c->bytes_before = c->budget->used_bytes;
    if (!c->now.text)
        return;
    if (c->now.units > c->most_units.units)
        c->most_units = c->now;
    if (c->now.bytes > c->most_bytes.bytes)
        c->most_bytes = c->now;
}

struct grammar_cost grammar_costs_begin(struct grammar_costs *c, struct grammar_position position, const char *text) {
    grammar_costs_settle(c);
    struct grammar_cost outer = c->now;
    c->now = (struct grammar_cost){.position = position, .text = text};
    return outer;
}

void grammar_costs_resume(struct grammar_costs *c, const struct grammar_cost *outer) {
    grammar_costs_settle(c);
    c->now = *outer;
}

int grammar_costs_refuse(const struct grammar_costs *c, int code, const char *what, struct grammar_report *r) {
    const struct grammar_cost *most = code == -ETIME ? &c->most_units : &c->most_bytes;
    struct grammar_position nowhere = {0};
    const char *text = most->text ? most->text : "";
    const char *cause = most->text ? "; this costs most, so split it or use fewer options: " : "; leave parts out";
    bool many = c->budget->max_bytes >= 8 << 20;
    if (code == -ECANCELED)
        grammar_report_failure(r, code, nowhere, "%s was cancelled", what);
    else if (code == -ETIME)
        grammar_report_failure(r, code, most->position, "%s takes more than %u ms of processor time%s%.80s", what,
                               (unsigned)c->budget->max_cpu_ms, cause, text);
    else if (code == -E2BIG && c->budget->code == -E2BIG)
        grammar_report_failure(r, code, most->position, "%s takes more than %zu %s of memory%s%.80s", what,
                               c->budget->max_bytes >> (many ? 20 : 10), many ? "MB" : "KB", cause, text);
    else if (code == -E2BIG)
        grammar_report_failure(r, code, most->position, "%s takes too many steps or too much memory%s%.80s", what, cause, text);
    else
        grammar_report_failure(r, code, nowhere, "out of memory");
    return code;
}
