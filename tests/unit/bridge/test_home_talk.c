/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of Home Assistant count only for what was asked for. This file is the connection: it defines the functions that
 * home_talk.c calls. */
#include "bridge/home_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static unsigned n_sent, n_given, n_soon;

void bridge_home_client_send(struct bridge_home_client *c, json_object *message) {
    (void)c;
    n_sent++;
    json_object_put(message);
}

void bridge_home_client_read_soon(struct bridge_home_client *c) {
    (void)c;
    n_soon++;
}

void bridge_home_client_give(struct bridge_home_client *c, json_object *lists) {
    (void)c;
    n_given++;
    json_object_put(lists);
}

static void take(struct bridge_home_talk *t, const char *text) {
    tragus_error e = {0};
    if (bridge_home_talk_receive(t, text, strlen(text), &e) < 0)
        fail_msg("%s: %s", text, e.text);
}

/* Authenticated, with three subscriptions (1 to 3), and three commands (4 to 6) without an answer. */
static struct bridge_home_talk begin(void) {
    struct bridge_home_talk t = {.token = "token"};
    n_sent = n_given = n_soon = 0;
    take(&t, "{\"type\":\"auth_required\"}");
    take(&t, "{\"type\":\"auth_ok\",\"ha_version\":\"2026.5.1\"}");
    assert_int_equal(n_sent, 7);
    return t;
}

/* From 2026.4 on a name may be null. A version that is no date is an old one, however long its numbers are. */
static void test_version(void **state) {
    static const struct {
        const char *version;
        bool is_new;
    } cases[] = {{"2026.5.1", true}, {"2026.4.0b1", true}, {"2027.1.0", true},         {"2026.3.4", false},
                 {"2025.12", false}, {"", false},          {"-1452834820.7.1", false}, {"99999999999.4.1", false},
                 {"2026", false},    {"dev", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bridge_home_talk t = {.token = "token"};
        char text[128];
        take(&t, "{\"type\":\"auth_required\"}");
        snprintf(text, sizeof(text), "{\"type\":\"auth_ok\",\"ha_version\":\"%s\"}", cases[i].version);
        take(&t, text);
        assert_int_equal(t.own_name_is_null, cases[i].is_new);
        bridge_home_talk_done(&t);
    }
}

static void test_reading(void **state) {
    struct bridge_home_talk t = begin();
    (void)state;
    take(&t, "{\"id\":4,\"type\":\"result\",\"success\":true,\"result\":{\"exposed_entities\":{}}}");
    take(&t, "{\"id\":5,\"type\":\"result\",\"success\":true,\"result\":[]}");
    assert_int_equal(n_given, 0);
    take(&t, "{\"id\":6,\"type\":\"result\",\"success\":true,\"result\":[]}");
    assert_int_equal(n_given, 1);
    bridge_home_talk_done(&t);
}

/* What has no id is no answer to a command that was not sent yet, and no answer counts twice. */
static void test_answers_without_a_question(void **state) {
    struct bridge_home_talk t = begin();
    (void)state;
    take(&t, "{\"type\":\"result\",\"success\":true,\"result\":{\"light.a\":{\"name\":\"Forged\"}}}");
    take(&t, "{\"type\":\"result\",\"success\":false}");
    take(&t, "{\"type\":\"event\",\"event\":{\"a\":{\"light.a\":{\"a\":{\"friendly_name\":\"Forged\"}}}}}");
    for (int i = 0; i < BRIDGE_HOME_COMMANDS; i++)
        assert_null(t.results[i]);
    assert_null(t.friendly);
    take(&t, "{\"id\":4,\"type\":\"result\",\"success\":true,\"result\":{}}");
    take(&t, "{\"id\":5,\"type\":\"result\",\"success\":true,\"result\":[]}");
    take(&t, "{\"id\":6,\"type\":\"result\",\"success\":true,\"result\":[]}");
    assert_int_equal(n_given, 1);
    take(&t, "{\"id\":5,\"type\":\"result\",\"success\":true,\"result\":[]}"); /* again */
    assert_null(t.results[BRIDGE_HOME_AREAS]);
    bridge_home_talk_done(&t);
}

/* The name of an entity is forgotten when it is no longer exposed. */
static void test_hidden_again(void **state) {
    struct bridge_home_talk t = begin();
    char exposed[200];
    (void)state;
    for (int64_t round = 0; round < 2; round++) {
        /* The first reading has the ids 4 to 8. The second one ends the subscription with 9, so that it has 10 to 14. */
        const int64_t first = 4 + 6 * round;
        snprintf(exposed, sizeof(exposed),
                 "{\"id\":%d,\"type\":\"result\",\"success\":true,\"result\":{\"exposed_entities\":{"
                 "\"light.a\":{\"conversation\":true},\"light.b\":{\"conversation\":%s}}}}",
                 (int)first, round == 0 ? "true" : "false");
        take(&t, exposed);
        for (int64_t id = first + 1; id <= first + 4; id++) {
            snprintf(exposed, sizeof(exposed), "{\"id\":%d,\"type\":\"result\",\"success\":true,\"result\":{}}", (int)id);
            take(&t, exposed);
        }
        snprintf(exposed, sizeof(exposed),
                 "{\"id\":%d,\"type\":\"event\",\"event\":{\"a\":{\"light.a\":{\"a\":{\"friendly_name\":\"Lamp\"}}%s}}}",
                 (int)first + 4, round == 0 ? ",\"light.b\":{\"a\":{\"friendly_name\":\"Secret\"}}" : "");
        take(&t, exposed);
        assert_int_equal(n_given, round + 1);
        assert_true(json_object_object_get_ex(t.friendly, "light.a", NULL));
        assert_int_equal(json_object_object_get_ex(t.friendly, "light.b", NULL), round == 0);
        bridge_home_talk_read(&t);
    }
    bridge_home_talk_done(&t);
}

/* States of entities that were not asked for take no memory. */
static void test_unknown_entities(void **state) {
    struct bridge_home_talk t = begin();
    (void)state;
    take(&t, "{\"id\":4,\"type\":\"result\",\"success\":true,\"result\":{\"exposed_entities\":{"
             "\"light.a\":{\"conversation\":true},\"light.b\":{\"conversation\":false}}}}");
    take(&t, "{\"id\":8,\"type\":\"event\",\"event\":{\"a\":{\"light.a\":{\"a\":{\"friendly_name\":\"Lamp\"}},"
             "\"light.b\":{\"a\":{\"friendly_name\":\"Hidden\"}},\"light.c\":{\"a\":{\"friendly_name\":\"Unknown\"}}}}}");
    take(&t, "{\"id\":8,\"type\":\"event\",\"event\":{\"c\":{\"light.d\":{\"+\":{\"a\":{\"friendly_name\":\"Unknown\"}}}}}}");
    assert_int_equal(json_object_object_length(t.friendly), 1);
    assert_int_equal(n_soon, 0);
    bridge_home_talk_done(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_answers_without_a_question),
        cmocka_unit_test(test_hidden_again),
        cmocka_unit_test(test_unknown_entities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
