/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that events come out the same however their bytes are cut, and that too large and malformed ones are refused. */
#include "bridge/wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Appends a description of an event to out. */
static void describe(struct base_buffer *out, const struct bridge_wire_event *e) {
    base_buffer_format(out, "%s %s %zu:", e->type, json_object_to_json_string_ext(e->data, JSON_C_TO_STRING_PLAIN), e->n_payload);
    for (size_t i = 0; i < e->n_payload; i++)
        base_buffer_format(out, "%02x", ((const uint8_t *)e->payload)[i]);
    base_buffer_add_text(out, "\n");
}

/* Feeds the bytes in pieces of that size. Returns 0 or the error; *out describes the events before it. */
static int feed(struct base_buffer *out, const void *bytes, size_t n, size_t piece, tragus_error *e) {
    struct bridge_wire_reader r = {0};
    struct bridge_wire_event event;
    int result = 0;

    for (size_t at = 0; at < n && result >= 0; at += piece) {
        assert_int_equal(bridge_wire_push(&r, (const char *)bytes + at, n - at < piece ? n - at : piece), 0);
        while ((result = bridge_wire_next(&r, &event, e)) > 0)
            describe(out, &event);
    }
    bridge_wire_reader_done(&r);
    return result;
}

static const char conversation[] =
    "{\"type\":\"describe\"}\n"
    "{\"type\":\"recognize\",\"data\":{\"text\":\"caf\xc3\xa9\",\"a\":1}}\r\n"
    "{\"type\":\"recognize\",\"data_length\":14,\"payload_length\":0}\n{\"text\":\"two\"}"
    "{\"type\":\"both\",\"data\":{\"a\":1,\"b\":2},\"data_length\":13,\"payload_length\":3}\n"
    "{\"b\":3,\"c\":4} {\n"
    "{\"type\":\"none\",\"data\":null,\"data_length\":null,\"payload_length\":null}\n"
    "{\"type\":\"audio-chunk\",\"payload_length\":4,\"version\":\"1.10.2\",\"future\":[{}]}\n\0\n\xff{";
static const char events[] = "describe {} 0:\n"
                             "recognize {\"text\":\"caf\xc3\xa9\",\"a\":1} 0:\n"
                             "recognize {\"text\":\"two\"} 0:\n"
                             "both {\"a\":1,\"b\":3,\"c\":4} 3:207b0a\n"
                             "none {} 0:\n"
                             "audio-chunk {} 4:000aff7b\n";

static void test_pieces(void **state) {
    static const size_t pieces[] = {1, 2, 3, 5, 7, 64, 1000};
    tragus_error e = {0};
    (void)state;

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct base_buffer out = {0};
        assert_int_equal(feed(&out, conversation, sizeof(conversation) - 1, pieces[i], &e), 0);
        assert_string_equal(out.data, events);
        base_buffer_done(&out);
    }
}

static void refuses(const char *text, int code, const char *why) {
    for (size_t piece = 1; piece < 200; piece += 198) {
        struct base_buffer out = {0};
        tragus_error e = {0};
        assert_int_equal(feed(&out, text, strlen(text), piece, &e), code);
        if (!strstr(e.text, why))
            fail_msg("\"%s\" gives \"%s\", not \"%s\"", text, e.text, why);
        assert_null(out.data);
        base_buffer_done(&out);
    }
}

static void test_malformed(void **state) {
    (void)state;
    refuses("GET / HTTP/1.1\r\n", -EPROTO, "the header is not JSON");
    refuses("\n", -EPROTO, "the header is not complete JSON");
    refuses("{\"type\":\"describe\"\n", -EPROTO, "the header is not complete JSON");
    refuses("[1]\n", -EPROTO, "the header must be one JSON object");
    refuses("{\"type\":\"a\"}{\"type\":\"b\"}\n", -EPROTO, "the header must be one JSON object and nothing else");
    refuses("{\"type\":\"\xff\"}\n", -EPROTO, "the header is not UTF-8");
    refuses("{}\n", -EPROTO, "no \"type\"");
    refuses("{\"type\":5}\n", -EPROTO, "no \"type\"");
    refuses("{\"type\":\"a\",\"data\":[]}\n", -EPROTO, "\"data\" of the header must be an object");
    refuses("{\"type\":\"a\",\"data_length\":-1}\n", -EPROTO, "data_length must be a number of bytes");
    refuses("{\"type\":\"a\",\"payload_length\":\"4\"}\n", -EPROTO, "payload_length must be a number of bytes");
    refuses("{\"type\":\"a\",\"data_length\":1048577}\n", -EMSGSIZE, "data_length is 1048577, more than the 1048576");
    refuses("{\"type\":\"a\",\"payload_length\":99999999999999999999}\n", -EMSGSIZE, "payload_length is 9223372036854775807");
    refuses("{\"type\":\"a\",\"data_length\":4}\n{}{}", -EPROTO, "the data part must be one JSON object");
    refuses("{\"type\":\"a\",\"data_length\":2}\n[]", -EPROTO, "the data part must be one JSON object");
}

static void test_depth(void **state) {
    char text[4096] = "{\"type\":\"a\",\"data\":{\"x\":";
    (void)state;
    memset(text + strlen(text), '[', 2000);
    strcat(text, "\n");
    refuses(text, -EPROTO, "nesting too deep");
}

/* A header that is as long as allowed, and one that is longer, with and without its end. */
static void test_long_header(void **state) {
    static const size_t sizes[] = {BRIDGE_WIRE_MOST_HEADER - 1, BRIDGE_WIRE_MOST_HEADER, 70 * 1024};
    static const size_t pieces[] = {1, 4096, 100000};
    (void)state;

    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++) {
            struct base_buffer out = {0};
            tragus_error e = {0};
            char *text = malloc(sizes[i] + 1);
            assert_non_null(text);
            memset(text, ' ', sizes[i]);
            memcpy(text, "{\"type\":\"long\"}", 15);
            text[sizes[i]] = '\n';
            int r = feed(&out, text, sizes[i] + 1, pieces[k], &e);
            assert_int_equal(r, sizes[i] < BRIDGE_WIRE_MOST_HEADER ? 0 : -EMSGSIZE);
            if (r == 0)
                assert_string_equal(out.data, "long {} 0:\n");
            else
                assert_non_null(strstr(e.text, "the header is a line of more than 65535 bytes"));
            base_buffer_done(&out);
            free(text);
        }
}

/* The largest event is read, and the memory that it took is given back. */
static void test_largest(void **state) {
    struct bridge_wire_reader r = {0};
    struct bridge_wire_event event;
    tragus_error e = {0};
    char header[128];
    (void)state;

    char *part = malloc(BRIDGE_WIRE_MOST_DATA);
    assert_non_null(part);
    memset(part, 'x', BRIDGE_WIRE_MOST_DATA);
    memcpy(part, "{\"text\":\"", 9);
    memcpy(part + BRIDGE_WIRE_MOST_DATA - 2, "\"}", 2);
    int n = snprintf(header, sizeof(header), "{\"type\":\"big\",\"data_length\":%d,\"payload_length\":%d}\n", BRIDGE_WIRE_MOST_DATA,
                     BRIDGE_WIRE_MOST_PAYLOAD);
    assert_int_equal(bridge_wire_push(&r, header, (size_t)n), 0);
    assert_int_equal(bridge_wire_push(&r, part, BRIDGE_WIRE_MOST_DATA), 0);
    assert_int_equal(bridge_wire_next(&r, &event, &e), 0);
    assert_int_equal(bridge_wire_push(&r, part, BRIDGE_WIRE_MOST_PAYLOAD), 0);
    assert_int_equal(bridge_wire_next(&r, &event, &e), 1);
    assert_int_equal(json_object_get_string_len(json_object_object_get(event.data, "text")), BRIDGE_WIRE_MOST_DATA - 11);
    assert_int_equal(event.n_payload, BRIDGE_WIRE_MOST_PAYLOAD);
    assert_memory_equal(event.payload, part, BRIDGE_WIRE_MOST_PAYLOAD);
    assert_int_equal(bridge_wire_next(&r, &event, &e), 0);
    assert_true(r.bytes.size_bytes < BRIDGE_WIRE_MOST_DATA);
    bridge_wire_reader_done(&r);
    free(part);
}

/* Random bytes, and a conversation with random errors, never crash the reader. */
static void test_garbage(void **state) {
    uint32_t seed = 1;
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        char bytes[sizeof(conversation)];
        struct base_buffer out = {0};
        tragus_error e = {0};
        memcpy(bytes, conversation, sizeof(bytes));
        for (unsigned k = 0; k < 1 + round % 8 * (round % 3) * 20; k++) {
            seed = seed * 1664525 + 1013904223;
            bytes[(seed >> 8) % sizeof(bytes)] = (char)(seed >> 24);
        }
        int r = feed(&out, bytes, sizeof(bytes), 1 + round % 17, &e);
        assert_true(r == 0 || (r < 0 && *e.text));
        base_buffer_done(&out);
    }
}

static void test_round_trip(void **state) {
    struct base_buffer sent = {0}, out = {0};
    tragus_error e = {0};
    json_object *data = json_object_new_object();
    (void)state;

    json_object_object_add(data, "text", json_object_new_string("a/\"b\"\n\xe2\x82\xac"));
    bridge_wire_add(&sent, "transcript", data);
    bridge_wire_add(&sent, "pong", NULL);
    assert_false(sent.failed);
    assert_memory_equal(sent.data, "{\"type\":\"transcript\",\"version\":\"", 32);
    assert_int_equal(feed(&out, sent.data, sent.len_bytes, 3, &e), 0);
    assert_string_equal(out.data, "transcript {\"text\":\"a\\/\\\"b\\\"\\n\xe2\x82\xac\"} 0:\npong {} 0:\n");
    json_object_put(data);
    base_buffer_done(&sent);
    base_buffer_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),     cmocka_unit_test(test_malformed), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_largest),    cmocka_unit_test(test_garbage),   cmocka_unit_test(test_long_header),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
