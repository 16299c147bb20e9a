/* SPDX-License-Identifier: Apache-2.0 */
/* Files of settings whose sections and keys are listed in a table. */
#include "base/assert.h"
#include "base/settings.h"
#include "base/suggest.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_KEYS 256

struct reader {
    const struct base_settings_table *table;
    void *user;
    bool seen[MOST_KEYS];
};

#define WRONG(l, ...) base_error_at(reterr, -EINVAL, (l)->path, (l)->line, 0, __VA_ARGS__)

static int unknown_key(const struct base_settings_table *t, const struct base_settings_line *l, tragus_error *reterr) {
    const char *known[MOST_KEYS];
    size_t n = 0;

    for (size_t i = 0; i < t->n_keys; i++)
        if (strcmp(t->keys[i].section, l->section) == 0)
            known[n++] = t->keys[i].name;
    const char *meant = base_suggest(l->name, known, n);
    if (meant)
        return WRONG(l, "unknown key \"%.60s\" in [%s]; did you mean %s?", l->name, l->section, meant);
    for (size_t i = 0; i < t->n_keys; i++)
        if (strcmp(t->keys[i].name, l->name) == 0)
            return WRONG(l, "unknown key \"%.60s\" in [%s]; it belongs in [%s]", l->name, l->section, t->keys[i].section);
    return WRONG(l, "unknown key \"%.60s\" in [%s]; %s documents all keys", l->name, l->section, t->manual);
}

static int take_key(struct reader *r, const struct base_settings_line *l, tragus_error *reterr) {
    const struct base_settings_table *t = r->table;
    bool has_keys = false;

    if (!l->section)
        return WRONG(l, "\"%.60s\" is before the first [section]; move it into a section", l->name);
    if (!*l->value)
        return WRONG(l, "%.60s has no value; put # before the line to keep the default", l->name);
    for (size_t i = 0; i < t->n_keys; i++) {
        if (strcmp(t->keys[i].section, l->section) != 0)
            continue;
        has_keys = true;
        if (strcmp(t->keys[i].name, l->name) != 0)
            continue;
        if (r->seen[i])
            return WRONG(l, "%s is given twice; remove one of the lines", l->name);
        r->seen[i] = true;
        return t->take(&t->keys[i], l, r->user, reterr);
    }
    return has_keys || !t->take_free ? unknown_key(t, l, reterr) : t->take_free(l, r->user, reterr);
}

static int check_section(const struct base_settings_table *t, const struct base_settings_line *l, tragus_error *reterr) {
    char known[400] = "";

    for (size_t i = 0; i < t->n_sections; i++)
        if (strcmp(t->sections[i], l->section) == 0)
            return 0;
    const char *meant = base_suggest(l->section, t->sections, t->n_sections);
    if (meant)
        return WRONG(l, "unknown section [%.60s]; did you mean [%s]?", l->section, meant);
    for (size_t i = 0, n = 0; i < t->n_sections && n < sizeof(known); i++)
        n += (size_t)snprintf(known + n, sizeof(known) - n, "%s[%s]", i > 0 ? ", " : "", t->sections[i]);
    return WRONG(l, "unknown section [%.60s]; known are %s", l->section, known);
}

static int take_line(const struct base_settings_line *l, void *user, tragus_error *reterr) {
    struct reader *r = user;
    return l->name ? take_key(r, l, reterr) : check_section(r->table, l, reterr);
}

int base_settings_read_table(const char *path, const struct base_settings_table *t, void *user, tragus_error *reterr) {
    struct reader r = {.table = t, .user = user};
    base_assert(t->n_keys <= MOST_KEYS);
    return base_settings_read(path, take_line, &r, reterr);
}

int base_settings_number(const struct base_settings_key *k, const struct base_settings_line *l, bool whole, double *ret,
                         tragus_error *reterr) {
    char *end;

    errno = 0;
    double x = strtod(l->value, &end);
    if (errno != 0 || end == l->value || *end != '\0' || !isfinite(x))
        return WRONG(l, "%s must be a number, not \"%.60s\"", k->name, l->value);
    if (x < k->least || x > k->most)
        return WRONG(l, "%s must be from %.10g to %.10g, not %.10g", k->name, k->least, k->most, x);
    if (whole && x != (double)(int64_t)x) /* it fits: the limits of a whole number do */
        return WRONG(l, "%s must be a whole number, not \"%.60s\"", k->name, l->value);
    *ret = x;
    return 0;
}

int base_settings_keep(struct base_settings_texts *t, const char *text, const char **ret, tragus_error *reterr) {
    char **more = reallocarray(t->texts, t->n + 1, sizeof(*more));
    if (more)
        t->texts = more;
    char *copy = more ? strdup(text) : NULL;
    if (!copy)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    t->texts[t->n++] = copy;
    *ret = copy;
    return 0;
}

void base_settings_texts_done(struct base_settings_texts *t) {
    for (size_t i = 0; i < t->n; i++)
        free(t->texts[i]);
    free(t->texts);
    *t = (struct base_settings_texts){0};
}
