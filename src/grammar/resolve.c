/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/resolve.c: inserts each rule once into the trees that name it, and limits the size of the result.
 *
 * Names are looked up as in Home Assistant: first in the block, then in what the program set at run time, then in the files. A
 * block's own rule also replaces the rule of that name inside shared rules, so blocks with their own names get their own copies.
 */
#include "grammar/resolve.h"

#include "base/suggest.h"
#include "base/utf8.h"
#include "grammar/language.h"
#include "grammar/letters.h"
#include "grammar/phrase.h"

#include <stdio.h>
#include <string.h>

enum {
    LARGEST_TEMPLATE = 20000, /* items after all rules are inserted */
    SHORTEST_GLUED = 3,       /* letters that may continue free text within a word */
};

struct known_rule {
    enum grammar_state state;
    struct grammar_item *body;
    struct grammar_measure measure;
};

/* "pt" and "pt-BR" fit, as long as only one of them has sentences: files of the user's own often leave the region out. If both
 * have, or if both name a region ("zh-CN", "zh-TW"), they are different languages. */
bool grammar_in_language(const struct grammar_compiler *c, const struct grammar_source *s) {
    if (!s->language || !c->language || grammar_language_equal(s->language, c->language))
        return true;
    if (!grammar_language_same(s->language, c->language) ||
        (grammar_language_has_region(s->language) && grammar_language_has_region(c->language)))
        return false;
    return !c->has_both_regions || !grammar_has_sentences_in(c->b, s->language);
}

bool grammar_has_sentences_in(const struct grammar_builder *b, const char *language) {
    for (size_t i = 0; i < b->n_blocks; i++)
        if (b->blocks[i]->source->language && grammar_language_equal(b->blocks[i]->source->language, language))
            return true;
    return false;
}

const struct grammar_language *grammar_tables_of(struct grammar_compiler *c, const char *tag) {
    const struct grammar_language *tables = NULL;
    struct grammar_report strict = {.list = c->report->list, .reterr = c->report->reterr}; /* not the author's mistakes */
    int code = grammar_builder_language(&tables, c->b, tag, &strict);
    c->refused |= strict.n_errors > 0;
    if (code < 0)
        grammar_pool_escape(&c->g->pool, code);
    return tables;
}

struct grammar_position grammar_position_in(const struct grammar_text *t, uint32_t offset) {
    struct grammar_position position = t->position;
    if (position.line && t->notation) { /* its text is as in the file, with all lines */
        const char *at = t->text, *end = t->text + strlen(t->text);
        for (uint32_t i = 0; i < offset && at < end; i++) {
            bool ends_line = base_utf8_next(&at, end) == '\n';
            position.column = ends_line ? 1 : position.column + 1;
            position.line += ends_line;
        }
    } else if (position.line) {
        position.column += (int)offset;
    }
    return position;
}

struct grammar_item *grammar_parse(struct grammar_compiler *c, const struct grammar_text *t) {
    struct grammar_parser *p = &c->parser;
    p->warning[0] = '\0';
    struct grammar_item *item = t->notation ? t->notation->parse(p, t) : grammar_template_parse(p, t->text, strlen(t->text));
    if (p->warning[0])
        grammar_report_at(c->report, TRAGUS_WARNING, grammar_position_in(t, p->warning_offset), "left out: %s: %.80s", p->warning,
                          t->text);
    if (!item)
        grammar_report_at(c->report, TRAGUS_ERROR, grammar_position_in(t, c->parser.error_offset), "%s: %.80s", c->parser.error,
                          t->text);
    return item;
}

bool grammar_is_template(const struct grammar_text *t) {
    return t->notation ? t->notation->is_one && t->notation->is_one(t->text) : grammar_template_is_one(t->text);
}

const char *grammar_copy_text(struct grammar_compiler *c, const char *text) {
    return text ? grammar_pool_text(&c->g->pool, text, strlen(text)) : NULL;
}

void grammar_report_cycle(struct grammar_compiler *c, const char *name, uint32_t offset) {
    char chain[160] = "";
    size_t len = 0, first = 0;
    while (first < c->n_stack && strcmp(c->stack[first], name) != 0)
        first++;
    for (size_t i = first; i < c->n_stack && len < sizeof chain; i++)
        len += (size_t)snprintf(chain + len, sizeof chain - len, "%.30s -> ", c->stack[i]);
    grammar_report_at(c->report, TRAGUS_ERROR, grammar_position_in(&c->within, offset),
                      "%s uses itself: %s%s; take one of these references out", name, chain, name);
}

static bool too_deep(struct grammar_compiler *c, uint32_t offset) {
    if (c->depth < GRAMMAR_DEEPEST_TEMPLATE && c->n_stack < GRAMMAR_DEEPEST_TEMPLATE)
        return false;
    grammar_report_at(c->report, TRAGUS_ERROR, grammar_position_in(&c->within, offset),
                      "groups and rules are nested more than %d deep", GRAMMAR_DEEPEST_TEMPLATE);
    return true;
}

/* Rules */

static const struct grammar_text *rule_text(const struct grammar_compiler *c, const struct grammar_scope *s, const char *name) {
    const struct grammar_model_rule *rule = s->block ? grammar_map_get(&s->block->rules, name) : NULL;
    if (!rule)
        rule = grammar_map_get(&c->b->rules, name);
    for (size_t i = rule ? rule->n : 0; i > 0; i--)
        if (grammar_in_language(c, rule->bodies[i - 1].source))
            return &rule->bodies[i - 1];
    return NULL;
}

static void report_use(struct grammar_compiler *c, const struct grammar_item *item) {
    grammar_report_at(c->report, TRAGUS_ERROR, grammar_position_in(&c->within, item->offset),
                      "it uses <%s>, which has a mistake: %.80s", item->name, c->within.text);
}

static const struct known_rule *find_rule(struct grammar_compiler *c, struct grammar_scope *s, const struct grammar_item *item) {
    struct known_rule *rule = grammar_map_get(&s->rules, item->name);
    if (rule) {
        if (rule->state == GRAMMAR_BUSY) {
            grammar_report_cycle(c, grammar_pool_format(&c->g->pool, "<%s>", item->name), item->offset);
            rule->state = GRAMMAR_FAILED;
        } else if (rule->state == GRAMMAR_FAILED) {
            report_use(c, item);
        }
        return rule->state == GRAMMAR_DONE ? rule : NULL;
    }
    const struct grammar_text *text = rule_text(c, s, item->name);
    if (!text) {
        const char *nearest = base_suggest_from(item->name, grammar_map_key, &c->b->rules, c->b->rules.n);
        grammar_report_at(c->report, TRAGUS_ERROR, grammar_position_in(&c->within, item->offset),
                          "rule <%s> is not defined%s%s%s; define it%s", item->name, nearest ? "; did you mean <" : "",
                          nearest ? nearest : "", nearest ? ">?" : "",
                          c->within.notation ? c->within.notation->rule_hint : " under expansion_rules");
        return NULL;
    }
    rule = grammar_pool_alloc(&c->g->pool, sizeof *rule);
    rule->state = GRAMMAR_BUSY;
    *grammar_map_at(&s->rules, &c->g->pool, item->name) = rule;
    struct grammar_text outer = c->within;
    c->within = *text;
    c->stack[c->n_stack++] = grammar_pool_format(&c->g->pool, "<%s>", item->name);
    rule->body = grammar_parse(c, text);
    bool good = rule->body && grammar_resolve(c, s, rule->body, &rule->measure) && rule->state == GRAMMAR_BUSY;
    rule->state = good ? GRAMMAR_DONE : GRAMMAR_FAILED;
    c->n_stack--;
    c->within = outer;
    if (!good)
        report_use(c, item);
    return good ? rule : NULL;
}

/* Items */

static void join(struct grammar_measure *m, const struct grammar_measure *next) { /* m, followed by next */
    m->starts_wild |= m->nullable && next->starts_wild;
    m->ends_wild = next->ends_wild || (next->nullable && m->ends_wild);
    m->nullable &= next->nullable;
    m->wildcard |= next->wildcard;
    m->size += next->size;
    m->n_slots += next->n_slots;
    m->n_chunks += next->n_chunks;
    m->missing = m->missing ? m->missing : next->missing;
}

static void choose(struct grammar_measure *m, const struct grammar_measure *other) { /* m or other */
    m->starts_wild |= other->starts_wild;
    m->ends_wild |= other->ends_wild;
    m->nullable |= other->nullable;
    m->wildcard |= other->wildcard;
    m->size += other->size;
    m->n_slots = m->n_slots > other->n_slots ? m->n_slots : other->n_slots;
    m->n_chunks += other->n_chunks;
    m->missing = m->missing ? m->missing : other->missing;
}

static bool is_wild(const struct grammar_item *item) {
    return item->kind == GRAMMAR_ITEM_LIST && item->list && item->list->kind == GRAMMAR_LIST_WILDCARD;
}

/* Whether an item may continue the word before it, with a sign, a value, or letters enough to be a word ("Pizza-Timer",
 * "Pizzatimer", but not the plural's "s"). *nullable: whether it may be left out. */
static bool continues_word(struct grammar_pool *pool, const struct grammar_item *item, bool *nullable) {
    bool any = false, inner;
    *nullable = false;
    grammar_pool_spend(pool, 1);
    switch (item->kind) {
    case GRAMMAR_ITEM_TEXT: {
        uint32_t n = 0;
        while (n < item->n_chars && item->chars[n] != ' ')
            n++;
        return n >= SHORTEST_GLUED || (n > 0 && grammar_is_unspaced(item->chars[0]));
    }
    case GRAMMAR_ITEM_SPOKEN:
        return true;
    case GRAMMAR_ITEM_SEQUENCE:
        *nullable = true;
        for (uint32_t i = 0; i < item->n_items && *nullable; i++)
            any |= continues_word(pool, item->items[i], nullable);
        return any;
    case GRAMMAR_ITEM_ALTERNATIVE:
        for (uint32_t i = 0; i < item->n_items; i++) {
            any |= continues_word(pool, item->items[i], &inner);
            *nullable |= inner;
        }
        return any;
    case GRAMMAR_ITEM_PERMUTATION:
        return false;
    case GRAMMAR_ITEM_LIST:
        return item->list && !is_wild(item);
    case GRAMMAR_ITEM_RULE:
    case GRAMMAR_ITEM_OUTPUT:
        return item->n_items > 0 && continues_word(pool, item->items[0], nullable);
    }
    return false;
}

/* Marks the free text at the end of an item: it may end within a word. *nullable: whether the item may be left out. */
static void join_end(struct grammar_pool *pool, struct grammar_item *item, bool *nullable) {
    bool inner;
    *nullable = false;
    grammar_pool_spend(pool, 1);
    switch (item->kind) {
    case GRAMMAR_ITEM_LIST:
        item->joins |= is_wild(item);
        return;
    case GRAMMAR_ITEM_SEQUENCE:
        *nullable = true;
        for (uint32_t i = item->n_items; i > 0 && *nullable; i--)
            join_end(pool, item->items[i - 1], nullable);
        return;
    case GRAMMAR_ITEM_ALTERNATIVE:
        for (uint32_t i = 0; i < item->n_items; i++) {
            join_end(pool, item->items[i], &inner);
            *nullable |= inner;
        }
        return;
    case GRAMMAR_ITEM_RULE:
    case GRAMMAR_ITEM_OUTPUT:
        if (item->n_items > 0)
            join_end(pool, item->items[0], nullable);
        return;
    case GRAMMAR_ITEM_TEXT:
    case GRAMMAR_ITEM_SPOKEN:
    case GRAMMAR_ITEM_PERMUTATION:
        return;
    }
}

/* Marks free text that may end within a word, because what follows in the sequence continues it. */
static void mark_joins(struct grammar_pool *pool, const struct grammar_item *sequence) {
    bool continues = false, nullable;
    for (uint32_t i = sequence->n_items; i > 0; i--) {
        struct grammar_item *item = sequence->items[i - 1];
        if (continues)
            join_end(pool, item, &nullable);
        bool begins = continues_word(pool, item, &nullable);
        continues = begins || (nullable && continues);
    }
}

static bool is_below_zero(const struct grammar_item *item) {
    bool any = false;
    for (size_t i = 0;
         item->kind == GRAMMAR_ITEM_LIST && item->list && item->part == GRAMMAR_LIST_WHOLE && i < item->list->n_ranges; i++)
        any |= item->list->ranges[i].from < 0;
    return any;
}

/* A number with a unit may be said as one below zero. */
static bool add_below_zero(struct grammar_compiler *c, struct grammar_scope *s, struct grammar_item *sequence,
                           struct grammar_measure *m) {
    struct grammar_items items = {sequence->items, sequence->n_items, sequence->n_items};
    for (size_t i = 0; i + 1 < items.n; i++) {
        struct grammar_measure part;
        struct grammar_item *way = is_below_zero(items.items[i]) ? grammar_phrase_below_zero(&c->parser, &items, i) : NULL;
        if (way && !grammar_resolve(c, s, way, &part))
            return false;
        m->size += way ? part.size : 0;
    }
    sequence->items = items.items;
    sequence->n_items = (uint32_t)items.n;
    return true;
}

static bool resolve_items(struct grammar_compiler *c, struct grammar_scope *s, struct grammar_item *item,
                          struct grammar_measure *m) {
    bool good = true;
    m->nullable = item->kind != GRAMMAR_ITEM_ALTERNATIVE;
    for (uint32_t i = 0; i < item->n_items; i++) {
        struct grammar_measure part = {0};
        good = grammar_resolve(c, s, item->items[i], &part) && good; /* continues, so that all mistakes are reported */
        if (item->kind == GRAMMAR_ITEM_ALTERNATIVE)
            choose(m, &part);
        else
            join(m, &part);
    }
    if (good && item->kind == GRAMMAR_ITEM_SEQUENCE && m->wildcard)
        mark_joins(&c->g->pool, item);
    if (good && item->kind == GRAMMAR_ITEM_SEQUENCE)
        good = add_below_zero(c, s, item, m);
    m->size++;
    if (item->kind == GRAMMAR_ITEM_PERMUTATION)
        m->size <<= item->n_items;
    if (m->size > LARGEST_TEMPLATE) {
        if (good)
            grammar_report_at(c->report, TRAGUS_ERROR, grammar_position_in(&c->within, item->offset),
                              "grows to more than %d parts with its rules put in; split it", LARGEST_TEMPLATE);
        good = false;
    }
    return good;
}

bool grammar_resolve(struct grammar_compiler *c, struct grammar_scope *s, struct grammar_item *item, struct grammar_measure *m) {
    if (too_deep(c, item->offset))
        return false;
    c->depth++;
    bool good = true;
    *m = (struct grammar_measure){.size = 1, .nullable = true};
    switch (item->kind) {
    case GRAMMAR_ITEM_TEXT:
        for (uint32_t i = 0; i < item->n_chars; i++)
            m->nullable &= item->chars[i] == ' ';
        m->n_chunks = !m->nullable;
        break;
    case GRAMMAR_ITEM_SPOKEN:
        m->nullable = item->n_items == 0 && !grammar_has_digit(item->chars, item->n_chars);
        m->n_chunks = 1;
        break;
    case GRAMMAR_ITEM_SEQUENCE:
    case GRAMMAR_ITEM_ALTERNATIVE:
    case GRAMMAR_ITEM_PERMUTATION:
    case GRAMMAR_ITEM_OUTPUT:
        good = resolve_items(c, s, item, m);
        m->n_slots += item->kind == GRAMMAR_ITEM_OUTPUT && item->slot;
        break;
    case GRAMMAR_ITEM_LIST:
        *m = (struct grammar_measure){.size = 1, .n_slots = item->slot != NULL};
        good = grammar_find_list(c, s, item, &item->list);
        if (good && !item->list)
            m->missing = item->name;
        else if (good && (item->list = grammar_range_part(c, item->list, item))->kind == GRAMMAR_LIST_WILDCARD)
            m->wildcard = m->starts_wild = m->ends_wild = true;
        break;
    case GRAMMAR_ITEM_RULE: {
        const struct known_rule *rule = find_rule(c, s, item);
        good = rule != NULL;
        if (rule) {
            *m = rule->measure;
            item->items = grammar_pool_alloc(&c->g->pool, sizeof *item->items);
            item->items[0] = rule->body;
            item->n_items = 1;
        }
        break;
    }
    }
    c->depth--;
    return good;
}
