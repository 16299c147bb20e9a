/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/template.c: recursive descent parser for Home Assistant's template language ("hassil").
 *
 * The parser splits text into what is spoken: letters and borders, digits and signs with their words (language.h). So matcher and
 * acceptor see the typed and the spoken form as one item.
 */
#include "grammar/template.h"

#include "base/utf8.h"
#include "grammar/language.h"
#include "grammar/letters.h"
#include "grammar/pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    DEEPEST_GROUP = 64,
    MOST_PERMUTED = 8, /* 2^n states each; Home Assistant advises at most 4 */
};

#define NO_SIGN UINT32_MAX /* ends the whole template */

struct items { /* a sequence under construction */
    struct grammar_item **items;
    size_t n, size;
};

struct cursor {
    struct grammar_parser *parser;
    const uint32_t *chars;
    size_t n, at;
    unsigned depth;
};

static struct grammar_item *fail(struct grammar_parser *p, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static struct grammar_item *fail(struct grammar_parser *p, size_t offset, const char *format, ...) {
    if (p->error[0])
        return NULL;
    va_list args;
    va_start(args, format);
    vsnprintf(p->error, sizeof p->error, format, args);
    va_end(args);
    p->error_offset = (uint32_t)offset;
    return NULL;
}

static struct grammar_item *new_item(struct grammar_parser *p, enum grammar_item_kind kind, size_t offset) {
    struct grammar_item *item = grammar_pool_alloc(p->pool, sizeof *item);
    item->kind = kind;
    item->offset = (uint32_t)offset;
    return item;
}

static struct grammar_item *with_items(struct grammar_parser *p, enum grammar_item_kind kind, size_t offset,
                                       const struct items *s) {
    struct grammar_item *item = new_item(p, kind, offset);
    item->items = s->items;
    item->n_items = (uint32_t)s->n;
    return item;
}

static void push(struct grammar_parser *p, struct items *s, struct grammar_item *item) {
    *grammar_pool_push(p->pool, s->items, s->n, s->size) = item;
}

/* Text: letters and borders, numbers, signs */

struct text_builder {
    struct grammar_parser *parser;
    struct items *out;
    uint32_t *letters;       /* the current TEXT item */
    const uint32_t *written; /* where it begins in the text */
    size_t n_written, n_letters, size_letters, offset;
};

static void close_text(struct text_builder *b) {
    if (b->n_letters == 0)
        return;
    struct grammar_item *item = new_item(b->parser, GRAMMAR_ITEM_TEXT, b->offset);
    item->chars = b->letters;
    item->n_chars = (uint32_t)b->n_letters;
    item->written = b->written;
    item->n_written = (uint32_t)b->n_written;
    push(b->parser, b->out, item);
    b->letters = NULL;
    b->n_letters = b->size_letters = 0;
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
    *grammar_pool_push(b->parser->pool, b->letters, b->n_letters, b->size_letters) = base_utf8_fold(c);
}

static struct grammar_item *add_spoken(struct text_builder *b, const uint32_t *chars, size_t n, size_t offset,
                                       struct grammar_item *words) {
    close_text(b);
    struct grammar_item *item = new_item(b->parser, GRAMMAR_ITEM_SPOKEN, offset);
    uint32_t *typed = grammar_pool_alloc(b->parser->pool, n * sizeof *typed);
    for (size_t i = 0; i < n; i++)
        typed[i] = base_utf8_fold(chars[i]);
    item->chars = typed;
    item->n_chars = item->n_written = (uint32_t)n;
    item->written = chars;
    if (words) {
        item->items = grammar_pool_alloc(b->parser->pool, sizeof *item->items);
        item->items[0] = words;
        item->n_items = 1;
    }
    push(b->parser, b->out, item);
    return item;
}

static bool is_alphanumeric(uint32_t c) {
    return grammar_is_digit(c) || grammar_is_letter(c);
}

/* Returns the symbol of the language at chars[i], or NULL. */
static const struct grammar_symbol *symbol_at(const struct grammar_language *l, const uint32_t *chars, size_t n, size_t i,
                                              size_t *ret_n) {
    for (size_t s = 0; l && s < l->n_symbols; s++) {
        const char *typed = l->symbols[s].typed, *end = typed + strlen(typed);
        size_t at = i;
        uint32_t last = 0;
        bool same = true;
        for (const char *t = typed; same && t < end; at++) {
            last = base_utf8_next(&t, end);
            same = at < n && base_utf8_fold(chars[at]) == last;
        }
        if (!same || (is_alphanumeric(chars[i]) && i > 0 && is_alphanumeric(chars[i - 1])) ||
            (is_alphanumeric(last) && at < n && is_alphanumeric(chars[at])))
            continue;
        *ret_n = at - i;
        return &l->symbols[s];
    }
    return NULL;
}

/* Returns the length of the number that begins at chars[i]: -?[0-9]+([.,][0-9]+)?, with a sign only at the start of a word. */
static size_t number_at(const uint32_t *chars, size_t n, size_t i) {
    size_t at = i;
    if (chars[at] == '-' && (i == 0 || chars[i - 1] == ' '))
        at++;
    size_t digits = at;
    while (at < n && grammar_is_digit(chars[at]))
        at++;
    if (at == digits)
        return 0;
    if (at + 1 < n && (chars[at] == '.' || chars[at] == ',') && grammar_is_digit(chars[at + 1])) {
        at++;
        while (at < n && grammar_is_digit(chars[at]))
            at++;
    }
    return at - i;
}

struct grammar_item *grammar_template_number(struct grammar_parser *p, const char *digits) {
    base_buffer_clear(&p->scratch);
    if (!p->language || !grammar_language_spell(p->language, digits, strlen(digits), &p->scratch))
        return NULL;
    const char *spelled = grammar_pool_text(p->pool, p->scratch.data, p->scratch.len_bytes);
    return grammar_template_parse(p, spelled, strlen(spelled));
}

/* A joiner or variation selector: part of a word after a letter, but after an emoji part of a sign that is not spoken. */
static bool is_joiner(uint32_t c) {
    return c == 0x200C || c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F);
}

static bool follows_letter(const uint32_t *chars, size_t i) {
    return i > 0 && grammar_is_letter(chars[i - 1]) && !is_joiner(chars[i - 1]);
}

static void add_text(struct grammar_parser *p, struct items *out, const uint32_t *chars, size_t n, size_t offset) {
    struct text_builder b = {.parser = p, .out = out};
    for (size_t i = 0; i < n;) {
        uint32_t c = chars[i];
        if (c == ' ') {
            add_letter(&b, chars + i, offset + i);
            i++;
            continue;
        }
        bool at_start = i == 0 || chars[i - 1] == ' ', at_end = i + 1 == n || chars[i + 1] == ' ';
        size_t len;
        const struct grammar_symbol *symbol = symbol_at(p->language, chars, n, i, &len);
        if (symbol) {
            add_spoken(&b, chars + i, len, offset + i, grammar_template_parse(p, symbol->spoken, strlen(symbol->spoken)));
            i += len;
        } else if ((len = number_at(chars, n, i)) > 0) {
            add_spoken(&b, chars + i, len, offset + i, grammar_template_number(p, grammar_encode(p->pool, chars + i, len)));
            i += len;
        } else if ((grammar_is_letter(c) && !(is_joiner(c) && !follows_letter(chars, i))) ||
                   (c == '.' && !at_start && !at_end && grammar_is_letter(chars[i - 1]))) {
            add_letter(&b, chars + i, offset + i);
            i++;
        } else if (grammar_is_stop(c) && (at_start || at_end)) {
            i++; /* also removed from the input */
        } else {
            struct grammar_item *sign = add_spoken(&b, chars + i, 1, offset + i, NULL);
            sign->joins = c == '-' && !at_start && !at_end && grammar_is_letter(chars[i - 1]) && grammar_is_letter(chars[i + 1]);
            i++;
        }
    }
    close_text(&b);
}

/* Groups */

static bool is_reserved(uint32_t c) {
    return c != 0 && c < 0x80 && strchr("()[]{}<>|;", (int)c) != NULL;
}

/* Returns the text between the sign at c->at and `close`, unescaped and trimmed, or NULL on error. */
static char *read_name(struct cursor *c, uint32_t close) {
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
        fail(p, open, "%c is not closed; add %c behind the name", (char)c->chars[open], (char)close);
        return NULL;
    }
    c->at++;
    while (n > 0 && name[n - 1] == ' ')
        n--;
    if (n == 0) {
        fail(p, open, "%c%c is empty; write a name between", (char)c->chars[open], (char)close);
        return NULL;
    }
    return grammar_encode(p->pool, name, n);
}

static bool is_range(const char *name) {
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

static struct grammar_item *parse_list(struct cursor *c) {
    struct grammar_parser *p = c->parser;
    size_t open = c->at;
    char *name = read_name(c, '}');
    if (!name)
        return NULL;
    struct grammar_item *item = new_item(p, GRAMMAR_ITEM_LIST, open);
    char *colon = strchr(name, ':');
    if (colon) {
        *colon = '\0';
        item->slot = colon[1] == '@' ? NULL : colon + 1;
        if (colon[1] == '\0' || (colon[1] == '@' && colon[2] == '\0') || name[0] == '\0')
            return fail(p, open, "{%s:%s} needs a list before and a slot behind the colon", name, colon + 1);
    } else {
        item->slot = name;
    }
    if (name[0] == '@') { /* {@list}: captured for the reply only */
        name++;
        item->slot = NULL;
    }
    item->name = name;
    if (is_range(name)) {
        item->range = name;
        if (!colon)
            return fail(p, open, "the range {%s} needs a slot; write {%s:SLOT}", name, name);
    }
    return item;
}

static struct grammar_item *parse_rule(struct cursor *c) {
    size_t open = c->at;
    char *name = read_name(c, '>');
    if (!name)
        return NULL;
    struct grammar_item *item = new_item(c->parser, GRAMMAR_ITEM_RULE, open);
    item->name = name;
    return item;
}

static struct grammar_item *parse_group(struct cursor *c, uint32_t close);

static struct grammar_item *parse_bracketed(struct cursor *c) {
    struct grammar_parser *p = c->parser;
    size_t open = c->at++;
    bool optional = c->chars[open] == '[';
    if (++c->depth > DEEPEST_GROUP)
        return fail(p, open, "groups are nested more than %d deep; move the inner ones into a rule", DEEPEST_GROUP);
    size_t inside = c->at;
    struct grammar_item *body = parse_group(c, optional ? ']' : ')');
    c->depth--;
    if (!body)
        return NULL;
    if (c->at >= c->n)
        return fail(p, open, "%c is not closed; add %c", (char)c->chars[open], optional ? ']' : ')');
    if (c->at == inside)
        return fail(p, open, "%s is empty; write something between or take it away", optional ? "[]" : "()");
    c->at++;
    if (!optional)
        return body;
    struct items both = {0};
    if (body->kind == GRAMMAR_ITEM_ALTERNATIVE)
        for (uint32_t i = 0; i < body->n_items; i++)
            push(p, &both, body->items[i]);
    else
        push(p, &both, body);
    push(p, &both, new_item(p, GRAMMAR_ITEM_SEQUENCE, open));
    return with_items(p, GRAMMAR_ITEM_ALTERNATIVE, open, &both);
}

/* Where the text at the cursor ends. Room for the rest of the template would take a square of its length for many short texts. */
static size_t end_of_text(const struct cursor *c) {
    size_t end = c->at;
    while (end < c->n && !is_reserved(c->chars[end]))
        end += c->chars[end] == '\\' ? 2 : 1;
    return end < c->n ? end : c->n;
}

static bool parse_sequence(struct cursor *c, uint32_t close, struct items *sequence) {
    struct grammar_parser *p = c->parser;
    while (c->at < c->n && c->chars[c->at] != close && c->chars[c->at] != '|' && c->chars[c->at] != ';') {
        uint32_t sign = c->chars[c->at];
        if (!is_reserved(sign)) {
            uint32_t *text = grammar_pool_alloc(p->pool, (end_of_text(c) - c->at) * sizeof *text);
            size_t start = c->at, n = 0;
            for (; c->at < c->n && !is_reserved(c->chars[c->at]); c->at++) {
                if (c->chars[c->at] == '\\' && ++c->at == c->n)
                    return fail(p, c->at - 1, "\\ stands last; write \\\\ for the sign itself"), false;
                text[n++] = c->chars[c->at];
            }
            add_text(p, sequence, text, n, start);
            continue;
        }
        struct grammar_item *item = NULL;
        if (sign == '(' || sign == '[')
            item = parse_bracketed(c);
        else if (sign == '{')
            item = parse_list(c);
        else if (sign == '<')
            item = parse_rule(c);
        else
            fail(p, c->at, "%c closes nothing; take it away, or write \\%c for the sign itself", (char)sign, (char)sign);
        if (!item)
            return false;
        push(p, sequence, item);
    }
    return true;
}

/* Marks lists that are followed by text in the same word: there, a wildcard may end within a word. */
static void mark_joins(struct items *sequence) {
    for (size_t i = 0; i + 1 < sequence->n; i++) {
        const struct grammar_item *next = sequence->items[i + 1];
        sequence->items[i]->joins |=
            sequence->items[i]->kind == GRAMMAR_ITEM_LIST &&
            ((next->kind == GRAMMAR_ITEM_TEXT && next->chars[0] != ' ') || next->kind == GRAMMAR_ITEM_SPOKEN);
    }
}

static struct grammar_item *parse_group(struct cursor *c, uint32_t close) {
    struct grammar_parser *p = c->parser;
    size_t start = c->at;
    struct items parts = {0};
    uint32_t separator = 0;
    for (;;) {
        struct items sequence = {0};
        size_t part = c->at;
        if (!parse_sequence(c, close, &sequence))
            return NULL;
        mark_joins(&sequence);
        push(p, &parts, sequence.n == 1 ? sequence.items[0] : with_items(p, GRAMMAR_ITEM_SEQUENCE, part, &sequence));
        if (c->at >= c->n || (c->chars[c->at] != '|' && c->chars[c->at] != ';'))
            break;
        if (separator && separator != c->chars[c->at])
            return fail(p, c->at, "| and ; stand in one group; put the alternatives in ( ) of their own, as in ((a|b);c)");
        separator = c->chars[c->at++];
    }
    if (separator == 0)
        return parts.items[0];
    if (separator == '|')
        return with_items(p, GRAMMAR_ITEM_ALTERNATIVE, start, &parts);
    if (parts.n > MOST_PERMUTED)
        return fail(p, start, "%zu parts in any order; at most %d, more make the grammar too large", parts.n, MOST_PERMUTED);
    return with_items(p, GRAMMAR_ITEM_PERMUTATION, start, &parts);
}

struct grammar_item *grammar_template_parse(struct grammar_parser *p, const char *text, size_t len) {
    p->error[0] = '\0';
    struct cursor c = {.parser = p};
    c.chars = grammar_decode(p->pool, text, len, &c.n);
    struct grammar_item *item = parse_group(&c, NO_SIGN);
    if (item && c.at < c.n)
        return fail(p, c.at, "%c closes nothing; take it away, or write \\%c for the sign itself", (char)c.chars[c.at],
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
    struct items sequence = {0};
    add_text(p, &sequence, chars, n, 0);
    return with_items(p, GRAMMAR_ITEM_SEQUENCE, 0, &sequence);
}
