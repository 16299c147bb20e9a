/* SPDX-License-Identifier: Apache-2.0 */
/* Values as JSON: how numbers are printed, and what stands for a slot that repeats. */
#include "cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void prints(json_object *o, const char *expected) {
    assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), expected);
    json_object_put(o);
}

static void reals_have_the_fewest_digits(void **state) {
    (void)state;
    prints(cli_json_real(20.5), "20.5");
    prints(cli_json_real(0.1), "0.1");
    prints(cli_json_real(20), "20.0");
    prints(cli_json_real(-3), "-3.0");
    prints(cli_json_real(1.0 / 3), "0.3333333333333333");
    prints(cli_json_real(1e300), "1e+300");
    prints(cli_json_value(&(tragus_value){.type = TRAGUS_REAL, .text = "20.50", .real = 20.5}), "20.5");
}

static const tragus_slot slots[] = {
    {.name = "room", .value = {.type = TRAGUS_TEXT, .text = "hall"}, .text = "hall", .start_ms = 1, .end_ms = 2, .confidence = 1},
    {.name = "level", .value = {.type = TRAGUS_REAL, .text = "0.50", .real = 0.5}, .text = "half", .confidence = 0.25},
    {.name = "room", .value = {.type = TRAGUS_INTEGER, .text = "7", .integer = 7}, .text = "seven"},
};

static void of_a_repeated_slot_the_first_counts(void **state) {
    (void)state;
    prints(cli_json_slots(slots, 3), "{\"room\":\"hall\",\"level\":0.5}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reals_have_the_fewest_digits),
        cmocka_unit_test(of_a_repeated_slot_the_first_counts),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
