/* SPDX-License-Identifier: Apache-2.0 */
/* What clients do may not fill the log, and what they name may not begin a line of its own. */
#include "service/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static void very_many_lines_are_left_out(void **state) {
    static char text[200000];
    unsigned n = 0;
    (void)state;
    int file = memfd_create("log", 0), before = dup(STDERR_FILENO);
    assert_true(file >= 0 && before >= 0 && dup2(file, STDERR_FILENO) >= 0);
    for (unsigned i = 0; i < 1000; i++)
        service_log(SERVICE_LOG_WARNING, "line %u", i);
    usleep(1100000);
    service_log(SERVICE_LOG_WARNING, "%.13s", "the last\n<0>x\xc3\xa9"); /* files and devices may have any names */
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    assert_true(pread(file, text, sizeof(text) - 1, 0) > 0);
    close(file);
    close(before);
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        n++;
    assert_in_range(n, 100, 110);
    assert_non_null(strstr(text, "line 99\n"));
    assert_null(strstr(text, "line 999\n"));
    assert_non_null(strstr(text, " lines were left out here"));
    assert_non_null(strstr(text, ": the last?<0>x\n") ? text : strstr(text, ">the last?<0>x\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(very_many_lines_are_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
