/* SPDX-License-Identifier: Apache-2.0 */
/* cli/list.c: reads lists of labelled recordings. */
#include "cli/list.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS 64

enum { LONGEST_LINE = 65536, MOST_BYTES = 64 << 20 }; /* a file without lines, or without end, must not fill the memory */

struct lines {
    FILE *f;
    const char *path;
    int n; /* lines so far */
    size_t n_bytes;
    char line[LONGEST_LINE]; /* without its end */
};

/* Reads the next line. Returns 1, 0 at the end of the file, or a negative code. */
static int next_line(struct lines *l, tragus_error *reterr) {
    size_t n = 0;
    int c = getc(l->f);
    if (c == EOF)
        return ferror(l->f) ? base_error_at(reterr, -EIO, l->path, l->n, 0, "cannot be read: %s", strerror(errno)) : 0;
    l->n++;
    for (; c != EOF && c != '\n' && c != '\0' && n + 1 < LONGEST_LINE; c = getc(l->f))
        l->line[n++] = (char)c;
    l->line[n] = '\0';
    l->n_bytes += n;
    if (c == '\0')
        return base_error_at(reterr, -EINVAL, l->path, l->n, 0, "a NUL byte: this is not a text file");
    if (n + 1 == LONGEST_LINE)
        return base_error_at(reterr, -EINVAL, l->path, l->n, 0, "the line has more than %d bytes", LONGEST_LINE - 2);
    return l->n_bytes > MOST_BYTES ? base_error_at(reterr, -EFBIG, l->path, 0, 0, "the file is too large to be a list") : 1;
}

static size_t split(char *line, char *columns[MAX_COLUMNS]) {
    size_t n = 0;
    line[strcspn(line, "\r")] = '\0';
    while (line && n < MAX_COLUMNS) {
        columns[n++] = line;
        line = strchr(line, '\t');
        if (line)
            *line++ = '\0';
    }
    return n;
}

static bool find_columns(char *columns[], size_t n, size_t *ret_file, size_t *ret_text) {
    size_t file = SIZE_MAX, text = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(columns[i], "file") == 0)
            file = i;
        if (strcmp(columns[i], "text") == 0)
            text = i;
    }
    if (file == SIZE_MAX || text == SIZE_MAX)
        return false;
    *ret_file = file;
    *ret_text = text;
    return true;
}

static char *place(const char *list_path, const char *file) {
    const char *slash = strrchr(list_path, '/');
    size_t folder_len = file[0] == '/' || !slash ? 0 : (size_t)(slash - list_path) + 1;
    size_t file_bytes = strlen(file) + 1;
    char *path = malloc(folder_len + file_bytes);
    if (path) {
        memcpy(path, list_path, folder_len);
        memcpy(path + folder_len, file, file_bytes);
    }
    return path;
}

static int read_meaning(struct list_row *row, const char *text) {
    json_object *o = json_tokener_parse(text), *value;
    if (!json_object_is_type(o, json_type_object)) {
        json_object_put(o);
        return -EINVAL;
    }
    const char *intent = json_object_object_get_ex(o, "intent", &value) ? json_object_get_string(value) : NULL;
    bool has_memory = !intent || (row->intent = strdup(intent));
    if (json_object_object_get_ex(o, "slots", &value) && json_object_is_type(value, json_type_object))
        row->slots = json_object_get(value);
    else
        row->slots = json_object_new_object();
    json_object_put(o);
    return has_memory && row->slots ? 0 : -ENOMEM;
}

static int add_row(struct list *l, const char *list_path, int line, const char *file, const char *text, tragus_error *reterr) {
    struct list_row *rows = realloc(l->rows, (l->n_rows + 1) * sizeof(*rows));
    if (!rows)
        return base_error_at(reterr, -ENOMEM, list_path, line, 0, "out of memory");
    l->rows = rows;
    struct list_row *row = &rows[l->n_rows++];
    *row = (struct list_row){.path = place(list_path, file)};
    int r = 0;
    if (text[0] == '{') {
        r = read_meaning(row, text);
        if (r == -EINVAL)
            return base_error_at(reterr, -EINVAL, list_path, line, 0,
                                 "a text that begins with { must be JSON of the form {\"intent\": ..., \"slots\": {...}}");
    } else {
        row->text = strdup(text);
    }
    if (r < 0 || !row->path || (!row->text && !row->slots))
        return base_error_at(reterr, -ENOMEM, list_path, line, 0, "out of memory");
    return 0;
}

static int read_rows(struct list *l, struct lines *lines, tragus_error *reterr) {
    size_t file = 0, text = 1;
    int r;
    while ((r = next_line(lines, reterr)) > 0) {
        char *columns[MAX_COLUMNS];
        size_t n = split(lines->line, columns);
        if ((lines->n == 1 && find_columns(columns, n, &file, &text)) || (n == 1 && columns[0][0] == '\0'))
            continue;
        if (file >= n || text >= n || columns[file][0] == '\0')
            return base_error_at(reterr, -EINVAL, lines->path, lines->n, 0, "needs a file and a text, separated by a tab");
        r = add_row(l, lines->path, lines->n, columns[file], columns[text], reterr);
        if (r < 0)
            return r;
    }
    if (r == 0 && l->n_rows == 0)
        return base_error_at(reterr, -ENODATA, lines->path, 0, 0, "contains no file");
    return r;
}

int list_read(struct list *ret, const char *path, tragus_error *reterr) {
    struct lines lines = {.f = fopen(path, "re"), .path = path};
    if (!lines.f)
        return base_error_at(reterr, -errno, path, 0, 0, "cannot be opened: %s", strerror(errno));
    struct list l = {0};
    int r = read_rows(&l, &lines, reterr);
    fclose(lines.f);
    if (r < 0) {
        list_done(&l);
        return r;
    }
    *ret = l;
    return 0;
}

void list_done(struct list *l) {
    for (size_t i = 0; i < l->n_rows; i++) {
        free(l->rows[i].path);
        free(l->rows[i].text);
        free(l->rows[i].intent);
        json_object_put(l->rows[i].slots);
    }
    free(l->rows);
    *l = (struct list){0};
}
