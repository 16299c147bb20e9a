/* SPDX-License-Identifier: Apache-2.0 */
/* The streaming converter: rates, encodings, any cutting, no allocation. */
#include "audio/source.h"
#include "calls.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t convert(const struct audio_format *f, const void *frames, size_t n_frames, size_t piece, size_t frame_bytes,
                      int16_t **ret) {
    struct audio_converter *c;
    assert_int_equal(audio_converter_new(&c, f, piece, NULL), 0);
    size_t room = audio_converter_most(c), n = 0, size = (size_t)((double)n_frames * 16000 / f->rate) + 2 * room;
    int16_t *out = malloc(size * sizeof(*out));
    for (size_t i = 0; i < n_frames; i += piece) {
        int r = audio_converter_push(c, (const char *)frames + i * frame_bytes, n_frames - i < piece ? n_frames - i : piece,
                                     out + n, size - n);
        assert_true(r >= 0);
        n += (size_t)r;
    }
    int r = audio_converter_flush(c, out + n, size - n);
    assert_true(r >= 0);
    audio_converter_free(c);
    *ret = out;
    return n + (size_t)r;
}

static int16_t *tone(double hertz, unsigned rate, size_t n) {
    int16_t *pcm = malloc(n * sizeof(*pcm));
    for (size_t i = 0; i < n; i++)
        pcm[i] = (int16_t)lrint(16000.0 * sin(2.0 * M_PI * hertz * (double)i / rate));
    return pcm;
}

/* Amplitude of a sine of this frequency in the middle of a 16 kHz sound. */
static double amplitude(const int16_t *pcm, size_t n, double hertz) {
    double re = 0.0, im = 0.0;
    size_t from = n / 4, to = n - n / 4;
    for (size_t i = from; i < to; i++) {
        double window = 0.5 - 0.5 * cos(2.0 * M_PI * (double)(i - from) / (double)(to - from));
        re += pcm[i] * window * cos(2.0 * M_PI * hertz * (double)i / 16000.0);
        im += pcm[i] * window * sin(2.0 * M_PI * hertz * (double)i / 16000.0);
    }
    return 4.0 * sqrt(re * re + im * im) / (double)(to - from);
}

static void same_rate_passes_bit_for_bit(void **state) {
    (void)state;
    int16_t in[65536], *out;
    for (int i = 0; i < 65536; i++)
        in[i] = (int16_t)(i - 32768);
    struct audio_format f = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE};
    assert_int_equal(convert(&f, in, 65536, 777, 2, &out), 65536);
    assert_memory_equal(in, out, sizeof(in));
    free(out);
}

static void rates_keep_speech_and_its_length(void **state) {
    static const unsigned rates[] = {8000, 11025, 22050, 24000, 32000, 44100, 48000, 96000, 192000};
    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        int16_t *in = tone(1000, rates[i], rates[i]), *out;
        struct audio_format f = {.rate = rates[i], .channels = 1, .encoding = AUDIO_S16LE};
        size_t n = convert(&f, in, rates[i], 4096, 2, &out);
        assert_in_range(n, 15998, 16002);
        assert_true(fabs(amplitude(out, n, 1000) - 16000) < 160); /* 0.1 dB */
        free(in);
        free(out);
    }
}

static void what_16_khz_cannot_hold_does_not_fold_back(void **state) {
    (void)state;
    int16_t *in = tone(10000, 48000, 48000), *out;
    struct audio_format f = {.rate = 48000, .channels = 1, .encoding = AUDIO_S16LE};
    size_t n = convert(&f, in, 48000, 4096, 2, &out);
    assert_true(amplitude(out, n, 6000) < 2); /* 10 kHz would be heard at 6; -78 dB */
    free(in);
    free(out);
}

static void any_cutting_gives_the_same(void **state) {
    static const size_t pieces[] = {1, 7, 441, 44100};
    (void)state;
    int16_t *in = tone(440, 44100, 44100), *whole;
    struct audio_format f = {.rate = 44100, .channels = 1, .encoding = AUDIO_S16LE};
    size_t n = convert(&f, in, 44100, 10000, 2, &whole);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        int16_t *out;
        assert_int_equal(convert(&f, in, 44100, pieces[i], 2, &out), n);
        for (size_t k = 0; k < n; k++)
            assert_true(abs(out[k] - whole[k]) <= 1);
        free(out);
    }
    free(in);
    free(whole);
}

static void channels_are_averaged(void **state) {
    (void)state;
    const int16_t in[] = {100, 300, -32768, -32768, 32767, -32767, 5, 6};
    int16_t *out;
    struct audio_format f = {.rate = 16000, .channels = 2, .encoding = AUDIO_S16LE};
    assert_int_equal(convert(&f, in, 4, 4, 4, &out), 4);
    assert_int_equal(out[0], 200);
    assert_int_equal(out[1], -32768);
    assert_int_equal(out[2], 0);
    assert_int_equal(out[3], 6); /* 5.5, half away from zero */
    free(out);
}

static void encodings_are_read(void **state) {
    (void)state;
    int16_t *out;
    const int32_t wide[] = {INT32_MIN, INT32_MAX, 1 << 16, -(1 << 20)};
    struct audio_format s32 = {.rate = 16000, .channels = 1, .encoding = AUDIO_S32LE};
    assert_int_equal(convert(&s32, wide, 4, 4, 4, &out), 4);
    assert_int_equal(out[0], -32768);
    assert_int_equal(out[1], 32767);
    assert_int_equal(out[2], 1);
    assert_int_equal(out[3], -16);
    free(out);

    const float real[] = {0.5f, -1.0f, 2.0f, NAN, INFINITY, -1e30f};
    struct audio_format f32 = {.rate = 16000, .channels = 1, .encoding = AUDIO_F32LE};
    assert_int_equal(convert(&f32, real, 6, 6, 4, &out), 6);
    assert_int_equal(out[0], 16384);
    assert_int_equal(out[1], -32768);
    assert_int_equal(out[2], 32767);
    assert_int_equal(out[3], 0);
    assert_int_equal(out[4], 0);
    assert_int_equal(out[5], 0);
    free(out);

    /* From the table of ITU-T G.711: least and greatest of both signs, and zero. */
    const uint8_t law[] = {0x00, 0x80, 0xff, 0x7f, 0xf0, 0x70};
    struct audio_format ulaw = {.rate = 16000, .channels = 1, .encoding = AUDIO_ULAW};
    assert_int_equal(convert(&ulaw, law, 6, 6, 1, &out), 6);
    assert_int_equal(out[0], -32124);
    assert_int_equal(out[1], 32124);
    assert_int_equal(out[2], 0);
    assert_int_equal(out[3], 0);
    assert_int_equal(out[4], 120);
    assert_int_equal(out[5], -120);
    free(out);
}

static void pushing_allocates_nothing(void **state) {
    (void)state;
    struct audio_converter *c;
    struct audio_format f = {.rate = 44100, .channels = 2, .encoding = AUDIO_S16LE};
    assert_int_equal(audio_converter_new(&c, &f, 4410, NULL), 0);
    size_t room = audio_converter_most(c);
    int16_t *in = calloc(2 * 4410, sizeof(*in)), *out = malloc(room * sizeof(*out));
    calls_start();
    int r = 0;
    for (int i = 0; r >= 0 && i < 100; i++)
        r = audio_converter_push(c, in, (size_t)(i * 44) % 4411, out, room);
    struct calls calls = calls_stop();
    assert_true(r >= 0);
    assert_int_equal(calls.n_allocated, 0);
    assert_int_equal(calls.n_freed, 0);
    assert_int_equal(calls.n_locked, 0);
    assert_int_equal(calls.n_files, 0);
    audio_converter_free(c);
    free(in);
    free(out);
}

static void counting_counts(void **state) {
    (void)state;
    calls_start();
    void *volatile p = malloc(10);
    free(p);
    struct calls calls = calls_stop();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_int_equal(calls.n_allocated, 1);
    assert_int_equal(calls.n_freed, 1);
#else
    (void)calls;
#endif
}

static void strange_formats_are_refused(void **state) {
    static const struct audio_format formats[] = {
        {.rate = 0, .channels = 1, .encoding = AUDIO_S16LE},          {.rate = 3999, .channels = 1, .encoding = AUDIO_S16LE},
        {.rate = UINT32_MAX, .channels = 1, .encoding = AUDIO_F32LE}, {.rate = 16000, .channels = 0, .encoding = AUDIO_S16LE},
        {.rate = 16000, .channels = 33, .encoding = AUDIO_S16LE},     {.rate = 16000, .channels = 1, .encoding = AUDIO_WAV},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct audio_converter *c = NULL;
        tragus_error e = {0};
        assert_int_equal(audio_converter_new(&c, &formats[i], 100, &e), -EINVAL);
        assert_null(c);
        assert_true(e.text[0]);
    }
}

static void too_little_room_is_an_error(void **state) {
    (void)state;
    struct audio_converter *c;
    struct audio_format f = {.rate = 16000, .channels = 1, .encoding = AUDIO_S16LE};
    int16_t in[100] = {0}, out[99];
    assert_int_equal(audio_converter_new(&c, &f, 100, NULL), 0);
    assert_int_equal(audio_converter_push(c, in, 100, out, 99), -ENOSPC);
    audio_converter_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_rate_passes_bit_for_bit),
        cmocka_unit_test(rates_keep_speech_and_its_length),
        cmocka_unit_test(what_16_khz_cannot_hold_does_not_fold_back),
        cmocka_unit_test(any_cutting_gives_the_same),
        cmocka_unit_test(channels_are_averaged),
        cmocka_unit_test(encodings_are_read),
        cmocka_unit_test(counting_counts),
        cmocka_unit_test(pushing_allocates_nothing),
        cmocka_unit_test(strange_formats_are_refused),
        cmocka_unit_test(too_little_room_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
