/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/rhino_template.c: parses an expression of Picovoice's Rhino: words, (optional, phrases), [one, of, them], @macro,
 * $slot:name. Slots that begin with pv. are built in.
 */
#include "grammar/language.h"
#include "grammar/letters.h"
#include "grammar/notation.h"
#include "grammar/numbers.h"
#include "grammar/rhino.h"
#include "grammar/tree.h"

#include <stdlib.h>
#include <string.h>

struct rhino {
    struct grammar_cursor c;
    const struct grammar_map *macros; /* numbers of phrases */
    const char *file;
};

static struct grammar_item *parse_group(struct grammar_cursor *c, uint32_t close);

static bool is_sign(uint32_t c) {
    return grammar_is_in(c, "()[],@$");
}

/* Built-in slots */

static struct grammar_item *range_of(struct grammar_parser *p, const char *range, const char *slot, size_t offset) {
    struct grammar_item *item = grammar_tree_item(p, GRAMMAR_ITEM_LIST, offset);
    item->name = item->range = range;
    item->slot = slot;
    return item;
}

static struct grammar_item *text_of(struct grammar_parser *p, const char *text, size_t offset) {
    size_t n;
    const uint32_t *chars = grammar_decode(p->pool, text, strlen(text), &n);
    return grammar_tree_text_item(p, chars, n, offset);
}

/* "50%": the sign, which may be said, is part of the value. */
static struct grammar_item *percent(struct grammar_parser *p, size_t offset) {
    struct grammar_items both = {0};
    grammar_tree_push(p, &both, range_of(p, "0..100", NULL, offset));
    grammar_tree_push(p, &both, text_of(p, "%", offset));
    return grammar_tree_group(p, GRAMMAR_ITEM_SEQUENCE, offset, &both);
}

static void push_ordinal(struct grammar_parser *p, struct grammar_items *all, struct grammar_item *said, long number,
                         const char *slot, size_t offset) {
    struct grammar_item *item = grammar_tree_output(p, said, offset);
    item->value = grammar_pool_format(p->pool, "%ld", number);
    item->conversions = GRAMMAR_TO_INTEGER;
    item->slot = slot;
    grammar_tree_push(p, all, item);
}

/* Ordinals in words, or typed with any of the language's signs for them (3rd); the number is the value. */
static struct grammar_item *ordinals(struct grammar_parser *p, long most, const char *slot, size_t offset) {
    const struct grammar_numbers *numbers = p->language ? p->language->numbers : NULL;
    struct grammar_items all = {0};
    if (!numbers || numbers->n_ordinal == 0)
        return grammar_tree_fail(p, offset, "the words of ordinals in this language are not known; write a slot with them");
    for (long number = 1; number <= most; number++) {
        struct grammar_item *words = grammar_template_ordinal(p, grammar_pool_format(p->pool, "%ld", number));
        if (words)
            push_ordinal(p, &all, words, number, slot, offset);
        for (size_t i = 0; i < numbers->n_signs; i++)
            push_ordinal(p, &all, text_of(p, grammar_pool_format(p->pool, "%ld%s", number, numbers->signs[i]), offset), number,
                         slot, offset);
    }
    return grammar_tree_one(p, GRAMMAR_ITEM_ALTERNATIVE, offset, &all);
}

static struct grammar_item *characters(struct grammar_parser *p, const char *all, size_t offset) {
    struct grammar_items items = {0};
    for (; *all; all++)
        grammar_tree_push(p, &items, text_of(p, grammar_pool_text(p->pool, all, 1), offset));
    return grammar_tree_group(p, GRAMMAR_ITEM_ALTERNATIVE, offset, &items);
}

static struct grammar_item *built_in(struct grammar_parser *p, const char *name, const char *slot, size_t offset) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", both[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    struct grammar_item *body;
    if (strcmp(name, "pv.SingleDigitInteger") == 0)
        return range_of(p, "0..9", slot, offset);
    if (strcmp(name, "pv.TwoDigitInteger") == 0)
        return range_of(p, "0..99", slot, offset);
    if (strcmp(name, "pv.SingleDigitOrdinal") == 0)
        return ordinals(p, 9, slot, offset);
    if (strcmp(name, "pv.TwoDigitOrdinal") == 0)
        return ordinals(p, 99, slot, offset);
    if (strcmp(name, "pv.Percent") == 0)
        body = percent(p, offset);
    else if (strcmp(name, "pv.Alphabetic") == 0)
        body = characters(p, letters, offset);
    else if (strcmp(name, "pv.Alphanumeric") == 0)
        body = characters(p, both, offset);
    else
        return grammar_tree_fail(p, offset,
                                 "$%.40s is not built in; known are SingleDigitInteger, TwoDigitInteger, SingleDigitOrdinal, "
                                 "TwoDigitOrdinal, Percent, Alphabetic and Alphanumeric",
                                 name);
    struct grammar_item *item = grammar_tree_output(p, body, offset);
    item->slot = slot;
    return item;
}

/* Items */

/* Returns the word up to a blank or sign. */
static char *read_word(struct grammar_cursor *c) {
    size_t start = c->at;
    while (c->at < c->n && c->chars[c->at] != ' ' && !is_sign(c->chars[c->at]))
        c->at++;
    return grammar_encode(c->parser->pool, c->chars + start, c->at - start);
}

static struct grammar_item *parse_slot(struct rhino *r) {
    struct grammar_parser *p = r->c.parser;
    size_t sign = r->c.at++;
    char *name = read_word(&r->c), *slot = strchr(name, ':');
    if (slot)
        *slot++ = '\0';
    if (name[0] == '\0' || (slot && slot[0] == '\0'))
        return grammar_tree_fail(p, sign, "$ needs the name of a slot, as in $color:color");
    slot = slot ? slot : name;
    if (strncmp(name, "pv.", 3) == 0)
        return built_in(p, name, slot, sign);
    struct grammar_item *item = grammar_tree_item(p, GRAMMAR_ITEM_LIST, sign);
    item->name = name;
    item->slot = slot;
    return item;
}

static struct grammar_item *parse_macro(struct rhino *r) {
    struct grammar_parser *p = r->c.parser;
    struct grammar_items phrases = {0};
    size_t sign = r->c.at++;
    const char *name = read_word(&r->c);
    const size_t *n = grammar_map_get(r->macros, name);
    if (!n)
        return grammar_tree_fail(p, sign, "@%.40s is not defined; write its phrases under macros", name);
    for (size_t i = 0; i < *n; i++) {
        struct grammar_item *item = grammar_tree_item(p, GRAMMAR_ITEM_RULE, sign);
        item->name = grammar_rhino_rule(p->pool, r->file, name, i);
        grammar_tree_push(p, &phrases, item);
    }
    return grammar_tree_one(p, GRAMMAR_ITEM_ALTERNATIVE, sign, &phrases);
}

static struct grammar_item *parse_item(struct rhino *r) {
    struct grammar_cursor *c = &r->c;
    uint32_t sign = c->chars[c->at];
    if (sign == '(' || sign == '[')
        return grammar_tree_bracketed(c, sign == '(', parse_group);
    if (sign == '$')
        return parse_slot(r);
    if (sign == '@')
        return parse_macro(r);
    if (sign == ',')
        return grammar_tree_fail(c->parser, c->at, "a comma separates phrases in ( ) or [ ] only");
    if (is_sign(sign))
        return grammar_tree_fail(c->parser, c->at, "%c closes nothing; take it away", (char)sign);
    size_t start = c->at;
    while (c->at < c->n && !is_sign(c->chars[c->at]))
        c->at++;
    size_t n = c->at - start;
    while (c->chars[start + n - 1] == ' ')
        n--;
    return grammar_tree_text_item(c->parser, c->chars + start, n, start);
}

static struct grammar_item *parse_group(struct grammar_cursor *c, uint32_t close) {
    struct rhino *r = (struct rhino *)c; /* its first member */
    struct grammar_items parts = {0};
    size_t start = c->at;
    for (;; c->at++) {
        struct grammar_items phrase = {0};
        size_t part = c->at;
        while (c->at < c->n && c->chars[c->at] != close && (c->chars[c->at] != ',' || close == GRAMMAR_NO_SIGN)) {
            if (c->chars[c->at] == ' ') {
                c->at++;
                continue;
            }
            struct grammar_item *item = parse_item(r);
            if (!item)
                return NULL;
            grammar_tree_push_word(c->parser, &phrase, item);
        }
        if (phrase.n == 0)
            return grammar_tree_fail(c->parser, part, "a phrase is missing here; write words");
        grammar_tree_push(c->parser, &parts, grammar_tree_one(c->parser, GRAMMAR_ITEM_SEQUENCE, part, &phrase));
        if (c->at >= c->n || c->chars[c->at] != ',')
            break;
    }
    return grammar_tree_one(c->parser, GRAMMAR_ITEM_ALTERNATIVE, start, &parts);
}

static struct grammar_item *parse(struct grammar_parser *p, const struct grammar_text *text) {
    struct rhino r = {.c = {.parser = p}, .macros = text->scope, .file = text->source->file};
    p->error[0] = '\0';
    r.c.chars = grammar_decode(p->pool, text->text, strlen(text->text), &r.c.n);
    return parse_group(&r.c, GRAMMAR_NO_SIGN);
}

const struct grammar_notation grammar_notation_rhino = {
    .parse = parse, .list_opens = "$", .list_closes = "", .list_hint = "; write its values under slots", .rule_hint = ""};
