/* SPDX-License-Identifier: Apache-2.0 */
/* base/settings.h: reads a file of `key = value` lines under [sections], in UTF-8; # and ; begin comments. What the sections and
 * keys mean is up to the caller, who may list them in a table.
 */
#ifndef TRAGUS_BASE_SETTINGS_H
#define TRAGUS_BASE_SETTINGS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct base_settings_line {
    const char *path, *section; /* section: NULL before the first one */
    int line;
    char *name, *value; /* NULL: this line begins the section. value: "" if there is nothing after the = */
};
/* The texts of a line are valid until it returns. A negative result ends the reading. */
typedef int base_settings_take(const struct base_settings_line *l, void *user, tragus_error *reterr);

/* Calls take for each line but comments. Returns its first negative result; -EINVAL with file and line for a line that is none of
 * the above; -ENOENT if there is no such file. */
int base_settings_read(const char *path, base_settings_take *take, void *user, tragus_error *reterr);

/* Whether this error of reading may pass by itself, as a want of memory does. All others need a person, so to try again is of no
 * use. */
bool base_settings_may_pass(int code);

/* --- files whose keys are known --- */

struct base_settings_key {
    const char *section, *name;
    int kind;           /* of the value, as the caller counts kinds */
    double least, most; /* of a number */
    size_t offset;      /* of the value in the struct that the file fills */
};

struct base_settings_table {
    const struct base_settings_key *keys;
    size_t n_keys;
    const char *const *sections; /* also those without a key in the table */
    size_t n_sections;
    const char *manual; /* the page that documents the keys, such as "tragus.conf(5)" */
    /* Takes a key, once, with a value that is not empty. */
    int (*take)(const struct base_settings_key *k, const struct base_settings_line *l, void *user, tragus_error *reterr);
    /* Takes the keys of sections that have none in the table. May be NULL if there is no such section. */
    base_settings_take *take_free;
};

/* Reads a file with these keys. Returns -EINVAL with file and line for an unknown section or key, a key that is given twice or has
 * no value; nothing is ignored. Otherwise as base_settings_read. At most 256 keys are possible. */
int base_settings_read_table(const char *path, const struct base_settings_table *t, void *user, tragus_error *reterr);

/* Reads the value of a line as a number of the key's range. whole: it must have no fraction. */
int base_settings_number(const struct base_settings_key *k, const struct base_settings_line *l, bool whole, double *ret,
                         tragus_error *reterr);

/* Texts that outlive the file. Zeroed memory is an empty collection. */
struct base_settings_texts {
    char **texts;
    size_t n;
};
/* Sets *ret to a copy that is valid until base_settings_texts_done. Returns -ENOMEM if there is no memory. */
int base_settings_keep(struct base_settings_texts *t, const char *text, const char **ret, tragus_error *reterr);
void base_settings_texts_done(struct base_settings_texts *t);

#endif
