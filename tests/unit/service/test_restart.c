/* SPDX-License-Identifier: Apache-2.0 */
/* A session that is started with new input while it is told that it has finished. */
#include "ready.h"
#include "rig.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static const struct service_input raw = {.format = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE}};
static unsigned n_finished;

static void start(struct service_session *session) {
    tragus_error e = {0};
    if (service_session_set_pushed(session, &raw, &e) < 0 || service_session_start(session, &e) < 0)
        fail_msg("%s", e.text);
    service_session_push_end(session);
}

static void on_event(struct service_session *session, const struct service_event *e, void *user) {
    (void)user;
    if (e->type == SERVICE_FINISHED && ++n_finished < 3)
        start(session);
}

static bool is_over(const void *user) {
    (void)user;
    return n_finished == 3;
}

static void a_session_may_start_again_when_it_has_finished(void **state) {
    struct service_options options;
    struct rig_log unused;
    sd_event *event;
    (void)state;
    rig_device("silence", NULL);
    assert_int_equal(sd_event_new(&event), 0);
    rig_options(&options);
    struct service *service = rig_service(event, &options);
    rig_grammar(service, event, "channels", "front center\n");
    struct service_session_options o = rig_session_options(service, "channels", &unused);
    o.event = on_event;
    struct service_session *session = rig_session(service, &o);
    start(session);
    for (unsigned i = 0; i < 3; i++) {
        usleep(200000); /* its thread has ended, before anybody asks for what it has told */
        rig_run(event, 0);
    }
    assert_true(rig_until(event, is_over, NULL));
    service_session_free(session);
    service_free(service);
    sd_event_unref(event);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_session_may_start_again_when_it_has_finished)};
    (void)signal(SIGPIPE, SIG_IGN); /* as in the daemon */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
