/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/tree.c: items of a template's tree. Text is split into what is spoken: letters and borders, digits and signs with their
 * words (signs.h). So matcher and acceptor see the typed and the spoken form as one item.
 */
#include "grammar/tree.h"

#include "grammar/letters.h"
#include "grammar/pool.h"
#include "grammar/signs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct grammar_item *grammar_tree_fail(struct grammar_parser *p, size_t offset, const char *format, ...) {
    if (p->error[0])
        return NULL;
    va_list args;
    va_start(args, format);
    vsnprintf(p->error, sizeof p->error, format, args);
    va_end(args);
    p->error_offset = (uint32_t)offset;
    return NULL;
}

struct grammar_item *grammar_tree_item(struct grammar_parser *p, enum grammar_item_kind kind, size_t offset) {
    struct grammar_item *item = grammar_pool_alloc(p->pool, sizeof *item);
    item->kind = kind;
    item->offset = (uint32_t)offset;
    return item;
}

struct grammar_item *grammar_tree_group(struct grammar_parser *p, enum grammar_item_kind kind, size_t offset,
                                        const struct grammar_items *s) {
    struct grammar_item *item = grammar_tree_item(p, kind, offset);
    item->items = s->items;
    item->n_items = (uint32_t)s->n;
    return item;
}

void grammar_tree_push(struct grammar_parser *p, struct grammar_items *s, struct grammar_item *item) {
    *grammar_pool_push(p->pool, s->items, s->n, s->size) = item;
}

struct grammar_item *grammar_tree_one(struct grammar_parser *p, enum grammar_item_kind kind, size_t offset,
                                      const struct grammar_items *s) {
    return s->n == 1 ? s->items[0] : grammar_tree_group(p, kind, offset, s);
}

struct grammar_item *grammar_tree_output(struct grammar_parser *p, struct grammar_item *body, size_t offset) {
    struct grammar_items inside = {0};
    grammar_tree_push(p, &inside, body);
    return grammar_tree_group(p, GRAMMAR_ITEM_OUTPUT, offset, &inside);
}

void grammar_tree_push_word(struct grammar_parser *p, struct grammar_items *s, struct grammar_item *item) {
    static const uint32_t blank[] = {' '};
    if (s->n > 0)
        grammar_tree_text(p, s, blank, 1, item->offset, false);
    grammar_tree_push(p, s, item);
}

void grammar_tree_warn(struct grammar_parser *p, size_t offset, const char *format, ...) {
    if (p->warning[0])
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(p->warning, sizeof p->warning, format, args);
    va_end(args);
    p->warning_offset = (uint32_t)offset;
}

char *grammar_tree_name(struct grammar_parser *p, const uint32_t *chars, size_t n) {
    while (n > 0 && chars[0] == ' ')
        chars++, n--;
    while (n > 0 && chars[n - 1] == ' ')
        n--;
    return grammar_encode(p->pool, chars, n);
}

struct grammar_item *grammar_tree_optional(struct grammar_parser *p, struct grammar_item *body, size_t offset) {
    struct grammar_items both = {0};
    if (body->kind == GRAMMAR_ITEM_ALTERNATIVE)
        for (uint32_t i = 0; i < body->n_items; i++)
            grammar_tree_push(p, &both, body->items[i]);
    else
        grammar_tree_push(p, &both, body);
    grammar_tree_push(p, &both, grammar_tree_item(p, GRAMMAR_ITEM_SEQUENCE, offset));
    return grammar_tree_group(p, GRAMMAR_ITEM_ALTERNATIVE, offset, &both);
}

bool grammar_tree_is_range(const char *name) {
    int at = 0;
    unsigned from, to, step;
    if (sscanf(name, "%9u..%9u%n", &from, &to, &at) < 2 || at == 0)
        return false;
    if (name[at] == ',') {
        int more = 0;
        if (sscanf(name + at, ",%9u%n", &step, &more) < 1)
            return false;
        at += more;
    }
    return name[at] == '\0';
}

struct grammar_item *grammar_tree_bracketed(struct grammar_cursor *c, bool optional,
                                            struct grammar_item *(*parse_group)(struct grammar_cursor *c, uint32_t close)) {
    struct grammar_parser *p = c->parser;
    size_t open = c->at++, inside = c->at;
    char close = c->chars[open] == '(' ? ')' : ']';
    if (++c->depth > GRAMMAR_DEEPEST_GROUP)
        return grammar_tree_fail(p, open, "groups are nested more than %d deep; move the inner ones into a rule",
                                 GRAMMAR_DEEPEST_GROUP);
    struct grammar_item *body = parse_group(c, (uint32_t)close);
    c->depth--;
    if (!body)
        return NULL;
    if (c->at >= c->n)
        return grammar_tree_fail(p, open, "%c is not closed; add %c", (char)c->chars[open], close);
    if (c->at == inside)
        return grammar_tree_fail(p, open, "%c%c is empty; write something between or take it away", (char)c->chars[open], close);
    c->at++;
    return optional ? grammar_tree_optional(p, body, open) : body;
}

/* Text: letters and borders, numbers, signs */

struct text_builder {
    struct grammar_parser *parser;
    struct grammar_items *out;
    uint32_t *letters;       /* the current TEXT item */
    uint32_t *capitals;      /* the same as written; n_letters */
    const uint32_t *written; /* where it begins in the text */
    size_t n_written, n_letters, size_letters, size_capitals, offset;
};

static void close_text(struct text_builder *b) {
    if (b->n_letters == 0)
        return;
    struct grammar_item *item = grammar_tree_item(b->parser, GRAMMAR_ITEM_TEXT, b->offset);
    item->chars = b->letters;
    item->capitals = b->capitals;
    item->n_chars = (uint32_t)b->n_letters;
    item->written = b->written;
    item->n_written = (uint32_t)b->n_written;
    grammar_tree_push(b->parser, b->out, item);
    b->letters = b->capitals = NULL;
    b->n_letters = b->size_letters = b->size_capitals = 0;
}

static void add_letter(struct text_builder *b, const uint32_t *at, size_t offset) {
    uint32_t c = *at;
    if (c == ' ' && b->n_letters && b->letters[b->n_letters - 1] == ' ')
        return;
    if (b->n_letters == 0) {
        b->offset = offset;
        b->written = at;
    }
    b->n_written = (size_t)(at + 1 - b->written);
    b->capitals = grammar_pool_grow(b->parser->pool, b->capitals, b->n_letters, &b->size_capitals, sizeof *b->capitals);
    b->capitals[b->n_letters] = c;
    *grammar_pool_push(b->parser->pool, b->letters, b->n_letters, b->size_letters) =
        b->parser->dotless ? grammar_fold_dotless(c) : grammar_fold(c);
}

static struct grammar_item *add_spoken(struct text_builder *b, const uint32_t *chars, size_t n, size_t offset,
                                       struct grammar_item *words) {
    close_text(b);
    struct grammar_item *item = grammar_tree_item(b->parser, GRAMMAR_ITEM_SPOKEN, offset);
    uint32_t *typed = grammar_pool_alloc(b->parser->pool, n * sizeof *typed);
    for (size_t i = 0; i < n; i++)
        typed[i] = grammar_fold(chars[i]);
    item->chars = typed;
    item->n_chars = item->n_written = (uint32_t)n;
    item->written = chars;
    if (words) {
        item->items = grammar_pool_alloc(b->parser->pool, sizeof *item->items);
        item->items[0] = words;
        item->n_items = 1;
    }
    grammar_tree_push(b->parser, b->out, item);
    return item;
}

/* A joiner or variation selector: part of a word after a letter, but after an emoji part of a sign that is not spoken. */
static bool is_joiner(uint32_t c) {
    return c == 0x200C || c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F);
}

static bool follows_letter(const uint32_t *chars, size_t i) {
    return i > 0 && grammar_is_letter(chars[i - 1]) && !is_joiner(chars[i - 1]);
}

void grammar_tree_text(struct grammar_parser *p, struct grammar_items *out, const uint32_t *chars, size_t n, size_t offset,
                       bool continues) {
    bool is_continued = out->n > 0;
    struct text_builder b = {.parser = p, .out = out};
    bool after_list = p->after_list, before_list = p->before_list; /* texts of the language change them */
    for (size_t i = 0; i < n;) {
        uint32_t c = chars[i];
        if (c == ' ') {
            add_letter(&b, chars + i, offset + i);
            i++;
            continue;
        }
        bool at_start = i == 0 ? !is_continued : chars[i - 1] == ' ';
        bool at_end = i + 1 == n ? !continues : chars[i + 1] == ' ';
        bool in_number = (i == 0 ? after_list : grammar_is_digit(chars[i - 1])) &&
                         (i + 1 == n ? before_list : grammar_is_digit(chars[i + 1])); /* then a stop is a sign */
        struct grammar_sign sign;
        if (grammar_find_sign(p, chars, n, i, after_list, before_list, &sign)) {
            add_spoken(&b, chars + i, sign.n, offset + i, sign.words);
            i += sign.n;
        } else if ((grammar_is_letter(c) && !(is_joiner(c) && !follows_letter(chars, i))) ||
                   (c == '.' && i > 0 && !at_start && !at_end && grammar_is_letter(chars[i - 1]))) {
            add_letter(&b, chars + i, offset + i);
            i++;
        } else if (grammar_is_stop(c) && (at_start || at_end) && !in_number) {
            i++; /* also removed from the input */
        } else {
            struct grammar_item *mark = add_spoken(&b, chars + i, 1, offset + i, NULL);
            mark->joins = c == '-' && i > 0 && i + 1 < n && grammar_is_letter(chars[i - 1]) && grammar_is_letter(chars[i + 1]);
            i++;
        }
    }
    close_text(&b);
}

struct grammar_item *grammar_tree_text_item(struct grammar_parser *p, const uint32_t *chars, size_t n, size_t offset) {
    struct grammar_items text = {0};
    grammar_tree_text(p, &text, chars, n, offset, false);
    return grammar_tree_one(p, GRAMMAR_ITEM_SEQUENCE, offset, &text);
}
