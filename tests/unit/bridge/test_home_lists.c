/* SPDX-License-Identifier: Apache-2.0 */
/* What is spoken of the names of Home Assistant, which names an entity has, and answers of any other form. */
#include "bridge/home.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_spoken(void **state) {
    static const struct {
        const char *name, *spoken; /* NULL: it cannot be used */
        const char *why;
    } names[] = {
        {"Desk Lamp", "Desk Lamp", NULL},
        {"  Desk \t\n Lamp  ", "Desk Lamp", NULL},
        {"Lamp (old) [x] {y} <z>|a;b\\c", "Lamp old x y z a b c", NULL},
        {"Hall (left", "Hall left", NULL},
        {"\xf0\x9f\x92\xa1 Lamp\xef\xb8\x8f", "Lamp", NULL},
        {"K\xc3\xbc"
         "che",
         "K\xc3\xbc"
         "che",
         NULL},
        {"PM2.5", "PM2.5", NULL},
        {"L\xc3\xa9\x61\xe2\x80\x99s TV #2", "L\xc3\xa9\x61\xe2\x80\x99s TV #2", NULL},
        {"7", "7", NULL},
        {"", NULL, "it contains nothing that can be said"},
        {" \t ", NULL, "it contains nothing that can be said"},
        {"--", NULL, "it contains nothing that can be said"},
        {"()", NULL, "it contains nothing that can be said"},
        {"\xf0\x9f\x92\xa1", NULL, "it contains nothing that can be said"},
        {"\xcc\x81", NULL, "it contains nothing that can be said"}, /* an accent alone */
        {"\xd0\xbb\xd0\xb0\xd0\xbc\xd0\xbf\xd0\xb0", NULL, "it is in another script"},
        {"Lamp \xce\xbb", NULL, "it is in another script"},
        {"\xe7\x81\xaf", NULL, "it is in another script"},
        {"Lamp \xd9\xa3", NULL, "it is in another script"},
        {"a\xff", NULL, "it is not UTF-8"},
        {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv", NULL},
        {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvw", NULL, "it has a word of more than 48 bytes"},
    };
    struct base_buffer out = {0};
    (void)state;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *why = bridge_home_spoken(&out, names[i].name);
        if (names[i].why) {
            assert_string_equal(why, names[i].why);
        } else {
            assert_null(why);
            assert_string_equal(out.data, names[i].spoken);
        }
    }
    base_buffer_done(&out);
}

static void note(const char *id, const char *why, void *user) {
    base_buffer_format(user, "%s %s\n", id, why);
}

/* The lists of answers in JSON, and what was left out. */
static void expect(const char *answers, bool own_name_is_null, const char *lists, const char *left_out) {
    struct base_buffer out = {0};
    json_object *all = json_tokener_parse(answers);
    assert_non_null(all);
    const struct bridge_home_answers a = {
        .exposed = json_object_object_get(all, "exposed"),
        .entries = json_object_object_get(all, "entries"),
        .areas = json_object_object_get(all, "areas"),
        .floors = json_object_object_get(all, "floors"),
        .friendly = json_object_object_get(all, "friendly"),
        .own_name_is_null = own_name_is_null,
    };
    json_object *got = bridge_home_lists(&a, note, &out);
    assert_string_equal(json_object_to_json_string_ext(got, JSON_C_TO_STRING_PLAIN), lists);
    assert_string_equal(out.data ? out.data : "", left_out);
    json_object_put(got);
    json_object_put(all);
    base_buffer_done(&out);
}

#define EXPOSED "\"exposed\": {\"exposed_entities\": {\"light.a\": {\"conversation\": true}}}"
#define NAME(in, out) "{\"in\":\"" in "\",\"out\":\"" out "\",\"domain\":\"light\"}"
#define LISTS(names) "{\"floor\":[],\"area\":[],\"name\":[" names "]}"

static void test_own_names(void **state) {
    (void)state;
    /* The friendly name is first, then the two names of the entry; the friendly one is enough. */
    expect("{" EXPOSED ", \"friendly\": {\"light.a\": \"Fine\"}}", true, LISTS(NAME("Fine", "Fine")), "");
    expect("{" EXPOSED ", \"friendly\": {\"light.a\": \"Fine\"}, \"entries\": {\"light.a\": {\"name\": \"Own\"}}}", true,
           LISTS(NAME("Fine", "Fine")), "");
    expect("{" EXPOSED ", \"entries\": {\"light.a\": {\"name\": \"Own\", \"original_name\": \"First\"}}}", true,
           LISTS(NAME("Own", "Own")), "");
    expect("{" EXPOSED ", \"entries\": {\"light.a\": {\"name\": null, \"original_name\": \"First\"}}}", true,
           LISTS(NAME("First", "First")), "");
    expect("{" EXPOSED ", \"entries\": {\"light.a\": null}}", true, LISTS(""), "");
    expect("{" EXPOSED ", \"entries\": {\"light.a\": {\"name\": \"Own\", \"disabled_by\": \"user\"}}}", true, LISTS(""), "");
    expect("{\"exposed\": {\"exposed_entities\": {\"light.a\": {\"cloud.alexa\": true}, \"light.b\": {\"conversation\": false}}},"
           " \"friendly\": {\"light.a\": \"A\", \"light.b\": \"B\"}}",
           true, LISTS(""), "");
}

#define WITH_ALIASES(aliases) \
    "{" EXPOSED ", \"friendly\": {\"light.a\": \"Own\"}, \"entries\": {\"light.a\": {\"aliases\": " aliases "}}}"

static void test_aliases(void **state) {
    (void)state;
    expect(WITH_ALIASES("[]"), true, LISTS(NAME("Own", "Own")), "");
    expect(WITH_ALIASES("[\"Other\", null]"), true, LISTS(NAME("Other", "Other") "," NAME("Own", "Own")), "");
    expect(WITH_ALIASES("[\"Other\"]"), true, LISTS(NAME("Other", "Other")), "");
    expect(WITH_ALIASES("[\"Other\"]"), false, LISTS(NAME("Other", "Other") "," NAME("Own", "Own")), "");
    expect(WITH_ALIASES("[\"\", \"  \", \"OWN\", null, 5]"), true, LISTS(NAME("Own", "Own")), ""); /* the same sound */
    expect(WITH_ALIASES("[\"\xd0\xbb\", null, \"()\"]"), true, LISTS(NAME("Own", "Own")),
           "light.a it is in another script\nlight.a it contains nothing that can be said\n");
}

static void test_places(void **state) {
    (void)state;
    expect("{\"areas\": [{\"area_id\": \"k\", \"name\": \"Kitchen\", \"aliases\": [\"Cook (room)\"]}, {\"area_id\": \"e\", "
           "\"name\": \"\"}],"
           " \"floors\": [{\"floor_id\": \"f\", \"name\": \"1st floor\", \"aliases\": null}]}",
           true,
           "{\"floor\":[{\"in\":\"1st floor\",\"out\":\"1st floor\"}],\"area\":[{\"in\":\"Cook room\",\"out\":\"Cook (room)\"},"
           "{\"in\":\"Kitchen\",\"out\":\"Kitchen\"}],\"name\":[]}",
           "e it contains nothing that can be said\n");
}

static json_object *random_value(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    switch (*seed >> 28) {
    case 0:
        return NULL;
    case 1:
        return json_object_new_array();
    case 2:
        return json_object_new_object();
    case 3:
        return json_object_new_boolean(true);
    case 4:
        return json_object_new_int(7);
    default:
        return json_object_new_string("text");
    }
}

/* Replaces some values by ones of any type. */
static json_object *spoil(json_object *o, uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    if (*seed >> 29 == 0)
        return random_value(seed);
    if (json_object_is_type(o, json_type_object)) {
        json_object *copy = json_object_new_object();
        json_object_object_foreach(o, key, value) {
            json_object_object_add(copy, key, spoil(value, seed));
        }
        return copy;
    }
    if (json_object_is_type(o, json_type_array)) {
        json_object *copy = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(o); i++)
            json_object_array_add(copy, spoil(json_object_array_get_idx(o, i), seed));
        return copy;
    }
    return json_object_get(o);
}

static void test_other_forms(void **state) {
    json_object *right = json_tokener_parse(
        "{" EXPOSED
        ", \"entries\": {\"light.a\": {\"name\": \"Own\", \"aliases\": [null, \"x\"]}}, \"friendly\": {\"light.a\": \"F\"},"
        " \"areas\": [{\"area_id\": \"a\", \"name\": \"A\", \"aliases\": [\"b\"]}], \"floors\": [{\"floor_id\": \"a\", \"name\": "
        "\"A\"}]}");
    uint32_t seed = 1;
    (void)state;

    for (unsigned i = 0; i < 20000; i++) {
        struct base_buffer out = {0};
        json_object *all = spoil(right, &seed);
        const struct bridge_home_answers a = {
            .exposed = json_object_object_get(all, "exposed"),
            .entries = json_object_object_get(all, "entries"),
            .areas = json_object_object_get(all, "areas"),
            .floors = json_object_object_get(all, "floors"),
            .friendly = json_object_object_get(all, "friendly"),
            .own_name_is_null = i % 2 == 1,
        };
        json_object *lists = bridge_home_lists(&a, note, &out);
        assert_int_equal(json_object_object_length(lists), 3);
        json_object_put(lists);
        json_object_put(all);
        base_buffer_done(&out);
    }
    json_object_put(right);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spoken), cmocka_unit_test(test_own_names),   cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_places), cmocka_unit_test(test_other_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
