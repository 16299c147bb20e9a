/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/template.c: recursive descent parser for Home Assistant's template language ("hassil"). */
#include "grammar/template.h"

#include "grammar/letters.h"
#include "grammar/phrase.h"
#include "grammar/pool.h"
#include "grammar/tree.h"

#include <string.h>

enum { MOST_PERMUTED = 8 }; /* 2^n states each; Home Assistant advises at most 4 */

/* Groups */

static bool is_reserved(uint32_t c) {
    return grammar_is_in(c, "()[]{}<>|;");
}

/* Returns the text between the sign at c->at and `close`, unescaped and trimmed, or NULL on error. */
static char *read_name(struct grammar_cursor *c, uint32_t close) {
    struct grammar_parser *p = c->parser;
    size_t open = c->at++, n = 0;
    uint32_t *name = grammar_pool_alloc(p->pool, (c->n - open + 1) * sizeof *name);
    for (; c->at < c->n && c->chars[c->at] != close; c->at++) {
        if (c->chars[c->at] == '\\' && c->at + 1 < c->n)
            c->at++;
        else if (is_reserved(c->chars[c->at]))
            break;
        if (n > 0 || c->chars[c->at] != ' ')
            name[n++] = c->chars[c->at];
    }
    if (c->at >= c->n || c->chars[c->at] != close) {
        grammar_tree_fail(p, open, "%c is not closed; add %c behind the name", (char)c->chars[open], (char)close);
        return NULL;
    }
    c->at++;
    while (n > 0 && name[n - 1] == ' ')
        n--;
    if (n == 0) {
        grammar_tree_fail(p, open, "%c%c is empty; write a name between", (char)c->chars[open], (char)close);
        return NULL;
    }
    return grammar_encode(p->pool, name, n);
}

static struct grammar_item *parse_list(struct grammar_cursor *c) {
    struct grammar_parser *p = c->parser;
    size_t open = c->at;
    char *name = read_name(c, '}');
    if (!name)
        return NULL;
    struct grammar_item *item = grammar_tree_item(p, GRAMMAR_ITEM_LIST, open);
    char *colon = strchr(name, ':');
    if (colon) {
        *colon = '\0';
        item->slot = colon[1] == '@' ? NULL : colon + 1;
        if (colon[1] == '\0' || (colon[1] == '@' && colon[2] == '\0') || name[0] == '\0')
            return grammar_tree_fail(p, open, "{%s:%s} needs a list before and a slot behind the colon", name, colon + 1);
    } else {
        item->slot = name;
    }
    if (name[0] == '@') { /* {@list}: captured for the reply only */
        name++;
        item->slot = NULL;
    }
    item->name = name;
    if (grammar_tree_is_range(name)) {
        item->range = name;
        if (!colon)
            return grammar_tree_fail(p, open, "the range {%s} needs a slot; write {%s:SLOT}", name, name);
    }
    return item;
}

static struct grammar_item *parse_rule(struct grammar_cursor *c) {
    size_t open = c->at;
    char *name = read_name(c, '>');
    if (!name)
        return NULL;
    struct grammar_item *item = grammar_tree_item(c->parser, GRAMMAR_ITEM_RULE, open);
    item->name = name;
    return item;
}

static struct grammar_item *parse_group(struct grammar_cursor *c, uint32_t close);

/* Where the text at the cursor ends. Room for the rest of the template would take a square of its length for many short texts. */
static size_t end_of_text(const struct grammar_cursor *c) {
    size_t end = c->at;
    while (end < c->n && !is_reserved(c->chars[end]))
        end += c->chars[end] == '\\' ? 2 : 1;
    return end < c->n ? end : c->n;
}

static bool parse_sequence(struct grammar_cursor *c, uint32_t close, struct grammar_items *sequence) {
    struct grammar_parser *p = c->parser;
    while (c->at < c->n && c->chars[c->at] != close && c->chars[c->at] != '|' && c->chars[c->at] != ';') {
        uint32_t sign = c->chars[c->at];
        if (!is_reserved(sign)) {
            uint32_t *text = grammar_pool_alloc(p->pool, (end_of_text(c) - c->at) * sizeof *text);
            size_t start = c->at, n = 0;
            for (; c->at < c->n && !is_reserved(c->chars[c->at]); c->at++) {
                if (c->chars[c->at] == '\\' && ++c->at == c->n)
                    return grammar_tree_fail(p, c->at - 1, "\\ stands last; write \\\\ for the sign itself"), false;
                text[n++] = c->chars[c->at];
            }
            p->after_list = sequence->n && sequence->items[sequence->n - 1]->kind == GRAMMAR_ITEM_LIST;
            p->before_list = c->at < c->n && c->chars[c->at] == '{';
            grammar_tree_text(p, sequence, text, n, start, c->at < c->n && grammar_is_in(c->chars[c->at], "([{<"));
            p->after_list = p->before_list = false;
            continue;
        }
        struct grammar_item *item = NULL;
        if (sign == '(' || sign == '[')
            item = grammar_tree_bracketed(c, sign == '[', parse_group);
        else if (sign == '{')
            item = parse_list(c);
        else if (sign == '<')
            item = parse_rule(c);
        else
            grammar_tree_fail(p, c->at, "%c closes nothing; take it away, or write \\%c for the sign itself", (char)sign,
                              (char)sign);
        if (!item)
            return false;
        grammar_tree_push(p, sequence, item);
    }
    return true;
}

/* Returns whether an item may begin in the middle of a word. */
static bool may_continue_word(const struct grammar_item *item) {
    if (item->kind == GRAMMAR_ITEM_TEXT)
        return item->chars[0] != ' ';
    if (item->kind == GRAMMAR_ITEM_SEQUENCE)
        return item->n_items > 0 && may_continue_word(item->items[0]);
    bool any = item->kind == GRAMMAR_ITEM_SPOKEN;
    for (uint32_t i = 0; item->kind == GRAMMAR_ITEM_ALTERNATIVE && i < item->n_items && !any; i++)
        any = may_continue_word(item->items[i]);
    return any;
}

/* Marks lists that are followed by text in the same word: there, a wildcard may end within a word. */
static void mark_joins(struct grammar_items *sequence) {
    for (size_t i = 0; i + 1 < sequence->n; i++)
        sequence->items[i]->joins |= sequence->items[i]->kind == GRAMMAR_ITEM_LIST && may_continue_word(sequence->items[i + 1]);
}

static struct grammar_item *parse_group(struct grammar_cursor *c, uint32_t close) {
    struct grammar_parser *p = c->parser;
    size_t start = c->at;
    struct grammar_items parts = {0};
    uint32_t separator = 0;
    for (;;) {
        struct grammar_items sequence = {0};
        size_t part = c->at;
        if (!parse_sequence(c, close, &sequence))
            return NULL;
        mark_joins(&sequence);
        grammar_phrase_lists(p, &sequence);
        grammar_tree_push(p, &parts, grammar_tree_one(p, GRAMMAR_ITEM_SEQUENCE, part, &sequence));
        if (c->at >= c->n || (c->chars[c->at] != '|' && c->chars[c->at] != ';'))
            break;
        if (separator && separator != c->chars[c->at])
            return grammar_tree_fail(p, c->at,
                                     "| and ; stand in one group; put the alternatives in ( ) of their own, as in ((a|b);c)");
        separator = c->chars[c->at++];
    }
    if (separator == 0)
        return parts.items[0];
    if (separator == '|')
        return grammar_tree_group(p, GRAMMAR_ITEM_ALTERNATIVE, start, &parts);
    if (parts.n > MOST_PERMUTED)
        return grammar_tree_fail(p, start, "%zu parts in any order; at most %d, more make the grammar too large", parts.n,
                                 MOST_PERMUTED);
    return grammar_tree_group(p, GRAMMAR_ITEM_PERMUTATION, start, &parts);
}

struct grammar_item *grammar_template_parse(struct grammar_parser *p, const char *text, size_t len) {
    p->error[0] = '\0';
    struct grammar_cursor c = {.parser = p};
    c.chars = grammar_decode(p->pool, text, len, &c.n);
    struct grammar_item *item = parse_group(&c, GRAMMAR_NO_SIGN);
    if (item && c.at < c.n)
        return grammar_tree_fail(p, c.at, "%c closes nothing; take it away, or write \\%c for the sign itself", (char)c.chars[c.at],
                                 (char)c.chars[c.at]);
    return item;
}

bool grammar_template_is_one(const char *text) {
    return strpbrk(text, "(){}<>[]|@") != NULL;
}

struct grammar_item *grammar_template_plain(struct grammar_parser *p, const char *text, size_t len) {
    p->error[0] = '\0';
    size_t n;
    const uint32_t *chars = grammar_decode(p->pool, text, len, &n);
    struct grammar_items sequence = {0};
    grammar_tree_text(p, &sequence, chars, n, 0, false);
    return grammar_tree_one(p, GRAMMAR_ITEM_SEQUENCE, 0, &sequence);
}
