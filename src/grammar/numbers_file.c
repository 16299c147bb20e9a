/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/numbers_file.c: reads the rules of numbers.h and checks them, so that numbers.c need not. */
#include "grammar/numbers.h"

#include "base/utf8.h"
#include "grammar/diagnostic.h"
#include "grammar/map.h"
#include "grammar/pool.h"
#include "grammar/template.h"
#include "grammar/yaml.h"

#include <stdio.h>
#include <string.h>

enum { MOST_BASE_DIGITS = 15 };

static const char see[] = "see models/en/language.yaml";

struct reading {
    struct grammar_pool *pool;
    struct grammar_report *report;
    struct grammar_numbers *numbers;
    struct grammar_map names; /* of sets: number + 1 */
    bool wrong;
};

struct line { /* of a set, not terminated */
    const char *text, *end;
    struct grammar_position position;
};

static void complain(struct reading *r, struct grammar_position at, const char *what) {
    grammar_report_at(r->report, TRAGUS_ERROR, at, "%s; %s", what, see);
    r->wrong = true;
}

static void complain_line(struct reading *r, const struct line *l, const char *what) {
    grammar_report_at(r->report, TRAGUS_ERROR, l->position, "number rule \"%.*s\": %s; %s", (int)(l->end - l->text), l->text, what,
                      see);
    r->wrong = true;
}

static bool find_set(const struct reading *r, const char *name, size_t len, uint32_t *ret) {
    struct grammar_pool_mark mark = grammar_pool_mark(r->pool);
    void *known = grammar_map_get(&r->names, grammar_pool_text(r->pool, name, len));
    grammar_pool_release(r->pool, mark);
    if (known)
        *ret = (uint32_t)((uintptr_t)known - 1);
    return known != NULL;
}

/* Reads digits. Returns what follows, or NULL if there is no number or a too long one. */
static const char *read_number(const char *at, const char *end, int64_t *ret) {
    const char *start = at;
    *ret = 0;
    for (; at < end && *at >= '0' && *at <= '9' && at - start < MOST_BASE_DIGITS; at++)
        *ret = *ret * 10 + (*at - '0');
    return at > start ? at : NULL;
}

/* Reads what stands before the colon. Returns what follows, or NULL after a complaint. */
static const char *read_base(struct reading *r, const struct line *l, struct grammar_number_rule *rule) {
    static const struct {
        const char *text;
        enum grammar_number_kind kind;
    } special[] = {{"-x:", GRAMMAR_NUMBER_NEGATIVE},
                   {"x.x:", GRAMMAR_NUMBER_DECIMAL},
                   {"x.5:", GRAMMAR_NUMBER_HALF},
                   {"0.x:", GRAMMAR_NUMBER_DECIMAL_BELOW1},
                   {"0.5:", GRAMMAR_NUMBER_HALF_BELOW1}};
    int64_t radix = 10;
    rule->divisor = 1;
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if ((size_t)(l->end - l->text) >= strlen(special[i].text) &&
            memcmp(l->text, special[i].text, strlen(special[i].text)) == 0) {
            rule->kind = special[i].kind;
            return l->text + strlen(special[i].text);
        }
    const char *at = read_number(l->text, l->end, &rule->from);
    if (at && at < l->end && *at == '/')
        at = read_number(at + 1, l->end, &radix);
    if (!at || at == l->end || *at != ':' || radix < 2) {
        complain_line(r, l, "it begins with a number, NUMBER/RADIX, -x, x.x, x.5, 0.x or 0.5, and a colon");
        return NULL;
    }
    while (rule->divisor <= rule->from / radix)
        rule->divisor *= radix;
    return at + 1;
}

/* Reads a part that stands for the words of a number: `<set<`, `>set>`, `>>>`, `=set=`, `=#=`. */
static const char *read_spoken(struct reading *r, const struct line *l, const char *at, uint32_t own,
                               struct grammar_number_part *part) {
    part->sign = *at++;
    const char *stop = memchr(at, part->sign, (size_t)(l->end - at));
    part->set = own;
    if (stop && stop - at == 1 && *at == '#' && part->sign == '=') {
        part->sign = '#';
    } else if (!stop || (stop == at && part->sign == '=') || (stop > at && !find_set(r, at, (size_t)(stop - at), &part->set))) {
        complain_line(r, l, "between two signs <, > or = stands the name of a set");
        return NULL;
    }
    at = stop + 1;
    part->closed = part->sign == '>' && stop[-1] == '>' && at < l->end && *at == '>';
    return at + part->closed;
}

/* Checks the template with a word in place of each number. */
static void check_template(struct reading *r, const struct line *l, const struct grammar_number_rule *rule) {
    struct grammar_parser parser = {.pool = r->pool};
    char *text = grammar_pool_alloc(r->pool, (size_t)(l->end - l->text) + 5 * rule->n_parts + 1), *at = text;
    int depth = 0;
    for (size_t i = 0; i < rule->n_parts; i++) {
        const struct grammar_number_part *part = &rule->parts[i];
        memcpy(at, part->sign ? "word" : part->text, part->sign ? 4 : part->len);
        at += part->sign ? 4 : part->len;
    }
    for (const char *c = text; c < at; c++) {
        depth += (*c == '(' || *c == '[') - (*c == ')' || *c == ']');
        if (depth == 0 && (*c == '|' || *c == ';')) {
            complain_line(r, l, "alternatives stand in ( )");
            return;
        }
    }
    if (!grammar_template_parse(&parser, text, (size_t)(at - text)))
        complain_line(r, l, parser.error);
    base_buffer_done(&parser.scratch);
}

static bool read_rule(struct reading *r, const struct line *l, uint32_t own, struct grammar_number_rule *rule) {
    struct grammar_number_part *parts = NULL;
    size_t size = 0;
    const char *end = l->end;
    *rule = (struct grammar_number_rule){0};
    const char *at = read_base(r, l, rule);
    if (at && at < l->end && *at == ' ')
        at++;
    if (at && at < end && *at == '\'') /* keeps the blanks behind it, as in CLDR's rules */
        at++;
    if (at && end - at > 1 && end[-1] == '\'' && end[-2] == ' ') /* the same at the end */
        end--;
    while (at && at < end) {
        struct grammar_number_part part = {.text = at};
        if (*at == '<' || *at == '>' || *at == '=') {
            at = read_spoken(r, l, at, own, &part);
            rule->takes_rest |= part.sign == '>';
        } else {
            while (at < end && !strchr("<>=", *at))
                at++;
            part.len = (size_t)(at - part.text);
        }
        *grammar_pool_push(r->pool, parts, rule->n_parts, size) = part;
    }
    rule->parts = parts;
    if (at)
        check_template(r, l, rule);
    return at != NULL;
}

static void read_set(struct reading *r, const struct grammar_yaml *y, uint32_t number) {
    struct grammar_number_set *set = (struct grammar_number_set *)(uintptr_t)&r->numbers->sets[number];
    struct grammar_number_rule *rules = NULL;
    size_t size = 0;
    if (y->kind != GRAMMAR_YAML_SCALAR || !y->text[0]) {
        complain(r, y->position, "a set of number rules is a text of lines: `cardinal: |`");
        return;
    }
    struct line l = {.text = y->text, .position = y->position};
    for (const char *stop; *l.text; l.text = *stop ? stop + 1 : stop) {
        stop = l.text + strcspn(l.text, "\n");
        l.end = stop;
        l.position.line++; /* the text begins in the line after `|` */
        l.position.column = 1;
        if (l.text == stop)
            continue;
        struct grammar_number_rule rule;
        if (!read_rule(r, &l, number, &rule))
            continue;
        if (rule.kind == GRAMMAR_NUMBER_WHOLE && set->n_rules && rules[set->n_rules - 1].kind == GRAMMAR_NUMBER_WHOLE &&
            rules[set->n_rules - 1].from > rule.from)
            complain_line(r, &l, "the rules of a set stand by rising numbers, and -x, x.x and the like before or behind them");
        *grammar_pool_push(r->pool, rules, set->n_rules, size) = rule;
    }
    set->rules = rules;
}

static void read_sets(struct reading *r, const struct grammar_yaml *y) {
    if (!y || y->kind != GRAMMAR_YAML_MAPPING || y->n == 0)
        return;
    struct grammar_number_set *sets = grammar_pool_alloc(r->pool, y->n * sizeof *sets);
    for (size_t i = 0; i < y->n; i++) {
        sets[i].name = y->keys[i]->text;
        *grammar_map_at(&r->names, r->pool, sets[i].name) = (void *)(uintptr_t)(i + 1);
    }
    r->numbers->sets = sets;
    r->numbers->n_sets = y->n;
    for (size_t i = 0; i < y->n; i++)
        read_set(r, y->items[i], (uint32_t)i);
}

/* Reads a list of names of sets. */
static const uint32_t *read_names(struct reading *r, const struct grammar_yaml *y, size_t *ret_n) {
    uint32_t *sets = y ? grammar_pool_alloc(r->pool, (y->n + 1) * sizeof *sets) : NULL;
    for (size_t i = 0; y && y->kind == GRAMMAR_YAML_SEQUENCE && i < y->n; i++) {
        const struct grammar_yaml *name = y->items[i];
        if (name->kind == GRAMMAR_YAML_SCALAR && find_set(r, name->text, strlen(name->text), &sets[*ret_n]))
            ++*ret_n;
        else
            complain(r, name->position, "this names no set of rules");
    }
    return sets;
}

static void read_signs(struct reading *r, const struct grammar_yaml *y) {
    const char **signs = y ? grammar_pool_alloc(r->pool, (y->n + 1) * sizeof *signs) : NULL;
    for (size_t i = 0; y && y->kind == GRAMMAR_YAML_SEQUENCE && i < y->n; i++) {
        if (y->items[i]->kind == GRAMMAR_YAML_SCALAR && y->items[i]->text[0])
            signs[r->numbers->n_signs++] = y->items[i]->text;
        else
            complain(r, y->items[i]->position, "a sign of ordinals is a text, such as `st`");
    }
    r->numbers->signs = signs;
}

const struct grammar_numbers *grammar_numbers_read(struct grammar_pool *pool, const struct grammar_yaml *y,
                                                   struct grammar_report *report) {
    struct reading r = {.pool = pool, .report = report, .numbers = grammar_pool_alloc(pool, sizeof *r.numbers)};
    struct grammar_numbers *n = r.numbers;
    const struct grammar_yaml *digit = grammar_yaml_get(y, "digit");
    read_sets(&r, grammar_yaml_get(y, "rules"));
    n->cardinal = read_names(&r, grammar_yaml_get(y, "cardinal"), &n->n_cardinal);
    n->ordinal = read_names(&r, grammar_yaml_get(y, "ordinal"), &n->n_ordinal);
    read_signs(&r, grammar_yaml_get(y, "ordinal_signs"));
    if (n->n_sets == 0 || n->n_cardinal == 0) {
        complain(&r, y->position, "numbers need `rules:` and `cardinal:` with the names of sets");
        return NULL;
    }
    const struct grammar_yaml *group = grammar_yaml_get(y, "group");
    const char *sign = group && group->kind == GRAMMAR_YAML_SCALAR ? group->text : "";
    if (*sign)
        n->group = base_utf8_next(&sign, sign + strlen(sign));
    if (group && (!n->group || *sign))
        complain(&r, group->position, "`group:` is one sign");
    n->digit = n->cardinal[0];
    if (digit && (digit->kind != GRAMMAR_YAML_SCALAR || !find_set(&r, digit->text, strlen(digit->text), &n->digit)))
        complain(&r, digit->position, "`digit:` names a set of rules");
    return r.wrong ? NULL : n;
}
