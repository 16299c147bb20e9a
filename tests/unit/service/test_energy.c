/* SPDX-License-Identifier: Apache-2.0 */
/* The energy report: it grows with the work done, and its parts are consistent. */
#include "ready.h"
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static sd_event *event;
static struct service *service;
static struct ready_sound sound;
static const struct service_input raw = {.format = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE}};

static int make(void **state) {
    struct service_options o;
    (void)state;
    ready_append_quiet(&sound, 1500); /* mostly silence */
    ready_append_recording(&sound, "Front_Center");
    ready_append_quiet(&sound, 1500);
    rig_device("silence", NULL);
    assert_int_equal(sd_event_new(&event), 0);
    rig_options(&o);
    service = rig_service(event, &o);
    rig_grammar(service, event, "channels", "front center\nrear left\n");
    return 0;
}

static int unmake(void **state) {
    (void)state;
    service_free(service);
    sd_event_unref(event);
    ready_sound_done(&sound);
    return 0;
}

/* No value decreases. */
static void fits(const struct service_report *before, const struct service_report *now) {
    assert_true(now->cpu_us >= before->cpu_us);
    assert_true(now->audio_us >= before->audio_us);
    assert_true(now->speech_us >= before->speech_us);
    assert_true(now->batch_us >= before->batch_us);
    assert_true(now->capture_us >= before->capture_us);
    assert_true(now->recogniser_us >= before->recogniser_us);
    assert_true(now->main_us >= before->main_us);
    assert_true(now->wakeups >= before->wakeups);
    assert_true(now->max_rss_kib >= before->max_rss_kib);
    assert_true(now->speech_us <= now->audio_us);
    assert_int_equal(now->decode_us, now->recogniser_us + now->batch_us);
    assert_true(now->capture_us + now->decode_us + now->main_us <= now->cpu_us + 20000); /* they are not read at the same instant */
}

static void a_batch_is_in_the_report_also_when_it_has_ended(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "channels", &log);
    struct service_report before, running, after;
    (void)state;
    service_report(service, &before);
    assert_int_equal(before.audio_us, 0);
    assert_int_equal(before.network_us, 0);
    assert_true(before.cpu_us > 0 && before.main_us > 0 && before.max_rss_kib > 1000);
    struct service_session *s = rig_session(service, &o);
    assert_int_equal(service_session_set_pushed(s, &raw, NULL), 0);
    assert_int_equal(service_session_start(s, NULL), 0);
    assert_int_equal(service_session_push(s, sound.pcm, 2 * sound.n), (ssize_t)(2 * sound.n));
    assert_true(rig_until(event, rig_has_result, &log));
    service_report(service, &running);
    fits(&before, &running);
    assert_true(running.speech_us >= 1000000 && running.network_us > 0 && running.frontend_us > 0 && running.decoder_us > 0);
    service_session_push_end(s);
    assert_true(rig_until(event, rig_finished, &log));
    rig_run(event, 50); /* the thread ends */
    service_report(service, &after);
    fits(&running, &after);
    assert_int_equal(after.audio_us, (sound.n + 159) / 160 * 10000);
    assert_in_range(after.speech_us, 1000000, after.audio_us - 500000); /* the gate kept some sound from the network */
    assert_true(after.batch_us > 0);
    service_session_free(s);
}

static bool has_heard(const void *user) {
    struct service_session_view v;
    service_session_view(user, &v);
    return v.position_us >= 200000;
}

static void the_microphone_is_in_the_report(void **state) {
    struct rig_log log = {0};
    struct service_session_options o = rig_session_options(service, "channels", &log);
    struct service_report before, after;
    (void)state;
    o.microphone = true;
    service_report(service, &before);
    struct service_session *s = rig_session(service, &o);
    assert_int_equal(service_session_start(s, NULL), 0);
    assert_true(rig_until(event, has_heard, s));
    service_session_free(s);
    rig_run(event, 50);
    service_report(service, &after);
    fits(&before, &after);
    assert_true(after.audio_us >= before.audio_us + 200000);
    assert_int_equal(after.speech_us, before.speech_us); /* it was silent */
    assert_true(after.capture_us > before.capture_us);
    assert_true(after.wakeups > before.wakeups);
}

/* If there is no meter, or only root may read it, the value is 0. */
static void a_meter_never_runs_backwards(void **state) {
    (void)state;
    uint64_t before = service_energy_uj(service);
    rig_run(event, 20);
    assert_true(service_energy_uj(service) >= before);
    assert_true(before < UINT64_C(1) << 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_in_the_report_also_when_it_has_ended),
        cmocka_unit_test(the_microphone_is_in_the_report),
        cmocka_unit_test(a_meter_never_runs_backwards),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
