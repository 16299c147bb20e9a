/* SPDX-License-Identifier: Apache-2.0 */
/* audio/convert.c: converts raw frames of any format to 16 kHz mono, piece by piece.
 *
 * Channels are averaged, or one of them is taken (loudest.c chooses it, if wished). Multiples of 16 kHz, which most microphones
 * support, are filtered and decimated (decimate.c); other rates are resampled by libsamplerate's band-limited sinc converter (J. O.
 * Smith, "Digital audio resampling", 1984), whose state is allocated once. Sound at 16 kHz is not resampled, so int16 mono passes
 * unchanged, bit for bit.
 */
#include "audio/decimate.h"
#include "audio/loudest.h"
#include "audio/source.h"
#include "base/assert.h"

#include <errno.h>
#include <math.h>
#include <samplerate.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_RATE 4000
#define MOST_RATE 384000

/* Medium: 121 dB signal to noise, 90 % passband. "Best" costs four times as much, and only improves frequencies above 7.6 kHz,
 * where the front end ends. */
#define QUALITY SRC_SINC_MEDIUM_QUALITY

struct audio_converter {
    struct audio_format format;
    size_t max_frames;
    SRC_STATE *resampler;              /* NULL at multiples of 16 kHz */
    struct audio_decimator *decimator; /* at 32, 48, 64 ... kHz */
    unsigned channel;                  /* 0 = the average of all; else the one to take, from 1 on */
    struct audio_loudest *loudest;     /* else chooses the channel; NULL: no choice */
    float gain;
    double ratio;
    float *mono; /* max_frames */
    float *out;  /* n_out samples: the most that one push can give */
    size_t n_out;
};

static size_t sample_bytes(const struct audio_format *f) {
    switch (f->encoding) {
    case AUDIO_S16LE:
        return 2;
    case AUDIO_S32LE:
    case AUDIO_F32LE:
        return 4;
    case AUDIO_ULAW:
        return 1;
    case AUDIO_WAV:
        break;
    }
    return 0;
}

int audio_converter_new(struct audio_converter **ret, const struct audio_format *format, size_t max_frames, tragus_error *reterr) {
    if (format->rate < LEAST_RATE || format->rate > MOST_RATE)
        return base_error_set(reterr, -EINVAL, "a sample rate of %u Hz is not supported; %d to %d are", format->rate, LEAST_RATE,
                              MOST_RATE);
    if (format->channels < 1 || format->channels > AUDIO_MOST_CHANNELS)
        return base_error_set(reterr, -EINVAL, "%u channels are not supported; 1 to %d are", format->channels, AUDIO_MOST_CHANNELS);
    if (sample_bytes(format) == 0)
        return base_error_set(reterr, -EINVAL, "a stream of frames needs a raw encoding, not a file format");
    if (max_frames < 1 || max_frames > (1u << 24))
        return base_error_set(reterr, -EINVAL, "pieces of %zu frames are not supported; 1 to 16777216 are", max_frames);

    struct audio_converter *c = calloc(1, sizeof(*c));
    if (!c)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    c->format = *format;
    c->max_frames = max_frames;
    c->gain = 1.0f;
    c->ratio = (double)AUDIO_RATE / format->rate;
    /* In addition to the ratio: flushing returns what the converter held back, at most the length of its filter. */
    c->n_out = (size_t)((double)max_frames * c->ratio) + 1024;
    c->mono = malloc(max_frames * sizeof(*c->mono));
    if (format->rate != AUDIO_RATE) {
        int error = 0;
        c->out = malloc(c->n_out * sizeof(*c->out));
        if (format->rate % AUDIO_RATE == 0)
            c->decimator = audio_decimator_new(format->rate / AUDIO_RATE, max_frames);
        else
            c->resampler = src_new(QUALITY, 1, &error);
    }
    if (!c->mono || (format->rate != AUDIO_RATE && (!c->out || !(c->resampler || c->decimator)))) {
        audio_converter_free(c);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    *ret = c;
    return 0;
}

int audio_mix_channel(unsigned *ret, const char *text) {
    char *end;

    if (strcmp(text, "mix") == 0) {
        *ret = 0;
    } else if (strcmp(text, "loudest") == 0) {
        *ret = AUDIO_LOUDEST;
    } else {
        unsigned long number = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
        if (number < 1 || number > AUDIO_MOST_CHANNELS || *end)
            return -EINVAL;
        *ret = (unsigned)number;
    }
    return 0;
}

int audio_converter_set_mix(struct audio_converter *c, const struct audio_mix *mix, tragus_error *reterr) {
    if (mix->channel > c->format.channels && mix->channel != AUDIO_LOUDEST)
        return base_error_set(reterr, -EINVAL, "there is no channel %u in a sound of %u", mix->channel, c->format.channels);
    if (!(fabs(mix->gain_db) <= AUDIO_MOST_GAIN_DB))
        return base_error_set(reterr, -EINVAL, "a gain of %g dB is not supported; %d to %d are", mix->gain_db, -AUDIO_MOST_GAIN_DB,
                              AUDIO_MOST_GAIN_DB);
    audio_loudest_free(c->loudest);
    c->loudest = NULL;
    c->channel = mix->channel;
    if (c->format.channels == 1 || mix->channel == AUDIO_LOUDEST)
        c->channel = 0;
    if (c->format.channels > 1 && mix->channel == AUDIO_LOUDEST) {
        c->loudest = audio_loudest_new(c->format.channels, c->format.rate, mix->first > 0 ? mix->first - 1 : 0);
        if (!c->loudest)
            return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    /* Rounded, so that it does not depend on the last bit of a libm. */
    c->gain = (float)(nearbyint(pow(10.0, mix->gain_db / 20.0) * 16777216.0) / 16777216.0);
    return 0;
}

unsigned audio_converter_channel(const struct audio_converter *c) {
    return c->loudest ? audio_loudest_chosen(c->loudest) + 1 : 0;
}

void audio_converter_free(struct audio_converter *c) {
    if (!c)
        return;
    if (c->mono)
        explicit_bzero(c->mono, c->max_frames * sizeof(*c->mono));
    if (c->out)
        explicit_bzero(c->out, c->n_out * sizeof(*c->out));
    if (c->resampler)
        src_delete(c->resampler);
    audio_decimator_free(c->decimator);
    audio_loudest_free(c->loudest);
    free(c->mono);
    free(c->out);
    free(c);
}

/* ITU-T G.711, mu-law: sign, three exponent bits, four mantissa bits, all inverted; the 14-bit result is scaled to 16 bits. */
static int ulaw_value(uint8_t code) {
    code = (uint8_t)~code;
    int magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84;
    return code & 0x80 ? -magnitude : magnitude;
}

/* Assembled byte by byte, because frames from a descriptor are not aligned. */
static uint32_t little_u32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static float sample_value(const uint8_t *p, const struct audio_format *f) {
    if (f->encoding == AUDIO_S16LE)
        return (float)(int16_t)(uint16_t)(p[0] | p[1] << 8) / 32768.0f;
    if (f->encoding == AUDIO_ULAW)
        return (float)ulaw_value(p[0]) / 32768.0f;
    uint32_t bits = little_u32(p);
    if (f->encoding == AUDIO_S32LE)
        return (float)(int32_t)bits / 2147483648.0f;
    float value;
    memcpy(&value, &bits, sizeof(value));
    /* A NaN or a huge value would persist in the resampler's filter; values far beyond full scale are not sound. */
    return isfinite(value) && value > -64.0f && value < 64.0f ? value : 0.0f;
}

static void average(const struct audio_converter *c, const uint8_t *frames, size_t n_frames) {
    size_t step = sample_bytes(&c->format);
    for (size_t i = 0; i < n_frames; i++) {
        float sum = 0.0f;
        for (uint32_t k = 0; k < c->format.channels; k++, frames += step)
            sum += sample_value(frames, &c->format);
        c->mono[i] = sum / (float)c->format.channels;
    }
}

static void take_channel(const struct audio_converter *c, const uint8_t *frames, size_t n_frames) {
    size_t step = sample_bytes(&c->format);
    frames += (c->channel - 1) * step;
    for (size_t i = 0; i < n_frames; i++, frames += step * c->format.channels)
        c->mono[i] = sample_value(frames, &c->format);
}

static void take_loudest(const struct audio_converter *c, const uint8_t *frames, size_t n_frames) {
    size_t step = sample_bytes(&c->format);
    float frame[AUDIO_MOST_CHANNELS];
    for (size_t i = 0; i < n_frames; i++) {
        for (uint32_t k = 0; k < c->format.channels; k++, frames += step)
            frame[k] = sample_value(frames, &c->format);
        c->mono[i] = audio_loudest_push(c->loudest, frame);
    }
}

static void mix_down(const struct audio_converter *c, const uint8_t *frames, size_t n_frames) {
    if (c->loudest)
        take_loudest(c, frames, n_frames);
    else if (c->channel > 0)
        take_channel(c, frames, n_frames);
    else
        average(c, frames, n_frames);
    if (c->gain != 1.0f)
        for (size_t i = 0; i < n_frames; i++)
            c->mono[i] *= c->gain;
}

static size_t to_int16(const float *in, size_t n, int16_t *out) {
    for (size_t i = 0; i < n; i++) {
        float x = in[i] * 32768.0f;
        out[i] = x >= 32767.0f    ? INT16_MAX
                 : x <= -32768.0f ? INT16_MIN
                                  : (int16_t)(x >= 0.0f ? (int32_t)(x + 0.5f) : (int32_t)(x - 0.5f));
    }
    return n;
}

static int resample(struct audio_converter *c, size_t n_frames, bool end, int16_t *out, size_t size) {
    SRC_DATA d = {.data_in = c->mono,
                  .data_out = c->out,
                  .input_frames = (long)n_frames,
                  .output_frames = (long)c->n_out,
                  .src_ratio = c->ratio,
                  .end_of_input = end};
    if (src_process(c->resampler, &d) != 0)
        return -EIO;
    if (d.input_frames_used != (long)n_frames || (size_t)d.output_frames_gen > size)
        return -ENOSPC;
    return (int)to_int16(c->out, (size_t)d.output_frames_gen, out);
}

int audio_converter_push(struct audio_converter *c, const void *frames, size_t n_frames, int16_t *out, size_t size) {
    base_assert(n_frames <= c->max_frames);
    mix_down(c, frames, n_frames);
    if (c->resampler)
        return resample(c, n_frames, false, out, size);
    if (c->decimator) {
        if (n_frames / (c->format.rate / AUDIO_RATE) + 1 > size)
            return -ENOSPC;
        return (int)to_int16(c->out, audio_decimator_push(c->decimator, c->mono, n_frames, c->out), out);
    }
    if (n_frames > size)
        return -ENOSPC;
    return (int)to_int16(c->mono, n_frames, out);
}

int audio_converter_flush(struct audio_converter *c, int16_t *out, size_t size) {
    if (c->decimator) {
        if (audio_decimator_held(c->decimator) > size)
            return -ENOSPC;
        return (int)to_int16(c->out, audio_decimator_flush(c->decimator, c->out), out);
    }
    if (!c->resampler)
        return 0;
    int n = resample(c, 0, true, out, size);
    return src_reset(c->resampler) == 0 ? n : -EIO;
}

size_t audio_converter_most(const struct audio_converter *c) {
    return c->n_out;
}
