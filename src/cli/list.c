/* SPDX-License-Identifier: Apache-2.0 */
/* cli/list.c: reads lists of labelled recordings. */
#include "cli/list.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS 64

static size_t split(char *line, char *columns[MAX_COLUMNS]) {
    size_t n = 0;
    line[strcspn(line, "\r\n")] = '\0';
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

int list_read(struct list *ret, const char *path, tragus_error *reterr) {
    FILE *f = fopen(path, "re");
    if (!f)
        return base_error_at(reterr, -errno, path, 0, 0, "cannot be opened: %s", strerror(errno));
    struct list l = {0};
    char *line = NULL;
    size_t size = 0, file = 0, text = 1;
    int r = 0, n_lines = 0;
    while (r == 0 && getline(&line, &size, f) >= 0) {
        char *columns[MAX_COLUMNS];
        n_lines++;
        size_t n = split(line, columns);
        if ((n_lines == 1 && find_columns(columns, n, &file, &text)) || (n == 1 && columns[0][0] == '\0'))
            continue;
        if (file >= n || text >= n || columns[file][0] == '\0')
            r = base_error_at(reterr, -EINVAL, path, n_lines, 0, "needs a file and a text, separated by a tab");
        else
            r = add_row(&l, path, n_lines, columns[file], columns[text], reterr);
    }
    if (r == 0 && ferror(f))
        r = base_error_at(reterr, -EIO, path, n_lines, 0, "cannot be read: %s", strerror(errno));
    if (r == 0 && l.n_rows == 0)
        r = base_error_at(reterr, -ENODATA, path, 0, 0, "contains no file");
    free(line);
    fclose(f);
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
