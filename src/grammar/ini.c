/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/ini.c: reads sentences.ini of Rhasspy and voice2json: `[Intent]` sections with sentences and `rule = body` lines, and
 * slot files, which hold one value per line. As in Python's configparser, lines that are indented more than a rule continue it.
 */
#include "grammar/lines.h"
#include "grammar/notation.h"

#include <string.h>

struct reader {
    struct grammar_builder *b;
    struct grammar_report *report;
    struct grammar_source *source;
    const char *intent; /* of the section; NULL before the first one */
    struct grammar_model_block *block;
    const char *rule; /* the last line was of this rule; NULL: of none */
    const char *body, *body_end;
    struct grammar_position rule_position, body_position;
};

static bool is_comment(const struct grammar_line *line) {
    return line->text[0] == '#' || line->text[0] == ';';
}

/* `[Intent]` alone on a line; "[the] lamp" is a sentence. */
static bool is_section(const struct grammar_line *line) {
    return line->len > 0 && line->text[0] == '[' && memchr(line->text, ']', line->len) == line->text + line->len - 1;
}

static bool is_name(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x80 && strchr(" \t()[]{}<>|:!$=\\\"", text[i]))
            return false;
    return len > 0;
}

/* Returns the first `=` that no backslash precedes, or NULL. */
static const char *equals_sign(const struct grammar_line *line) {
    for (size_t i = 0; i < line->len; i++)
        if (line->text[i] == '\\')
            i++;
        else if (line->text[i] == '=')
            return line->text + i;
    return NULL;
}

/* Copies lines, with blanks in place of comments. */
static char *without_comments(struct grammar_pool *pool, const char *from, const char *to) {
    char *text = grammar_pool_text(pool, from, (size_t)(to - from));
    bool at_start = false, inside = false;
    for (char *c = text; *c; c++) {
        inside = *c != '\n' && (inside || (at_start && (*c == '#' || *c == ';')));
        at_start = *c == '\n' || (at_start && (*c == ' ' || *c == '\t'));
        if (inside)
            *c = ' ';
    }
    return text;
}

static void end_rule(struct reader *r) {
    if (!r->rule)
        return;
    const char *body = r->body;
    size_t len = (size_t)(r->body_end - body);
    if (len == 0)
        grammar_report_at(r->report, TRAGUS_ERROR, r->rule_position, "the rule is empty; write what it stands for behind =");
    else
        grammar_model_add_rule(r->b, &r->b->rules, r->rule,
                               (struct grammar_text){.text = without_comments(&r->b->pool, body, r->body_end),
                                                     .source = r->source,
                                                     .position = r->body_position,
                                                     .notation = &grammar_notation_ini,
                                                     .scope = r->intent});
    r->rule = NULL;
}

static void begin_rule(struct reader *r, const struct grammar_line *line, const char *equals) {
    const char *name = line->text, *body = equals + 1;
    size_t n_name = (size_t)(equals - name), n_body = line->len - n_name - 1;
    grammar_trim(&name, &n_name);
    grammar_trim(&body, &n_body);
    if (!is_name(name, n_name)) {
        grammar_report_at(r->report, TRAGUS_ERROR, line->position,
                          "what stands before = is not the name of a rule; write one word, or \\= for the sign itself");
        return;
    }
    r->rule = grammar_pool_format(&r->b->pool, "%s.%.*s", r->intent, (int)n_name, name);
    r->rule_position = line->position;
    r->body = body;
    r->body_end = body + n_body;
    r->body_position = grammar_line_position(line, body);
}

static void add_sentence(struct reader *r, const struct grammar_line *line) {
    if (!r->block)
        r->block = grammar_model_add_block(r->b, r->source, line->position, r->intent, "");
    const struct grammar_text in = {.text = grammar_pool_text(&r->b->pool, line->text, line->len),
                                    .source = r->source,
                                    .position = line->position,
                                    .notation = &grammar_notation_ini,
                                    .scope = r->intent};
    grammar_model_add_sentence(r->b, r->block, in, NULL);
}

static void begin_section(struct reader *r, const struct grammar_line *line) {
    const char *name = line->text + 1;
    size_t n = line->len - 2;
    grammar_trim(&name, &n);
    r->block = NULL;
    r->intent = grammar_pool_text(&r->b->pool, name, n);
    if (n == 0)
        grammar_report_at(r->report, TRAGUS_ERROR, line->position, "[] names no intent; write its name between");
}

void grammar_read_ini(struct grammar_builder *b, const char *file, const char *text, size_t len, struct grammar_report *report) {
    struct reader r = {.b = b, .report = report, .source = grammar_model_plain_source(b, file)};
    struct grammar_lines lines = {.at = text, .end = text + len, .file = file};
    struct grammar_line line;
    while (grammar_lines_next(&lines, &line)) {
        if (line.len == 0 || is_comment(&line))
            continue;
        if (r.rule && line.position.column > r.rule_position.column) {
            r.body_end = line.text + line.len;
            continue;
        }
        end_rule(&r);
        const char *equals = equals_sign(&line);
        if (is_section(&line))
            begin_section(&r, &line);
        else if (!r.intent)
            grammar_report_at(report, TRAGUS_ERROR, line.position, "stands before the first intent; write [Intent] above it");
        else if (r.intent[0] && equals)
            begin_rule(&r, &line, equals);
        else if (r.intent[0])
            add_sentence(&r, &line);
    }
    end_rule(&r);
}

void grammar_read_slot_file(struct grammar_builder *b, const char *file, const char *name, const char *text, size_t len,
                            struct grammar_report *report) {
    struct grammar_model_list *list = grammar_model_list(b, &b->lists, name);
    if (list->at_run_time)
        return;
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->definitions[i].source->file, file) == 0)
            return; /* read already, beside another file */
    struct grammar_model_definition d = {.source = grammar_model_plain_source(b, file), .position = {file, 1, 1}};
    struct grammar_lines lines = {.at = text, .end = text + len, .file = file};
    struct grammar_line line;
    while (grammar_lines_next(&lines, &line)) {
        if (line.len == 0)
            continue;
        struct grammar_model_value *v = grammar_pool_push(&b->pool, d.values, d.n_values, d.size_values);
        v->in = (struct grammar_text){.text = grammar_pool_text(&b->pool, line.text, line.len),
                                      .source = d.source,
                                      .position = line.position,
                                      .notation = &grammar_notation_ini};
    }
    if (d.n_values == 0)
        grammar_report_at(report, TRAGUS_ERROR, d.position, "the slot file is empty; write one value per line");
    else
        *grammar_pool_push(&b->pool, list->definitions, list->n, list->size) = d;
}
