/* SPDX-License-Identifier: Apache-2.0 */
/* A locale whose decimal point is a comma, for a test of what must not depend on it. */
#ifndef TESTS_UNIT_GERMAN_H
#define TESTS_UNIT_GERMAN_H

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Calls test in a German locale, which is made for it; else says why not, and returns false. */
static inline bool in_german(void (*test)(void)) {
    char folder[] = "/tmp/tragus-locale-XXXXXX", command[256];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "localedef --no-archive -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", folder);
    bool made = system(command) == 0;
    setenv("LOCPATH", folder, 1);
    bool set = made && setlocale(LC_NUMERIC, "de_DE.UTF-8");
    unsetenv("LOCPATH");
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    if (!set) {
        print_message("skipped: no German locale can be made; the package locales has its source\n");
        return false;
    }
    char typed[8];
    snprintf(typed, sizeof typed, "%.1f", 0.5);
    assert_string_equal(typed, "0,5");
    test();
    setlocale(LC_NUMERIC, "C");
    return true;
}

#endif
