/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/hassil_lists.c: reads the lists and rules of Home Assistant's sentence files. */
#include "grammar/hassil.h"

#include "grammar/value.h"

#include <string.h>

static const char *const list_keys[] = {"values", "range", "multi_range", "wildcard", "metadata", NULL};
static const char *const range_keys[] = {"type",      "from",   "to",    "step",           "multiplier",
                                         "fractions", "digits", "words", "words_language", NULL};
static const char *const value_keys[] = {"in", "out", "context", "metadata", "requires_context", NULL};

static bool read_integer(struct grammar_hassil *r, const struct grammar_yaml *mapping, const char *key, int64_t *ret) {
    const struct grammar_yaml *y = grammar_yaml_get(mapping, key);
    long long value;
    if (!y)
        return true;
    if (!grammar_yaml_integer(y, &value) || value > 1000000000 || value < -1000000000) {
        grammar_report_at(r->report, TRAGUS_ERROR, y->position, "%s of a range must be a whole number up to 1000000000", key);
        return false;
    }
    *ret = value;
    return true;
}

static void read_range(struct grammar_hassil *r, const struct grammar_yaml *y, struct grammar_model_definition *d) {
    if (!grammar_hassil_is_mapping(r, y, "a range"))
        return;
    grammar_hassil_warn_of_unknown(r, y, range_keys, "a range");
    struct grammar_range range = {.step = 1, .multiplier = 1, .digits = true, .words = true};
    if (!grammar_yaml_get(y, "from") || !grammar_yaml_get(y, "to")) {
        grammar_report_at(r->report, TRAGUS_ERROR, y->position, "a range needs from and to");
        return;
    }
    if (!read_integer(r, y, "from", &range.from) || !read_integer(r, y, "to", &range.to) ||
        !read_integer(r, y, "step", &range.step))
        return;
    if (range.from > range.to || range.step < 1) {
        grammar_report_at(r->report, TRAGUS_ERROR, y->position,
                          "a range runs upwards: from %lld must not be above to %lld, step at least 1", (long long)range.from,
                          (long long)range.to);
        return;
    }
    const struct grammar_yaml *fractions = grammar_yaml_get(y, "fractions"), *multiplier = grammar_yaml_get(y, "multiplier");
    const struct grammar_yaml *language = grammar_yaml_get(y, "words_language"), *type = grammar_yaml_get(y, "type");
    range.one_by_one = type && type->kind == GRAMMAR_YAML_SCALAR && strcmp(type->text, "digits") == 0;
    range.ordinal = type && type->kind == GRAMMAR_YAML_SCALAR && strcmp(type->text, "ordinal") == 0; /* others are labels */
    if (fractions && !grammar_yaml_is_null(fractions)) {
        if (fractions->kind == GRAMMAR_YAML_SCALAR && strcmp(fractions->text, "halves") == 0)
            range.fractions = GRAMMAR_HALVES;
        else if (fractions->kind == GRAMMAR_YAML_SCALAR && strcmp(fractions->text, "tenths") == 0)
            range.fractions = GRAMMAR_TENTHS;
        else
            grammar_hassil_wrong(r, fractions, "fractions", "halves or tenths");
    }
    if (multiplier && !grammar_yaml_is_null(multiplier)) {
        tragus_value v = {0};
        if (multiplier->kind == GRAMMAR_YAML_SCALAR)
            v = grammar_hassil_value(multiplier);
        if (v.type == TRAGUS_INTEGER || v.type == TRAGUS_REAL)
            range.multiplier = v.real;
        else
            grammar_hassil_wrong(r, multiplier, "multiplier", "a number");
    }
    for (int i = 0; i < 2; i++) {
        const struct grammar_yaml *flag = grammar_yaml_get(y, i ? "words" : "digits");
        if (flag && !grammar_yaml_boolean(flag, i ? &range.words : &range.digits))
            grammar_hassil_wrong(r, flag, i ? "words" : "digits", "true or false");
    }
    if (language && !grammar_yaml_is_null(language))
        range.words_language = grammar_hassil_text(r, language, "words_language");
    *grammar_pool_push(&r->b->pool, d->ranges, d->n_ranges, d->size_ranges) = range;
    d->kind = GRAMMAR_LIST_RANGE;
}

static void read_value(struct grammar_hassil *r, const struct grammar_yaml *y, struct grammar_model_definition *d) {
    struct grammar_model_value v = {0};
    if (y->kind == GRAMMAR_YAML_SCALAR) {
        v.in = grammar_hassil_template(r, y);
    } else if (y->kind == GRAMMAR_YAML_MAPPING) {
        grammar_hassil_warn_of_unknown(r, y, value_keys, "a list value");
        const struct grammar_yaml *in = grammar_yaml_get(y, "in"), *out = grammar_yaml_get(y, "out");
        const struct grammar_yaml *context = grammar_yaml_get(y, "context");
        if (!in || in->kind != GRAMMAR_YAML_SCALAR) {
            grammar_report_at(r->report, TRAGUS_ERROR, y->position, "a list value needs `in: TEXT`");
            return;
        }
        v.in = grammar_hassil_template(r, in);
        if (out && out->kind == GRAMMAR_YAML_SCALAR && !grammar_yaml_is_null(out)) {
            v.has_out = true;
            v.out = grammar_hassil_value(out);
        } else if (out && out->kind == GRAMMAR_YAML_SEQUENCE) { /* several values in one: their texts, separated by commas */
            const char *all = "";
            for (size_t i = 0; i < out->n; i++)
                if (grammar_hassil_text(r, out->items[i], "an item of out"))
                    all = grammar_pool_format(&r->b->pool, "%s%s%s", all, i ? "," : "", out->items[i]->text);
            v.has_out = true;
            v.out = grammar_value_read(all, false);
        } else if (out && out->kind == GRAMMAR_YAML_MAPPING) {
            grammar_hassil_wrong(r, out, "out", "a text, number or truth value");
        }
        if (context && grammar_hassil_is_mapping(r, context, "context"))
            for (size_t i = 0; i < context->n; i++) {
                const struct grammar_yaml *value = context->items[i];
                if (value->kind == GRAMMAR_YAML_MAPPING)
                    value = grammar_yaml_get(value, "value");
                if (value && value->kind == GRAMMAR_YAML_SCALAR && !grammar_yaml_is_null(value))
                    *grammar_pool_push(&r->b->pool, v.context, v.n_context, v.size_context) =
                        (struct grammar_pair){context->keys[i]->text, value->text};
            }
    } else {
        grammar_hassil_wrong(r, y, "a list value", "a text, or a map with in and out");
        return;
    }
    *grammar_pool_push(&r->b->pool, d->values, d->n_values, d->size_values) = v;
}

static void read_list(struct grammar_hassil *r, struct grammar_map *lists, const struct grammar_yaml *key,
                      const struct grammar_yaml *y) {
    struct grammar_model_definition d = {.source = r->source, .position = key->position};
    const struct grammar_yaml *values = y, *range = NULL, *ranges = NULL, *wildcard = NULL;
    if (y->kind == GRAMMAR_YAML_MAPPING) {
        grammar_hassil_warn_of_unknown(r, y, list_keys, "a list");
        values = grammar_yaml_get(y, "values");
        range = grammar_yaml_get(y, "range");
        ranges = grammar_yaml_get(y, "multi_range");
        wildcard = grammar_yaml_get(y, "wildcard");
    }
    bool is_wildcard = false;
    size_t n_errors = r->report->n_errors;
    if (wildcard && !grammar_yaml_boolean(wildcard, &is_wildcard))
        grammar_hassil_wrong(r, wildcard, "wildcard", "true or false");
    if (is_wildcard) {
        d.kind = GRAMMAR_LIST_WILDCARD;
    } else if (range) {
        read_range(r, range, &d);
    } else if (ranges) {
        if (grammar_hassil_is_sequence(r, ranges, "multi_range"))
            for (size_t i = 0; i < ranges->n; i++)
                read_range(r, ranges->items[i], &d);
    } else if (values) {
        if (grammar_hassil_is_sequence(r, values, "the values of a list"))
            for (size_t i = 0; i < values->n; i++)
                read_value(r, values->items[i], &d);
    } else {
        grammar_report_at(r->report, TRAGUS_ERROR, key->position, "list %s needs values, range or `wildcard: true`", key->text);
    }
    if (d.kind == GRAMMAR_LIST_VALUES && !d.n_values && r->report->n_errors > n_errors)
        return; /* templates that use it are left out too, and reported */
    struct grammar_model_list *list = grammar_model_list(r->b, lists, key->text);
    if (!list->at_run_time) /* lists set by the program take precedence over files */
        *grammar_pool_push(&r->b->pool, list->definitions, list->n, list->size) = d;
}

void grammar_hassil_lists(struct grammar_hassil *r, struct grammar_map *lists, const struct grammar_yaml *y) {
    if (y && grammar_hassil_is_mapping(r, y, "lists"))
        for (size_t i = 0; i < y->n; i++)
            read_list(r, lists, y->keys[i], y->items[i]);
}

void grammar_hassil_rules(struct grammar_hassil *r, struct grammar_map *rules, const struct grammar_yaml *y) {
    if (!y || !grammar_hassil_is_mapping(r, y, "expansion_rules"))
        return;
    for (size_t i = 0; i < y->n; i++)
        if (grammar_hassil_text(r, y->items[i], "a rule"))
            grammar_model_add_rule(r->b, rules, y->keys[i]->text, grammar_hassil_template(r, y->items[i]));
}
