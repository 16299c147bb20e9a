/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/range_part.c: the parts of a range that phrases of times mean: "past" has minutes up to half an hour, "to" has those that
 * are left and the next hour. Each is a list of its own with the slot's values. */
#include "grammar/resolve.h"

#include <string.h>

enum { HOURS = 24, MINUTES = 60 };

static bool holds(const struct grammar_list *base, int n) {
    for (size_t i = 0; i < base->n_ranges; i++) {
        const struct grammar_range *r = &base->ranges[i];
        if (r->words && n >= r->from && n <= r->to && (n - r->from) % r->step == 0)
            return true;
    }
    return false;
}

/* Returns whether the slot's values are the numbers themselves. */
static bool is_plain(const struct grammar_list *base) {
    for (size_t i = 0; i < base->n_ranges; i++)
        if (base->ranges[i].multiplier != 1 || base->ranges[i].fractions != GRAMMAR_WHOLE)
            return false;
    return base->kind == GRAMMAR_LIST_RANGE;
}

/* Adds a value, said as another number, or not said. */
static void add(struct grammar_compiler *c, struct grammar_list *list, int value, const char *said) {
    struct grammar_pool *pool = &c->g->pool;
    struct grammar_entry e = {.has_out = true, .spelling = said};
    e.in = grammar_template_parse(&c->parser, said, strlen(said));
    e.out = (tragus_value){.type = TRAGUS_INTEGER, .integer = value, .real = value, .text = grammar_pool_format(pool, "%d", value)};
    *grammar_pool_push(pool, list->entries, list->n_entries, list->size_entries) = e;
}

static void fill(struct grammar_compiler *c, struct grammar_list *list, const struct grammar_list *base,
                 const struct grammar_item *item) {
    struct grammar_pool *pool = &c->g->pool;
    switch (item->part) {
    case GRAMMAR_LIST_WHOLE:
        break;
    case GRAMMAR_LIST_FROM_TO:
        for (int n = item->part_from; n <= item->part_to; n++)
            if (holds(base, n))
                add(c, list, n, grammar_pool_format(pool, "%d", n));
        break;
    case GRAMMAR_LIST_UNSAID:
        list->kind = GRAMMAR_LIST_VALUES;
        if (holds(base, item->part_from))
            add(c, list, item->part_from, "");
        break;
    case GRAMMAR_LIST_TO_HOUR:
        for (int n = item->part_from; n <= item->part_to; n++)
            if (holds(base, n))
                add(c, list, n, grammar_pool_format(pool, "%d", MINUTES - n));
        break;
    case GRAMMAR_LIST_BELOW_ZERO:
        for (size_t i = 0; i < base->n_ranges; i++)
            for (int64_t n = base->ranges[i].from; base->ranges[i].words && n < 0 && n <= base->ranges[i].to;
                 n += base->ranges[i].step)
                add(c, list, (int)n, grammar_pool_format(pool, "%d", (int)-n));
        break;
    case GRAMMAR_LIST_NEXT_HOUR: /* "to one" rather means noon than midnight, so 0 comes last */
        for (int n = 1; n < HOURS; n++)
            if (holds(base, n))
                add(c, list, n, grammar_pool_format(pool, "%d", n == HOURS / 2 ? 1 : (n + 1) % HOURS));
        if (holds(base, 0))
            add(c, list, 0, "1");
        break;
    }
}

const struct grammar_list *grammar_range_part(struct grammar_compiler *c, const struct grammar_list *base,
                                              const struct grammar_item *item) {
    if (item->part == GRAMMAR_LIST_WHOLE || base->kind == GRAMMAR_LIST_WILDCARD)
        return base;
    const char *key =
        grammar_pool_format(&c->g->pool, "%u %d %d..%d", base->number, (int)item->part, item->part_from, item->part_to);
    struct grammar_list *list = grammar_map_get(&c->range_parts, key);
    if (!list) {
        list = grammar_pool_alloc(&c->g->pool, sizeof *list);
        *grammar_map_at(&c->range_parts, &c->g->pool, key) = list;
        list->name = base->name;
        list->number = c->g->n_lists++;
        list->kind = GRAMMAR_LIST_RANGE;
        if (is_plain(base))
            fill(c, list, base, item);
    }
    return list;
}
