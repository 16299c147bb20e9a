/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/lines.c: cuts a text into lines and says where they are. */
#include "grammar/lines.h"

#include "base/utf8.h"

#include <string.h>

void grammar_trim(const char **text, size_t *len) {
    while (*len && strchr(" \t\r\n", (*text)[0]) && (*text)[0])
        ++*text, --*len;
    while (*len && strchr(" \t\r\n", (*text)[*len - 1]) && (*text)[*len - 1])
        --*len;
}

static int n_characters(const char *from, const char *to) {
    int n = 0;
    for (; from < to; n++)
        base_utf8_next(&from, to);
    return n;
}

bool grammar_lines_next(struct grammar_lines *l, struct grammar_line *ret) {
    if (l->at >= l->end)
        return false;
    const char *start = l->at, *stop = memchr(start, '\n', (size_t)(l->end - start));
    ret->text = start;
    ret->len = (size_t)((stop ? stop : l->end) - start);
    l->at = stop ? stop + 1 : l->end;
    grammar_trim(&ret->text, &ret->len);
    ret->position = (struct grammar_position){l->file, ++l->n_read, 1 + n_characters(start, ret->text)};
    return true;
}

struct grammar_position grammar_line_position(const struct grammar_line *line, const char *at) {
    struct grammar_position position = line->position;
    position.column += n_characters(line->text, at);
    return position;
}
