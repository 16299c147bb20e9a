/* SPDX-License-Identifier: Apache-2.0 */
/* What others send, such as errors of Home Assistant, stays on the line of the log that quotes it. */
#include "bridge/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_texts_of_others(void **state) {
    char line[300] = "";
    int ends[2], before = dup(STDERR_FILENO);
    (void)state;

    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    bridge_log(BRIDGE_LOG_WARNING, "It says: %.24s.", "caf\u00e9\n<0>x\x1b[31m\xc2\x9b\x7f\xff end\u00e9");
    assert_int_equal(fflush(stderr), 0);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
    assert_string_equal(line, "tragus-bridge: It says: caf\u00e9?<0>x?[31m?? end.\n");
    close(ends[0]);
    close(ends[1]);
    close(before);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts_of_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
