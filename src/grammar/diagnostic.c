/* SPDX-License-Identifier: Apache-2.0 */
/* grammar/diagnostic.c: a growing list of diagnostics. */
#include "grammar/diagnostic.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONGEST_TEXT = sizeof((tragus_diagnostic *)NULL)->text,
    MOST_LISTED = 1000, /* limit for notes and warnings of one list; twice as many with errors */
};

void grammar_diagnostics_done(tragus_diagnostics *d) {
    if (!d)
        return;
    free(d->items);
    memset(d, 0, sizeof *d);
}

/* Makes a message one line: it may quote several. */
static void tidy(char *text) {
    for (char *c = text; *c; c++)
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = ' ';
}

void grammar_diagnostics_copy(tragus_diagnostics *d, const tragus_diagnostic *from) {
    if (!d)
        return;
    if (d->n_items == d->size_items) {
        size_t size = d->size_items ? d->size_items * 2 : 8;
        tragus_diagnostic *items = realloc(d->items, size * sizeof *items);
        if (!items)
            return; /* the count of errors stays right; only the message is lost */
        d->items = items;
        d->size_items = size;
    }
    d->items[d->n_items++] = *from;
}

/* Returns whether the newest item says the same at the same place: a part of a template that stands in it several times is looked
 * up each time. */
static bool is_known(const tragus_diagnostics *d, tragus_severity severity, struct grammar_position position, const char *text) {
    const tragus_diagnostic *last = d->n_items > 0 ? &d->items[d->n_items - 1] : NULL;
    return last && position.line && last->severity == severity && last->line == position.line && last->column == position.column &&
           strcmp(last->text, text) == 0;
}

/* Appends to the list, whose size is limited: many notes would hide the rest, and hostile text causes many. */
static void list(tragus_diagnostics *d, tragus_severity severity, struct grammar_position position, const char *text) {
    size_t most = severity == TRAGUS_ERROR ? 2 * MOST_LISTED : MOST_LISTED;
    if (d->n_items > most || is_known(d, severity, position, text))
        return;
    if (d->n_items == most) {
        severity = TRAGUS_NOTE;
        position = (struct grammar_position){0};
        text = "there are more of these, which are not listed";
    }
    tragus_diagnostic item = {.severity = severity, .line = position.line, .column = position.column};
    size_t len = position.file ? strlen(position.file) : 0, room = sizeof item.file - 1;
    if (len) /* its end tells more */
        memcpy(item.file, len > room ? position.file + len - room : position.file, len > room ? room : len);
    base_utf8_mend(item.file);
    memcpy(item.text, text, strlen(text) + 1);
    grammar_diagnostics_copy(d, &item);
}

void grammar_diagnostics_add(tragus_diagnostics *d, tragus_severity severity, const char *text) {
    char copy[LONGEST_TEXT];
    if (!d)
        return;
    base_utf8_format(copy, sizeof copy, "%s", text);
    tidy(copy);
    list(d, severity, (struct grammar_position){0}, copy);
}

static void leave_out(struct grammar_report *r, struct grammar_position position, const char *text) {
    char warning[LONGEST_TEXT];
    base_utf8_format(warning, sizeof warning, "left out: %s", text);
    tidy(warning);
    if (!r->mistake->text[0])
        base_error_at(r->mistake, -EINVAL, position.file, position.line, position.column, "%s", text);
    if (r->list)
        list(r->list, TRAGUS_WARNING, position, warning);
}

void grammar_report_at(struct grammar_report *r, tragus_severity severity, struct grammar_position position, const char *format,
                       ...) {
    char text[LONGEST_TEXT];
    va_list args;
    va_start(args, format);
    base_utf8_vformat(text, sizeof text, format, args);
    va_end(args);
    tidy(text);

    if (severity == TRAGUS_ERROR && r->mistake) {
        r->n_errors++;
        leave_out(r, position, text);
        return;
    }
    if (severity == TRAGUS_ERROR && r->n_errors++ == 0)
        base_error_at(r->reterr, -EINVAL, position.file, position.line, position.column, "%s", text);
    if (r->list)
        list(r->list, severity, position, text);
}

void grammar_report_failure(struct grammar_report *r, int code, struct grammar_position position, const char *format, ...) {
    char text[LONGEST_TEXT];
    va_list args;
    va_start(args, format);
    base_utf8_vformat(text, sizeof text, format, args);
    va_end(args);
    tidy(text);

    r->n_errors++;
    base_error_at(r->reterr, code, position.file, position.line, position.column, "%s", text);
    if (r->list)
        list(r->list, TRAGUS_ERROR, position, text);
}
