/* SPDX-License-Identifier: Apache-2.0 */
/* Where the API is, by the URL that people copy from their browser. */
#include "bridge/home.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_right(void **state) {
    static const struct {
        const char *url, *parts;
    } cases[] = {
        {"http://homeassistant.local:8123", "homeassistant.local 8123 /api/websocket plain"},
        {"http://homeassistant.local:8123/", "homeassistant.local 8123 /api/websocket plain"},
        {"http://h", "h 80 /api/websocket plain"},
        {"https://h", "h 443 /api/websocket tls"},
        {"https://h/home//", "h 443 /home/api/websocket tls"},
        {"ws://h:1/api/websocket", "h 1 /api/websocket plain"},
        {"wss://h/api/websocket/", "h 443 /api/websocket tls"},
        {"http://supervisor/core/websocket", "supervisor 80 /core/websocket plain"},
        {"http://[fe80::1]", "fe80::1 80 /api/websocket plain"},
        {"http://[::1]:65535/x", "::1 65535 /x/api/websocket plain"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bridge_home_url u;
        tragus_error e = {0};
        char parts[200];
        assert_int_equal(bridge_home_url_read(&u, cases[i].url, &e), 0);
        snprintf(parts, sizeof(parts), "%s %d %s %s", u.host, u.port, u.path, u.is_tls ? "tls" : "plain");
        assert_string_equal(parts, cases[i].parts);
        bridge_home_url_done(&u);
    }
}

static void test_wrong(void **state) {
    static const char *const urls[] = {
        "",          "h",           "h:80",          "ftp://h",     "http:/h",        "http://",     "http://:80",
        "http:///x", "http://h:",   "http://h:0",    "http://h:-1", "http://h:65536", "http://h:1x", "http://[::1",
        "http://[]", "http://[]:1", "http://[::1]x", "http://h/?a", "http://h#a",     "http://h?a",  "http://h/a b"};
    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct bridge_home_url u;
        tragus_error e = {0};
        assert_int_equal(bridge_home_url_read(&u, urls[i], &e), -EINVAL);
        assert_non_null(strstr(e.text, "write http://HOST:PORT"));
    }
    struct bridge_home_url u;
    tragus_error e = {0};
    assert_int_equal(bridge_home_url_read(&u, "http://me:secret@h", &e), -EINVAL);
    assert_null(strstr(e.text, "secret"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_right), cmocka_unit_test(test_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
