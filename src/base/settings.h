/* SPDX-License-Identifier: Apache-2.0 */
/* base/settings.h: reads a file of `key = value` lines under [sections], in UTF-8; # and ; begin comments. What the sections and
 * keys mean is up to the caller.
 */
#ifndef TRAGUS_BASE_SETTINGS_H
#define TRAGUS_BASE_SETTINGS_H

#include "base/error.h"

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

#endif
