/* SPDX-License-Identifier: Apache-2.0 */
#include "base/settings.h"
#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES 1048576

struct reader {
    base_settings_take *take;
    void *user;
    const char *path;
    int line;
    char *section; /* NULL before the first one */
    tragus_error *reterr;
};

#define WRONG(r, ...) base_error_at((r)->reterr, -EINVAL, (r)->path, (r)->line, 0, __VA_ARGS__)

static char *trim(char *text) {
    while (isspace((unsigned char)*text))
        text++;
    for (size_t n = strlen(text); n > 0 && isspace((unsigned char)text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

static int hand_over(const struct reader *r, char *name, char *value) {
    struct base_settings_line l = {.path = r->path, .section = r->section, .line = r->line, .name = name, .value = value};
    return r->take(&l, r->user, r->reterr);
}

static int take_section(struct reader *r, char *text) {
    size_t n = strlen(text);
    if (text[n - 1] != ']')
        return WRONG(r, "the ] of the section is missing; write [name]");
    text[n - 1] = '\0';
    free(r->section);
    r->section = strdup(trim(text + 1));
    return r->section ? hand_over(r, NULL, NULL) : base_error_set(r->reterr, -ENOMEM, "out of memory");
}

static int take_line(struct reader *r, char *line, size_t len) {
    if (strlen(line) != len || !base_utf8_valid(line, len))
        return WRONG(r, "the line is not UTF-8 text; save the file as UTF-8");
    char *text = trim(line);
    if (!*text || *text == '#' || *text == ';')
        return 0;
    if (*text == '[')
        return take_section(r, text);
    char *equals = strchr(text, '=');
    if (!equals)
        return WRONG(r, "\"%.60s\" is neither [section] nor key = value", text);
    *equals = '\0';
    return hand_over(r, trim(text), trim(equals + 1));
}

int base_settings_read(const char *path, base_settings_take *take, void *user, tragus_error *reterr) {
    struct reader r = {.take = take, .user = user, .path = path, .reterr = reterr};
    char *line = NULL;
    size_t size = 0, total = 0;
    ssize_t n;
    int result = 0;

    FILE *f = fopen(path, "re");
    if (!f)
        return base_error_at(reterr, -errno, path, 0, 0, "cannot be read: %s", strerror(errno));
    while (result >= 0 && (n = getline(&line, &size, f)) >= 0) {
        r.line++;
        total += (size_t)n;
        result = total > MOST_BYTES ? WRONG(&r, "the file is too large to be a configuration") : take_line(&r, line, (size_t)n);
    }
    int code = errno;
    if (result >= 0 && !feof(f) && !ferror(f)) /* or the rest would be lost silently */
        result = base_error_at(reterr, -ENOMEM, path, 0, 0, "out of memory");
    if (result >= 0 && ferror(f))
        result = base_error_at(reterr, -code, path, 0, 0, "cannot be read: %s", strerror(code));
    free(line);
    free(r.section);
    fclose(f);
    return result < 0 ? result : 0;
}

bool base_settings_may_pass(int code) {
    return code == -ENOMEM || code == -EMFILE || code == -ENFILE || code == -EIO;
}
