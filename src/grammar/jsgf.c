/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/jsgf.c: reads JSpeech Grammar Format (https://www.w3.org/TR/jsgf/): statements that end with `;`. Each public rule is an
 * intent of its name. A grammar that another one imports gives its rules only.
 */
#include "grammar/jsgf.h"
#include "grammar/files.h"
#include "grammar/lines.h"
#include "grammar/notation.h"

#include "base/utf8.h"

#include <string.h>

struct jsgf { /* a grammar, by its name */
    bool imported;
    struct grammar_model_block **blocks;
    size_t n, size;
};

struct reader {
    struct grammar_builder *b;
    struct grammar_report *report;
    struct grammar_source *source;
    struct grammar_jsgf_scope *scope;
    const char *at, *end; /* without comments */
    struct grammar_position position;
};

struct statement {
    const char *text; /* without the blanks at its ends, and without `;` */
    size_t len;
    struct grammar_position position;
};

/* Copies a text with a blank in place of each character of a comment. Strings and tags have none; they end with the line, so that a
 * missing sign spoils only one rule. */
static char *without_comments(struct grammar_pool *pool, const char *text, size_t len) {
    enum { CODE, STRING, TAG, LINE_COMMENT, COMMENT } state = CODE;
    char *copy = grammar_pool_alloc(pool, len + 1), *to = copy;
    for (size_t i = 0; i < len; i++) {
        char c = text[i], next = i + 1 < len ? text[i + 1] : '\0';
        if (state == CODE && c == '/' && (next == '/' || next == '*')) {
            state = next == '/' ? LINE_COMMENT : COMMENT;
            *to++ = ' ';
            *to++ = ' ';
            i++;
        } else if (state == COMMENT && c == '*' && next == '/') {
            state = CODE;
            *to++ = ' ';
            *to++ = ' ';
            i++;
        } else if (state == LINE_COMMENT || state == COMMENT) {
            if (c == '\n' && state == LINE_COMMENT)
                state = CODE;
            if (c == '\n')
                *to++ = '\n';
            else if (((unsigned char)c & 0xC0) != 0x80)
                *to++ = ' ';
        } else {
            *to++ = c;
            if ((state == STRING || state == TAG) && c == '\\' && next && next != '\n')
                *to++ = text[++i];
            else if (c == '\n' || c == (state == STRING ? '"' : state == TAG ? '}' : '\0'))
                state = CODE;
            else if (state == CODE && (c == '"' || c == '{'))
                state = c == '"' ? STRING : TAG;
        }
    }
    return copy;
}

static void advance(struct reader *r) {
    if (base_utf8_next(&r->at, r->end) == '\n') {
        r->position.line++;
        r->position.column = 1;
    } else {
        r->position.column++;
    }
}

/* Returns whether a line looks like the start of a statement. */
static bool starts_statement(const char *at, const char *end) {
    static const char *const words[] = {"public", "import", "grammar"};
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(end - at) > n && memcmp(at, words[i], n) == 0 && (at[n] == ' ' || at[n] == '<'))
            return true;
    }
    const char *close = at < end && *at == '<' ? memchr(at, '>', (size_t)(end - at)) : NULL;
    if (!close || memchr(at, '\n', (size_t)(close - at)))
        return false;
    for (close++; close < end && (*close == ' ' || *close == '\t'); close++)
        ;
    return close < end && *close == '=';
}

/* Reads up to the next `;` that is in no string or tag. If it was forgotten, the statement ends before the line that begins the
 * next one. Returns false at the end of the text. */
static bool next_statement(struct reader *r, struct statement *ret) {
    char closes = '\0';
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n'))
        advance(r);
    ret->text = r->at;
    ret->position = r->position;
    if (r->at >= r->end)
        return false;
    bool is_next = false, is_open = false; /* a tag or string that is not closed is reported when the rule is parsed */
    while (r->at < r->end && (closes || *r->at != ';') && !is_next) {
        char c = *r->at;
        if (closes && c == '\\' && r->at + 1 < r->end) {
            advance(r);
        } else if (c == '\n' || (closes && c == closes)) {
            is_open |= closes && c == '\n';
            closes = '\0';
        } else if (!closes && (c == '"' || c == '{')) {
            closes = c == '"' ? '"' : '}';
        }
        advance(r);
        is_next = c == '\n' && starts_statement(r->at, r->end);
    }
    ret->len = (size_t)(r->at - ret->text);
    grammar_trim(&ret->text, &ret->len);
    if (r->at < r->end && !is_next)
        advance(r);
    else if (!is_open && !closes)
        grammar_report_at(r->report, TRAGUS_WARNING, ret->position, "the statement does not end with ;");
    return true;
}

/* Returns what follows a word at the start of a statement, or NULL if it does not start with it. */
static const char *behind_word(const struct statement *s, const char *word) {
    size_t n = strlen(word);
    return s->len > n && memcmp(s->text, word, n) == 0 && strchr(" \t\r\n<", s->text[n]) ? s->text + n : NULL;
}

static char *copy_trimmed(struct reader *r, const char *text, const char *end) {
    size_t len = (size_t)(end - text);
    grammar_trim(&text, &len);
    return grammar_pool_text(&r->b->pool, text, len);
}

static struct jsgf *grammar_of(struct grammar_builder *b, const char *name) {
    void **at = grammar_map_at(&b->jsgf, &b->pool, name);
    if (!*at)
        *at = grammar_pool_alloc(&b->pool, sizeof(struct jsgf));
    return *at;
}

/* `import <grammar.rule>` or `import <grammar.*>` */
static void read_import(struct reader *r, const struct statement *s, const char *rest) {
    char *name = copy_trimmed(r, rest, s->text + s->len);
    size_t n = strlen(name);
    char *dot = strrchr(name, '.');
    if (n < 3 || name[0] != '<' || name[n - 1] != '>' || !dot || dot == name + 1 || dot == name + n - 2) {
        grammar_report_at(r->report, TRAGUS_ERROR, s->position,
                          "an import names a rule of another grammar, as in import <names.room>; or all, as in import <names.*>;");
        return;
    }
    name[n - 1] = '\0';
    name++;
    struct grammar_jsgf_scope *scope = r->scope;
    *grammar_pool_push(&r->b->pool, scope->imports, scope->n_imports, scope->size_imports) = name;
    struct jsgf *imported = grammar_of(r->b, grammar_pool_text(&r->b->pool, name, (size_t)(dot - name)));
    imported->imported = true;
    for (size_t i = 0; i < imported->n; i++)
        imported->blocks[i]->n_sentences = 0;
}

static void add_public(struct reader *r, const char *name, struct grammar_position position, struct grammar_text body) {
    struct jsgf *own = grammar_of(r->b, r->scope->grammar);
    if (own->imported)
        return;
    struct grammar_model_block *block = grammar_model_add_block(r->b, r->source, position, name, "");
    grammar_model_add_sentence(r->b, block, body, NULL);
    *grammar_pool_push(&r->b->pool, own->blocks, own->n, own->size) = block;
}

/* `[public] <rule> = expansion` */
static void read_rule(struct reader *r, const struct statement *s, const char *open, bool is_public) {
    const char *end = s->text + s->len;
    while (open < end && strchr(" \t\r\n", *open))
        open++;
    const char *close = open < end && *open == '<' ? memchr(open, '>', (size_t)(end - open)) : NULL;
    const char *equals = close ? close + 1 : NULL;
    while (equals && equals < end && strchr(" \t\r\n", *equals))
        equals++;
    if (!equals || equals >= end || *equals != '=') {
        grammar_report_at(r->report, TRAGUS_ERROR, s->position,
                          "not a statement of JSGF; write grammar NAME; or import <NAME.RULE>; or [public] <RULE> = ...;");
        return;
    }
    const char *name = copy_trimmed(r, open + 1, close), *body = equals + 1;
    size_t n_body = (size_t)(end - body);
    grammar_trim(&body, &n_body);
    if (name[0] == '\0' || n_body == 0) {
        grammar_report_at(r->report, TRAGUS_ERROR, s->position,
                          name[0] ? "the rule is empty; write what it stands for behind =" : "<> names no rule");
        return;
    }
    struct grammar_position position = s->position;
    for (const char *at = s->text; at < body;) {
        bool ends_line = base_utf8_next(&at, body) == '\n';
        position.column = ends_line ? 1 : position.column + 1;
        position.line += ends_line;
    }
    struct grammar_text text = {.text = grammar_pool_text(&r->b->pool, body, n_body),
                                .source = r->source,
                                .position = position,
                                .notation = &grammar_notation_jsgf,
                                .scope = r->scope};
    grammar_model_add_rule(r->b, &r->b->rules, grammar_pool_format(&r->b->pool, "%s.%s", r->scope->grammar, name), text);
    if (is_public)
        add_public(r, name, s->position, text);
}

static const char header[] = "#JSGF";

/* `#JSGF V1.0 [charset [locale]]`; the locale is the language. */
static void read_header(struct reader *r, const struct statement *s) {
    const char *rest = copy_trimmed(r, s->text + strlen(header), s->text + s->len);
    size_t n_version = strcspn(rest, " \t");
    if (strncmp(rest, "V1.0", 4) != 0 && strncmp(rest, "v1.0", 4) != 0)
        grammar_report_at(r->report, TRAGUS_WARNING, s->position, "version \"%.*s\" of JSGF is read as V1.0",
                          (int)(n_version > 20 ? 20 : n_version), rest);
    const char *charset = rest + n_version + strspn(rest + n_version, " \t");
    const char *locale = charset + strcspn(charset, " \t");
    locale += strspn(locale, " \t");
    if (locale[0])
        r->source->language = locale;
}

static void read_statement(struct reader *r, const struct statement *s) {
    const char *rest;
    if (s->len == 0)
        return;
    if (s->len >= strlen(header) && memcmp(s->text, header, strlen(header)) == 0)
        read_header(r, s);
    else if ((rest = behind_word(s, "grammar")))
        r->scope->grammar = copy_trimmed(r, rest, s->text + s->len);
    else if ((rest = behind_word(s, "import")))
        read_import(r, s, rest);
    else if ((rest = behind_word(s, "public")))
        read_rule(r, s, rest, true);
    else
        read_rule(r, s, s->text, false);
}

void grammar_read_jsgf(struct grammar_builder *b, const char *file, const char *text, size_t len, struct grammar_report *report) {
    struct reader r = {.b = b, .report = report, .source = grammar_model_plain_source(b, file), .position = {file, 1, 1}};
    struct statement s = {0};
    r.scope = grammar_pool_alloc(&b->pool, sizeof *r.scope);
    r.scope->grammar = grammar_file_stem(&b->pool, file); /* unless it declares a name */
    r.scope->rules = &b->rules;
    r.at = without_comments(&b->pool, text, len);
    r.end = r.at + strlen(r.at);
    while (next_statement(&r, &s))
        read_statement(&r, &s);
}

/* Returns what follows `import` and `<` at the start of a line, or NULL. */
static const char *imported_name(const char *at, const char *end) {
    static const char word[] = "import";
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if ((size_t)(end - at) < sizeof word || memcmp(at, word, strlen(word)) != 0)
        return NULL;
    for (at += strlen(word); at < end && (*at == ' ' || *at == '\t'); at++)
        ;
    return at < end && *at == '<' ? at + 1 : NULL;
}

bool grammar_jsgf_import(const char **text, const char *end, char *name, size_t size) {
    while (*text < end) {
        const char *line = *text, *stop = memchr(line, '\n', (size_t)(end - line));
        *text = stop ? stop + 1 : end;
        const char *start = imported_name(line, *text), *dot = NULL, *at = start;
        for (; at && at < *text && *at != '>' && *at != '/'; at++)
            dot = *at == '.' ? at : dot;
        if (!dot || at == *text || *at != '>' || (size_t)(dot - start) >= size)
            continue;
        memcpy(name, start, (size_t)(dot - start));
        name[dot - start] = '\0';
        return true;
    }
    return false;
}
