/* SPDX-License-Identifier: Apache-2.0 */
/* audio/loudest.c: chooses the channel with the most speech-like modulation.
 *
 * Speech rises far above the sound between its syllables and words; noise, hum and silence do not. So the score of a channel is the
 * distance between its loud and its quiet blocks of 10 ms, by percentiles of the last 2.56 s: a click is too short to count. Blocks
 * below QUIET_BIN count as that loud, so a channel that only carries a faint copy of the speech gets a low score.
 *
 * Another channel must be better by LEAD_BINS, for PATIENCE judgements in a row: longer than noise that begins can look like
 * speech, and as long as the loud part of a sentence stays in the history. So two good channels are not exchanged within a
 * sentence, and none is in silence. A channel in which speech was never heard is left earlier, and one that never carried anything
 * without waiting for speech.
 *
 * Levels are whole numbers from the exponent of a sum in fixed order. So the choice is the same on every machine and for any
 * cutting of the sound into pieces.
 */
#include "audio/loudest.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS_PER_S 100
#define N_BLOCKS 256 /* length of the history */
#define CUT_HZ 200.0 /* removes offset and most of a hum and of rumble */

/* Bins of 1.5 dB: bin 0 is everything below a mean square of 2^LEAST_LOG2, half a step of 16 bits rms. */
#define LEAST_LOG2 (-32)
#define N_BINS 72
#define QUIET_BIN 12 /* -78 dB */
#define LOUD_PERCENT 90
#define QUIET_PERCENT 15

#define JUDGE_BLOCKS 10 /* blocks between two judgements */
#define FIRST_BLOCKS 30 /* blocks before the first one */
#define SPEECH_BINS 8   /* 12 dB: speech, while noise has 2 or 3 */
#define NOTHING_BINS 4  /* below 6 dB: no speech */
#define LEAD_BINS 4
#define PATIENCE 22 /* judgements in a row: 2.2 s */
#define PATIENCE_NEVER_SPOKE 2

struct channel {
    float low; /* what the high pass removes */
    double sum;
    bool alive;      /* carried something at some time */
    bool spoke;      /* speech was heard in it at some time */
    unsigned speaks; /* judgements in a row at which it had the score of speech */
    uint8_t score;
    uint8_t history[N_BLOCKS];
    uint16_t counts[N_BINS]; /* histogram of the history */
};

struct audio_loudest {
    unsigned n_channels, chosen, before;
    unsigned fade;         /* frames left of the cross-fade from `before` to `chosen` */
    unsigned block_frames; /* frames of a block; also of a cross-fade */
    unsigned frames;       /* frames so far in this block */
    unsigned blocks, next; /* blocks in the history, at most N_BLOCKS; place of the next one */
    unsigned until_judged; /* blocks until the next judgement */
    unsigned lead;         /* judgements in a row at which another channel was better */
    float cut;
    struct channel channels[];
};

struct audio_loudest *audio_loudest_new(unsigned channels, unsigned rate, unsigned first) {
    struct audio_loudest *l = calloc(1, sizeof(*l) + channels * sizeof(l->channels[0]));
    if (!l)
        return NULL;
    l->n_channels = channels;
    l->chosen = first < channels ? first : 0;
    l->block_frames = rate / BLOCKS_PER_S;
    l->until_judged = FIRST_BLOCKS;
    l->cut = (float)(2.0 * M_PI * CUT_HZ / rate);
    return l;
}

unsigned audio_loudest_chosen(const struct audio_loudest *l) {
    return l->chosen;
}

void audio_loudest_free(struct audio_loudest *l) {
    if (!l)
        return;
    explicit_bzero(l, sizeof(*l) + l->n_channels * sizeof(l->channels[0]));
    free(l);
}

static uint8_t bin_of(double mean_square) {
    int exponent;
    double mantissa = frexp(mean_square, &exponent); /* mean_square = mantissa * 2^exponent, mantissa in 0.5..1 */
    int bin = mantissa <= 0.0 ? 0 : 2 * (exponent - 1 - LEAST_LOG2) + (mantissa >= M_SQRT1_2);
    return (uint8_t)(bin < 0 ? 0 : bin < N_BINS ? bin : N_BINS - 1);
}

static uint8_t percentile(const struct channel *c, unsigned n, unsigned percent) {
    unsigned below = 0;
    uint8_t bin = 0;
    for (; bin < N_BINS - 1; bin++) {
        below += c->counts[bin];
        if (below * 100 > n * percent)
            break;
    }
    return bin;
}

static void end_block(struct audio_loudest *l, struct channel *c) {
    uint8_t bin = bin_of(c->sum / l->block_frames);
    if (l->blocks == N_BLOCKS)
        c->counts[c->history[l->next]]--;
    c->history[l->next] = bin;
    c->counts[bin]++;
    c->alive |= bin > 0;
    c->sum = 0.0;
}

static void score(struct channel *c, unsigned n_blocks) {
    uint8_t loud = percentile(c, n_blocks, LOUD_PERCENT), quiet = percentile(c, n_blocks, QUIET_PERCENT);
    quiet = quiet < QUIET_BIN ? QUIET_BIN : quiet;
    c->score = loud > quiet ? (uint8_t)(loud - quiet) : 0;
    c->speaks = c->score >= SPEECH_BINS ? c->speaks + 1 : 0;
    c->spoke |= c->speaks >= PATIENCE;
}

static void choose(struct audio_loudest *l, unsigned channel) {
    l->before = l->chosen;
    l->chosen = channel;
    l->fade = l->block_frames;
    l->lead = 0;
}

static void judge(struct audio_loudest *l) {
    unsigned best = l->chosen, first_alive = l->n_channels;

    for (unsigned i = 0; i < l->n_channels; i++) {
        score(&l->channels[i], l->blocks);
        if (l->channels[i].alive && first_alive == l->n_channels)
            first_alive = i;
    }
    for (unsigned i = 0; i < l->n_channels; i++)
        if (l->channels[i].score > l->channels[best].score)
            best = i;
    const struct channel *now = &l->channels[l->chosen], *other = &l->channels[best];
    if (other->score >= SPEECH_BINS && other->score >= now->score + LEAD_BINS) {
        l->lead++;
        if (l->lead >= (now->spoke || now->score >= NOTHING_BINS ? PATIENCE : PATIENCE_NEVER_SPOKE))
            choose(l, best);
        return;
    }
    l->lead = 0;
    if (!now->alive && first_alive < l->n_channels)
        choose(l, first_alive);
}

static void end_blocks(struct audio_loudest *l) {
    for (unsigned i = 0; i < l->n_channels; i++)
        end_block(l, &l->channels[i]);
    l->frames = 0;
    l->next = (l->next + 1) % N_BLOCKS;
    l->blocks += l->blocks < N_BLOCKS;
    if (--l->until_judged == 0) {
        judge(l);
        l->until_judged = JUDGE_BLOCKS;
    }
}

float audio_loudest_push(struct audio_loudest *l, const float frame[]) {
    /* From the first sample on, so that an offset alone is not taken for a sound. */
    if (l->blocks == 0 && l->frames == 0)
        for (unsigned i = 0; i < l->n_channels; i++)
            l->channels[i].low = frame[i];
    for (unsigned i = 0; i < l->n_channels; i++) {
        struct channel *c = &l->channels[i];
        float high = frame[i] - c->low;
        c->low += l->cut * high;
        c->sum += (double)high * high;
    }
    float out = frame[l->chosen];
    if (l->fade > 0) {
        out += (frame[l->before] - out) * ((float)l->fade / (float)l->block_frames);
        l->fade--;
    }
    if (++l->frames == l->block_frames)
        end_blocks(l);
    return out;
}
