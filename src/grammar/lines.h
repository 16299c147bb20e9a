/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/lines.h: the lines of a text, for the readers of formats in which a line is a sentence. */
#ifndef TRAGUS_GRAMMAR_LINES_H
#define TRAGUS_GRAMMAR_LINES_H

#include "grammar/diagnostic.h"

#include <stdbool.h>
#include <stddef.h>

struct grammar_lines {
    const char *at, *end;
    const char *file;
    int n_read;
};

struct grammar_line {
    const char *text; /* without the blanks at both ends */
    size_t len;
    struct grammar_position position; /* of the first character */
};

/* Reads the next line. Returns false at the end of the text. */
bool grammar_lines_next(struct grammar_lines *l, struct grammar_line *ret);

/* Takes the blanks away at both ends of a text. */
void grammar_trim(const char **text, size_t *len);

/* Returns the position of a character in a line. */
struct grammar_position grammar_line_position(const struct grammar_line *line, const char *at);

#endif
