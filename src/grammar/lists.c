/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/lists.c: compiles lists on first use: values, numbers in words, ranges written in a template. */
#include "grammar/index.h"
#include "grammar/language.h"
#include "grammar/numbers.h"
#include "grammar/resolve.h"
#include "grammar/value.h"

#include <stdio.h>
#include <string.h>

enum { MOST_NUMBERS = 20000 }; /* limit for the numbers of one range in words */

struct known_list {
    enum grammar_state state;
    struct grammar_list *list;
};

static void push_entry(struct grammar_compiler *c, struct grammar_list *list, struct grammar_entry e) {
    *grammar_pool_push(&c->g->pool, list->entries, list->n_entries, list->size_entries) = e;
}

/* Adds a number said digit by digit, also with as many digits as the largest one has ("oh oh seven"). like: the same in words. */
static void add_one_by_one(struct grammar_compiler *c, struct grammar_list *list, const struct grammar_range *range, int64_t number,
                           const struct grammar_entry *like) {
    char digits[40];
    int width = snprintf(digits, sizeof digits, "%lld", (long long)range->to);
    int n = snprintf(digits, sizeof digits, "%lld", (long long)number);
    struct grammar_entry e = *like;
    for (int padded = n > 1 ? 0 : 1; number >= 0 && padded < (n < width ? 2 : 1); padded++) {
        snprintf(digits, sizeof digits, "%0*lld", padded ? width : n, (long long)number);
        e.in = grammar_template_digits(&c->parser, digits);
        if (e.in)
            push_entry(c, list, e);
    }
}

/* Adds the numbers of a range in words. Returns false if there are too many. */
static bool add_numbers(struct grammar_compiler *c, struct grammar_list *list, const struct grammar_range *range) {
    const struct grammar_language *before = c->parser.language;
    if (range->words_language)
        c->parser.language = grammar_tables_of(c, range->words_language);
    int64_t n = (range->to - range->from) / range->step + 1;
    if (range->fractions)
        n *= range->fractions;
    bool fits = n <= MOST_NUMBERS && list->n_entries + (size_t)n <= MOST_NUMBERS;
    for (int64_t i = range->from; c->parser.language && fits && i <= range->to; i += range->step)
        for (int fraction = 0; fraction < (range->fractions ? (int)range->fractions : 1); fraction++) {
            int tenth = range->fractions == GRAMMAR_HALVES ? fraction * 5 : fraction;
            char digits[40];
            if (tenth && i < 0 && i == range->from)
                break; /* below the range */
            if (tenth)
                snprintf(digits, sizeof digits, "%lld.%d", (long long)i, tenth);
            else
                snprintf(digits, sizeof digits, "%lld", (long long)i);
            int64_t tenths = i * 10 + (i < 0 ? -tenth : tenth); /* "-3.5" means minus three point five */
            struct grammar_entry e = {.has_out = true,
                                      .in = range->ordinal ? grammar_template_ordinal(&c->parser, digits)
                                                           : grammar_template_number(&c->parser, digits)};
            if (!e.in)
                continue;
            e.out = grammar_value_number(&c->g->pool, (double)tenths / 10 * range->multiplier);
            if (range->digits) /* or they would not match when typed */
                e.spelling = grammar_pool_text(&c->g->pool, digits, strlen(digits));
            push_entry(c, list, e);
            if (range->one_by_one && !tenth)
                add_one_by_one(c, list, range, i, &e);
        }
    c->parser.language = before;
    return fits;
}

/* Whether nothing follows within a template, where other ways to say the same do not count. */
static bool is_end(const char *at) {
    for (int depth; *at; at++) {
        if (*at == '|')
            for (depth = 0; at[1] && (depth > 0 || !strchr(")]", at[1])); at++)
                depth += (strchr("([", at[1]) != NULL) - (strchr(")]", at[1]) != NULL);
        else if (!strchr(")]", *at))
            return false;
    }
    return true;
}

/* Whether one of the ways in a template ends with a text: "(third|thrice)" with "rd". */
static bool a_way_ends_with(const char *template_text, const char *end) {
    const char *at = strstr(template_text, end);
    while (at && !is_end(at + strlen(end)))
        at = strstr(at + 1, end);
    return at != NULL;
}

/* The signs that a number may have: "3rd", because "third" ends so, and not "3st". If none fits, all do. */
static uint32_t signs_of(struct grammar_compiler *c, const struct grammar_ordinal_signs *signs, int number) {
    struct base_buffer *words = &c->parser.scratch;
    char digits[16];
    uint32_t fit = 0;
    snprintf(digits, sizeof digits, "%d", number);
    base_buffer_clear(words);
    bool said = grammar_numbers_say_all(c->parser.language->numbers, true, digits, strlen(digits), words);
    for (size_t i = 0; said && i < signs->n; i++)
        fit |= (uint32_t)a_way_ends_with(words->data, signs->texts[i]) << i;
    return fit ? fit : UINT32_MAX;
}

/* Takes over which signs the language has in typed numbers; the grammar outlives the language's tables. */
static void take_signs(struct grammar_compiler *c, struct grammar_range *range) {
    const struct grammar_numbers *numbers = c->parser.language ? c->parser.language->numbers : NULL;
    if (!numbers)
        return;
    range->group = numbers->group;
    if (!range->ordinal || numbers->n_signs == 0)
        return;
    struct grammar_ordinal_signs *signs = grammar_pool_alloc(&c->g->pool, sizeof *signs);
    for (size_t i = 0; i < numbers->n_signs && i < GRAMMAR_MOST_ORDINAL_SIGNS; i++)
        signs->texts[signs->n++] = grammar_copy_text(c, numbers->signs[i]);
    for (int i = 0; i < 200; i++)
        signs->fit[i / 100][i % 100] = signs_of(c, signs, i);
    range->signs = signs;
}

static bool fill_list(struct grammar_compiler *c, struct grammar_list *list, const struct grammar_model_definition *d) {
    list->kind = d->kind;
    if (d->kind == GRAMMAR_LIST_RANGE) {
        list->ranges = grammar_pool_alloc(&c->g->pool, d->n_ranges * sizeof *list->ranges);
        memcpy(list->ranges, d->ranges, d->n_ranges * sizeof *list->ranges);
        list->n_ranges = d->n_ranges;
        for (size_t i = 0; i < d->n_ranges; i++)
            take_signs(c, &list->ranges[i]);
        for (size_t i = 0; i < d->n_ranges; i++)
            if (d->ranges[i].words && !add_numbers(c, list, &d->ranges[i])) {
                grammar_report_at(c->report, TRAGUS_ERROR, d->position,
                                  "{%s} has more than %d numbers; raise step, shorten the range or set `words: false`", list->name,
                                  MOST_NUMBERS);
                return false;
            }
        return true;
    }
    struct grammar_text outer = c->within;
    if (!list->entries) {
        list->entries = grammar_pool_alloc(&c->g->pool, d->n_values * sizeof *list->entries);
        list->size_entries = d->n_values;
    }
    for (size_t i = 0; i < d->n_values; i++) {
        const struct grammar_model_value *v = &d->values[i];
        struct grammar_entry e = {.has_out = v->has_out, .out = v->out, .n_context = v->n_context};
        const struct grammar_notation *notation = v->in.notation;
        bool is_template = grammar_is_template(&v->in);
        struct grammar_item *in =
            is_template ? grammar_parse(c, &v->in) : grammar_template_plain(&c->parser, v->in.text, strlen(v->in.text));
        struct grammar_measure m = {0};
        c->within = v->in;
        if (!in || !grammar_resolve(c, &c->global, in, &m))
            continue;
        if (m.wildcard || m.nullable || m.missing) {
            grammar_report_at(c->report, TRAGUS_ERROR, v->in.position, "value \"%.80s\" of {%s} %s", v->in.text, list->name,
                              m.wildcard  ? "holds a wildcard; write a text"
                              : m.missing ? "uses a list that is not defined; write \\{ for the sign itself"
                                          : "has nothing that can be said; write it in words");
            continue;
        }
        struct grammar_pair *context = grammar_pool_alloc(&c->g->pool, v->n_context * sizeof *context);
        for (size_t k = 0; k < v->n_context; k++)
            context[k] = (struct grammar_pair){grammar_copy_text(c, v->context[k].key), grammar_copy_text(c, v->context[k].value)};
        e.context = context;
        e.out.text = grammar_copy_text(c, v->out.text);
        e.in = in;
        e.spelling = is_template ? NULL : grammar_copy_text(c, v->in.text);
        e.as_written = is_template && notation && !e.has_out;
        push_entry(c, list, e);
    }
    c->within = outer;
    return true;
}

static bool is_of_other_region(const struct grammar_compiler *c, const struct grammar_source *s) {
    return s->language && c->language && !grammar_language_equal(s->language, c->language);
}

/* Whether a list is defined for exactly the grammar's language: then "pt" adds nothing to "pt-BR". */
static bool has_exactly(const struct grammar_compiler *c, const struct grammar_model_list *from) {
    for (size_t i = 0; i < from->n; i++)
        if (from->definitions[i].source->language && grammar_in_language(c, from->definitions[i].source) &&
            !is_of_other_region(c, from->definitions[i].source))
            return true;
    return false;
}

/* Compiles the definitions in the grammar's language: values are concatenated, otherwise the last definition wins. */
static bool compile_list(struct grammar_compiler *c, const struct grammar_model_list *from, struct grammar_list *list) {
    const struct grammar_model_definition *before = NULL;
    bool good = true, has_own = has_exactly(c, from);
    for (size_t i = 0; i < from->n; i++) {
        const struct grammar_model_definition *d = &from->definitions[i];
        if (!grammar_in_language(c, d->source) || (has_own && is_of_other_region(c, d->source)))
            continue;
        bool merged = before && before->kind == d->kind && d->kind == GRAMMAR_LIST_VALUES;
        if (before && !merged)
            list->n_entries = 0;
        if (before)
            grammar_report_at(c->report, TRAGUS_NOTE, d->position,
                              merged ? "{%s} is also defined at %s:%d; the values of both are used"
                                     : "{%s} is also defined at %s:%d; only this definition is used, because ranges and free text "
                                       "cannot be merged",
                              list->name, before->position.file, before->position.line);
        before = d;
        good = fill_list(c, list, d) && good;
    }
    list->index = grammar_index_build(&c->g->pool, &c->scratch, list->entries, list->n_entries);
    return good;
}

/* Whether no file of the grammar's language defines it, and no program has set it. */
static bool is_empty(const struct grammar_compiler *c, const struct grammar_model_list *l) {
    for (size_t i = 0; i < l->n; i++)
        if (grammar_in_language(c, l->definitions[i].source))
            return false;
    return true;
}

void grammar_note_lists(struct grammar_compiler *c) {
    for (size_t i = 0; i < c->b->lists.n; i++) {
        const struct grammar_model_list *l = c->b->lists.items[i].value;
        if (is_empty(c, l) || grammar_map_get(&c->g->list_names, l->name))
            continue;
        (void)grammar_map_at(&c->g->list_names, &c->g->pool, grammar_copy_text(c, l->name));
        if (l->at_run_time && l->definitions[0].n_values > 0)
            grammar_report_at(c->report, TRAGUS_WARNING, l->definitions[0].position,
                              "no sentence uses the list {%s}, so its values are never understood", l->name);
    }
}

static struct grammar_list *new_list(struct grammar_compiler *c, const char *name) {
    struct grammar_list *list = grammar_pool_alloc(&c->g->pool, sizeof *list);
    list->name = grammar_copy_text(c, name);
    list->number = c->g->n_lists++;
    return list;
}

/* Returns the position to which a list's costs are attributed: its last definition, or the range in a template. */
static struct grammar_position list_position(const struct grammar_compiler *c, const struct grammar_model_list *from,
                                             const struct grammar_item *item) {
    return from && from->n > 0 ? from->definitions[from->n - 1].position : grammar_position_in(&c->within, item->offset);
}

/* *ret is NULL if the list is missing. */
bool grammar_find_list(struct grammar_compiler *c, struct grammar_scope *s, const struct grammar_item *item,
                       const struct grammar_list **ret) {
    const struct grammar_model_list *from = s->block ? grammar_map_get(&s->block->lists, item->name) : NULL;
    struct grammar_map *known = from ? &s->lists : &c->global.lists;
    if (!from)
        from = grammar_map_get(&c->b->lists, item->name);
    *ret = NULL;
    if (known == &c->global.lists && !grammar_map_get(&c->g->list_names, item->name))
        *grammar_map_at(&c->g->list_names, &c->g->pool, grammar_copy_text(c, item->name)) = c->g;
    if ((!from || is_empty(c, from)) && !item->range)
        return true;
    struct known_list *entry = grammar_map_get(known, item->name);
    if (!entry) {
        entry = grammar_pool_alloc(&c->g->pool, sizeof *entry);
        *grammar_map_at(known, &c->g->pool, item->name) = entry;
        entry->state = GRAMMAR_BUSY;
        entry->list = new_list(c, item->name);
        c->stack[c->n_stack++] = grammar_pool_format(&c->g->pool, "{%s}", item->name);
        struct grammar_cost outer = grammar_costs_begin(&c->costs, list_position(c, from, item), entry->list->name);
        bool good;
        if (from && !is_empty(c, from)) {
            good = compile_list(c, from, entry->list);
        } else {
            long long from_number, to, step = 1;
            sscanf(item->range, "%lld..%lld,%lld", &from_number, &to, &step);
            struct grammar_range range = {
                .from = from_number, .to = to, .step = step ? step : 1, .multiplier = 1, .digits = true, .words = true};
            struct grammar_model_definition d = {.kind = GRAMMAR_LIST_RANGE, .n_ranges = 1};
            d.position = grammar_position_in(&c->within, item->offset);
            d.ranges = grammar_pool_alloc(&c->g->pool, sizeof range);
            d.ranges[0] = range;
            good = range.from <= range.to;
            if (!good)
                grammar_report_at(c->report, TRAGUS_ERROR, d.position,
                                  "the range {%s} runs downwards; write the smaller number first", item->range);
            good = good && fill_list(c, entry->list, &d);
            entry->list->index = grammar_index_build(&c->g->pool, &c->scratch, entry->list->entries, entry->list->n_entries);
        }
        grammar_costs_resume(&c->costs, &outer);
        c->n_stack--;
        entry->state = good ? GRAMMAR_DONE : GRAMMAR_FAILED;
    } else if (entry->state == GRAMMAR_BUSY) {
        grammar_report_cycle(c, grammar_pool_format(&c->g->pool, "{%s}", item->name), item->offset);
        entry->state = GRAMMAR_FAILED;
    }
    if (entry->state == GRAMMAR_FAILED)
        grammar_report_at(c->report, TRAGUS_ERROR, grammar_position_in(&c->within, item->offset),
                          "it uses {%s}, which has a mistake: %.80s", item->name, c->within.text);
    *ret = entry->list;
    return entry->state == GRAMMAR_DONE;
}
