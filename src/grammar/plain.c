/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/plain.c: reads plain lists: one template per line; `template => text`; `[Intent]` begins a section; `#` comments. */
#include "grammar/lines.h"
#include "grammar/model.h"

#include <string.h>

static bool is_section(const char *line, size_t len) {
    if (len < 3 || line[0] != '[' || line[len - 1] != ']')
        return false;
    for (size_t i = 1; i + 1 < len; i++)
        if (!(line[i] >= 'a' && line[i] <= 'z') && !(line[i] >= 'A' && line[i] <= 'Z') && !(line[i] >= '0' && line[i] <= '9') &&
            !strchr("_-.", line[i]))
            return false;
    return true;
}

void grammar_read_plain(struct grammar_builder *b, const char *file, const char *text, size_t len, struct grammar_report *r) {
    const struct grammar_source *source = grammar_model_plain_source(b, file);
    struct grammar_model_block *block = NULL;
    const char *intent = "";
    struct grammar_lines lines = {.at = text, .end = text + len, .file = file};
    struct grammar_line line;
    while (grammar_lines_next(&lines, &line)) {
        const char *at = line.text;
        size_t n = line.len;
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
        grammar_trim(&in, &n_in);
        if (out) {
            out += 2;
            grammar_trim(&out, &n_out);
            if (n_in == 0 || n_out == 0) {
                grammar_report_at(r, TRAGUS_ERROR, line.position, "=> needs a template before and a text behind it");
                continue;
            }
        }
        if (!block)
            block = grammar_model_add_block(b, source, line.position, intent, "");
        const struct grammar_text text_in = {
            .text = grammar_pool_text(&b->pool, in, n_in), .source = source, .position = line.position};
        grammar_model_add_sentence(b, block, text_in, out ? grammar_pool_text(&b->pool, out, n_out) : NULL);
    }
}
