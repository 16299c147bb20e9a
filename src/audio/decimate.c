/* SPDX-License-Identifier: Apache-2.0 */
/* audio/decimate.c: a windowed-sinc low pass (Kaiser, 1974: 80 dB) that computes only every factor-th sample.
 *
 * Most microphones run at 48 kHz, and in silence a listening daemon computes little but this conversion, which costs a tenth of a
 * converter for arbitrary rates. The pass band reaches 7.6 kHz, where the front end ends; the stop band begins at 8.4 kHz, so
 * aliases stay above 7.6 kHz.
 *
 * Taps are rounded to multiples of 2^-24, so they do not depend on the last bits of a libm, and are summed in a fixed order of
 * eight partial sums, which compilers can vectorise without reordering. So the same sound gives the same samples on every machine
 * (the file is compiled without fused operations).
 */
#include "audio/decimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RATE 16000.0
#define STOP_DB 80.0
#define TRANSITION_HZ 800.0
#define LANES 8

struct audio_decimator {
    unsigned factor;
    size_t half, n_taps; /* n_taps: 2 * half + 1, padded with zeros to a multiple of LANES */
    size_t n_held;       /* samples in held that may still be needed */
    float *taps, *held;
    size_t size_held;
};

/* The modified Bessel function of order 0, from its series. */
static double bessel_i0(double x) {
    double sum = 1.0, term = 1.0;
    for (int k = 1; term > sum * 1e-17; k++) {
        term *= (x / 2.0 / k) * (x / 2.0 / k);
        sum += term;
    }
    return sum;
}

static void make_taps(struct audio_decimator *d) {
    double beta = 0.1102 * (STOP_DB - 8.7), scale = bessel_i0(beta);
    for (size_t i = 0; i <= 2 * d->half; i++) {
        double t = (double)i - (double)d->half, x = t / (double)d->half, angle = M_PI * t / d->factor;
        double sinc = t == 0.0 ? 1.0 : sin(angle) / angle;
        double tap = sinc / d->factor * bessel_i0(beta * sqrt(1.0 - x * x)) / scale;
        d->taps[i] = (float)(nearbyint(tap * 16777216.0) / 16777216.0);
    }
}

/* Starts a new sound, preceded by silence. */
static void begin(struct audio_decimator *d) {
    explicit_bzero(d->held, d->size_held * sizeof(*d->held));
    d->n_held = d->half;
}

struct audio_decimator *audio_decimator_new(unsigned factor, size_t max_n) {
    struct audio_decimator *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->factor = factor;
    /* Kaiser's estimate of the length for this attenuation and transition width. */
    d->half = (size_t)((STOP_DB - 7.95) / (14.36 * TRANSITION_HZ / (RATE * factor)) / 2.0) + 1;
    d->n_taps = (2 * d->half + LANES) / LANES * LANES;
    d->size_held = 2 * d->n_taps + max_n;
    d->taps = calloc(d->n_taps, sizeof(*d->taps));
    d->held = calloc(d->size_held, sizeof(*d->held));
    if (!d->taps || !d->held) {
        audio_decimator_free(d);
        return NULL;
    }
    make_taps(d);
    begin(d);
    return d;
}

void audio_decimator_free(struct audio_decimator *d) {
    if (!d)
        return;
    if (d->held)
        explicit_bzero(d->held, d->size_held * sizeof(*d->held));
    free(d->held);
    free(d->taps);
    free(d);
}

static float filter(const struct audio_decimator *d, const float *x) {
    float sums[LANES] = {0.0f};
    for (size_t i = 0; i < d->n_taps; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            sums[k] += x[i + k] * d->taps[i + k];
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

/* Computes the output that the n_held samples allow, and moves the samples still needed to the front. */
static size_t drain(struct audio_decimator *d, float *out) {
    size_t n_out = 0, at = 0;
    for (; at + d->n_taps <= d->n_held; at += d->factor)
        out[n_out++] = filter(d, d->held + at);
    d->n_held -= at;
    memmove(d->held, d->held + at, d->n_held * sizeof(*d->held));
    return n_out;
}

size_t audio_decimator_push(struct audio_decimator *d, const float *in, size_t n, float *out) {
    memcpy(d->held + d->n_held, in, n * sizeof(*in));
    d->n_held += n;
    return drain(d, out);
}

size_t audio_decimator_held(const struct audio_decimator *d) {
    return d->n_taps / d->factor + 1;
}

size_t audio_decimator_flush(struct audio_decimator *d, float *out) {
    /* Appends the silence that the last sample's taps need. */
    size_t beyond = d->n_taps - d->half - 1;
    memset(d->held + d->n_held, 0, beyond * sizeof(*d->held));
    d->n_held += beyond;
    size_t n = drain(d, out);
    begin(d);
    return n;
}
