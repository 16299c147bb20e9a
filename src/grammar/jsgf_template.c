/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/jsgf_template.c: parses the expansion of a JSGF rule.
 *
 * The standard leaves the meaning of tags to the program. Here {slot} fills a slot with what is said before it, and {slot=value}
 * with a value. A repetition is cut off after some rounds, because a grammar is a finite tree.
 */
#include "grammar/jsgf.h"
#include "grammar/letters.h"
#include "grammar/notation.h"
#include "grammar/tree.h"

#include <stdio.h>
#include <string.h>

enum { MOST_REPEATED = 12, DEEPEST_REPETITION = 2 };

struct jsgf {
    struct grammar_cursor c;
    const struct grammar_jsgf_scope *scope;
    unsigned n_repetitions; /* nested at most in the item before */
};

static struct grammar_item *parse_group(struct grammar_cursor *c, uint32_t close);

static void skip_blanks(struct grammar_cursor *c) {
    while (grammar_sign_at(c, c->at) == ' ')
        c->at++;
}

/* Reads up to `close`, and moves behind it. A backslash takes the meaning of the next sign. Returns NULL after an error. */
static uint32_t *read_until(struct grammar_cursor *c, uint32_t close, size_t *ret_n) {
    size_t open = c->at++, n = 0;
    uint32_t *text = grammar_pool_alloc(c->parser->pool, (c->n - open + 1) * sizeof *text);
    for (; c->at < c->n && c->chars[c->at] != close; c->at++) {
        if (c->chars[c->at] == '\\' && c->at + 1 < c->n)
            c->at++;
        text[n++] = c->chars[c->at];
    }
    if (c->at >= c->n) {
        grammar_tree_fail(c->parser, open, "%c is not closed; add %c", (char)c->chars[open], (char)close);
        return NULL;
    }
    c->at++;
    *ret_n = n;
    return text;
}

/* Names */

static bool is_rule(const struct jsgf *j, const char *name) {
    return grammar_map_get(j->scope->rules, name) != NULL;
}

/* A rule of the grammar itself comes before imported ones. A name with a dot is a full one, or that of an imported rule without the
 * package of its grammar. */
static const char *full_name(struct jsgf *j, const char *name) {
    struct grammar_pool *pool = j->c.parser->pool;
    const char *own = grammar_pool_format(pool, "%s.%s", j->scope->grammar, name);
    if (is_rule(j, own))
        return own;
    for (size_t i = 0; i < j->scope->n_imports; i++) {
        const char *import = j->scope->imports[i], *last = strrchr(import, '.') + 1;
        const char *rule = strrchr(name, '.') ? strrchr(name, '.') + 1 : name;
        if (strcmp(last, "*") != 0 && strcmp(last, rule) != 0)
            continue;
        const char *full = grammar_pool_format(pool, "%.*s%s", (int)(last - import), import, rule);
        size_t n_full = strlen(full), n_name = strlen(name);
        bool ends_so = n_full > n_name && full[n_full - n_name - 1] == '.' && strcmp(full + n_full - n_name, name) == 0;
        if (is_rule(j, full) && (ends_so || strcmp(full, name) == 0))
            return full;
    }
    return strchr(name, '.') ? name : own;
}

static struct grammar_item *parse_rule(struct jsgf *j) {
    struct grammar_parser *p = j->c.parser;
    size_t open = j->c.at, n;
    const uint32_t *text = read_until(&j->c, '>', &n);
    if (!text)
        return NULL;
    const char *name = grammar_tree_name(p, text, n);
    if (name[0] == '\0')
        return grammar_tree_fail(p, open, "<> is empty; write the name of a rule between");
    if (strcmp(name, "NULL") == 0) /* always said */
        return grammar_tree_item(p, GRAMMAR_ITEM_SEQUENCE, open);
    if (strcmp(name, "VOID") == 0) /* never said: none of no alternatives */
        return grammar_tree_item(p, GRAMMAR_ITEM_ALTERNATIVE, open);
    struct grammar_item *item = grammar_tree_item(p, GRAMMAR_ITEM_RULE, open);
    item->name = full_name(j, name);
    return item;
}

/* Items */

static struct grammar_item *parse_token(struct jsgf *j) {
    struct grammar_cursor *c = &j->c;
    size_t start = c->at, n = 0;
    uint32_t *word = grammar_pool_alloc(c->parser->pool, (c->n - start + 1) * sizeof *word);
    for (; c->at < c->n && !grammar_is_in(c->chars[c->at], " =;|*+<>()[]{}\""); c->at++) {
        if (c->chars[c->at] == '\\' && c->at + 1 < c->n)
            c->at++;
        word[n++] = c->chars[c->at];
    }
    return grammar_tree_text_item(c->parser, word, n, start);
}

static struct grammar_item *parse_item(struct jsgf *j) {
    struct grammar_cursor *c = &j->c;
    uint32_t sign = c->chars[c->at];
    size_t start = c->at, n;
    if (sign == '(' || sign == '[')
        return grammar_tree_bracketed(c, sign == '[', parse_group);
    if (sign == '<')
        return parse_rule(j);
    if (sign == '"') {
        const uint32_t *text = read_until(c, '"', &n);
        return text ? grammar_tree_text_item(c->parser, text, n, start) : NULL;
    }
    if (grammar_is_in(sign, "{*+"))
        return grammar_tree_fail(c->parser, start, "%c stands behind a word, a group or a rule", (char)sign);
    if (grammar_is_in(sign, "=;)]}>"))
        return grammar_tree_fail(c->parser, start, "%c has no place here; put the words in quotes if you mean the sign",
                                 (char)sign);
    return parse_token(j);
}

/* Behind items */

static bool is_slot_name(const char *name, size_t n) {
    return n > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") >= n;
}

static struct grammar_item *parse_tag(struct jsgf *j, struct grammar_item *body) {
    struct grammar_parser *p = j->c.parser;
    size_t open = j->c.at, n;
    const uint32_t *chars = read_until(&j->c, '}', &n);
    if (!chars)
        return NULL;
    const char *tag = grammar_tree_name(p, chars, n);
    size_t n_name = strcspn(tag, "=: ");
    const char *sign = tag + n_name + strspn(tag + n_name, " ");
    if (!is_slot_name(tag, n_name) || (*sign && *sign != '=' && *sign != ':') || (*sign && sign[1] == '\0')) {
        grammar_tree_warn(p, open, "a tag is {slot} or {slot=value}, not {%.60s}", tag);
        return body;
    }
    struct grammar_item *item = grammar_tree_output(p, body, open);
    item->slot = grammar_pool_text(p->pool, tag, n_name);
    if (*sign) {
        const char *value = sign + 1 + strspn(sign + 1, " ");
        size_t n_value = strlen(value);
        bool quoted = n_value > 1 && grammar_is_in((unsigned char)value[0], "\"'") && value[n_value - 1] == value[0];
        item->value = quoted ? grammar_pool_text(p->pool, value + 1, n_value - 2) : value;
    }
    return item;
}

/* None to so many rounds; each one may be the last. All rounds are the same item. */
static struct grammar_item *repeat(struct grammar_parser *p, struct grammar_item *body, bool at_least_once, size_t offset) {
    struct grammar_item *rounds = grammar_tree_optional(p, body, offset);
    for (int i = at_least_once ? 2 : 1; i < MOST_REPEATED || at_least_once; i++) {
        struct grammar_items round = {0};
        grammar_tree_push_word(p, &round, body);
        grammar_tree_push_word(p, &round, rounds);
        rounds = grammar_tree_group(p, GRAMMAR_ITEM_SEQUENCE, offset, &round);
        if (i >= MOST_REPEATED)
            break;
        rounds = grammar_tree_optional(p, rounds, offset);
    }
    return rounds;
}

static struct grammar_item *parse_behind(struct jsgf *j, struct grammar_item *item) {
    struct grammar_cursor *c = &j->c;
    for (; item; skip_blanks(c)) {
        skip_blanks(c);
        uint32_t sign = grammar_sign_at(c, c->at);
        if (sign == '{') {
            item = parse_tag(j, item);
        } else if (sign == '*' || sign == '+') {
            if (++j->n_repetitions > DEEPEST_REPETITION)
                return grammar_tree_fail(c->parser, c->at, "repetitions are nested more than %d deep; take the inner ones away",
                                         DEEPEST_REPETITION);
            item = repeat(c->parser, item, sign == '+', c->at++);
        } else {
            break;
        }
    }
    return item;
}

/* Sequences and alternatives */

/* `/2.5/`: how likely an alternative is. */
static bool skip_weight(struct jsgf *j) {
    struct grammar_cursor *c = &j->c;
    skip_blanks(c);
    if (grammar_sign_at(c, c->at) != '/')
        return true;
    size_t open = c->at, at = open + 1;
    while (grammar_is_in(grammar_sign_at(c, at), "0123456789.eE+- "))
        at++;
    if (grammar_sign_at(c, at) != '/')
        return grammar_tree_fail(c->parser, open, "/ begins a weight, as in /2.5/, and is not closed"), false;
    grammar_tree_warn(c->parser, open, "weights such as this one; all alternatives count alike");
    c->at = at + 1;
    return true;
}

static struct grammar_item *parse_sequence(struct jsgf *j, uint32_t close) {
    struct grammar_cursor *c = &j->c;
    struct grammar_items sequence = {0};
    size_t start = c->at;
    unsigned deepest = 0;
    if (!skip_weight(j))
        return NULL;
    for (skip_blanks(c); c->at < c->n && c->chars[c->at] != close && c->chars[c->at] != '|'; skip_blanks(c)) {
        j->n_repetitions = 0;
        struct grammar_item *item = parse_item(j);
        item = item ? parse_behind(j, item) : NULL;
        if (!item)
            return NULL;
        deepest = j->n_repetitions > deepest ? j->n_repetitions : deepest;
        grammar_tree_push_word(c->parser, &sequence, item);
    }
    j->n_repetitions = deepest;
    if (sequence.n == 0)
        return grammar_tree_fail(c->parser, start, "nothing stands here; write words, or <NULL> for none");
    return grammar_tree_one(c->parser, GRAMMAR_ITEM_SEQUENCE, start, &sequence);
}

static struct grammar_item *parse_group(struct grammar_cursor *c, uint32_t close) {
    struct jsgf *j = (struct jsgf *)c; /* its first member */
    struct grammar_items parts = {0};
    size_t start = c->at;
    unsigned deepest = 0;
    for (;; c->at++) {
        struct grammar_item *sequence = parse_sequence(j, close);
        if (!sequence)
            return NULL;
        deepest = j->n_repetitions > deepest ? j->n_repetitions : deepest;
        grammar_tree_push(c->parser, &parts, sequence);
        if (grammar_sign_at(c, c->at) != '|')
            break;
    }
    j->n_repetitions = deepest;
    return grammar_tree_one(c->parser, GRAMMAR_ITEM_ALTERNATIVE, start, &parts);
}

static struct grammar_item *parse(struct grammar_parser *p, const struct grammar_text *text) {
    struct jsgf j = {.c = {.parser = p}, .scope = text->scope};
    p->error[0] = '\0';
    j.c.chars = grammar_decode(p->pool, text->text, strlen(text->text), &j.c.n);
    return parse_group(&j.c, GRAMMAR_NO_SIGN);
}

const struct grammar_notation grammar_notation_jsgf = {.parse = parse, .rule_hint = ", or import the grammar that has it"};
