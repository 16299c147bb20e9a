/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/plain.c: reads plain lists: one template per line; `template => text`; `[Intent]` begins a section; `#` comments. */
#include "grammar/model.h"

#include "base/utf8.h"

#include <string.h>

static void trim(const char **text, size_t *len) {
    while (*len && strchr(" \t\r", (*text)[0]) && (*text)[0])
        ++*text, --*len;
    while (*len && strchr(" \t\r", (*text)[*len - 1]) && (*text)[*len - 1])
        --*len;
}

static bool is_section(const char *line, size_t len) {
    if (len < 3 || line[0] != '[' || line[len - 1] != ']')
        return false;
    for (size_t i = 1; i + 1 < len; i++)
        if (!(line[i] >= 'a' && line[i] <= 'z') && !(line[i] >= 'A' && line[i] <= 'Z') && !(line[i] >= '0' && line[i] <= '9') &&
            !strchr("_-.", line[i]))
            return false;
    return true;
}

static int column_of(const char *line_start, const char *at) {
    int column = 1;
    while (line_start < at) {
        base_utf8_next(&line_start, at);
        column++;
    }
    return column;
}

void grammar_read_plain(struct grammar_builder *b, const char *file, const char *text, size_t len, struct grammar_report *r) {
    struct grammar_source *source = grammar_pool_alloc(&b->pool, sizeof *source);
    source->file = file;
    source->has_plain_blocks = true;
    struct grammar_model_block *block = NULL;
    const char *intent = "", *end = text + len;
    for (int line = 1; text < end; line++) {
        const char *start = text, *stop = memchr(text, '\n', (size_t)(end - text));
        size_t n = (size_t)((stop ? stop : end) - start);
        text = stop ? stop + 1 : end;
        const char *at = start;
        trim(&at, &n);
        struct grammar_position position = {file, line, column_of(start, at)};
        if (n == 0 || at[0] == '#')
            continue;
        if (is_section(at, n)) {
            intent = grammar_pool_text(&b->pool, at + 1, n - 2);
            block = NULL;
            continue;
        }
        const char *out = NULL;
        for (size_t i = 0; i + 1 < n && !out; i++)
            if (at[i] == '=' && at[i + 1] == '>')
                out = at + i;
        size_t n_in = out ? (size_t)(out - at) : n, n_out = out ? n - n_in - 2 : 0;
        const char *in = at;
        trim(&in, &n_in);
        if (out) {
            out += 2;
            trim(&out, &n_out);
            if (n_in == 0 || n_out == 0) {
                grammar_report_at(r, TRAGUS_ERROR, position, "=> needs a template before and a text behind it");
                continue;
            }
        }
        if (!block)
            block = grammar_model_add_block(b, source, position, intent, "");
        struct grammar_model_sentence *s = grammar_pool_push(&b->pool, block->sentences, block->n_sentences, block->size_sentences);
        *s = (struct grammar_model_sentence){{grammar_pool_text(&b->pool, in, n_in), source, position}, NULL};
        if (out)
            s->out = grammar_pool_text(&b->pool, out, n_out);
    }
}
