/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of `tragus doctor` about a recording. */
#include "audio/source.h"
#include "cli/levels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define RECORDING "/usr/share/sounds/alsa/Front_Center.wav"
#define SECOND ((size_t)FRONTEND_RATE)

static struct levels_result measure(const int16_t *pcm, size_t n, size_t piece) {
    struct levels_result r;
    struct levels l;
    levels_init(&l, 0);
    for (size_t i = 0; i < n; i += piece)
        levels_push(&l, pcm + i, n - i < piece ? n - i : piece);
    levels_end(&l, &r);
    return r;
}

/* A quarter of the time a tone of this amplitude, else one of a hundredth of it; both over an offset. */
static void tones(int16_t *pcm, size_t n, double amplitude, int offset) {
    for (size_t i = 0; i < n; i++) {
        double a = i % SECOND < SECOND / 4 ? amplitude : amplitude / 100;
        double x = offset + a * sin(2.0 * M_PI * 500.0 * (double)i / FRONTEND_RATE);
        pcm[i] = (int16_t)lrint(fmin(fmax(x, -32768.0), 32767.0));
    }
}

static void levels_are_of_loud_and_of_quiet_parts(void **state) {
    static int16_t pcm[4 * SECOND];
    (void)state;
    tones(pcm, 4 * SECOND, 16384.0, 0);
    struct levels_result r = measure(pcm, 4 * SECOND, 4 * SECOND);
    assert_int_equal((int)r.speech_db, -9); /* a sine of half of full scale: -9.03 dB */
    assert_int_equal((int)r.noise_db, -49);
    assert_true(r.clipped == 0.0);
    assert_true(fabs(r.offset) < 0.0001);
    assert_true(r.open_ms > 0);
    assert_false(r.only_silence);
}

static void an_offset_is_no_noise(void **state) {
    static int16_t pcm[4 * SECOND];
    (void)state;
    tones(pcm, 4 * SECOND, 1638.4, -8192);
    struct levels_result r = measure(pcm, 4 * SECOND, 4 * SECOND);
    assert_true(fabs(r.offset + 0.25) < 0.001);
    assert_int_equal((int)r.speech_db, -29);
    assert_in_range((int)-r.noise_db, 66, 72);
}

static void flat_tops_are_counted(void **state) {
    static int16_t pcm[4 * SECOND];
    (void)state;
    tones(pcm, 4 * SECOND, 65536.0, 0); /* above full scale for two thirds of its quarter */
    struct levels_result r = measure(pcm, 4 * SECOND, 4 * SECOND);
    assert_true(fabs(r.clipped - 0.25 * 2 / 3) < 0.01);
}

static void silence_is_told_from_a_quiet_room(void **state) {
    static int16_t pcm[2 * SECOND];
    unsigned seed = 1;
    (void)state;
    assert_true(measure(pcm, 2 * SECOND, 480).only_silence);
    for (size_t i = 0; i < 2 * SECOND; i++) {
        seed = seed * 1664525u + 1013904223u;
        pcm[i] = (int16_t)((int)(seed >> 30) - 1);
    }
    struct levels_result r = measure(pcm, 2 * SECOND, 480);
    assert_false(r.only_silence);
    assert_true(r.open_ms == 0);
    assert_true(r.speech_db - r.noise_db < 3);
}

static void a_sentence_opens_the_gate_and_rises_above_the_noise(void **state) {
    int16_t *pcm;
    size_t n;
    (void)state;
    if (access(RECORDING, R_OK) < 0) {
        print_message("skipped: %s is missing: apt install alsa-utils\n", RECORDING);
        skip();
    }
    assert_int_equal(audio_file_read(RECORDING, &pcm, &n, NULL), 0);
    struct levels_result r = measure(pcm, n, 777), whole = measure(pcm, n, n);
    free(pcm);
    assert_memory_equal(&r, &whole, sizeof(r));
    assert_true(r.open_ms > 500);
    assert_true(r.speech_db - r.noise_db > 20);
}

static void levels_from_elsewhere_are_taken(void **state) {
    struct levels_result r;
    struct levels l;
    (void)state;
    levels_init(&l, 0);
    for (int i = 0; i < 100; i++)
        levels_push_db(&l, i < 80 ? -60.2 : i < 99 ? -20.4 : 12.0);
    levels_push_db(&l, -200.0);
    levels_end(&l, &r);
    assert_int_equal((int)r.noise_db, -60);
    assert_int_equal((int)r.speech_db, -20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_of_loud_and_of_quiet_parts),
        cmocka_unit_test(an_offset_is_no_noise),
        cmocka_unit_test(flat_tops_are_counted),
        cmocka_unit_test(silence_is_told_from_a_quiet_room),
        cmocka_unit_test(a_sentence_opens_the_gate_and_rises_above_the_noise),
        cmocka_unit_test(levels_from_elsewhere_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
