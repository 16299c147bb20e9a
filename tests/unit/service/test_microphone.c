/* SPDX-License-Identifier: Apache-2.0 */
/* Main's side of the microphone, on a real ALSA PCM without hardware: it is open only while it is wanted; missing, unplugged,
 * back. */
#include "audio/source.h"
#include "ready.h"
#include "rig.h"
#include "service/microphone.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHANNELS "front center\nrear left\nside right\nturn on the light\nwhat time is it\nopen the window\nplay some music\n"

static tragus_model *model;
static tragus_grammar *channels;
static sd_event *event;
static struct base_wake wake;
static struct microphone *microphone;
static unsigned n_changes;

static int make(void **state) {
    struct ready_sound sound = {0};
    (void)state;
    model = ready_model();
    channels = ready_grammar(model, CHANNELS);
    ready_append_quiet(&sound, 100);
    ready_append_recording(&sound, "Front_Center");
    ready_append_quiet(&sound, 300);
    char *path = rig_file("sound.raw", sound.pcm, 2 * sound.n);
    ready_sound_done(&sound);
    rig_device("silence", NULL);
    rig_device("speech", path);
    free(path);
    assert_int_equal(sd_event_new(&event), 0);
    return base_wake_init(&wake);
}

static int unmake(void **state) {
    (void)state;
    sd_event_unref(event);
    base_wake_done(&wake);
    tragus_grammar_unref(channels);
    tragus_model_unref(model);
    return 0;
}

static void on_change(void *user) {
    (void)user;
    n_changes++;
}

static void start(const char *device) {
    struct microphone_options o = {.device = device, .most_pause_s = 1, .gate = frontend_gate_defaults()};
    n_changes = 0;
    base_wake_clear(&wake);
    assert_int_equal(microphone_new(&microphone, &model, 1, event, &o, &wake, on_change, NULL), 0);
}

static void end(void) {
    microphone_free(microphone);
    microphone = NULL;
}

static uint64_t hops(void) {
    struct microphone_counters c;
    microphone_counters(microphone, &c);
    return c.hops;
}

/* For rig_until. Main checks when it is woken. */
static bool is_open(const void *user) {
    (void)user;
    microphone_check(microphone);
    return microphone_is_open(microphone);
}

static bool is_missing(const void *user) {
    (void)user;
    microphone_check(microphone);
    return microphone_is_missing(microphone);
}

static bool is_back(const void *user) {
    return !is_missing(user) && microphone_is_open(microphone);
}

static bool has_heard(const void *user) {
    return hops() >= *(const uint64_t *)user;
}

static void hear(uint64_t n) {
    uint64_t until = hops() + n;
    assert_true(rig_until(event, has_heard, &until));
}

/* --- a session that listens --- */

static struct engine_session *lend(void) {
    tragus_session_options o;
    tragus_session_options_init(&o);
    struct engine_session *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    s->listener = engine_listener_new(model, channels, &o);
    s->reject = true;
    recogniser_command(microphone_recogniser(microphone, 0), (struct recogniser_command){.type = RECOGNISER_ADD, .session = s});
    microphone_wake(microphone);
    return s;
}

struct heard {
    unsigned n_result, n_retired;
    uint64_t start_hop; /* start of the words in the last result */
    bool understood;
};

static bool take_records(const void *user) {
    struct heard *h = (struct heard *)user;
    struct engine_record r;
    while (recogniser_next_record(microphone_recogniser(microphone, 0), &r)) {
        if (r.type == ENGINE_HEARD && (r.event == TRAGUS_UTTERANCE || r.event == TRAGUS_REJECTED)) {
            h->n_result++;
            h->start_hop = (uint64_t)(r.start_hop + r.result.start_ms / 10);
            h->understood = r.result.reason == TRAGUS_REASON_NONE;
        }
        if (r.type == ENGINE_RETIRED) {
            h->n_retired++;
            engine_listener_free(r.session->listener);
            free(r.session);
        }
    }
    return h->n_result > 0 || h->n_retired > 0;
}

static void drop(struct engine_session *s) {
    struct heard h = {0};
    recogniser_command(microphone_recogniser(microphone, 0), (struct recogniser_command){.type = RECOGNISER_DROP, .session = s});
    microphone_wake(microphone);
    assert_true(rig_until(event, take_records, &h));
    while (h.n_retired == 0) {
        h.n_result = 0;
        assert_true(rig_until(event, take_records, &h));
    }
}

/* --- tests --- */

static void it_is_open_only_while_it_is_wanted(void **state) {
    (void)state;
    rig_control("silence", NULL);
    start("silence");
    assert_false(microphone_is_open(microphone));
    assert_false(microphone_is_missing(microphone));
    microphone_want(microphone, true);
    assert_true(microphone_is_open(microphone));
    assert_int_equal(n_changes, 1);
    microphone_want(microphone, true); /* no change */
    assert_int_equal(n_changes, 1);
    hear(20);
    microphone_want(microphone, false);
    assert_false(microphone_is_open(microphone));
    assert_false(microphone_is_missing(microphone));
    assert_int_equal(n_changes, 2);
    uint64_t then = hops();
    rig_run(event, 150);
    assert_int_equal(hops(), then);
    microphone_want(microphone, true); /* hop numbers continue */
    hear(10);
    assert_true(hops() >= then + 10);
    assert_int_equal(microphone_take_lost_us(microphone), 0);
    end();
}

static void nobody_waits_for_one_that_nobody_wants(void **state) {
    (void)state;
    rig_control("silence", "gone");
    start("silence");
    microphone_want(microphone, true);
    assert_true(microphone_is_missing(microphone));
    assert_non_null(strstr(microphone_trouble(microphone), "there is no microphone silence"));
    assert_int_equal(n_changes, 1);
    microphone_want(microphone, false);
    assert_false(microphone_is_missing(microphone));
    rig_control("silence", NULL);
    rig_run(event, 1200); /* it would have retried after one second */
    assert_int_equal(n_changes, 2);
    assert_false(microphone_is_open(microphone));
    end();
}

static void an_unplugged_one_comes_back(void **state) {
    (void)state;
    rig_control("speech", NULL);
    start("speech");
    struct engine_session *s = lend();
    struct heard heard = {0};
    microphone_want(microphone, true);
    hear(5);
    rig_control("speech", "gone");
    assert_true(rig_until(event, is_missing, NULL));
    assert_non_null(strstr(microphone_trouble(microphone), "microphone speech is gone"));
    uint64_t then = hops();
    rig_control("speech", NULL);
    assert_true(rig_until(event, is_open, NULL)); /* and plays from the beginning */
    assert_true(hops() >= then);
    assert_true(rig_until(event, take_records, &heard));
    assert_true(heard.understood);
    assert_true(heard.start_hop >= then); /* hop numbers continue */
    drop(s);
    microphone_want(microphone, false);
    end();
}

/* Another device in the same socket, for example. */
static void it_may_come_back_with_another_rate(void **state) {
    static const unsigned rates[] = {48000, 8000, 44100, 192000, 16000};
    struct audio_offer offer;
    tragus_error e;
    (void)state;
    rig_control("silence", NULL);
    start("silence");
    microphone_want(microphone, true);
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        hear(5);
        rig_control("silence", "gone");
        assert_true(rig_until(event, is_missing, NULL));
        rig_run(event, 1100); /* alsa-lib sees changes of its configuration by the second */
        FILE *f = fopen(getenv("ALSA_CONFIG_PATH"), "a");
        assert_non_null(f);
        fprintf(f, "pcm.silence.rate %u\n", rates[i]);
        assert_int_equal(fclose(f), 0);
        rig_control("silence", NULL);
        assert_true(rig_until(event, is_back, NULL));
        assert_int_equal(audio_capture_look("silence", &(struct audio_mix){0}, &offer, &e), 0);
        assert_int_equal(offer.rate, rates[i]);
        hear(20);
        uint64_t before = hops();
        rig_run(event, 1000);
        assert_in_range(hops() - before, 60, 150); /* 100 in a second */
    }
    microphone_want(microphone, false);
    end();
}

static void an_overrun_is_told_once(void **state) {
    (void)state;
    rig_control("silence", NULL);
    start("silence");
    microphone_want(microphone, true);
    hear(10);
    rig_control("silence", "overrun");
    hear(40);
    assert_true(microphone_take_lost_us(microphone) > 0);
    assert_int_equal(microphone_take_lost_us(microphone), 0);
    rig_control("silence", "overrun");
    hear(40);
    microphone_want(microphone, false); /* earlier losses are still reported */
    assert_true(microphone_take_lost_us(microphone) > 0);
    assert_int_equal(microphone_take_lost_us(microphone), 0);
    end();
}

/* It can be opened, but then gives only errors, or nothing. That takes no CPU time, and it counts as missing until it gives sound.
 */
static void one_that_only_fails_is_missing(void **state) {
    static const char *const orders[] = {"overruns", "fail 32", "fail 86", "fail 11", "fail 0", "fail 5"};
    struct microphone_counters before, after;
    (void)state;
    start("silence");
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        rig_control("silence", NULL);
        microphone_want(microphone, true);
        hear(10);
        rig_control("silence", orders[i]);
        microphone_counters(microphone, &before);
        if (!rig_until(event, is_missing, NULL))
            fail_msg("%s: the microphone is not missing", orders[i]);
        rig_run(event, 1500); /* in which it is opened again */
        microphone_check(microphone);
        assert_true(microphone_is_missing(microphone));
        microphone_counters(microphone, &after);
        /* alsa-lib asks again until its buffer of one second is full, if there are no frames. That happens twice. */
        uint64_t most_us = strcmp(orders[i], "fail 0") == 0 ? 2500000 : 100000;
        if (after.capture_us > before.capture_us + most_us || after.wakeups > before.wakeups + 100)
            fail_msg("%s: took %llu ms of CPU time", orders[i], (unsigned long long)(after.capture_us - before.capture_us) / 1000);
        rig_control("silence", NULL);
        if (i % 2 == 1) { /* who wants it later is told nothing of the past */
            microphone_want(microphone, false);
            microphone_want(microphone, true);
            assert_false(microphone_is_missing(microphone));
        }
        assert_true(rig_until(event, is_back, NULL));
        microphone_want(microphone, false);
    }
    end();
}

/* The pause between attempts grows, though the device can be opened each time. */
static void attempts_that_give_no_sound_become_rare(void **state) {
    struct microphone_options o = {.device = "silence", .most_pause_s = 60, .gate = frontend_gate_defaults()};
    (void)state;
    rig_control("silence", "fail 5");
    n_changes = 0;
    assert_int_equal(microphone_new(&microphone, &model, 1, event, &o, &wake, on_change, NULL), 0);
    microphone_want(microphone, true);
    for (unsigned i = 0; i < 70; i++) {
        rig_run(event, 100);
        microphone_check(microphone);
    }
    assert_in_range(n_changes, 5, 7); /* opened and gone after 0, 1 and 3 s, perhaps opened after 7 s */
    rig_control("silence", NULL);
    end();
}

static void counters_are_of_all_threads_so_far(void **state) {
    struct microphone_counters before, after;
    (void)state;
    rig_control("silence", NULL);
    start("silence");
    microphone_want(microphone, true);
    hear(20);
    microphone_want(microphone, false);
    microphone_counters(microphone, &before);
    assert_true(before.hops >= 20 && before.wakeups > 0 && before.capture_us > 0);
    assert_int_equal(before.level_cdb, -9000);
    microphone_want(microphone, true);
    hear(20);
    microphone_want(microphone, false);
    microphone_counters(microphone, &after);
    assert_true(after.hops >= before.hops + 20);
    assert_true(after.wakeups > before.wakeups);
    assert_true(after.capture_us > before.capture_us);
    end();
}

static void the_watchdog_sees_threads_move(void **state) {
    (void)state;
    rig_control("silence", NULL);
    start("silence");
    assert_true(microphone_alive(microphone));
    assert_true(microphone_alive(microphone)); /* with no work, nothing need progress */
    microphone_want(microphone, true);
    assert_true(microphone_alive(microphone));
    /* An open device that delivers nothing between two checks counts as stuck. No thread is as fast as these two checks. */
    hear(1);
    bool first = microphone_alive(microphone), second = microphone_alive(microphone);
    assert_true(first);
    assert_false(second);
    hear(1);
    assert_true(microphone_alive(microphone));
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_open_only_while_it_is_wanted),
        cmocka_unit_test(nobody_waits_for_one_that_nobody_wants),
        cmocka_unit_test(an_unplugged_one_comes_back),
        cmocka_unit_test(it_may_come_back_with_another_rate),
        cmocka_unit_test(an_overrun_is_told_once),
        cmocka_unit_test(counters_are_of_all_threads_so_far),
        cmocka_unit_test(the_watchdog_sees_threads_move),
        cmocka_unit_test(one_that_only_fails_is_missing),
        cmocka_unit_test(attempts_that_give_no_sound_become_rare),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
