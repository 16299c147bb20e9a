/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/diagnostic.c: the growing list of diagnostics, and "did you mean" (edit distance with adjacent exchange: Damerau, 1964).
 */
#include "grammar/diagnostic.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void grammar_diagnostics_done(struct grammar_diagnostics *d) {
    if (!d)
        return;
    free(d->items);
    memset(d, 0, sizeof *d);
}

/* Takes off a last character that was cut in the middle, so that a message stays UTF-8. */
static void trim_utf8(char *text) {
    size_t len = strlen(text), lead = len;
    while (lead > 0 && ((unsigned char)text[lead - 1] & 0xC0) == 0x80)
        lead--;
    if (lead == 0)
        return;
    unsigned char first = (unsigned char)text[lead - 1];
    size_t wanted = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
    if (len - (lead - 1) < wanted)
        text[lead - 1] = '\0';
}

void grammar_report_at(struct grammar_report *r, enum grammar_severity severity, struct grammar_place place, const char *format,
                       ...) {
    char text[sizeof((struct grammar_diagnostic *)NULL)->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    trim_utf8(text);

    if (severity == GRAMMAR_ERROR && r->n_errors++ == 0)
        base_error_at(r->reterr, -EINVAL, place.file, place.line, place.column, "%s", text);
    if (!r->list)
        return;
    if (r->list->n_items == r->list->size_items) {
        size_t size = r->list->size_items ? r->list->size_items * 2 : 8;
        struct grammar_diagnostic *items = realloc(r->list->items, size * sizeof *items);
        if (!items)
            return; /* the count of errors is still right; only the sentence is lost */
        r->list->items = items;
        r->list->size_items = size;
    }
    struct grammar_diagnostic *item = &r->list->items[r->list->n_items++];
    memset(item, 0, sizeof *item);
    item->severity = severity;
    item->line = place.line;
    item->column = place.column;
    size_t len = place.file ? strlen(place.file) : 0;
    size_t room = sizeof item->file - 1;
    if (len)
        memcpy(item->file, len > room ? place.file + len - room : place.file, len > room ? room : len);
    memcpy(item->text, text, sizeof item->text);
}

enum { LONGEST_NAME = 64 };

static unsigned edit_distance(const char *a, size_t n, const char *b, size_t m) {
    unsigned rows[3][LONGEST_NAME + 1];
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3];
        const unsigned *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two_above[j - 2] + 1 < best)
                best = two_above[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

const char *grammar_nearest(const char *name, const char *(*get)(const void *names, size_t i), const void *names, size_t n) {
    const char *nearest = NULL;
    size_t len = strlen(name);
    if (len == 0 || len > LONGEST_NAME)
        return NULL;
    unsigned bound = (unsigned)(len / 3 > 0 ? len / 3 : 1) + 1;
    for (size_t i = 0; i < n; i++) {
        const char *other = get(names, i);
        if (!other || strlen(other) > LONGEST_NAME || strcmp(other, name) == 0)
            continue;
        unsigned distance = edit_distance(name, len, other, strlen(other));
        if (distance < bound && distance < len) {
            bound = distance;
            nearest = other;
        }
    }
    return nearest;
}
