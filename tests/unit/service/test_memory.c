/* SPDX-License-Identifier: Apache-2.0 */
/* What all grammars and sessions of one user may take together. */
#include "rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 500 /* grammars */

static const struct service_caller ann = {.owner = ":1.1", .uid = 1001}, bob = {.owner = ":1.2", .uid = 1002};

static sd_event *event;
static struct service *service;

static int make(void **state) {
    struct service_options o;
    (void)state;
    rig_device("silence", NULL);
    assert_int_equal(sd_event_new(&event), 0);
    rig_options(&o);
    o.limits.grammars_per_user = MOST;
    o.limits.user_memory = 4 << 20;
    service = rig_service(event, &o);
    return 0;
}

static int unmake(void **state) {
    (void)state;
    service_free(service);
    sd_event_unref(event);
    return 0;
}

static int add(const struct service_caller *caller, unsigned number, tragus_error *e) {
    tragus_diagnostics d = {0};
    char name[16];
    snprintf(name, sizeof(name), "g%u", number);
    int r = rig_add_grammar(service, event, caller, name, true, "turn on the light\nwhat time is it\n", &d, e);
    tragus_diagnostics_done(&d);
    return r;
}

static unsigned add_until_full(const struct service_caller *caller, tragus_error *e) {
    unsigned n = 0;
    while (n < MOST && add(caller, n, e) == 0)
        n++;
    return n;
}

static void grammars_of_a_user_have_a_limit(void **state) {
    tragus_error e = {0};
    (void)state;
    unsigned n = add_until_full(&ann, &e);
    assert_in_range(n, 2, MOST - 1);
    assert_int_equal(e.code, -ENOBUFS);
    assert_non_null(strstr(e.text, "user_memory"));
    assert_int_equal(add(&bob, 0, &e), 0); /* has a limit of its own */
    assert_int_equal(add(&ann, 0, &e), 0); /* takes the place of one that goes */
    assert_int_equal(add(&ann, n, &e), -ENOBUFS);
    assert_int_equal(service_grammar_remove(service, &ann, "g0", &e), 0);
    assert_int_equal(add(&ann, 0, &e), 0);
    service_owner_gone(service, ann.owner);
    service_owner_gone(service, bob.owner);
    assert_int_equal(add_until_full(&ann, &e), n); /* everything was given back */
    service_owner_gone(service, ann.owner);
}

static unsigned start_until_full(const char *const wake[], size_t n_wake) {
    static const struct service_input raw = {.format = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE}};
    struct rig_log log = {0};
    struct service_session *s[16];
    tragus_error e = {0};
    unsigned n = 0;
    assert_int_equal(add(&ann, 0, &e), 0);
    struct service_session_options o = rig_session_options(service, "g0", &log);
    o.wake = wake;
    o.n_wake = n_wake;
    for (int r = 0; r == 0 && n < 16; n++) {
        assert_int_equal(service_session_new(&s[n], service, &ann, &o, &e), 0);
        assert_int_equal(service_session_set_pushed(s[n], &raw, &e), 0);
        r = service_session_start(s[n], &e);
        assert_true(r == 0 || r == -ENOBUFS);
    }
    assert_in_range(n, 2, 15);
    assert_non_null(strstr(e.text, "user_memory"));
    unsigned n_started = n - 1;
    service_session_free(s[0]);
    rig_run(event, 300); /* its thread gives the memory back */
    assert_int_equal(service_session_start(s[n - 1], &e), 0);
    while (n-- > 1)
        service_session_free(s[n]);
    rig_run(event, 300);
    service_owner_gone(service, ann.owner);
    return n_started;
}

static void started_sessions_count(void **state) {
    static const char *const phrases[] = {"turn on the light now", "what time is it now", "open the window please"};
    (void)state;
    unsigned n = start_until_full(NULL, 0);
    assert_true(start_until_full(phrases, 3) < n); /* the spotter counts, too */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(grammars_of_a_user_have_a_limit), cmocka_unit_test(started_sessions_count)};
    return cmocka_run_group_tests(tests, make, unmake);
}
