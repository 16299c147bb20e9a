/* SPDX-License-Identifier: Apache-2.0 */
/* Many sessions get a new grammar in turns, so that others are served between them. The clock is wrapped: it goes on by 3 ms at
 * each look, so a turn of 5 ms is over after one session. */
#include "rig.h"
#include "service/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define N 5
#define LOOK_US 3000

uint64_t __real_base_clock_monotonic_us(void);
uint64_t __wrap_base_clock_monotonic_us(void);

static _Atomic bool goes_on; /* other threads look at the clock, too */
static _Atomic uint64_t ahead_us;

uint64_t __wrap_base_clock_monotonic_us(void) {
    if (goes_on)
        ahead_us += LOOK_US;
    return __real_base_clock_monotonic_us() + ahead_us;
}

static unsigned n_wanted(const struct service *s) {
    unsigned n = 0;
    for (const struct service_session *i = s->sessions; i; i = i->next)
        n += i->swap_wanted;
    return n;
}

static void add(struct service *s, sd_event *event, const char *sentences) {
    tragus_diagnostics d = {0};
    tragus_error e = {0};
    assert_int_equal(rig_add_grammar(s, event, &rig_daemon, "changes", false, sentences, &d, &e), 0);
    tragus_diagnostics_done(&d);
}

static void sessions_take_a_new_grammar_in_turns(void **state) {
    static const struct service_input raw = {.format = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE}};
    struct rig_log log = {0};
    struct service_session *sessions[N];
    struct service_options options;
    tragus_error e = {0};
    sd_event *event;
    (void)state;
    rig_device("silence", NULL);
    assert_int_equal(sd_event_new(&event), 0);
    rig_options(&options);
    struct service *s = rig_service(event, &options);
    add(s, event, "turn on the light\n");
    struct service_session_options o = rig_session_options(s, "changes", &log);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(service_session_new(&sessions[i], s, &rig_daemon, &o, &e), 0);
        assert_int_equal(service_session_set_pushed(sessions[i], &raw, &e), 0);
        assert_int_equal(service_session_start(sessions[i], &e), 0);
    }
    rig_run(event, 100);
    goes_on = true;
    add(s, event, "open the window\n");
    goes_on = false;
    unsigned n = n_wanted(s);
    assert_in_range(n, 1, N - 1);
    rig_run(event, 300); /* the service wakes itself for the other turns */
    assert_int_equal(n_wanted(s), 0);
    for (unsigned i = 0; i < N; i++)
        service_session_free(sessions[i]);
    service_free(s);
    sd_event_unref(event);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sessions_take_a_new_grammar_in_turns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
