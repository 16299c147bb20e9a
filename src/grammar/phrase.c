/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/phrase.c: puts numbers and lists into phrases. */
#include "grammar/phrase.h"

#include "grammar/language.h"
#include "grammar/pool.h"
#include "grammar/signs.h"

#include <stdlib.h>
#include <string.h>

struct part { /* what a name in a phrase stands for */
    const char *name;
    struct grammar_item *item; /* NULL: the phrase does not fit */
};

/* Replaces the names in a phrase's tree. Returns false if one has nothing to stand for. */
static bool fill_in(struct grammar_item *item, const struct part parts[], size_t n) {
    if (item->kind == GRAMMAR_ITEM_RULE)
        return false;
    if (item->kind == GRAMMAR_ITEM_LIST) {
        for (size_t i = 0; i < n; i++)
            if (strcmp(item->name, parts[i].name) == 0 && parts[i].item) {
                *item = *parts[i].item;
                return true;
            }
        return false;
    }
    for (uint32_t i = 0; i < item->n_items; i++)
        if (!fill_in(item->items[i], parts, n))
            return false;
    return true;
}

/* Returns the tree of a phrase, or NULL. */
static struct grammar_item *phrase(struct grammar_parser *p, const char *text, const struct part parts[], size_t n) {
    struct grammar_item *item = grammar_sign_words(p, text);
    return item && fill_in(item, parts, n) ? item : NULL;
}

static struct grammar_item *one_of(struct grammar_parser *p, const struct grammar_items *ways) {
    return ways->n ? grammar_tree_group(p, GRAMMAR_ITEM_ALTERNATIVE, 0, ways) : NULL;
}

static struct grammar_item *number(struct grammar_parser *p, int n) {
    return grammar_sign_words(p, grammar_pool_format(p->pool, "%d", n));
}

struct grammar_item *grammar_phrase_time(struct grammar_parser *p, const char *hour, const char *minute) {
    struct grammar_items ways = {0};
    int h = atoi(hour), m = atoi(minute);
    for (size_t i = 0; p->language && i < p->language->n_clock; i++) {
        const struct grammar_clock_rule *rule = &p->language->clock[i];
        if (m < rule->from || m > rule->to)
            continue;
        const struct part parts[] = {{"hour", number(p, h)},
                                     {"next_hour", number(p, h == 12 ? 1 : (h + 1) % 24)},
                                     {"minute", number(p, m)},
                                     {"minutes_to", number(p, 60 - m)}};
        struct grammar_item *way = phrase(p, rule->text, parts, sizeof parts / sizeof parts[0]);
        if (way)
            grammar_tree_push(p, &ways, way);
    }
    return one_of(p, &ways);
}

struct grammar_item *grammar_phrase_amount(struct grammar_parser *p, const char *phrases, const char *digits) {
    struct grammar_items ways = {0};
    const char *point = strpbrk(digits, ".,");
    bool has_cents = point && strlen(point) == 3;
    char *whole = grammar_pool_text(p->pool, digits, point ? (size_t)(point - digits) : strlen(digits));
    const struct part parts[] = {{"number", grammar_sign_words(p, digits)},
                                 {"whole", has_cents ? grammar_sign_words(p, whole) : NULL},
                                 {"cents", has_cents ? number(p, atoi(point + 1)) : NULL}};
    for (const char *next = phrases; *next; next += *next == '\n') { /* one phrase a line */
        size_t len = strcspn(next, "\n");
        struct grammar_item *way = phrase(p, grammar_pool_text(p->pool, next, len), parts, sizeof parts / sizeof parts[0]);
        if (way)
            grammar_tree_push(p, &ways, way);
        next += len;
    }
    return one_of(p, &ways);
}

/* Lists */

static struct grammar_item *part_of(struct grammar_parser *p, const struct grammar_item *list, enum grammar_list_part part,
                                    const struct grammar_clock_rule *rule) {
    struct grammar_item *copy = grammar_tree_item(p, GRAMMAR_ITEM_LIST, list->offset);
    *copy = *list;
    copy->part = part;
    copy->part_from = rule->from;
    copy->part_to = rule->to;
    return copy;
}

static bool is_sign(const struct grammar_item *item, uint32_t c) {
    return item->kind == GRAMMAR_ITEM_SPOKEN && item->n_chars == 1 && item->chars[0] == c;
}

/* Returns {hour}:{minute}, which is in `written`, as written and in other ways. */
static struct grammar_item *clock_of(struct grammar_parser *p, const struct grammar_items *written) {
    const struct grammar_item *hour = written->items[0], *minute = written->items[2];
    struct grammar_items ways = {0};
    grammar_tree_push(p, &ways, grammar_tree_group(p, GRAMMAR_ITEM_SEQUENCE, hour->offset, written));
    for (size_t i = 0; i < p->language->n_clock; i++) {
        const struct grammar_clock_rule *rule = &p->language->clock[i];
        const struct part parts[] = {{"hour", part_of(p, hour, GRAMMAR_LIST_WHOLE, rule)},
                                     {"next_hour", part_of(p, hour, GRAMMAR_LIST_NEXT_HOUR, rule)},
                                     {"minute", part_of(p, minute, GRAMMAR_LIST_FROM_TO, rule)},
                                     {"minutes_to", part_of(p, minute, GRAMMAR_LIST_TO_HOUR, rule)}};
        struct grammar_items both = {0};
        if (!strstr(rule->text, "{minute"))
            grammar_tree_push(p, &both, part_of(p, minute, GRAMMAR_LIST_UNSAID, rule));
        struct grammar_item *way = phrase(p, rule->text, parts, sizeof parts / sizeof parts[0]);
        if (!way)
            continue;
        grammar_tree_push(p, &both, way);
        grammar_tree_push(p, &ways, grammar_tree_group(p, GRAMMAR_ITEM_SEQUENCE, hour->offset, &both));
    }
    return grammar_tree_group(p, GRAMMAR_ITEM_ALTERNATIVE, hour->offset, &ways);
}

/* Returns a sign such as $ and the list behind it, which are in `written`, as typed and as said; NULL if it is no such sign. */
static struct grammar_item *amount_of(struct grammar_parser *p, const struct grammar_items *written) {
    struct grammar_item *sign = written->items[0];
    size_t len;
    const struct grammar_symbol *symbol = grammar_symbol_at(&p->language->before, sign->chars, sign->n_chars, 0, &len);
    struct grammar_items ways = {0};
    if (!symbol || len != sign->n_chars)
        return NULL;
    const struct part parts[] = {{"number", written->items[1]}};
    struct grammar_item *way = phrase(p, grammar_pool_text(p->pool, symbol->spoken, strcspn(symbol->spoken, "\n")), parts, 1);
    sign->n_items = 0; /* typed only: it is said behind the number */
    grammar_tree_push(p, &ways, grammar_tree_group(p, GRAMMAR_ITEM_SEQUENCE, sign->offset, written));
    if (way)
        grammar_tree_push(p, &ways, way);
    return grammar_tree_group(p, GRAMMAR_ITEM_ALTERNATIVE, sign->offset, &ways);
}

/* Whether an item is nothing but a blank, which may be optional. */
static bool is_blank(const struct grammar_item *item) {
    if (item->kind == GRAMMAR_ITEM_TEXT)
        return item->n_chars == 1 && item->chars[0] == ' ';
    bool all = item->kind == GRAMMAR_ITEM_ALTERNATIVE || item->kind == GRAMMAR_ITEM_SEQUENCE;
    for (uint32_t i = 0; i < item->n_items && all; i++)
        all = is_blank(item->items[i]);
    return all;
}

/* Returns the unit that an item begins with; *ret_end: where it ends in the item's text, 0 if it ends within other items. */
static const struct grammar_symbol *unit_of(struct grammar_parser *p, const struct grammar_item *item, uint32_t *ret_end) {
    *ret_end = 0;
    if (item->kind == GRAMMAR_ITEM_TEXT || item->kind == GRAMMAR_ITEM_SPOKEN) {
        uint32_t at = item->chars[0] == ' ';
        size_t len = 0;
        const struct grammar_symbol *unit =
            at < item->n_chars ? grammar_symbol_at(&p->language->below_zero, item->chars, item->n_chars, at, &len) : NULL;
        *ret_end = at + (uint32_t)len;
        return unit;
    }
    if (item->kind == GRAMMAR_ITEM_RULE && item->n_items > 0) {
        const struct grammar_symbol *unit = unit_of(p, item->items[0], ret_end);
        *ret_end = 0;
        return unit;
    }
    for (uint32_t i = 0; item->kind == GRAMMAR_ITEM_ALTERNATIVE && i < item->n_items; i++) {
        const struct grammar_symbol *unit = unit_of(p, item->items[i], ret_end);
        *ret_end = 0;
        if (unit)
            return unit;
    }
    uint32_t first = 0;
    while (item->kind == GRAMMAR_ITEM_SEQUENCE && first < item->n_items && is_blank(item->items[first]))
        first++;
    bool is_group = item->kind == GRAMMAR_ITEM_SEQUENCE && first < item->n_items;
    const struct grammar_symbol *unit = is_group ? unit_of(p, item->items[first], ret_end) : NULL;
    *ret_end = 0;
    return unit;
}

/* Cuts a text in two. Returns the second part. */
static struct grammar_item *cut(struct grammar_parser *p, struct grammar_item *text, uint32_t at) {
    struct grammar_item *rest = grammar_tree_item(p, GRAMMAR_ITEM_TEXT, text->offset + at);
    *rest = *text;
    rest->chars += at;
    rest->capitals += at;
    rest->written += at;
    rest->n_chars -= at;
    rest->n_written -= at;
    text->n_chars = text->n_written = at;
    return rest;
}

/* If a unit follows the list at s->items[i], returns how many items the two are, and the unit; else 0. A text that goes on behind
 * the unit is cut. */
static size_t list_with_unit(struct grammar_parser *p, struct grammar_items *s, size_t i, const struct grammar_symbol **ret) {
    size_t at = i + 1;
    uint32_t end;
    if (p->language->below_zero.n == 0 || at >= s->n)
        return 0;
    if (is_blank(s->items[at]) && at + 1 < s->n)
        at++;
    struct grammar_item *item = s->items[at];
    *ret = unit_of(p, item, &end);
    if (!*ret)
        return 0;
    bool goes_on = item->kind == GRAMMAR_ITEM_TEXT && end < item->n_chars;
    if (goes_on && (item->n_written != item->n_chars || item->chars[end] != ' '))
        return 0;
    if (goes_on) {
        grammar_tree_push(p, s, NULL);
        memmove(&s->items[at + 2], &s->items[at + 1], (s->n - at - 2) * sizeof(struct grammar_item *));
        s->items[at + 1] = cut(p, item, end);
    } else if (end > 0 && at + 1 < s->n && s->items[at + 1]->kind == GRAMMAR_ITEM_ALTERNATIVE) {
        at++; /* "degree[s]" */
    }
    return at + 1 - i;
}

/* Returns a list and its unit, which are in `written`, as they are, and as a number below zero is said. */
static struct grammar_item *below_zero_of(struct grammar_parser *p, const struct grammar_items *written,
                                          const struct grammar_symbol *unit) {
    const struct grammar_item *list = written->items[0];
    struct grammar_items ways = {0};
    const struct part parts[] = {{"number", part_of(p, list, GRAMMAR_LIST_BELOW_ZERO, &(const struct grammar_clock_rule){0})}};
    struct grammar_item *way = phrase(p, unit->spoken, parts, 1);
    grammar_tree_push(p, &ways, grammar_tree_group(p, GRAMMAR_ITEM_SEQUENCE, list->offset, written));
    if (way)
        grammar_tree_push(p, &ways, way);
    return grammar_tree_group(p, GRAMMAR_ITEM_ALTERNATIVE, list->offset, &ways);
}

static struct grammar_items some(struct grammar_parser *p, const struct grammar_items *from, size_t first, size_t n) {
    struct grammar_items copy = {0};
    for (size_t i = 0; i < n; i++)
        grammar_tree_push(p, &copy, from->items[first + i]);
    return copy;
}

void grammar_phrase_lists(struct grammar_parser *p, struct grammar_items *s) {
    struct grammar_items out = {0};
    for (size_t i = 0; p->language && i < s->n; i++) {
        struct grammar_item *item = s->items[i], *made = NULL;
        size_t n = 1;
        if (item->kind == GRAMMAR_ITEM_LIST && i + 2 < s->n && is_sign(s->items[i + 1], ':') &&
            s->items[i + 2]->kind == GRAMMAR_ITEM_LIST && p->language->n_clock) {
            struct grammar_items written = some(p, s, i, n = 3);
            made = clock_of(p, &written);
        } else if (item->kind == GRAMMAR_ITEM_SPOKEN && i + 1 < s->n && s->items[i + 1]->kind == GRAMMAR_ITEM_LIST) {
            struct grammar_items written = some(p, s, i, 2);
            made = amount_of(p, &written);
            n = made ? 2 : 1;
        }
        grammar_tree_push(p, &out, made ? made : item);
        i += n - 1;
    }
    if (p->language)
        *s = out;
}

struct grammar_item *grammar_phrase_below_zero(struct grammar_parser *p, struct grammar_items *s, size_t i) {
    const struct grammar_symbol *unit;
    size_t n = p->language ? list_with_unit(p, s, i, &unit) : 0;
    if (n == 0)
        return NULL;
    struct grammar_items written = some(p, s, i, n);
    struct grammar_item *both = below_zero_of(p, &written, unit);
    if (both->n_items < 2)
        return NULL;
    s->items[i] = both;
    memmove(&s->items[i + 1], &s->items[i + n], (s->n - i - n) * sizeof(struct grammar_item *));
    s->n -= n - 1;
    return both->items[1];
}
