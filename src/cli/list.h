/* SPDX-License-Identifier: Apache-2.0 */
/* cli/list.h: labelled recordings: a table with the columns file and text. */
#ifndef TRAGUS_CLI_LIST_H
#define TRAGUS_CLI_LIST_H

#include "base/error.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct list_row {
    char *path;         /* relative paths start at the folder of the list */
    char *text;         /* "" = in no grammar, must be rejected; NULL if the label is a meaning */
    json_object *slots; /* of a meaning */
    char *intent;       /* of a meaning; NULL = not labelled */
};

struct list {
    struct list_row *rows;
    size_t n_rows;
};

/* Reads LIST.tsv: columns are separated by tabs. A first line with the names `file` and `text` names the columns; else they are
 * the first two. A text that begins with { is JSON: {"intent": ..., "slots": {...}}. Returns 0 or a negative code; then *ret is
 * unset. Lines of more than 65,534 bytes and files of more than 64 MiB are refused. */
int list_read(struct list *ret, const char *path, tragus_error *reterr);
void list_done(struct list *l);

#endif
