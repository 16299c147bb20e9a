/* SPDX-License-Identifier: Apache-2.0 */
/* Events and values as JSON: which keys an event has, and how numbers are printed. */
#include "busjson/busjson.h"
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
    prints(busjson_real(20.5), "20.5");
    prints(busjson_real(0.1), "0.1");
    prints(busjson_real(20), "20.0");
    prints(busjson_real(-3), "-3.0");
    prints(busjson_real(1.0 / 3), "0.3333333333333333");
    prints(busjson_real(1e300), "1e+300");
    prints(cli_json_value(&(tragus_value){.type = TRAGUS_REAL, .text = "20.50", .real = 20.5}), "20.5");
}

static const tragus_word words[] = {{.word = "dim", .start_ms = 10, .end_ms = 200, .confidence = 0.5}};
static const tragus_slot slots[] = {
    {.name = "room", .value = {.type = TRAGUS_TEXT, .text = "hall"}, .text = "hall", .start_ms = 1, .end_ms = 2, .confidence = 1},
    {.name = "level", .value = {.type = TRAGUS_REAL, .text = "0.50", .real = 0.5}, .text = "half", .confidence = 0.25},
    {.name = "room", .value = {.type = TRAGUS_INTEGER, .text = "7", .integer = 7}, .text = "seven"},
};

static void of_a_repeated_slot_the_first_counts(void **state) {
    (void)state;
    prints(cli_json_slots(slots, 3), "{\"room\":\"hall\",\"level\":0.5}");
}

static void each_event_has_its_keys(void **state) {
    (void)state;
    tragus_event e = {
        .type = TRAGUS_SPEECH_STARTED, .sequence = 3, .time_ms = 40, .start_ms = 10, .end_ms = 200, .text = "", .spoken = ""};
    prints(cli_json_event(&e), "{\"event\":\"speech_started\",\"sequence\":3,\"time_ms\":40,\"start_ms\":10,\"end_ms\":200}");
    e.type = TRAGUS_SPEECH_ENDED;
    prints(cli_json_event(&e), "{\"event\":\"speech_ended\",\"sequence\":3,\"time_ms\":40,\"start_ms\":10,\"end_ms\":200}");
    e.type = TRAGUS_PARTIAL;
    e.text = "dim";
    e.stability = 0.5;
    prints(cli_json_event(&e), "{\"event\":\"partial\",\"sequence\":3,\"text\":\"dim\",\"stability\":0.500,\"time_ms\":40}");
    e.type = TRAGUS_UTTERANCE;
    e.intent = "Dim";
    e.confidence = 2.0 / 3;
    e.template_text = "dim <room>";
    e.spoken = "dim";
    e.words = words;
    e.n_words = 1;
    e.slots = slots;
    e.n_slots = 2;
    prints(
        cli_json_event(&e),
        "{\"event\":\"utterance\",\"sequence\":3,\"text\":\"dim\",\"intent\":\"Dim\",\"slots\":{\"room\":\"hall\",\"level\":0.5},"
        "\"confidence\":0.667,\"time_ms\":40,\"start_ms\":10,\"end_ms\":200,\"template\":\"dim <room>\","
        "\"spoken\":\"dim\",\"words\":[{\"word\":\"dim\",\"start_ms\":10,\"end_ms\":200,\"confidence\":0.500}],"
        "\"slot_list\":[{\"name\":\"room\",\"value\":\"hall\",\"text\":\"hall\",\"start_ms\":1,\"end_ms\":2,\"confidence\":1.000},"
        "{\"name\":\"level\",\"value\":0.5,\"text\":\"half\",\"start_ms\":0,\"end_ms\":0,\"confidence\":0.250}]}");
}

static void free_text_is_marked_and_has_its_words(void **state) {
    (void)state;
    const tragus_slot item = {
        .name = "item", .value = {.type = TRAGUS_TEXT, .text = "dim"}, .text = "dim", .wildcard = 1, .words = words, .n_words = 1};
    tragus_event e = {.type = TRAGUS_UTTERANCE, .text = "dim", .spoken = "dim", .intent = "", .slots = &item, .n_slots = 1};
    json_object *o = cli_json_event(&e);
    assert_string_equal(json_object_to_json_string_ext(json_object_object_get(o, "slot_list"), JSON_C_TO_STRING_PLAIN),
                        "[{\"name\":\"item\",\"value\":\"dim\",\"text\":\"dim\",\"start_ms\":0,\"end_ms\":0,\"confidence\":0.000,"
                        "\"wildcard\":true,\"words\":[{\"word\":\"dim\",\"start_ms\":10,\"end_ms\":200,\"confidence\":0.500}]}]");
    json_object_put(o);
}

static void alternatives_are_listed(void **state) {
    (void)state;
    const tragus_slot drink[] = {{.name = "coffeeDrink", .value = {.type = TRAGUS_TEXT, .text = "latte"}}};
    const tragus_alternative other = {.text = "a latte", .intent = "order", .slots = drink, .n_slots = 1, .confidence = 0.25};
    tragus_event e = {.type = TRAGUS_REJECTED,
                      .sequence = 1,
                      .text = "a Mocha",
                      .spoken = "a mocha",
                      .intent = "order",
                      .reason = TRAGUS_AMBIGUOUS,
                      .alternatives = &other,
                      .n_alternatives = 1,
                      .detail = "it may also be 'a latte'"};
    prints(cli_json_event(&e),
           "{\"event\":\"rejected\",\"sequence\":1,\"reason\":3,\"text\":\"a Mocha\",\"intent\":\"order\",\"slots\":{},"
           "\"confidence\":0.000,\"time_ms\":0,\"start_ms\":0,\"end_ms\":0,\"spoken\":\"a "
           "mocha\",\"words\":[],\"reason_text\":\"ambiguous\","
           "\"detail\":\"it may also be 'a latte'\",\"alternatives\":[{\"text\":\"a latte\",\"intent\":\"order\","
           "\"slots\":{\"coffeeDrink\":\"latte\"},\"confidence\":0.250}]}");
}

static void a_reason_is_a_number_where_it_rejects(void **state) {
    (void)state;
    tragus_event e = {
        .type = TRAGUS_REJECTED, .sequence = 1, .text = "dim", .spoken = "dim", .intent = "", .reason = TRAGUS_LOW_CONFIDENCE};
    prints(cli_json_event(&e),
           "{\"event\":\"rejected\",\"sequence\":1,\"reason\":2,\"text\":\"dim\",\"confidence\":0.000,\"time_ms\":0,"
           "\"start_ms\":0,\"end_ms\":0,\"spoken\":\"dim\",\"words\":[],\"reason_text\":\"low confidence\"}");
    e.type = TRAGUS_UTTERANCE; /* of a session that takes everything */
    prints(cli_json_event(&e),
           "{\"event\":\"utterance\",\"sequence\":1,\"text\":\"dim\",\"intent\":\"\",\"slots\":{},"
           "\"confidence\":0.000,\"time_ms\":0,\"start_ms\":0,\"end_ms\":0,\"spoken\":\"dim\",\"words\":[],\"slot_list\":[],"
           "\"reason_text\":\"low confidence\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reals_have_the_fewest_digits),
        cmocka_unit_test(of_a_repeated_slot_the_first_counts),
        cmocka_unit_test(free_text_is_marked_and_has_its_words),
        cmocka_unit_test(each_event_has_its_keys),
        cmocka_unit_test(alternatives_are_listed),
        cmocka_unit_test(a_reason_is_a_number_where_it_rejects),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
