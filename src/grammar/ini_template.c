/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/ini_template.c: parses one template of sentences.ini.
 *
 * Words are separated by blanks. Behind a word, a group, a rule or a slot may stand, in any order: `:output`, which stands for it
 * in the text; `!conversion`; `{tag}`, which names the slot that it fills. All of them bind to what is just before them.
 */
#include "grammar/letters.h"
#include "grammar/notation.h"
#include "grammar/tree.h"

#include <stdio.h>
#include <string.h>

struct ini {
    struct grammar_cursor c;
    const char *intent; /* whose rules are meant; NULL: in a slot file */
};

struct run { /* words without anything behind them, which become one text */
    size_t start, end;
};

static struct grammar_item *parse_group(struct grammar_cursor *c, uint32_t close);

/* `!` is a conversion before a name, else punctuation. */
static bool is_conversion(const struct grammar_cursor *c, size_t at) {
    return grammar_sign_at(c, at) == '!' && grammar_is_letter(grammar_sign_at(c, at + 1));
}

static bool ends_word(const struct grammar_cursor *c, size_t at) {
    return at >= c->n || grammar_is_in(c->chars[at], " ()[]{}<>|:") || is_conversion(c, at);
}

/* Returns where a tag begins behind these blanks, or `at` if none does. */
static size_t tag_behind(const struct grammar_cursor *c, size_t at) {
    size_t next = at;
    while (grammar_sign_at(c, next) == ' ')
        next++;
    return grammar_sign_at(c, next) == '{' ? next : at;
}

/* Returns the text up to `close`, and moves behind it; NULL after an error. open: where the text's opening sign is. */
static char *read_until(struct ini *ini, size_t open, uint32_t close) {
    struct grammar_cursor *c = &ini->c;
    size_t start = c->at;
    while (c->at < c->n && c->chars[c->at] != close)
        c->at++;
    if (c->at >= c->n) {
        grammar_tree_fail(c->parser, open, "%c is not closed; add %c", (char)c->chars[open], (char)close);
        return NULL;
    }
    return grammar_tree_name(c->parser, c->chars + start, c->at++ - start);
}

/* Returns the conversions that names like "upper!int" stand for. */
static unsigned conversions_of(struct ini *ini, char *names, size_t offset) {
    static const struct {
        const char *name;
        unsigned conversion;
    } known[] = {{"int", GRAMMAR_TO_INTEGER},
                 {"float", GRAMMAR_TO_REAL},
                 {"bool", GRAMMAR_TO_BOOLEAN},
                 {"lower", GRAMMAR_TO_LOWER},
                 {"upper", GRAMMAR_TO_UPPER}};
    unsigned all = 0;
    for (char *name = names, *next; name; name = next) {
        next = strchr(name, '!');
        if (next)
            *next++ = '\0';
        size_t i = 0, n = sizeof known / sizeof known[0];
        while (i < n && strcmp(name, known[i].name) != 0)
            i++;
        if (i < n)
            all |= known[i].conversion;
        else
            grammar_tree_warn(ini->c.parser, offset, "converters are int, float, bool, lower and upper, not !%.40s", name);
    }
    return all;
}

static struct grammar_item *convert(struct ini *ini, struct grammar_item *body, unsigned conversions, size_t offset) {
    if (conversions == 0)
        return body;
    if (body->kind != GRAMMAR_ITEM_OUTPUT || body->slot)
        body = grammar_tree_output(ini->c.parser, body, offset);
    body->conversions |= conversions;
    return body;
}

/* `:word` or `:(several words)` */
static struct grammar_item *parse_substitution(struct ini *ini, struct grammar_item *body) {
    struct grammar_cursor *c = &ini->c;
    size_t colon = c->at++, start = c->at;
    const char *value;
    if (grammar_sign_at(c, start) == '(') {
        c->at++;
        value = read_until(ini, start, ')');
        if (!value)
            return NULL;
    } else {
        while (!ends_word(c, c->at) || grammar_sign_at(c, c->at) == ':')
            c->at++;
        value = grammar_encode(c->parser->pool, c->chars + start, c->at - start);
    }
    struct grammar_item *item = grammar_tree_output(ini->c.parser, body, colon);
    item->value = value;
    item->replaces = true;
    return item;
}

static struct grammar_item *parse_conversion(struct ini *ini, struct grammar_item *body) {
    struct grammar_cursor *c = &ini->c;
    size_t sign = c->at++, start = c->at;
    while (!ends_word(c, c->at) || is_conversion(c, c->at))
        c->at++;
    return convert(ini, body, conversions_of(ini, grammar_encode(c->parser->pool, c->chars + start, c->at - start), sign), sign);
}

/* `{slot}`, `{slot:value}`, `{slot!conversion}` */
static struct grammar_item *parse_tag(struct ini *ini, struct grammar_item *body) {
    struct grammar_parser *p = ini->c.parser;
    size_t open = ini->c.at++;
    char *name = read_until(ini, open, '}');
    if (!name)
        return NULL;
    char *conversion = strchr(name, '!'), *value = NULL;
    unsigned conversions = 0;
    if (conversion) {
        *conversion = '\0';
        conversions = conversions_of(ini, conversion + 1, open);
    }
    if ((value = strchr(name, ':')))
        *value++ = '\0';
    if (name[0] == '\0')
        return grammar_tree_fail(p, open, "{} names no slot; write its name between");
    if (!ini->intent) {
        grammar_tree_warn(p, open, "a slot file cannot fill slots; the tag {%.40s} belongs behind $slot", name);
        name = NULL;
    }
    if (body->kind == GRAMMAR_ITEM_LIST && !body->slot && !value && !conversions) {
        body->slot = name;
        return body;
    }
    struct grammar_item *item = grammar_tree_output(ini->c.parser, body, open);
    item->slot = name;
    item->value = value;
    item->replaces = value != NULL;
    item->conversions = conversions;
    return item;
}

static struct grammar_item *parse_behind(struct ini *ini, struct grammar_item *item) {
    for (struct grammar_cursor *c = &ini->c; item;) {
        c->at = tag_behind(c, c->at);
        if (grammar_sign_at(c, c->at) == ':')
            item = parse_substitution(ini, item);
        else if (grammar_sign_at(c, c->at) == '{')
            item = parse_tag(ini, item);
        else if (is_conversion(c, c->at))
            item = parse_conversion(ini, item);
        else
            break;
    }
    return item;
}

static struct grammar_item *new_range(struct grammar_parser *p, const char *range, size_t offset) {
    long long from, to, step = 1;
    int end = 0;
    if (sscanf(range, "%9lld..%9lld%n,%9lld%n", &from, &to, &end, &step, &end) < 2 || range[end])
        return grammar_tree_fail(p, offset, "%.40s is not a range; write it as in 0..100 or 0..100,5", range);
    if (from > to || step < 1)
        return grammar_tree_fail(p, offset, "the range %.40s runs downwards; write the smaller number first, and a step above 0",
                                 range);
    struct grammar_item *item = grammar_tree_item(p, GRAMMAR_ITEM_LIST, offset);
    item->name = item->range = range;
    return item;
}

static bool is_range(const char *word) {
    word += *word == '-';
    size_t digits = strspn(word, "0123456789");
    return digits > 0 && strncmp(word + digits, "..", 2) == 0;
}

/* `$slot`, `$folder/slot`; of programs only Rhasspy's own for numbers. */
static struct grammar_item *parse_slot(struct ini *ini) {
    static const char numbers[] = "rhasspy/number,";
    struct grammar_cursor *c = &ini->c;
    struct grammar_parser *p = c->parser;
    size_t sign = c->at++, start = c->at;
    while (!ends_word(c, c->at))
        c->at++;
    char *name = grammar_encode(p->pool, c->chars + start, c->at - start), *comma = strchr(name, ',');
    if (name[0] == '\0')
        return grammar_tree_fail(p, sign, "$ names no slot file; write its name behind");
    if (comma && strncmp(name, numbers, strlen(numbers)) == 0) {
        char *range = grammar_pool_format(p->pool, "%s", name + strlen(numbers));
        if ((comma = strchr(range, ',')))
            range = grammar_pool_format(p->pool, "%.*s..%s", (int)(comma - range), range, comma + 1);
        return new_range(p, range, sign);
    }
    if (comma)
        return grammar_tree_fail(p, sign, "$%.40s is a slot program, which is never run; write its values into a file slots/%.*s",
                                 name, (int)(comma - name), name);
    struct grammar_item *item = grammar_tree_item(p, GRAMMAR_ITEM_LIST, sign);
    item->name = name;
    return item;
}

static struct grammar_item *parse_rule(struct ini *ini) {
    struct grammar_parser *p = ini->c.parser;
    size_t open = ini->c.at++;
    char *name = read_until(ini, open, '>');
    if (!name)
        return NULL;
    if (name[0] == '\0')
        return grammar_tree_fail(p, open, "<> is empty; write the name of a rule between");
    bool has_intent = strchr(name, '.') != NULL;
    if (!has_intent && !ini->intent)
        return grammar_tree_fail(p, open, "a slot file has no rules of its own; name the intent, as in <Intent.%.40s>", name);
    struct grammar_item *item = grammar_tree_item(p, GRAMMAR_ITEM_RULE, open);
    item->name = has_intent ? name : grammar_pool_format(p->pool, "%s.%s", ini->intent, name);
    return item;
}

/* A word, of which a backslash takes the meaning of the next sign. Empty before `:`, which puts words in that are not said. */
static struct grammar_item *parse_word(struct ini *ini) {
    struct grammar_cursor *c = &ini->c;
    struct grammar_parser *p = c->parser;
    size_t start = c->at, n = 0;
    uint32_t *word = grammar_pool_alloc(p->pool, (c->n - start + 1) * sizeof *word);
    for (; !ends_word(c, c->at); c->at++) {
        if (c->chars[c->at] == '\\' && c->at + 1 < c->n)
            c->at++;
        word[n++] = c->chars[c->at];
    }
    if (n > 0 && is_range(grammar_encode(p->pool, word, n)))
        return new_range(p, grammar_encode(p->pool, word, n), start);
    return grammar_tree_text_item(p, word, n, start);
}

static struct grammar_item *parse_item(struct ini *ini) {
    struct grammar_cursor *c = &ini->c;
    uint32_t sign = c->chars[c->at];
    if (sign == '\\' && grammar_sign_at(c, c->at + 1) == '[') { /* keeps the line from being a section */
        c->at++;
        sign = '[';
    }
    if (sign == '(' || sign == '[')
        return grammar_tree_bracketed(c, sign == '[', parse_group);
    if (sign == '<')
        return parse_rule(ini);
    if (sign == '$')
        return parse_slot(ini);
    if (sign == '{')
        return grammar_tree_fail(c->parser, c->at, "a tag stands behind what fills the slot, as in (red | green){color}");
    if (grammar_is_in(sign, ")]}>"))
        return grammar_tree_fail(c->parser, c->at, "%c closes nothing; take it away, or write \\%c for the sign itself", (char)sign,
                                 (char)sign);
    return parse_word(ini);
}

static void end_run(struct ini *ini, struct grammar_items *sequence, struct run *run) {
    struct grammar_cursor *c = &ini->c;
    if (run->end > run->start)
        grammar_tree_push_word(c->parser, sequence,
                               grammar_tree_text_item(c->parser, c->chars + run->start, run->end - run->start, run->start));
    *run = (struct run){c->at, c->at};
}

/* Returns the end of a word that is text only, or `at` if it is something else. */
static size_t end_of_text(const struct grammar_cursor *c, size_t at) {
    size_t end = at;
    while (!ends_word(c, end) && c->chars[end] != '\\')
        end++;
    bool only_text = (end >= c->n || grammar_is_in(c->chars[end], " )]|([<")) && tag_behind(c, end) == end;
    bool special = grammar_is_in(c->chars[at], "$-0123456789"); /* a slot, perhaps a range */
    return only_text && !special ? end : at;
}

static bool parse_sequence(struct ini *ini, uint32_t close, struct grammar_items *sequence) {
    struct grammar_cursor *c = &ini->c;
    struct run run = {c->at, c->at};
    while (c->at < c->n && c->chars[c->at] != close && c->chars[c->at] != '|') {
        if (c->chars[c->at] == ' ') {
            c->at++;
            continue;
        }
        size_t end = end_of_text(c, c->at);
        if (end > c->at) {
            run.start = run.end > run.start ? run.start : c->at;
            c->at = run.end = end;
            continue;
        }
        end_run(ini, sequence, &run);
        struct grammar_item *item = parse_item(ini);
        item = item ? parse_behind(ini, item) : NULL;
        if (!item)
            return false;
        grammar_tree_push_word(c->parser, sequence, item);
        run = (struct run){c->at, c->at};
    }
    end_run(ini, sequence, &run);
    return true;
}

static struct grammar_item *parse_group(struct grammar_cursor *c, uint32_t close) {
    struct ini *ini = (struct ini *)c; /* its first member */
    struct grammar_parser *p = c->parser;
    struct grammar_items parts = {0};
    size_t start = c->at;
    for (;; c->at++) {
        struct grammar_items sequence = {0};
        size_t part = c->at;
        if (!parse_sequence(ini, close, &sequence))
            return NULL;
        grammar_tree_push(p, &parts, grammar_tree_one(p, GRAMMAR_ITEM_SEQUENCE, part, &sequence));
        if (grammar_sign_at(c, c->at) != '|')
            break;
    }
    return grammar_tree_one(p, GRAMMAR_ITEM_ALTERNATIVE, start, &parts);
}

static struct grammar_item *parse(struct grammar_parser *p, const struct grammar_text *text) {
    struct ini ini = {.c = {.parser = p}, .intent = text->scope};
    p->error[0] = '\0';
    ini.c.chars = grammar_decode(p->pool, text->text, strlen(text->text), &ini.c.n);
    return parse_group(&ini.c, GRAMMAR_NO_SIGN);
}

static bool is_one(const char *text) {
    return strpbrk(text, "()[]{}<>|:!$\\") || strstr(text, "..");
}

const struct grammar_notation grammar_notation_ini = {.parse = parse,
                                                      .is_one = is_one,
                                                      .list_opens = "$",
                                                      .list_closes = "",
                                                      .list_hint =
                                                          "; write its values into a file of that name in the folder slots",
                                                      .rule_hint = " in the section of its intent, as in name = ..."};
