/* SPDX-License-Identifier: Apache-2.0 */
/* The capture thread on a real ALSA PCM without hardware: the contents of the ring, and what happens when the device stops. */
#include "ready.h"
#include "rig.h"
#include "service/capture.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define N_HOPS 1024
#define HANG_HOPS 20
#define PATIENCE_MS 15000

static struct ready_sound sound;
static size_t loud_hops; /* number of loud hops at the start of `sound` */
static struct base_wake recogniser_wake, main_wake;
static struct engine_hop memory[N_HOPS];
static struct base_ring ring;

static int make(void **state) {
    (void)state;
    ready_append_quiet(&sound, 200);
    ready_append_noise(&sound, 300, 3000);
    loud_hops = sound.n / 160;
    ready_append_quiet(&sound, 2000);
    char *path = rig_file("sound.raw", sound.pcm, 2 * sound.n);
    rig_device("silence", NULL);
    rig_device("noise", path);
    free(path);
    assert_int_equal(base_wake_init(&recogniser_wake), 0);
    return base_wake_init(&main_wake);
}

static int unmake(void **state) {
    (void)state;
    ready_sound_done(&sound);
    base_wake_done(&recogniser_wake);
    base_wake_done(&main_wake);
    return 0;
}

static struct capture *start(const char *device, uint64_t first_hop, uint32_t ring_hops) {
    struct capture *c = NULL;
    struct audio_capture *d = NULL;
    tragus_error e = {0};
    rig_control(device, NULL);
    base_wake_clear(&recogniser_wake);
    base_wake_clear(&main_wake);
    base_ring_init(&ring, memory, sizeof(memory[0]), ring_hops, 0);
    if (audio_capture_open(&d, device, &(struct audio_mix){0}, &e) < 0)
        fail_msg("%s", e.text);
    struct capture_options o = {
        .first_hop = first_hop, .hops = &ring, .recogniser_wake = &recogniser_wake, .main_wake = &main_wake};
    o.gate = frontend_gate_defaults();
    o.gate.hang_hops = HANG_HOPS;
    assert_int_equal(capture_start(&c, d, &o), 0);
    return c;
}

static bool is_awake(const struct base_wake *w) {
    struct pollfd p = {.fd = w->fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void pause_ms(unsigned ms) {
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

/* Waits until the thread has heard this many hops. */
static struct capture_counters heard(const struct capture *c, uint64_t hops) {
    struct capture_counters counters = {0};
    for (unsigned ms = 0; ms < PATIENCE_MS && counters.hops < hops; ms += 10) {
        pause_ms(10);
        capture_counters(c, &counters);
    }
    assert_true(counters.hops >= hops);
    return counters;
}

/* The contents of the ring: hops are contiguous, and each segment has a first and a last one. */
struct segments {
    unsigned n_hops, n_first, n_last, n_ends;
    uint64_t first_index, last_index, last_us;
    bool ends; /* the last one is the end marker */
};

static struct segments take(struct segments so_far) {
    struct segments s = so_far;
    struct engine_hop hop;
    while (base_ring_pop(&ring, &hop)) {
        if (s.n_hops == 0)
            s.first_index = hop.index;
        else if (!(hop.flags & ENGINE_FIRST))
            assert_int_equal(hop.index, s.last_index + 1);
        else /* the end marker carries no sound, and the index of the next hop */
            assert_true(hop.index >= s.last_index + !s.ends);
        assert_int_equal(!!(hop.flags & ENGINE_FIRST), s.n_first == s.n_last);
        if (s.n_hops > 0 && !(hop.flags & ENGINE_FIRST)) /* matches the clock, if the thread ran in time */
            assert_true(hop.time_us + 500000 > s.last_us && hop.time_us < s.last_us + 2000000);
        s.n_hops++;
        s.n_first += !!(hop.flags & ENGINE_FIRST);
        s.n_last += !!(hop.flags & ENGINE_LAST);
        s.n_ends += !!(hop.flags & ENGINE_ENDS);
        s.last_index = hop.index;
        s.ends = hop.flags & ENGINE_ENDS;
        s.last_us = hop.time_us;
    }
    return s;
}

static void silence_wakes_nobody(void **state) {
    (void)state;
    struct capture *c = start("silence", 5, N_HOPS);
    struct capture_counters before = heard(c, 5 + 10);
    assert_true(is_awake(&main_wake)); /* once, by the first sound */
    base_wake_clear(&main_wake);
    struct capture_counters after = heard(c, before.hops + 30);
    assert_int_equal(base_ring_fill(&ring), 0);
    assert_false(is_awake(&recogniser_wake));
    assert_false(is_awake(&main_wake));
    /* Ten wake-ups a second, or fewer if this machine is busy; more than twice that is too many. */
    assert_in_range(after.wakeups - before.wakeups, 1, 2 * (after.hops - before.hops) / 10 + 1);
    assert_int_equal(after.level_cdb, -9000);
    assert_int_equal(after.lost_us, 0);
    assert_int_equal(capture_status(c), 0);
    capture_stop(c, NULL);
    assert_int_equal(base_ring_fill(&ring), 0);
}

/* Waits until the gate is open. */
static void opened(const struct capture *c) {
    for (uint64_t hops = 10; base_ring_fill(&ring) == 0; hops += 5)
        heard(c, hops);
}

static void a_sound_comes_as_a_segment(void **state) {
    (void)state;
    struct capture *c = start("noise", 1000, N_HOPS);
    struct capture_counters counters = heard(c, 1000 + loud_hops + HANG_HOPS + 30);
    assert_true(is_awake(&recogniser_wake));
    assert_int_equal(counters.lost_us, 0);
    assert_true(counters.cpu_us > 0);
    struct segments s = take((struct segments){0});
    assert_int_equal(s.n_first, 1);
    assert_int_equal(s.n_last, 1);
    assert_int_equal(s.n_ends, 0);         /* the gate closed in silence */
    assert_int_equal(s.first_index, 1000); /* includes the history before it opened */
    assert_in_range(s.last_index, 1000 + loud_hops, 1000 + loud_hops + HANG_HOPS + 20);
    capture_stop(c, NULL);
}

static void a_listeners_pause_keeps_the_gate_open(void **state) {
    (void)state;
    struct capture *c = start("noise", 0, N_HOPS);
    capture_let_hang(c, 100);
    capture_let_hang(c, HANG_HOPS / 2); /* shorter than the one before */
    heard(c, loud_hops + HANG_HOPS + 30);
    struct segments s = take((struct segments){0});
    assert_int_equal(s.n_first, 1);
    assert_int_equal(s.n_last, 0);
    struct capture_counters last;
    capture_stop(c, &last); /* ends the segment */
    s = take(s);
    assert_int_equal(s.n_last, 1);
    assert_int_equal(s.n_ends, 1);
    assert_int_equal(last.hops, s.last_index); /* the index of the next hop */
}

static void an_unplugged_device_ends_the_thread(void **state) {
    (void)state;
    struct capture *c = start("noise", 0, N_HOPS);
    capture_let_hang(c, 1000);
    opened(c);
    rig_control("noise", "gone");
    for (unsigned ms = 0; ms < PATIENCE_MS && capture_status(c) == 0; ms += 10)
        pause_ms(10);
    assert_int_equal(capture_status(c), -ENODEV);
    assert_true(is_awake(&main_wake));
    struct segments s = take((struct segments){0});
    assert_int_equal(s.n_first, 1);
    assert_int_equal(s.n_ends, 1); /* the utterance in progress was ended */
    struct capture_counters counters;
    capture_counters(c, &counters);
    assert_int_equal(counters.hops, s.last_index); /* the index of the next hop */
    assert_true(counters.cpu_us > 0);
    capture_stop(c, NULL);
}

static void an_overrun_is_counted_and_ends_the_segment(void **state) {
    (void)state;
    struct capture *c = start("noise", 0, N_HOPS);
    struct capture_counters counters = {0};
    capture_let_hang(c, 1000);
    opened(c);
    rig_control("noise", "overrun");
    for (unsigned ms = 0; ms < PATIENCE_MS && counters.overruns == 0; ms += 10) {
        pause_ms(10);
        capture_counters(c, &counters);
    }
    assert_int_equal(counters.overruns, 1);
    assert_in_range(counters.lost_us, 1, 5000000);
    assert_true(is_awake(&main_wake));
    heard(c, counters.hops + 20); /* it continues */
    assert_int_equal(capture_status(c), 0);
    struct segments s = take((struct segments){0});
    assert_true(s.n_ends >= 1);
    capture_stop(c, NULL);
}

static void a_full_ring_drops_hops_and_counts_them(void **state) {
    (void)state;
    struct capture *c = start("noise", 0, 16);
    struct capture_counters counters = {0}, later;
    for (unsigned ms = 0; ms < PATIENCE_MS && counters.lost_us < 200000; ms += 10) {
        pause_ms(10);
        capture_counters(c, &counters);
    }
    assert_true(counters.lost_us >= 200000);
    assert_true(counters.overruns > 0);
    assert_int_equal(counters.lost_us % 10000, 0);
    assert_true(is_awake(&main_wake));
    capture_counters(c, &later);
    assert_in_range(counters.lost_us, 1, (later.hops - 16) * 10000); /* at most what was heard */
    capture_stop(c, NULL);
    assert_int_equal(base_ring_fill(&ring), 16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_wakes_nobody),
        cmocka_unit_test(a_sound_comes_as_a_segment),
        cmocka_unit_test(a_listeners_pause_keeps_the_gate_open),
        cmocka_unit_test(an_unplugged_device_ends_the_thread),
        cmocka_unit_test(an_overrun_is_counted_and_ends_the_segment),
        cmocka_unit_test(a_full_ring_drops_hops_and_counts_them),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
