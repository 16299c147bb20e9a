/* SPDX-License-Identifier: Apache-2.0 */
/* The a{sv} of options, over a real bus: unknown options are refused and named. */
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static sd_bus *client;

static int make(void **state) {
    struct service_options o;
    (void)state;
    rig_device("silence", NULL);
    rig_options(&o);
    wire_start(&o);
    client = wire_connect();
    return 0;
}

static int unmake(void **state) {
    (void)state;
    wire_disconnect(client);
    wire_end();
    return 0;
}

#define CREATE(...) wire_call(client, WIRE_PATH, WIRE_MANAGER, "CreateSession", "a{sv}", __VA_ARGS__)

static void right_ones_are_taken(void **state) {
    (void)state;
    wire_expect_return(CREATE(0));
    wire_expect_return(CREATE(9, "Grammar", "s", "channels", "Language", "s", "en", "Input", "s", "fd", "Partial", "b", 1,
                              "OneShot", "b", 0, "MinConfidence", "d", 0.5, "EndSilenceMs", "u", 300, "Reject", "b", 0, "AppId",
                              "s", "me"));
    wire_expect_return(CREATE(2, "x-later", "s", "whatever", "x-", "a{sv}", 1, "deep", "(iv)", 1, "s", "x")); /* for extensions */
}

static void unknown_ones_are_named(void **state) {
    (void)state;
    wire_expect_error(CREATE(1, "Gramar", "s", "channels"), WIRE_INVALID, "Unknown option \"Gramar\"; did you mean Grammar?");
    wire_expect_error(CREATE(1, "Volume", "u", 1), WIRE_INVALID, "known options are Grammar, ");
    wire_expect_error(CREATE(1, "", "u", 1), WIRE_INVALID, "Unknown option \"\"");
    wire_expect_error(CREATE(2, "Input", "s", "fd", "X-later", "u", 1), WIRE_INVALID, "X-later");
    char *path = wire_session(client);
    wire_expect_error(wire_call(client, path, WIRE_SESSION, "Start", "a{sv}", 1, "Grammar", "s", "x"), WIRE_INVALID,
                      "this method has no options");
    wire_expect_return(wire_call(client, path, WIRE_SESSION, "Close", ""));
    free(path);
}

/* A message quotes only the beginning; if that ended within a character, the call had no answer. */
static void long_ones_are_quoted_in_whole_characters(void **state) {
    char text[80];
    (void)state;
    for (size_t before = 0; before < 3; before++) {
        size_t n = before;
        memset(text, 'x', n);
        for (; n + 3 < sizeof(text); n += 3)
            memcpy(text + n, "\xe2\x82\xac", 3);
        text[n] = '\0';
        wire_expect_error(CREATE(1, text, "u", 1), WIRE_INVALID, "Unknown option");
        wire_expect_error(CREATE(1, "Input", "s", text), WIRE_ERROR("NoSuchDevice"), "Unknown input");
        wire_expect_error(CREATE(1, "Grammar", "s", text), WIRE_ERROR("NoSuchGrammar"), "there is no grammar");
        wire_expect_error(CREATE(1, "Language", "s", text), WIRE_ERROR("NoSuchModel"), "there is no model");
        wire_expect_error(CREATE(1, "Context", "a{sv}", 1, text, "u", 1), WIRE_INVALID, "must be of type s");
        wire_expect_error(
            wire_call(client, WIRE_PATH, WIRE_MANAGER, "AddGrammarText", "ssa{sv}", "x", "stop", 1, "Format", "s", text),
            WIRE_ERROR("UnsupportedFormat"), "Unknown format");
        wire_expect_error(wire_call(client, WIRE_PATH, WIRE_MANAGER, "AddGrammarText", "ssa{sv}", text, "stop", 0),
                          WIRE_ERROR("InvalidGrammar"), "cannot name a grammar");
    }
}

/* A message has room for a million of them, which the main thread would read. */
static void there_are_not_too_many(void **state) {
    char key[16];
    (void)state;
    for (int n = 32; n <= 33; n++) {
        sd_bus_message *m = wire_new(client, WIRE_PATH, WIRE_MANAGER, "CreateSession");
        assert_true(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        for (int i = 0; i < n; i++) {
            snprintf(key, sizeof(key), "x-%d", i);
            assert_true(sd_bus_message_append(m, "{sv}", key, "y", 0) >= 0);
        }
        assert_true(sd_bus_message_close_container(m) >= 0);
        sd_bus_message *reply = wire_send(client, m);
        if (n == 32)
            wire_expect_return(reply);
        else
            wire_expect_error(reply, WIRE_INVALID, "more than 32 options");
    }
    sd_bus_message *m = wire_new(client, WIRE_PATH, WIRE_MANAGER, "SetList");
    assert_true(sd_bus_message_append(m, "ss", "nowhere", "list") >= 0);
    assert_true(sd_bus_message_open_container(m, 'a', "(ssa{sv})") >= 0);
    for (int i = 0; i < 15000; i++)
        assert_true(sd_bus_message_append(m, "(ssa{sv})", "x", "", 3, "x-1", "y", 0, "x-2", "y", 0, "x-3", "y", 0) >= 0);
    assert_true(sd_bus_message_close_container(m) >= 0);
    wire_expect_error(wire_send(client, m), WIRE_ERROR("GrammarTooLarge"), "40000 options");
}

static void wrong_types_are_named(void **state) {
    (void)state;
    wire_expect_error(CREATE(1, "Grammar", "u", 1), WIRE_INVALID, "Option Grammar must be of type s, not u");
    wire_expect_error(CREATE(1, "MinConfidence", "u", 1), WIRE_INVALID, "Option MinConfidence must be of type d, not u");
    wire_expect_error(CREATE(1, "Partial", "s", "yes"), WIRE_INVALID, "of type b");
    wire_expect_error(CREATE(1, "EndSilenceMs", "i", 500), WIRE_INVALID, "of type u");
    wire_expect_error(CREATE(1, "Context", "a{ss}", 0), WIRE_INVALID, "Option Context must be of type a{sv}, not a{ss}");
    wire_expect_error(wire_call(client, WIRE_PATH, WIRE_MANAGER, "CreateSession", "a{ss}", 0), WIRE_INVALID, NULL);
}

static void repeated_ones_are_named(void **state) {
    (void)state;
    wire_expect_error(CREATE(2, "AppId", "s", "me", "AppId", "s", "me"), WIRE_INVALID, "Option AppId is given twice");
}

static void ranges_are_the_services(void **state) {
    (void)state;
    wire_expect_error(CREATE(1, "MinConfidence", "d", 1.5), WIRE_INVALID, "MinConfidence");
    wire_expect_error(CREATE(1, "EndSilenceMs", "u", 99), WIRE_INVALID, "EndSilenceMs");
    wire_expect_error(CREATE(1, "MaxCommandMs", "u", 60001), WIRE_INVALID, "MaxCommandMs");
}

static void context_is_strings(void **state) {
    (void)state;
    wire_expect_return(CREATE(1, "Context", "a{sv}", 2, "area", "s", "kitchen", "floor", "s", "1"));
    wire_expect_error(CREATE(1, "Context", "a{sv}", 1, "area", "u", 1), WIRE_INVALID, "Context \"area\" must be of type s, not u");
    for (int n = 16; n <= 17; n++) {
        sd_bus_message *m = wire_new(client, WIRE_PATH, WIRE_MANAGER, "ParseText");
        assert_true(sd_bus_message_append(m, "ss", "channels", "front center") >= 0);
        assert_true(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        for (int i = 0; i < n; i++) {
            char key[16];
            snprintf(key, sizeof(key), "key%d", i);
            assert_true(sd_bus_message_append(m, "{sv}", key, "s", "x") >= 0);
        }
        assert_true(sd_bus_message_close_container(m) >= 0);
        sd_bus_message *reply = wire_send(client, m);
        if (n == 16)
            wire_expect_return(reply);
        else
            wire_expect_error(reply, WIRE_INVALID, "more than 16 keys");
    }
}

static void files_have_names_and_sizes(void **state) {
    (void)state;
    int fd = wire_memory("stop\n", 5);
    wire_expect_error(wire_call(client, WIRE_PATH, WIRE_MANAGER, "AddGrammar", "sha{sv}", "x", fd, 1, "Files", "as", 0),
                      WIRE_INVALID, "Option Files must be of type a(st), not as");
    for (int n = 512; n <= 513; n++) {
        sd_bus_message *m = wire_new(client, WIRE_PATH, WIRE_MANAGER, "AddGrammar");
        assert_true(sd_bus_message_append(m, "sh", "x", fd) >= 0);
        assert_true(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        assert_true(sd_bus_message_open_container(m, 'e', "sv") >= 0);
        assert_true(sd_bus_message_append(m, "s", "Files") >= 0);
        assert_true(sd_bus_message_open_container(m, 'v', "a(st)") >= 0);
        assert_true(sd_bus_message_open_container(m, 'a', "(st)") >= 0);
        for (int i = 0; i < n; i++)
            assert_true(sd_bus_message_append(m, "(st)", "a.txt", (uint64_t)(i == 0 ? 5 : 0)) >= 0);
        for (int i = 0; i < 4; i++)
            assert_true(sd_bus_message_close_container(m) >= 0);
        sd_bus_message *reply = wire_send(client, m);
        if (n == 512)
            wire_expect_return(reply);
        else
            wire_expect_error(reply, WIRE_INVALID, "more than 512 entries");
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    }
    close(fd);
}

/* Calls and sessions keep their texts, so these must not fill the memory. */
static void long_ones_are_refused(void **state) {
    static char text[4098];
    (void)state;
    memset(text, 'x', 4096);
    wire_expect_return(CREATE(2, "Input", "s", "fd", "AppId", "s", text));
    wire_expect_return(CREATE(2, "Input", "s", "fd", "Context", "a{sv}", 1, "area", "s", text));
    text[4096] = 'x';
    wire_expect_error(CREATE(2, "Input", "s", "fd", "AppId", "s", text), WIRE_INVALID, "AppId is longer than 4096 bytes");
    wire_expect_error(CREATE(1, "Context", "a{sv}", 1, "area", "s", text), WIRE_INVALID, "area is longer");
    wire_expect_error(CREATE(1, "Context", "a{sv}", 1, text, "s", "x"), WIRE_INVALID, "key of Context is longer");
    wire_expect_error(wire_call(client, WIRE_PATH, WIRE_MANAGER, "AddGrammarText", "ssa{sv}", text, "stop", 0), WIRE_INVALID,
                      "name is longer");
    wire_expect_error(wire_call(client, WIRE_PATH, WIRE_MANAGER, "AddGrammarText", "ssa{sv}", "x", "stop", 1, "Files", "a(st)", 1,
                                text, (uint64_t)4),
                      WIRE_INVALID, "name in Files is longer");
    wire_expect_error(wire_call(client, WIRE_PATH, WIRE_MANAGER, "SetList", "ssa(ssa{sv})", "channels", text, 0), WIRE_INVALID,
                      "name of the list is longer");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_ones_are_taken),
        cmocka_unit_test(unknown_ones_are_named),
        cmocka_unit_test(there_are_not_too_many),
        cmocka_unit_test(wrong_types_are_named),
        cmocka_unit_test(repeated_ones_are_named),
        cmocka_unit_test(ranges_are_the_services),
        cmocka_unit_test(context_is_strings),
        cmocka_unit_test(files_have_names_and_sizes),
        cmocka_unit_test(long_ones_are_quoted_in_whole_characters),
        cmocka_unit_test(long_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
