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

enum { LIKELY_LETTERS = 32 };

struct own_letters {
    uint32_t *items; /* NULL: all are as written, so there is no copy, as for most values of a long list */
    size_t size;
};

struct text_builder {
    struct grammar_parser *parser;
    struct grammar_items *out;
    struct own_letters letters;  /* of the current TEXT item */
    struct own_letters capitals; /* the same as written; n_letters */
    const uint32_t *written;     /* where it begins in the text */
    size_t n_written, n_letters, offset;
    size_t n_likely; /* letters to make room for at first */
};

static void close_text(struct text_builder *b) {
    if (b->n_letters == 0)
        return;
    struct grammar_item *item = grammar_tree_item(b->parser, GRAMMAR_ITEM_TEXT, b->offset);
    item->chars = b->letters.items ? b->letters.items : b->written;
    item->capitals = b->capitals.items ? b->capitals.items : b->written;
    item->n_chars = (uint32_t)b->n_letters;
    item->written = b->written;
    item->n_written = (uint32_t)b->n_written;
    grammar_tree_push(b->parser, b->out, item);
    b->letters = b->capitals = (struct own_letters){0};
    b->n_letters = 0;
}

/* Puts a letter behind the n_letters. at: the character that it is made of; NULL: it is none of its own. */
static void put_letter(struct text_builder *b, struct own_letters *to, uint32_t letter, const uint32_t *at) {
    if (!to->items && at == b->written + b->n_letters && *at == letter)
        return;
    if (b->n_letters >= to->size) {
        size_t size = to->size ? 2 * to->size : b->n_likely + b->n_letters;
        uint32_t *room = grammar_pool_alloc(b->parser->pool, size * sizeof *room);
        if (b->n_letters)
            memcpy(room, to->items ? to->items : b->written, b->n_letters * sizeof *room);
        to->items = room;
        to->size = size;
    }
    to->items[b->n_letters] = letter;
}

/* capital: 0: the letter belongs to the one before. */
static void add_one(struct text_builder *b, uint32_t letter, uint32_t capital, const uint32_t *at) {
    put_letter(b, &b->letters, letter, at);
    put_letter(b, &b->capitals, capital, at);
    b->n_letters++;
}

/* Notes that the text goes on with chars up to `end`, of which the first is at chars[i]. */
static void extend_written(struct text_builder *b, const uint32_t *chars, size_t i, size_t end, size_t offset) {
    if (b->n_letters == 0) {
        b->offset = offset + i;
        b->written = chars + i;
    }
    b->n_written = (size_t)(chars + end - b->written);
}

static uint32_t last_letter(const struct text_builder *b) {
    return (b->letters.items ? b->letters.items : b->written)[b->n_letters - 1];
}

/* Adds the letter at chars[i] with what belongs to it. Returns how many characters these are. */
static size_t add_letter(struct text_builder *b, const uint32_t *chars, size_t n, size_t i, size_t offset) {
    struct grammar_folded folded;
    size_t used = grammar_fold_at(chars, n, i, &folded);
    if (chars[i] == ' ' && b->n_letters && last_letter(b) == ' ')
        return used;
    extend_written(b, chars, i, i + used, offset);
    add_one(b, folded.letters[0], chars[i], chars + i);
    for (size_t k = 1; k < folded.n; k++)
        add_one(b, folded.letters[k], 0, NULL);
    if (used > 1 && grammar_has_non_joiner(chars, i, used))
        add_one(b, GRAMMAR_NON_JOINER, 0, NULL);
    return used;
}

/* Whether a word of plain text begins at chars[i]: with a letter of ASCII that no sign of the language begins with. */
static bool begins_plain(const struct grammar_parser *p, const uint32_t *chars, size_t n, size_t i) {
    return i < n && grammar_is_ascii_letter(chars[i]) && !grammar_may_begin_sign(p, chars[i]);
}

/* Returns the end of plain text from chars[i] on, which is most of all text: letters of ASCII without a mark behind them, and
 * single blanks between two of them. after_list: whether a list stands directly before chars[0]; a sign of numbers may follow it.
 */
static size_t end_of_plain(const struct grammar_parser *p, const uint32_t *chars, size_t n, size_t i, bool after_list) {
    bool within = i > 0 && grammar_is_ascii_letter(chars[i - 1]);
    if (!within && !((i == 0 ? !after_list : chars[i - 1] == ' ') && begins_plain(p, chars, n, i)))
        return i;
    while (i < n &&
           (grammar_is_ascii_letter(chars[i]) ? i + 1 == n || chars[i + 1] < 0x80
                                              : chars[i] == ' ' && chars[i - 1] != ' ' && begins_plain(p, chars, n, i + 1)))
        i++;
    return i;
}

static void add_plain(struct text_builder *b, const uint32_t *chars, size_t i, size_t end, size_t offset) {
    extend_written(b, chars, i, end, offset);
    bool is_same = !b->letters.items && !b->capitals.items && chars + i == b->written + b->n_letters;
    for (; is_same && i < end && !(chars[i] >= 'A' && chars[i] <= 'Z'); i++)
        b->n_letters++; /* as add_one, but faster */
    for (; i < end; i++)
        add_one(b, chars[i] >= 'A' && chars[i] <= 'Z' ? chars[i] + ('a' - 'A') : chars[i], chars[i], chars + i);
}

static struct grammar_item *add_spoken(struct text_builder *b, const uint32_t *chars, size_t n, size_t offset,
                                       struct grammar_item *words) {
    close_text(b);
    struct grammar_item *item = grammar_tree_item(b->parser, GRAMMAR_ITEM_SPOKEN, offset);
    struct grammar_folded folded;
    uint32_t *typed = grammar_pool_alloc(b->parser->pool, n * sizeof folded.letters);
    for (size_t i = 0; i < n;) {
        i += grammar_fold_at(chars, n, i, &folded);
        memcpy(typed + item->n_chars, folded.letters, folded.n * sizeof *typed);
        item->n_chars += (uint32_t)folded.n;
    }
    item->chars = typed;
    item->n_written = (uint32_t)n;
    item->written = chars;
    if (words) {
        item->items = grammar_pool_alloc(b->parser->pool, sizeof *item->items);
        item->items[0] = words;
        item->n_items = 1;
    }
    grammar_tree_push(b->parser, b->out, item);
    return item;
}

/* Whether a hyphen stands between letters, perhaps with others. */
static bool is_inner_hyphen(const uint32_t *chars, size_t n, size_t i) {
    size_t before = i, behind = i;
    while (before > 0 && chars[before] == '-')
        before--;
    while (behind + 1 < n && chars[behind] == '-')
        behind++;
    return chars[i] == '-' && grammar_is_letter(chars[before]) && grammar_is_letter(chars[behind]);
}

/* Returns the end of what belongs to a sign that ends at `end`. */
static size_t end_of_sign(const uint32_t *chars, size_t n, size_t end) {
    while (end < n && grammar_is_silent(chars[end]))
        end++;
    return end;
}

void grammar_tree_text(struct grammar_parser *p, struct grammar_items *out, const uint32_t *chars, size_t n, size_t offset,
                       bool continues) {
    bool is_continued = out->n > 0;
    struct text_builder b = {.parser = p, .out = out, .n_likely = n < LIKELY_LETTERS ? n : LIKELY_LETTERS};
    bool after_list = p->after_list, before_list = p->before_list; /* texts of the language change them */
    for (size_t i = 0, end; i < n; i = end) {
        if ((end = end_of_plain(p, chars, n, i, after_list)) > i) {
            add_plain(&b, chars, i, end, offset);
            continue;
        }
        uint32_t c = chars[i];
        bool at_start = i == 0 ? !is_continued : chars[i - 1] == ' ';
        bool at_end = i + 1 == n ? !continues : chars[i + 1] == ' ';
        bool in_number = (i == 0 ? after_list : grammar_is_digit(chars[i - 1])) &&
                         (i + 1 == n ? before_list : grammar_is_digit(chars[i + 1])); /* then a stop is a sign */
        struct grammar_sign sign;
        if (c == ' ') {
            end = i + add_letter(&b, chars, n, i, offset);
        } else if (c == GRAMMAR_NON_JOINER && (i == 0 || chars[i - 1] != ' ')) {
            extend_written(&b, chars, i, end = i + 1, offset);
            add_one(&b, GRAMMAR_NON_JOINER, 0, NULL);
        } else if (grammar_is_silent(c)) {
            end = i + 1; /* it belongs to nothing */
        } else if (grammar_find_sign(p, chars, n, i, after_list, before_list, &sign)) {
            end = end_of_sign(chars, n, i + sign.n);
            add_spoken(&b, chars + i, end - i, offset + i, sign.words);
        } else if (grammar_is_letter(c) || (c == '.' && i > 0 && !at_start && !at_end && grammar_is_letter(chars[i - 1]))) {
            end = i + add_letter(&b, chars, n, i, offset);
        } else if (grammar_is_stop(c) && (at_start || at_end) && !in_number) {
            end = i + 1; /* also removed from the input */
        } else {
            end = end_of_sign(chars, n, i + 1);
            struct grammar_item *mark = add_spoken(&b, chars + i, end - i, offset + i, NULL);
            mark->joins = is_inner_hyphen(chars, n, i);
        }
    }
    close_text(&b);
}

struct grammar_item *grammar_tree_text_item(struct grammar_parser *p, const uint32_t *chars, size_t n, size_t offset) {
    struct grammar_items text = {0};
    grammar_tree_text(p, &text, chars, n, offset, false);
    return grammar_tree_one(p, GRAMMAR_ITEM_SEQUENCE, offset, &text);
}
