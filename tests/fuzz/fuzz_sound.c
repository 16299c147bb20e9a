/* SPDX-License-Identifier: Apache-2.0 */
/* A sound file of any format, and the same bytes as raw frames; the result of these must not depend on how they are cut. */
#include "audio/source.h"
#include "fuzz.h"

#include <stdlib.h>

const char fuzz_name[] = "sound";

static void read_file(const uint8_t *data, size_t size) {
    int16_t *pcm = NULL;
    size_t n = 0;
    tragus_error e = {0};

    int r = audio_file_read(fuzz_file(data, size), &pcm, &n, &e);
    fuzz_check(r == 0 ? n > 0 : e.text[0] != '\0', "no sound and no reason");
    free(pcm);
}

/* The first bytes choose format and pieces. */
static struct audio_format format_of(const uint8_t head[8]) {
    static const uint32_t rates[] = {4000, 8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 384000};
    static const unsigned encodings[] = {AUDIO_S16LE, AUDIO_S32LE, AUDIO_F32LE, AUDIO_ULAW};
    struct audio_format f = {.rate = rates[head[0] % 10], .channels = 1u + head[1] % 8u};
    f.encoding = encodings[head[2] % 4];
    return f;
}

/* Returns the samples, whose number is put into *ret_n. piece: frames in a push; 0: any numbers. */
static int16_t *convert(const struct audio_format *f, const struct audio_mix *mix, const uint8_t *frames, size_t n_frames,
                        size_t frame_bytes, size_t piece, size_t *ret_n) {
    struct audio_converter *c = NULL;
    tragus_error e = {0};
    uint32_t seed = (uint32_t)n_frames;
    size_t most = 512, n = 0;

    fuzz_check(audio_converter_new(&c, f, most, &e) == 0, e.text);
    if (audio_converter_set_mix(c, mix, &e) < 0) {
        audio_converter_free(c);
        return NULL;
    }
    size_t size = (n_frames / most * (size_t)(piece ? 1 : 600) + n_frames + 4) * 8 + 4 * audio_converter_most(c);
    int16_t *out = malloc(size * sizeof(*out));
    fuzz_check(out != NULL, "out of memory");
    for (size_t at = 0; at < n_frames;) {
        size_t now = piece ? piece : 1 + fuzz_random(&seed) % most;
        now = now < n_frames - at ? now : n_frames - at;
        int r = audio_converter_push(c, frames + at * frame_bytes, now, out + n, size - n);
        fuzz_check(r >= 0, "a push fails");
        n += (size_t)r;
        at += now;
    }
    int r = audio_converter_flush(c, out + n, size - n);
    fuzz_check(r >= 0, "the flush fails");
    *ret_n = n + (size_t)r;
    audio_converter_free(c);
    return out;
}

static void convert_frames(const uint8_t *data, size_t size) {
    static const size_t bytes[] = {[AUDIO_S16LE] = 2, [AUDIO_S32LE] = 4, [AUDIO_F32LE] = 4, [AUDIO_ULAW] = 1};
    if (size < 8)
        return;
    struct audio_format f = format_of(data);
    struct audio_mix mix = {.channel = data[3] % 10 == 9 ? AUDIO_LOUDEST : data[3] % 10, .gain_db = data[4] % 61 - 30};
    size_t frame = bytes[f.encoding] * f.channels, n_frames = (size - 8) / frame, n_whole = 0, n_pieces = 0;
    int16_t *whole = convert(&f, &mix, data + 8, n_frames, frame, 512, &n_whole);
    int16_t *pieces = convert(&f, &mix, data + 8, n_frames, frame, 0, &n_pieces);

    fuzz_check(!whole == !pieces, "a mix is taken only once");
    /* libsamplerate computes where a piece begins, so its last bit may differ. */
    fuzz_check(n_whole == n_pieces, "the number of samples depends on the pieces");
    for (size_t i = 0; whole && i < n_whole; i++)
        fuzz_check(abs(whole[i] - pieces[i]) <= (f.rate % AUDIO_RATE == 0 ? 0 : 1), "the samples depend on the pieces");
    free(whole);
    free(pieces);
}

void fuzz_one(const uint8_t *data, size_t size) {
    read_file(data, size);
    convert_frames(data, size);
}
