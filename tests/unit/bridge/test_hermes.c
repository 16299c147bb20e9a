/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads of the Hermes protocol: where slots and words are in the text, counted in characters; texts of several utterances; and
 * what is missing. */
#include "bridge/hermes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct hermes hermes = {.site = "kitchen"};

static void prints(json_object *o, const char *expected) {
    assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), expected);
    json_object_put(o);
}

static json_object *member(json_object *o, const char *key) {
    json_object *value = NULL;
    assert_true(json_object_object_get_ex(o, key, &value));
    return value;
}

static void test_ranges_count_characters(void **state) {
    json_object *u =
        json_tokener_parse("{\"text\":\"m\u00f6bel m\u00f6bel heller\",\"intent\":\"Dim\",\"confidence\":0.5,\"slot_list\":["
                           "{\"name\":\"a\",\"value\":\"x\",\"text\":\"M\u00f6bel\",\"confidence\":0.25},"
                           "{\"name\":\"b\",\"value\":7,\"text\":\"m\u00f6bel\"},"
                           "{\"name\":\"c\",\"value\":true,\"text\":\"\"}]}");
    json_object *o = hermes_intent(&hermes, "s", "q", "M\u00f6bel", u), *slots = member(o, "slots");
    (void)state;

    static const int ranges[3][2] = {{0, 5}, {6, 11}, {0, 0}};
    for (size_t i = 0; i < 3; i++) {
        json_object *range = member(json_object_array_get_idx(slots, i), "range");
        assert_int_equal(json_object_get_int(member(range, "start")), ranges[i][0]);
        assert_int_equal(json_object_get_int(member(range, "end")), ranges[i][1]);
    }
    assert_string_equal(json_object_get_string(member(member(json_object_array_get_idx(slots, 0), "value"), "kind")), "Unknown");
    assert_string_equal(json_object_get_string(member(member(json_object_array_get_idx(slots, 1), "value"), "kind")), "Number");
    assert_string_equal(json_object_get_string(member(o, "siteId")), "kitchen");
    assert_null(member(o, "asrConfidence")); /* it was typed */
    json_object_put(o);
    json_object_put(u);
}

static void test_captured_texts_are_joined(void **state) {
    json_object *list = json_tokener_parse("[{\"text\":\"stop\",\"confidence\":0.9,\"start_ms\":0,\"end_ms\":500,"
                                           "\"words\":[{\"word\":\"stop\",\"start_ms\":0,\"end_ms\":500,\"confidence\":0.9}]},"
                                           "{\"text\":\"next\",\"confidence\":0.75,\"start_ms\":1000,\"end_ms\":1250}]");
    (void)state;

    prints(hermes_captured(&hermes, "s", "hey_house", list),
           "{\"text\":\"stop "
           "next\",\"likelihood\":0.750,\"seconds\":0.750,\"wakewordId\":\"hey_house\",\"asrTokens\":[[{\"value\":\"stop\","
           "\"confidence\":0.9,\"rangeStart\":0,\"rangeEnd\":4,\"time\":{\"start\":0.000,\"end\":0.500}}]],\"siteId\":\"kitchen\","
           "\"sessionId\":\"s\"}");
    json_object_put(list);
}

static void test_words_that_are_not_in_the_grammar(void **state) {
    json_object *rejected = json_tokener_parse("{\"text\":\"stop\",\"free_text\":\"tell me a joke\",\"free_confidence\":0.75,"
                                               "\"free_words\":[{\"word\":\"tell\",\"start_ms\":0,\"end_ms\":250,"
                                               "\"confidence\":0.5}],\"start_ms\":0,\"end_ms\":500}");
    json_object *list = json_object_new_array();
    (void)state;

    json_object_array_add(list, hermes_free_words(rejected));
    prints(hermes_captured(&hermes, "s", NULL, list),
           "{\"text\":\"tell me a "
           "joke\",\"likelihood\":0.750,\"seconds\":0.500,\"wakewordId\":null,\"asrTokens\":[[{\"value\":\"tell\","
           "\"confidence\":0.5,\"rangeStart\":0,\"rangeEnd\":4,\"time\":{\"start\":0.000,\"end\":0.250}}]],\"siteId\":\"kitchen\","
           "\"sessionId\":\"s\"}");
    json_object_object_add(rejected, "free_confidence", json_object_new_double(0.4)); /* most of them are wrong */
    assert_null(hermes_free_words(rejected));
    json_object_object_del(rejected, "free_text");
    assert_null(hermes_free_words(rejected));
    json_object_put(list);
    json_object_put(rejected);
}

static void test_nothing_was_heard(void **state) {
    (void)state;
    prints(hermes_captured(&hermes, NULL, NULL, NULL), "{\"text\":\"\",\"likelihood\":0.000,\"seconds\":0.000,\"wakewordId\":null,"
                                                       "\"asrTokens\":[[]],\"siteId\":\"kitchen\",\"sessionId\":null}");
    json_object *empty = json_object_new_object();
    prints(hermes_intent(&hermes, NULL, NULL, NULL, empty),
           "{\"input\":null,\"rawInput\":null,\"intent\":{\"intentName\":null,\"confidenceScore\":null},\"slots\":[],\"id\":null,"
           "\"customData\":null,\"asrTokens\":[[]],\"asrConfidence\":null,\"siteId\":\"kitchen\",\"sessionId\":null}");
    json_object_put(empty);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_count_characters),
        cmocka_unit_test(test_captured_texts_are_joined),
        cmocka_unit_test(test_words_that_are_not_in_the_grammar),
        cmocka_unit_test(test_nothing_was_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
