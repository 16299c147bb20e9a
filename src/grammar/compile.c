/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/compile.c: the merged model to a compiled grammar: order, names resolved, conditions, limits, all mistakes reported.
 *
 * Names are looked up as Home Assistant does it: what the block brings itself, then what the program set at run time, then the
 * files. A block's own rule also shadows the name inside shared rules, so blocks with names of their own get their own copies.
 */
#include "grammar/compiled.h"
#include "grammar/language.h"
#include "grammar/template.h"

#include "base/suggest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LARGEST_GRAMMAR = 512 << 20,
    LARGEST_TEMPLATE = 20000, /* items after all rules are put in */
    DEEPEST_TEMPLATE = 200,
    MOST_NUMBERS = 20000, /* in words, of one range */
};

struct measure { /* of an item with all rules put in */
    uint64_t size;
    unsigned n_slots, n_chunks;
    bool nullable, wildcard, starts_wild, ends_wild;
    const char *missing; /* a list that is not given, NULL: none */
};

enum state { STATE_BUSY = 1, STATE_DONE, STATE_FAILED };

struct known_rule {
    enum state state;
    struct grammar_item *body;
    struct measure measure;
};

struct known_list {
    enum state state;
    struct grammar_list *list;
};

struct scope {
    const struct grammar_model_block *block; /* whose own names count; NULL: none */
    struct grammar_map rules, lists;
};

struct missing_list {
    struct grammar_position position; /* of the first template */
    size_t n_templates;
};

struct compiler {
    const struct grammar_builder *b;
    struct grammar *g;
    struct grammar_report *report;
    struct grammar_parser parser;
    const char *language;
    struct scope global;
    struct grammar_map missing;
    const char *stack[DEEPEST_TEMPLATE]; /* names under way, "<rule>" or "{list}" */
    unsigned depth, n_stack;
    struct grammar_text within; /* the text whose items are resolved, for positions */
    struct grammar_pool *work;  /* freed behind the compilation */
};

static bool in_language(const struct compiler *c, const struct grammar_source *s) {
    return !s->language || !c->language || grammar_language_same(s->language, c->language);
}

static struct grammar_position position_in(const struct grammar_text *t, uint32_t offset) {
    struct grammar_position position = t->position;
    if (position.line)
        position.column += (int)offset;
    return position;
}

static bool resolve(struct compiler *c, struct scope *s, struct grammar_item *item, struct measure *m);

static struct grammar_item *parse(struct compiler *c, const struct grammar_text *t, enum grammar_severity severity) {
    struct grammar_item *item = grammar_template_parse(&c->parser, t->text, strlen(t->text));
    if (!item)
        grammar_report_at(c->report, severity, position_in(t, c->parser.error_offset), "%s: %.80s", c->parser.error, t->text);
    return item;
}

/* Lists */

/* The grammar outlives the builder, so what it keeps of it is copied. */
static const char *copy_text(struct compiler *c, const char *text) {
    return text ? grammar_pool_text(&c->g->pool, text, strlen(text)) : NULL;
}

static void push_entry(struct compiler *c, struct grammar_list *list, struct grammar_entry e) {
    *grammar_pool_push(&c->g->pool, list->entries, list->n_entries, list->size_entries) = e;
}

static struct grammar_value number_value(struct compiler *c, int64_t tenths, double multiplier) {
    double real = (double)tenths / 10 * multiplier;
    struct grammar_value v = {.type = GRAMMAR_INTEGER, .real = real, .integer = (int64_t)real};
    if ((double)v.integer != real)
        v.type = GRAMMAR_REAL;
    v.text = v.type == GRAMMAR_INTEGER ? grammar_pool_format(&c->g->pool, "%lld", (long long)v.integer)
                                       : grammar_pool_format(&c->g->pool, "%g", real);
    return v;
}

/* The numbers of a range in words; false: too many. */
static bool add_numbers(struct compiler *c, struct grammar_list *list, const struct grammar_range *range) {
    const struct grammar_language *before = c->parser.language;
    if (range->words_language)
        c->parser.language = grammar_language_find(range->words_language);
    int64_t n = (range->to - range->from) / range->step + 1;
    if (range->fractions)
        n *= range->fractions;
    bool fits = n <= MOST_NUMBERS && list->n_entries + (size_t)n <= MOST_NUMBERS;
    for (int64_t i = range->from; c->parser.language && fits && i <= range->to; i += range->step)
        for (int fraction = 0; fraction < (range->fractions ? (int)range->fractions : 1); fraction++) {
            int tenth = range->fractions == GRAMMAR_HALVES ? fraction * 5 : fraction;
            char digits[40];
            if (tenth)
                snprintf(digits, sizeof digits, "%lld.%d", (long long)i, tenth);
            else
                snprintf(digits, sizeof digits, "%lld", (long long)i);
            int64_t tenths = i * 10 + (i < 0 ? -tenth : tenth); /* "-3.5" is what "minus three point five" says */
            struct grammar_entry e = {.has_out = true, .in = grammar_template_number(&c->parser, digits)};
            if (!e.in)
                continue;
            e.out = number_value(c, tenths, range->multiplier);
            push_entry(c, list, e);
        }
    c->parser.language = before;
    return fits;
}

static bool fill_list(struct compiler *c, struct grammar_list *list, const struct grammar_model_definition *d, bool at_run_time) {
    list->kind = d->kind;
    if (d->kind == GRAMMAR_LIST_RANGE) {
        list->ranges = grammar_pool_alloc(&c->g->pool, d->n_ranges * sizeof *list->ranges);
        memcpy(list->ranges, d->ranges, d->n_ranges * sizeof *list->ranges);
        list->n_ranges = d->n_ranges;
        for (size_t i = 0; i < d->n_ranges; i++)
            if (d->ranges[i].words && !add_numbers(c, list, &d->ranges[i])) {
                grammar_report_at(c->report, GRAMMAR_ERROR, d->position,
                                  "{%s} has more than %d numbers; raise step, shorten the range or set `words: false`", list->name,
                                  MOST_NUMBERS);
                return false;
            }
        return true;
    }
    bool good = true;
    struct grammar_text outer = c->within;
    enum grammar_severity severity =
        at_run_time ? GRAMMAR_WARNING : GRAMMAR_ERROR; /* a device with an odd name is no reason to be deaf */
    for (size_t i = 0; i < d->n_values; i++) {
        const struct grammar_model_value *v = &d->values[i];
        struct grammar_entry e = {.has_out = v->has_out, .out = v->out, .n_context = v->n_context};
        bool is_template = grammar_template_is_one(v->in.text);
        struct grammar_item *in =
            is_template ? parse(c, &v->in, severity) : grammar_template_plain(&c->parser, v->in.text, strlen(v->in.text));
        struct measure m = {0};
        c->within = v->in;
        if (!in || !resolve(c, &c->global, in, &m)) {
            good = good && at_run_time;
            continue;
        }
        if (m.wildcard || m.nullable || m.missing) {
            grammar_report_at(c->report, severity, v->in.position, "value \"%.80s\" of {%s} is left out: it %s", v->in.text,
                              list->name,
                              m.wildcard  ? "holds a wildcard"
                              : m.missing ? "uses a list that is not given"
                                          : "may be silence");
            good = good && at_run_time;
            continue;
        }
        struct grammar_pair *context = grammar_pool_alloc(&c->g->pool, v->n_context * sizeof *context);
        for (size_t k = 0; k < v->n_context; k++)
            context[k] = (struct grammar_pair){copy_text(c, v->context[k].key), copy_text(c, v->context[k].value)};
        e.context = context;
        e.out.text = copy_text(c, v->out.text);
        e.in = in;
        e.spelling = is_template ? NULL : copy_text(c, v->in.text);
        push_entry(c, list, e);
    }
    c->within = outer;
    return good;
}

/* The values of the last definitions of one kind, in the grammar's language. */
static bool compile_list(struct compiler *c, const struct grammar_model_list *from, struct grammar_list *list) {
    bool good = true, any = false;
    for (size_t i = 0; i < from->n; i++) {
        const struct grammar_model_definition *d = &from->definitions[i];
        if (!in_language(c, d->source))
            continue;
        if (any && (list->kind != d->kind || d->kind != GRAMMAR_LIST_VALUES))
            list->n_entries = 0;
        any = true;
        good = fill_list(c, list, d, from->at_run_time) && good;
    }
    return good;
}

static bool is_empty(const struct compiler *c, const struct grammar_model_list *l) {
    for (size_t i = 0; i < l->n; i++)
        if (in_language(c, l->definitions[i].source))
            return false;
    return true;
}

static struct grammar_list *new_list(struct compiler *c, const char *name) {
    struct grammar_list *list = grammar_pool_alloc(&c->g->pool, sizeof *list);
    list->name = copy_text(c, name);
    list->number = c->g->n_lists++;
    return list;
}

static void report_cycle(struct compiler *c, const char *name, uint32_t offset) {
    char chain[160] = "";
    size_t len = 0, first = 0;
    while (first < c->n_stack && strcmp(c->stack[first], name) != 0)
        first++;
    for (size_t i = first; i < c->n_stack && len < sizeof chain; i++)
        len += (size_t)snprintf(chain + len, sizeof chain - len, "%.30s -> ", c->stack[i]);
    grammar_report_at(c->report, GRAMMAR_ERROR, position_in(&c->within, offset),
                      "%s uses itself: %s%s; take one of these references out", name, chain, name);
}

static bool too_deep(struct compiler *c, uint32_t offset) {
    if (c->depth < DEEPEST_TEMPLATE && c->n_stack < DEEPEST_TEMPLATE)
        return false;
    grammar_report_at(c->report, GRAMMAR_ERROR, position_in(&c->within, offset), "groups and rules are nested more than %d deep",
                      DEEPEST_TEMPLATE);
    return true;
}

/* *ret NULL: the list is not given. */
static bool find_list(struct compiler *c, struct scope *s, const struct grammar_item *item, const struct grammar_list **ret) {
    const struct grammar_model_list *from = s->block ? grammar_map_get(&s->block->lists, item->name) : NULL;
    struct grammar_map *known = from ? &s->lists : &c->global.lists;
    if (!from)
        from = grammar_map_get(&c->b->lists, item->name);
    *ret = NULL;
    if ((!from || is_empty(c, from)) && !item->range)
        return true;
    struct known_list *entry = grammar_map_get(known, item->name);
    if (!entry) {
        entry = grammar_pool_alloc(&c->g->pool, sizeof *entry);
        *grammar_map_at(known, &c->g->pool, item->name) = entry;
        entry->state = STATE_BUSY;
        entry->list = new_list(c, item->name);
        c->stack[c->n_stack++] = grammar_pool_format(&c->g->pool, "{%s}", item->name);
        bool good;
        if (from && !is_empty(c, from)) {
            good = compile_list(c, from, entry->list);
        } else {
            long long from_number, to, step = 1;
            sscanf(item->range, "%lld..%lld,%lld", &from_number, &to, &step);
            struct grammar_range range = {
                .from = from_number, .to = to, .step = step ? step : 1, .multiplier = 1, .digits = true, .words = true};
            struct grammar_model_definition d = {.kind = GRAMMAR_LIST_RANGE, .n_ranges = 1};
            d.position = position_in(&c->within, item->offset);
            d.ranges = grammar_pool_alloc(&c->g->pool, sizeof range);
            d.ranges[0] = range;
            good = range.from <= range.to;
            if (!good)
                grammar_report_at(c->report, GRAMMAR_ERROR, d.position,
                                  "the range {%s} runs downwards; write the smaller number first", item->range);
            good = good && fill_list(c, entry->list, &d, false);
        }
        c->n_stack--;
        entry->state = good ? STATE_DONE : STATE_FAILED;
    } else if (entry->state == STATE_BUSY) {
        report_cycle(c, grammar_pool_format(&c->g->pool, "{%s}", item->name), item->offset);
        entry->state = STATE_FAILED;
    }
    *ret = entry->list;
    return entry->state == STATE_DONE;
}

/* Rules */

static const struct grammar_text *rule_text(const struct compiler *c, const struct scope *s, const char *name) {
    const struct grammar_model_rule *rule = s->block ? grammar_map_get(&s->block->rules, name) : NULL;
    if (!rule)
        rule = grammar_map_get(&c->b->rules, name);
    for (size_t i = rule ? rule->n : 0; i > 0; i--)
        if (in_language(c, rule->bodies[i - 1].source))
            return &rule->bodies[i - 1];
    return NULL;
}

static const struct known_rule *find_rule(struct compiler *c, struct scope *s, const struct grammar_item *item) {
    struct known_rule *rule = grammar_map_get(&s->rules, item->name);
    if (rule) {
        if (rule->state == STATE_BUSY) {
            report_cycle(c, grammar_pool_format(&c->g->pool, "<%s>", item->name), item->offset);
            rule->state = STATE_FAILED;
        }
        return rule->state == STATE_DONE ? rule : NULL;
    }
    const struct grammar_text *text = rule_text(c, s, item->name);
    if (!text) {
        const char *nearest = base_suggest_from(item->name, grammar_map_key, &c->b->rules, c->b->rules.n);
        grammar_report_at(c->report, GRAMMAR_ERROR, position_in(&c->within, item->offset),
                          "rule <%s> is not defined%s%s%s; define it under expansion_rules", item->name,
                          nearest ? "; did you mean <" : "", nearest ? nearest : "", nearest ? ">?" : "");
        return NULL;
    }
    rule = grammar_pool_alloc(&c->g->pool, sizeof *rule);
    rule->state = STATE_BUSY;
    *grammar_map_at(&s->rules, &c->g->pool, item->name) = rule;
    struct grammar_text outer = c->within;
    c->within = *text;
    c->stack[c->n_stack++] = grammar_pool_format(&c->g->pool, "<%s>", item->name);
    rule->body = parse(c, text, GRAMMAR_ERROR);
    bool good = rule->body && resolve(c, s, rule->body, &rule->measure) && rule->state == STATE_BUSY;
    rule->state = good ? STATE_DONE : STATE_FAILED;
    c->n_stack--;
    c->within = outer;
    return good ? rule : NULL;
}

/* Items */

static void join(struct measure *m, const struct measure *next) { /* m, then next */
    m->starts_wild |= m->nullable && next->starts_wild;
    m->ends_wild = next->ends_wild || (next->nullable && m->ends_wild);
    m->nullable &= next->nullable;
    m->wildcard |= next->wildcard;
    m->size += next->size;
    m->n_slots += next->n_slots;
    m->n_chunks += next->n_chunks;
    m->missing = m->missing ? m->missing : next->missing;
}

static void choose(struct measure *m, const struct measure *other) { /* m, or other */
    m->starts_wild |= other->starts_wild;
    m->ends_wild |= other->ends_wild;
    m->nullable |= other->nullable;
    m->wildcard |= other->wildcard;
    m->size += other->size;
    m->n_slots = m->n_slots > other->n_slots ? m->n_slots : other->n_slots;
    m->n_chunks += other->n_chunks;
    m->missing = m->missing ? m->missing : other->missing;
}

static bool resolve_items(struct compiler *c, struct scope *s, struct grammar_item *item, struct measure *m) {
    bool good = true;
    m->nullable = item->kind != GRAMMAR_ITEM_ALTERNATIVE;
    for (uint32_t i = 0; i < item->n_items; i++) {
        struct measure part = {0};
        good = resolve(c, s, item->items[i], &part) && good; /* goes on: all mistakes at once */
        if (item->kind == GRAMMAR_ITEM_ALTERNATIVE)
            choose(m, &part);
        else
            join(m, &part);
    }
    m->size++;
    if (item->kind == GRAMMAR_ITEM_PERMUTATION)
        m->size <<= item->n_items;
    if (m->size > LARGEST_TEMPLATE) {
        if (good)
            grammar_report_at(c->report, GRAMMAR_ERROR, position_in(&c->within, item->offset),
                              "grows to more than %d parts with its rules put in; split it", LARGEST_TEMPLATE);
        good = false;
    }
    return good;
}

static bool resolve(struct compiler *c, struct scope *s, struct grammar_item *item, struct measure *m) {
    if (too_deep(c, item->offset))
        return false;
    c->depth++;
    bool good = true;
    *m = (struct measure){.size = 1, .nullable = true};
    switch (item->kind) {
    case GRAMMAR_ITEM_TEXT:
        for (uint32_t i = 0; i < item->n_chars; i++)
            m->nullable &= item->chars[i] == ' ';
        m->n_chunks = !m->nullable;
        break;
    case GRAMMAR_ITEM_SPOKEN:
        m->nullable = item->n_items == 0;
        m->n_chunks = 1;
        break;
    case GRAMMAR_ITEM_SEQUENCE:
    case GRAMMAR_ITEM_ALTERNATIVE:
    case GRAMMAR_ITEM_PERMUTATION:
        good = resolve_items(c, s, item, m);
        break;
    case GRAMMAR_ITEM_LIST:
        *m = (struct measure){.size = 1, .n_slots = item->slot != NULL};
        good = find_list(c, s, item, &item->list);
        if (good && !item->list)
            m->missing = item->name;
        else if (good && item->list->kind == GRAMMAR_LIST_WILDCARD)
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

/* Sentences */

static void note_missing(struct compiler *c, const char *list, struct grammar_position position) {
    struct missing_list *m = grammar_map_get(&c->missing, list);
    if (!m) {
        m = grammar_pool_alloc(&c->g->pool, sizeof *m);
        m->position = position;
        *grammar_map_at(&c->missing, &c->g->pool, list) = m;
    }
    m->n_templates++;
}

static void report_missing(struct compiler *c) {
    for (size_t i = 0; i < c->missing.n; i++) {
        const struct missing_list *m = c->missing.items[i].value;
        const char *name = c->missing.items[i].key;
        const char *nearest = base_suggest_from(name, grammar_map_key, &c->b->lists, c->b->lists.n);
        grammar_report_at(c->report, GRAMMAR_WARNING, m->position, "list {%s} is not defined%s%s%s; %zu template%s left out", name,
                          nearest ? "; did you mean {" : "", nearest ? nearest : "", nearest ? "}?" : "", m->n_templates,
                          m->n_templates == 1 ? " is" : "s are");
    }
}

static void add_sentence(struct compiler *c, struct scope *s, const struct grammar_block *block,
                         const struct grammar_model_block *from, const struct grammar_model_sentence *sentence) {
    c->within = sentence->in;
    struct grammar_item *body = parse(c, &sentence->in, GRAMMAR_ERROR);
    struct measure m = {0};
    if (!body || !resolve(c, s, body, &m))
        return;
    if (m.missing) {
        note_missing(c, m.missing, sentence->in.position);
        return;
    }
    if (m.n_slots > GRAMMAR_MAX_SLOTS) {
        grammar_report_at(c->report, GRAMMAR_ERROR, sentence->in.position, "fills more than %d slots; split it", GRAMMAR_MAX_SLOTS);
        return;
    }
    if (m.nullable)
        grammar_report_at(c->report, GRAMMAR_NOTE, sentence->in.position, "may be silence, which is never recognised: %.80s",
                          sentence->in.text);
    struct grammar_template *t = grammar_pool_push(&c->g->pool, c->g->templates, c->g->n_templates, c->g->size_templates);
    *t = (struct grammar_template){
        .body = body,
        .text = copy_text(c, sentence->in.text),
        .out = copy_text(c, sentence->out),
        .block = block,
        .position = {copy_text(c, sentence->in.position.file), sentence->in.position.line, sentence->in.position.column},
        .spoken_only = from->speech_to_phrase && from->source->has_plain_blocks,
        .has_wildcard = m.wildcard,
        .starts_wild = m.starts_wild,
        .ends_wild = m.ends_wild,
        .n_chunks = m.n_chunks,
    };
}

static const struct grammar_model_combination *combination_of(const struct compiler *c, const struct grammar_model_block *from) {
    const struct grammar_model_intent *intent = grammar_map_get(&c->b->intents, from->intent);
    return intent ? grammar_map_get(&intent->combinations, from->combination) : NULL;
}

static struct grammar_condition copy_condition(struct compiler *c, const struct grammar_condition *from) {
    struct grammar_condition copy = {.key = copy_text(c, from->key), .n = from->n, .slot = copy_text(c, from->slot)};
    copy.values = grammar_pool_alloc(&c->g->pool, from->n * sizeof *copy.values);
    for (size_t i = 0; i < from->n; i++)
        copy.values[i] = copy_text(c, from->values[i]);
    return copy;
}

static const struct grammar_block *compile_block(struct compiler *c, const struct grammar_model_block *from) {
    struct grammar_block *block = grammar_pool_alloc(&c->g->pool, sizeof *block);
    const struct grammar_model_combination *combination = combination_of(c, from);
    block->intent = copy_text(c, from->intent);
    block->response = copy_text(c, from->response);
    block->slots = grammar_pool_alloc(&c->g->pool, from->n_slots * sizeof *block->slots);
    block->n_slots = from->n_slots;
    for (size_t i = 0; i < from->n_slots; i++) {
        block->slots[i] = from->slots[i];
        block->slots[i].name = copy_text(c, from->slots[i].name);
        block->slots[i].value.text = copy_text(c, from->slots[i].value.text);
    }
    block->required = grammar_pool_alloc(&c->g->pool, (from->n_required + 2) * sizeof *block->required);
    block->excluded = grammar_pool_alloc(&c->g->pool, from->n_excluded * sizeof *block->excluded);
    for (size_t i = 0; i < from->n_required; i++)
        block->required[block->n_required++] = copy_condition(c, &from->required[i]);
    for (size_t i = 0; i < from->n_excluded; i++)
        block->excluded[block->n_excluded++] = copy_condition(c, &from->excluded[i]);
    if (combination && combination->context_area)
        block->required[block->n_required++] = (struct grammar_condition){.key = "area", .slot = "area"};
    if (from->domain_group) {
        const struct grammar_condition *domains = combination ? grammar_map_get(&combination->groups, from->domain_group) : NULL;
        if (domains)
            block->required[block->n_required++] = copy_condition(c, domains);
        else
            grammar_report_at(
                c->report, GRAMMAR_WARNING, from->domain_group_position,
                "group \"%s\" of name_domains is not defined; load intents.yaml too, or list the domains; any name fits now",
                from->domain_group);
    }
    return block;
}

/* Inside a block Home Assistant tries templates with free text first, of these the ones with more literal text before others. */
static int by_wildcard(const void *pa, const void *pb) {
    const struct grammar_template *a = pa, *b = pb;
    if (a->has_wildcard != b->has_wildcard)
        return a->has_wildcard ? -1 : 1;
    if (a->has_wildcard && a->n_chunks != b->n_chunks)
        return a->n_chunks > b->n_chunks ? -1 : 1;
    return a->position.line != b->position.line
               ? (a->position.line < b->position.line ? -1 : 1)
               : (a->position.column > b->position.column) - (a->position.column < b->position.column);
}

static void add_block(struct compiler *c, const struct grammar_model_block *from) {
    if (from->n_sentences == 0 || !in_language(c, from->source))
        return;
    struct scope local = {.block = from};
    bool has_own = from->lists.n || from->rules.n;
    const struct grammar_block *block = compile_block(c, from);
    size_t first = c->g->n_templates;
    for (size_t i = 0; i < from->n_sentences; i++)
        add_sentence(c, has_own ? &local : &c->global, block, from, &from->sentences[i]);
    if (c->g->n_templates > first)
        qsort(c->g->templates + first, c->g->n_templates - first, sizeof *c->g->templates, by_wildcard);
    if (from->intent[0] && c->g->n_templates > first &&
        (c->g->n_intents == 0 || strcmp(c->g->intents[c->g->n_intents - 1], from->intent) != 0)) /* blocks come sorted by intent */
        *grammar_pool_push(&c->g->pool, c->g->intents, c->g->n_intents, c->g->size_intents) = block->intent;
}

struct ordered_block {
    const struct grammar_model_block *block;
    bool declared;
    size_t intent, combination, index;
};

static int by_order(const void *pa, const void *pb) {
    const struct ordered_block *a = pa, *b = pb;
    if (a->declared != b->declared)
        return a->declared ? -1 : 1;
    if (a->intent != b->intent)
        return a->intent < b->intent ? -1 : 1;
    if (a->combination != b->combination)
        return a->combination < b->combination ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void add_blocks(struct compiler *c) {
    struct ordered_block *order = grammar_pool_alloc(&c->g->pool, c->b->n_blocks * sizeof *order);
    for (size_t i = 0; i < c->b->n_blocks; i++) {
        const struct grammar_model_block *block = c->b->blocks[i];
        const struct grammar_model_intent *intent = grammar_map_get(&c->b->intents, block->intent);
        const struct grammar_model_combination *combination = combination_of(c, block);
        order[i] = (struct ordered_block){block, intent->declared, intent->order, combination ? combination->order : SIZE_MAX, i};
    }
    if (c->b->n_blocks)
        qsort(order, c->b->n_blocks, sizeof *order, by_order);
    for (size_t i = 0; i < c->b->n_blocks; i++)
        add_block(c, order[i].block);
}

static int by_length(const void *pa, const void *pb) {
    const struct grammar_text *const *a = pa, *const *b = pb;
    size_t n = strlen((*a)->text), m = strlen((*b)->text);
    return n != m ? (n > m ? -1 : 1) : strcmp((*a)->text, (*b)->text);
}

static void add_skip_words(struct compiler *c) {
    const struct grammar_text **texts = grammar_pool_alloc(&c->g->pool, c->b->n_skip_words * sizeof *texts);
    size_t n = 0;
    for (size_t i = 0; i < c->b->n_skip_words; i++)
        if (in_language(c, c->b->skip_words[i].source))
            texts[n++] = &c->b->skip_words[i];
    if (n)
        qsort(texts, n, sizeof *texts, by_length);
    c->g->skip_words = grammar_pool_alloc(&c->g->pool, n * sizeof *c->g->skip_words);
    for (size_t i = 0; i < n; i++) {
        struct grammar_item *item = grammar_template_plain(&c->parser, texts[i]->text, strlen(texts[i]->text));
        struct measure m;
        c->within = *texts[i];
        if (resolve(c, &c->global, item, &m) && !m.nullable && (i == 0 || strcmp(texts[i]->text, texts[i - 1]->text) != 0))
            c->g->skip_words[c->g->n_skip_words++] = item;
    }
}

/* The language of the first block of sentences that says one; NULL: none does. */
static const char *language_of(const struct grammar_builder *b) {
    for (size_t i = 0; i < b->n_blocks; i++)
        if (b->blocks[i]->source->language)
            return b->blocks[i]->source->language;
    return NULL;
}

static void compile(void *data) {
    struct compiler *c = data;
    c->language = language_of(c->b);
    c->parser.language = grammar_language_find(c->language ? c->language : "en");
    c->g->ignore_whitespace = c->b->ignore_whitespace;
    if (!c->parser.language)
        grammar_report_at(c->report, GRAMMAR_WARNING, (struct grammar_position){0},
                          "numbers and signs of language \"%s\" have no words yet; they are understood when typed only",
                          c->language);
    add_blocks(c);
    add_skip_words(c);
    report_missing(c);
    if (c->b->n_blocks == 0)
        grammar_report_at(c->report, GRAMMAR_ERROR, (struct grammar_position){0}, "the grammar holds no sentences; add some");
    if (c->report->n_errors == 0)
        grammar_build_acceptor(c->g, c->work, c->report);
}

int grammar_compile(struct grammar **ret, const struct grammar_builder *b, struct grammar_diagnostics *d,
                    struct base_error *reterr) {
    struct grammar_report report = {d, reterr, 0};
    struct grammar *g = calloc(1, sizeof *g);
    struct compiler *c = calloc(1, sizeof *c);
    struct grammar_pool *work = calloc(1, sizeof *work);
    int code = -ENOMEM;
    if (g && c && work) {
        grammar_pool_init(&g->pool, LARGEST_GRAMMAR);
        grammar_pool_init(work, LARGEST_GRAMMAR);
        work->outer = &g->pool;
        *c = (struct compiler){.b = b, .g = g, .report = &report, .work = work, .parser = {.pool = &g->pool}};
        code = grammar_pool_run(&g->pool, compile, c);
        base_buffer_done(&c->parser.scratch);
        grammar_pool_done(work);
    }
    free(c);
    free(work);
    if (code < 0)
        base_error_set(reterr, code, code == -E2BIG ? "the grammar is too large; leave parts out" : "out of memory");
    else if (report.n_errors)
        code = -EINVAL;
    if (code < 0)
        grammar_free(g);
    else
        *ret = g;
    return code;
}

void grammar_free(struct grammar *g) {
    if (!g)
        return;
    grammar_pool_done(&g->pool);
    free(g);
}

size_t grammar_n_templates(const struct grammar *g) {
    return g->n_templates;
}

size_t grammar_n_intents(const struct grammar *g) {
    return g->n_intents;
}

const char *grammar_intent(const struct grammar *g, size_t i) {
    return i < g->n_intents ? g->intents[i] : NULL;
}

const struct grammar_acceptor *grammar_acceptor(const struct grammar *g) {
    return &g->acceptor;
}

bool grammar_condition_holds(const struct grammar_condition *c, const char *value) {
    if (!value)
        return false;
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->values[i], value) == 0)
            return true;
    return c->n == 0;
}

bool grammar_entry_fits(const struct grammar_entry *e, const struct grammar_block *b) {
    for (size_t i = 0; i < e->n_context; i++) {
        for (size_t k = 0; k < b->n_required; k++)
            if (strcmp(b->required[k].key, e->context[i].key) == 0 &&
                !grammar_condition_holds(&b->required[k], e->context[i].value))
                return false;
        for (size_t k = 0; k < b->n_excluded; k++)
            if (strcmp(b->excluded[k].key, e->context[i].key) == 0 && grammar_condition_holds(&b->excluded[k], e->context[i].value))
                return false;
    }
    return true;
}
