/* SPDX-License-Identifier: Apache-2.0 */
/* Which channel is heard: one by number, the average, or the one in which speech stands out most; and the gain.
 *
 * The speech is a recording of alsa-utils, repeated with pauses, over the hiss of a quiet microphone. At 16 kHz nothing is
 * resampled, so the channel that was chosen comes out bit for bit.
 */
#include "audio/source.h"
#include "calls.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define RECORDING "/usr/share/sounds/alsa/Front_Center.wav"
#define SECOND ((size_t)AUDIO_RATE)
#define N (12 * SECOND)
#define SPEECH_AT (2 * SECOND) /* the recording begins then, and again every three seconds */

static int16_t speech[N];
static const struct audio_mix loudest = {.channel = AUDIO_LOUDEST};

/* The same noise everywhere: white, from a linear congruential generator. */
static int16_t noise(unsigned *seed, int amplitude) {
    *seed = *seed * 1664525u + 1013904223u;
    return (int16_t)((int)(*seed >> 16) % (2 * amplitude + 1) - amplitude);
}

static int make_speech(void **state) {
    int16_t *pcm;
    size_t n;
    unsigned seed = 7;
    (void)state;

    if (audio_file_read(RECORDING, &pcm, &n, NULL) < 0)
        return -1;
    for (size_t i = 0; i < N; i++) {
        size_t at = i < SPEECH_AT ? n : (i - SPEECH_AT) % (3 * SECOND);
        speech[i] = (int16_t)((at < n ? pcm[at] / 2 : 0) + noise(&seed, 20));
    }
    free(pcm);
    return 0;
}

/* Converts two channels, in pieces. */
static void convert(const int16_t *left, const int16_t *right, const struct audio_mix *mix, size_t piece, int16_t out[N]) {
    struct audio_format f = {.rate = AUDIO_RATE, .channels = 2, .encoding = AUDIO_S16LE};
    struct audio_converter *c;
    int16_t *frames = calloc(N, 2 * sizeof(*frames));

    assert_non_null(frames);
    for (size_t i = 0; i < N; i++) {
        frames[2 * i] = left[i];
        frames[2 * i + 1] = right[i];
    }
    assert_int_equal(audio_converter_new(&c, &f, N, NULL), 0);
    assert_int_equal(audio_converter_set_mix(c, mix, NULL), 0);
    for (size_t i = 0; i < N; i += piece) {
        size_t n = N - i < piece ? N - i : piece;
        assert_int_equal(audio_converter_push(c, frames + 2 * i, n, out + i, N - i), n);
    }
    audio_converter_free(c);
    free(frames);
}

/* The first sample from which on out is the same as channel. */
static size_t same_from(const int16_t out[N], const int16_t channel[N]) {
    size_t i = N;
    while (i > 0 && out[i - 1] == channel[i - 1])
        i--;
    return i;
}

static int16_t other[N], out[N];

static void the_average_of_opposite_channels_is_silence(void **state) {
    (void)state;
    for (size_t i = 0; i < N; i++)
        other[i] = (int16_t)-speech[i];
    convert(speech, other, &(struct audio_mix){0}, N, out);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(out[i], 0);
}

static void an_inverted_channel_does_no_harm(void **state) {
    (void)state;
    for (size_t i = 0; i < N; i++)
        other[i] = (int16_t)-speech[i];
    convert(speech, other, &loudest, N, out);
    assert_int_equal(same_from(out, speech), 0);
}

static void a_dead_channel_is_left_before_anybody_speaks(void **state) {
    static const int16_t offsets[] = {0, 300};
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < N; i++)
            other[i] = offsets[k];
        convert(other, speech, &loudest, N, out);
        assert_in_range(same_from(out, speech), 1, SECOND / 2);
        convert(speech, other, &loudest, N, out);
        assert_int_equal(same_from(out, speech), 0);
    }
}

static void a_channel_that_dies_is_left_after_the_next_sentence(void **state) {
    (void)state;
    memcpy(other, speech, sizeof(other));
    memset(other + 4 * SECOND, 0, (N - 4 * SECOND) * sizeof(*other));
    convert(other, speech, &loudest, N, out);
    assert_memory_equal(out, speech, 4 * SECOND * sizeof(*out));
    assert_in_range(same_from(out, speech), 4 * SECOND, 8 * SECOND);
}

/* Noise as loud as the speech, and three times as loud. */
static void a_noisy_channel_is_left_within_the_first_word_and_never_taken(void **state) {
    static const int amplitudes[] = {3000, 10000};
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        unsigned seed = 99;
        for (size_t i = 0; i < N; i++)
            other[i] = noise(&seed, amplitudes[k]);
        convert(other, speech, &loudest, N, out);
        assert_in_range(same_from(out, speech), SPEECH_AT, SPEECH_AT + SECOND);
        convert(speech, other, &loudest, N, out);
        assert_int_equal(same_from(out, speech), 0);
    }
}

static void clicks_are_no_speech(void **state) {
    (void)state;
    for (size_t i = 0; i < N; i++)
        other[i] = i % (SECOND / 3) < 20 ? 20000 : 0;
    convert(speech, other, &loudest, N, out);
    assert_int_equal(same_from(out, speech), 0);
    convert(other, speech, &loudest, N, out);
    assert_in_range(same_from(out, speech), SPEECH_AT, SPEECH_AT + SECOND);
}

/* A channel into which the other one leaks, 50 dB softer. */
static void a_faint_copy_is_left(void **state) {
    (void)state;
    for (size_t i = 0; i < N; i++)
        other[i] = (int16_t)(speech[i] / 300);
    convert(other, speech, &loudest, N, out);
    assert_in_range(same_from(out, speech), 1, SPEECH_AT + SECOND);
}

/* After the second sentence hiss begins that is 26 dB louder than before. */
static void a_channel_that_becomes_worse_is_left_after_a_while(void **state) {
    unsigned seed = 3;
    (void)state;
    for (size_t i = 0; i < N; i++)
        other[i] = (int16_t)(speech[i] + (i < 13 * SECOND / 2 ? 0 : noise(&seed, 400)));
    convert(other, speech, &loudest, N, out);
    assert_memory_equal(out, other, 19 * SECOND / 2 * sizeof(*out)); /* including the third sentence */
    assert_in_range(same_from(out, speech), 19 * SECOND / 2, N - 1);
    convert(speech, other, &loudest, N, out);
    assert_int_equal(same_from(out, speech), 0);
}

/* Noise that begins rises above the silence before it, as speech does. */
static void noise_that_begins_is_no_speech(void **state) {
    static const size_t begins[] = {7 * SECOND, 13 * SECOND / 2, 9 * SECOND, 10 * SECOND};
    (void)state;
    for (size_t k = 0; k < sizeof(begins) / sizeof(begins[0]); k++) {
        unsigned seed = 11;
        for (size_t i = 0; i < N; i++)
            other[i] = noise(&seed, i < begins[k] ? 20 : 10000);
        convert(speech, other, &loudest, N, out);
        assert_int_equal(same_from(out, speech), 0);
    }
}

static void equal_channels_are_not_exchanged(void **state) {
    unsigned seed = 5;
    (void)state;
    for (size_t i = 0; i < N; i++)
        other[i] = (int16_t)(speech[i] * 3 / 4 + noise(&seed, 12));
    convert(other, speech, &loudest, N, out);
    assert_int_equal(same_from(out, other), 0);
    convert(speech, other, &loudest, N, out);
    assert_int_equal(same_from(out, speech), 0);
}

static void the_change_has_no_step(void **state) {
    (void)state;
    for (size_t i = 0; i < N; i++) {
        speech[i] = (int16_t)(speech[i] + 8000);
        other[i] = -8000;
    }
    convert(other, speech, &loudest, N, out);
    size_t done = same_from(out, speech);
    for (size_t i = 0; i < N; i++)
        speech[i] = (int16_t)(speech[i] - 8000);
    assert_in_range(done, 1, SECOND / 2);
    for (size_t i = 1; i < done; i++)
        assert_true(abs(out[i] - out[i - 1]) < 300);
}

static void any_cutting_gives_the_same(void **state) {
    static const size_t pieces[] = {1, 77, 480, 8000};
    static int16_t whole[N];
    unsigned seed = 99;
    (void)state;
    for (size_t i = 0; i < N; i++)
        other[i] = noise(&seed, 3000);
    convert(other, speech, &loudest, N, whole);
    for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
        convert(other, speech, &loudest, pieces[k], out);
        assert_memory_equal(out, whole, sizeof(out));
    }
}

static void a_channel_by_number_is_taken(void **state) {
    (void)state;
    memset(other, 1, sizeof(other));
    convert(speech, other, &(struct audio_mix){.channel = 1}, 1000, out);
    assert_memory_equal(out, speech, sizeof(out));
    convert(other, speech, &(struct audio_mix){.channel = 2}, 1000, out);
    assert_memory_equal(out, speech, sizeof(out));
}

static void a_gain_is_limited_to_full_scale(void **state) {
    (void)state;
    for (size_t i = 0; i < N; i++)
        other[i] = (int16_t)(i % 65536);
    convert(other, other, &(struct audio_mix){.channel = 1, .gain_db = 20}, N, out);
    for (size_t i = 0; i < N; i++) {
        int wanted = other[i] * 10;
        assert_int_equal(out[i], wanted > INT16_MAX ? INT16_MAX : wanted < INT16_MIN ? INT16_MIN : wanted);
    }
    convert(other, other, &(struct audio_mix){.channel = 1, .gain_db = -20}, N, out);
    for (size_t i = 0; i < N; i++)
        assert_true(abs(out[i] * 10 - other[i]) <= 6);
}

static void what_there_is_not_is_refused(void **state) {
    static const struct audio_mix wrong[] = {{.channel = 3}, {.channel = 34}, {.gain_db = 31}, {.gain_db = -31}, {.gain_db = NAN}};
    struct audio_format f = {.rate = AUDIO_RATE, .channels = 2, .encoding = AUDIO_S16LE};
    struct audio_converter *c;
    (void)state;
    assert_int_equal(audio_converter_new(&c, &f, 100, NULL), 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        tragus_error e = {0};
        assert_int_equal(audio_converter_set_mix(c, &wrong[i], &e), -EINVAL);
        assert_true(e.text[0]);
    }
    audio_converter_free(c);
}

static void choosing_allocates_nothing(void **state) {
    struct audio_format f = {.rate = 48000, .channels = 8, .encoding = AUDIO_S16LE};
    struct audio_converter *c;
    (void)state;
    assert_int_equal(audio_converter_new(&c, &f, 4800, NULL), 0);
    assert_int_equal(audio_converter_set_mix(c, &loudest, NULL), 0);
    int16_t *in = calloc(8 * (size_t)4800, sizeof(*in));
    size_t room = audio_converter_most(c);
    int r = 0;
    for (size_t i = 0; i < 4800; i++)
        in[8 * i + 5] = speech[SPEECH_AT + i];
    calls_start();
    for (int i = 0; r >= 0 && i < 50; i++)
        r = audio_converter_push(c, in, 4800, out, room);
    struct calls calls = calls_stop();
    assert_true(r >= 0);
    assert_int_equal(calls.n_allocated + calls.n_freed + calls.n_locked + calls.n_files, 0);
    int loud = 0;
    for (int i = 0; i < r; i++)
        loud |= abs(out[i]) > 10;
    assert_true(loud); /* the sixth channel was found */
    audio_converter_free(c);
    free(in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_average_of_opposite_channels_is_silence),
        cmocka_unit_test(an_inverted_channel_does_no_harm),
        cmocka_unit_test(a_dead_channel_is_left_before_anybody_speaks),
        cmocka_unit_test(a_channel_that_dies_is_left_after_the_next_sentence),
        cmocka_unit_test(a_noisy_channel_is_left_within_the_first_word_and_never_taken),
        cmocka_unit_test(clicks_are_no_speech),
        cmocka_unit_test(a_faint_copy_is_left),
        cmocka_unit_test(a_channel_that_becomes_worse_is_left_after_a_while),
        cmocka_unit_test(noise_that_begins_is_no_speech),
        cmocka_unit_test(equal_channels_are_not_exchanged),
        cmocka_unit_test(the_change_has_no_step),
        cmocka_unit_test(any_cutting_gives_the_same),
        cmocka_unit_test(a_channel_by_number_is_taken),
        cmocka_unit_test(a_gain_is_limited_to_full_scale),
        cmocka_unit_test(what_there_is_not_is_refused),
        cmocka_unit_test(choosing_allocates_nothing),
    };
    if (access(RECORDING, R_OK) < 0) {
        fprintf(stderr, "skipped: %s is missing: apt install alsa-utils\n", RECORDING);
        return 77;
    }
    return cmocka_run_group_tests(tests, make_speech, NULL);
}
