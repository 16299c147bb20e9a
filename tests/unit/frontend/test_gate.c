/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the gate on synthetic sounds: when it must stay closed, when it must open, and how fast. */
#include "base/cpu.h"
#include "frontend/gate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SETTLE (FRONTEND_GATE_MINIMA * FRONTEND_GATE_SPAN + 120) /* hops: the floor's memory and a hang-over */

static uint32_t random_state = 1;

static double uniform(void) { /* -1 .. 1 */
    random_state = random_state * 1664525u + 1013904223u;
    return (double)random_state / 2147483648.0 - 1.0;
}

static double gauss(void) {
    return (uniform() + uniform() + uniform() + uniform()) * 0.866; /* variance 1 */
}

struct room {
    double noise, hum, offset, speech; /* rms of white noise, peak of a hum of 50 Hz and its harmonics, peak of speech */
    size_t n;
};

static void hear(struct room *r, int16_t hop[FRONTEND_HOP]) {
    for (int i = 0; i < FRONTEND_HOP; i++, r->n++) {
        double t = (double)r->n / FRONTEND_RATE, x = r->offset + r->noise * gauss();
        for (int k = 1; k <= 7; k += 2) {
            x += r->hum / k * sin(2 * M_PI * 50 * k * t + k);
        }
        /* 5 syllables a second of a voice of 120 Hz with its strongest harmonic at 600 Hz */
        double syllable = fmax(0, sin(2 * M_PI * 5 * t));
        for (int k = 1; k <= 20; k++) {
            x += r->speech * syllable * sin(2 * M_PI * 120 * k * t) / (1 + (k - 5) * (k - 5));
        }
        hop[i] = (int16_t)fmax(-32768, fmin(32767, rint(x)));
    }
}

/* Pushes n hops; returns how many left the gate open. */
static int push(struct frontend_gate *g, struct room *r, int n) {
    int n_open = 0;
    for (int i = 0; i < n; i++) {
        int16_t hop[FRONTEND_HOP];
        hear(r, hop);
        n_open += frontend_gate_push(g, hop);
    }
    return n_open;
}

static void test_steady_sounds_keep_it_closed(void **state) {
    (void)state;
    const struct room rooms[] = {
        {.noise = 0},
        {.noise = 0, .offset = 500},
        {.noise = 0.4},
        {.noise = 10},
        {.noise = 100},
        {.noise = 3000},
        {.noise = 5, .hum = 2000},
        {.noise = 0, .hum = 8000, .offset = -900},
        {.noise = 30, .hum = 300, .offset = 100},
    };
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        struct room r = rooms[i];
        struct frontend_gate g;
        frontend_gate_init(&g, NULL, base_cpu_detect());
        push(&g, &r, SETTLE);
        assert_int_equal(push(&g, &r, 6000), 0); /* a minute */
    }
}

static void test_silence_never_opens(void **state) {
    (void)state;
    struct room r = {.noise = 1};
    struct frontend_gate g;
    frontend_gate_init(&g, NULL, base_cpu_detect());
    assert_int_equal(push(&g, &r, 1000), 0);
}

static void test_speech_opens_within_the_history(void **state) {
    (void)state;
    const struct room rooms[] = {{.noise = 1}, {.noise = 30}, {.noise = 300}, {.noise = 5, .hum = 3000}, {.noise = 0}};
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        for (int settle = 0; settle <= SETTLE; settle += SETTLE) {
            struct room r = rooms[i];
            struct frontend_gate g;
            frontend_gate_init(&g, NULL, base_cpu_detect());
            push(&g, &r, settle);
            r.n = 0;
            r.speech = 60 * (r.noise + 1) + r.hum / 4;
            int16_t hop[FRONTEND_HOP];
            int n = 0;
            do {
                hear(&r, hop);
                n++;
            } while (!frontend_gate_push(&g, hop) && n < 1000);
            assert_in_range(n, 1, FRONTEND_GATE_HISTORY / 2);
            assert_int_equal(push(&g, &r, 1000), 1000); /* ten seconds: the floor does not rise to the level of speech */
            r.speech = 0;
            push(&g, &r, SETTLE);
            assert_int_equal(push(&g, &r, 1000), 0);
        }
    }
}

static void test_hang_over(void **state) {
    (void)state;
    struct frontend_gate_options o = frontend_gate_defaults();
    o.hang_hops = 25;
    struct frontend_gate g;
    frontend_gate_init(&g, &o, base_cpu_detect());
    struct room r = {.noise = 1};
    push(&g, &r, SETTLE);
    r.noise = 1000;
    assert_int_equal(push(&g, &r, (int)o.open_hops), 1); /* opens with the third of three */
    r.noise = 1;
    /* The first quiet hop begins with one more loud change. Eight hops later only two of the last 10 are above, and the hang-over
     * counts. */
    assert_int_equal(push(&g, &r, 100), 8 + 25 - 1);
    assert_false(g.open);
}

static void test_one_click_does_not_open(void **state) {
    (void)state;
    struct frontend_gate g;
    frontend_gate_init(&g, NULL, base_cpu_detect());
    struct room r = {.noise = 5};
    push(&g, &r, SETTLE);
    for (int i = 0; i < 50; i++) {
        int16_t hop[FRONTEND_HOP];
        hear(&r, hop);
        hop[80] = 20000;
        assert_false(frontend_gate_push(&g, hop));
        assert_int_equal(push(&g, &r, 30), 0);
    }
}

static void test_sudden_noise_is_learnt(void **state) {
    (void)state;
    struct frontend_gate g;
    frontend_gate_init(&g, NULL, base_cpu_detect());
    struct room r = {.noise = 0}; /* a muted microphone, then a fan */
    push(&g, &r, 3000);
    r.noise = 2000;
    assert_true(push(&g, &r, SETTLE) > 0);
    assert_int_equal(push(&g, &r, 1000), 0);
}

static void test_level(void **state) {
    (void)state;
    struct frontend_gate g;
    frontend_gate_init(&g, NULL, base_cpu_detect());
    int16_t hop[FRONTEND_HOP] = {0};
    frontend_gate_push(&g, hop);
    assert_int_equal(frontend_gate_level_cdb(&g), -9000);
    for (int i = 0; i < FRONTEND_HOP; i++) {
        hop[i] = -32768;
    }
    frontend_gate_push(&g, hop);
    assert_int_equal(frontend_gate_level_cdb(&g), 0);
    for (int i = 0; i < FRONTEND_HOP; i++) {
        hop[i] = (int16_t)rint(3276.8 * sin(2 * M_PI * i / 16));
    }
    frontend_gate_push(&g, hop);
    assert_in_range(-frontend_gate_level_cdb(&g), 2299, 2303); /* -20 dB, and a sine's 3.01 */
}

static void test_extremes(void **state) {
    (void)state;
    struct frontend_gate g;
    frontend_gate_init(&g, NULL, base_cpu_detect());
    int16_t hop[FRONTEND_HOP];
    for (int i = 0; i < FRONTEND_HOP; i++) {
        hop[i] = i / 4 % 2 ? INT16_MAX : INT16_MIN;
    }
    for (int i = 0; i < 1000; i++) {
        frontend_gate_push(&g, hop);
    }
    assert_in_range(g.change_q8, 32 * 256 - 2, 32 * 256 + 1); /* steps of 65,535 */
    assert_false(g.open);                                     /* steady */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady_sounds_keep_it_closed),
        cmocka_unit_test(test_silence_never_opens),
        cmocka_unit_test(test_speech_opens_within_the_history),
        cmocka_unit_test(test_hang_over),
        cmocka_unit_test(test_one_click_does_not_open),
        cmocka_unit_test(test_sudden_noise_is_learnt),
        cmocka_unit_test(test_level),
        cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
