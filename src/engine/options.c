/* SPDX-License-Identifier: Apache-2.0 */
/* engine/options.c: the options of programs, and a decoder's options: from the model's passport, then from the session. */
#include "engine/private.h"
#include "nn/nn.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

int engine_take_options(void *ret, size_t size, const void *given) {
    size_t given_size;

    memcpy(&given_size, given, sizeof(given_size));
    if (given_size < sizeof(given_size))
        return -EINVAL;
    memcpy(ret, given, given_size < size ? given_size : size);
    return 0;
}

/* --- the passport --- */

/* Limits of a number, so that it fits in 64 bits while it is parsed: before its last digit, and of its decimals. */
#define MOST_VALUE 100000000
#define MOST_SCALE 1000000000

/* Parses "-12.5" as a fixed-point number, rounded to nearest. strtod would not do: its decimal point depends on the locale. */
static bool parse_fixed(const char *text, unsigned fraction_bits, int32_t *ret) {
    bool negative = *text == '-';
    int64_t value = 0, scale = 1;
    bool point = false, digits = false;
    for (text += negative; *text; text++) {
        if (*text == '.' && !point) {
            point = true;
        } else if (*text >= '0' && *text <= '9' && value < MOST_VALUE && scale < MOST_SCALE) {
            value = value * 10 + (*text - '0');
            scale *= point ? 10 : 1;
            digits = true;
        } else {
            return false;
        }
    }
    int64_t fixed = ((value << fraction_bits) + scale / 2) / scale;
    if (!digits || fixed > INT32_MAX)
        return false;
    *ret = (int32_t)(negative ? -fixed : fixed);
    return true;
}

static void take_text(const char *text, unsigned fraction_bits, int32_t least, int32_t most, int32_t *value) {
    int32_t parsed;
    if (parse_fixed(text, fraction_bits, &parsed) && parsed >= least && parsed <= most)
        *value = parsed;
}

static void take(const struct nn_model *m, const char *key, unsigned fraction_bits, int32_t least, int32_t most, int32_t *value) {
    char text[32];
    if (nn_model_passport_value(m, key, text, sizeof(text)) == 0)
        take_text(text, fraction_bits, least, most, value);
}

/* Parses "x y, x y, ..." with ascending x. Returns whether it is a curve. */
static bool parse_curve(char *text, struct decoder_curve *ret) {
    struct decoder_curve c = {0};
    char *rest = text;
    for (char *point; (point = strsep(&rest, ",")); c.n++) {
        point += *point == ' ';
        char *y = strchr(point, ' ');
        if (!y || c.n == DECODER_MAX_POINTS)
            return false;
        *y++ = '\0';
        if (!parse_fixed(point, 8, &c.x_q8[c.n]) || !parse_fixed(y, 8, &c.y_q8[c.n]) || c.y_q8[c.n] >= 1 << 20 ||
            c.y_q8[c.n] <= -(1 << 20) || (c.n > 0 && c.x_q8[c.n] <= c.x_q8[c.n - 1]))
            return false;
    }
    *ret = c;
    return true;
}

static void take_curve(const struct nn_model *m, const char *prefix, const char *name, struct decoder_curve *curve) {
    char key[64], text[256];
    snprintf(key, sizeof(key), "%s_%s", prefix, name);
    if (nn_model_passport_value(m, key, text, sizeof(text)) == 0)
        (void)parse_curve(text, curve);
}

/* A passport with a bias has its own curves; one that lacks a curve, or has an invalid one, does not use that feature. */
static void take_scorecard(const struct nn_model *m, const char *prefix, struct decoder_scorecard *card) {
    struct decoder_scorecard own = {.bias_q8 = INT32_MIN};
    own.curves[DECODER_EXACT] = card->curves[DECODER_EXACT]; /* fitted apart from the others: fit.py --free */
    own.curves[DECODER_WIDE] = card->curves[DECODER_WIDE];   /* a bound */
    take(m, prefix, 8, -(64 << 8), 64 << 8, &own.bias_q8);
    if (own.bias_q8 == INT32_MIN)
        return;
    for (unsigned i = 0; i < DECODER_N_FEATURES; i++)
        take_curve(m, prefix, decoder_feature_names[i], &own.curves[i]);
    *card = own;
}

static void take_spotting(const struct nn_model *m, struct decoder_spotting *s) {
    char text[512], *rest = text;
    take_scorecard(m, "wake", &s->soon.scorecard);
    take_curve(m, "wake", "least", &s->soon.least);
    take_scorecard(m, "wake_alone", &s->alone.scorecard);
    take_curve(m, "wake_alone", "least", &s->alone.least);
    take_curve(m, "wake", "missed", &s->missed);
    take(m, "wake_slope", 8, 1, 64 << 8, &s->slope_q8);
    if (nn_model_passport_value(m, "wake_rarity", text, sizeof(text)) < 0)
        return;
    for (unsigned i = 1; i < DECODER_MAX_LABELS && rest; i++)
        take_text(strsep(&rest, " "), 8, 0, 64 << 8, &s->rarity_q8[i]);
}

/* A duration of at most ten seconds. */
static void take_ms(const struct nn_model *m, const char *key, int32_t least_ms, int32_t most_ms, uint32_t *ms) {
    int32_t value = (int32_t)*ms;
    take(m, key, 0, least_ms, most_ms, &value);
    *ms = (uint32_t)value;
}

static void take_passport(const struct nn_model *m, struct decoder_options *d) {
    take(m, "blank_penalty", 8, 0, 64 << 8, &d->blank_penalty_q8);
    take(m, "beam", 8, 1 << 8, 1000 << 8, &d->beam_q8);
    take(m, "word_penalty", 8, 0, 64 << 8, &d->word_penalty_q8);
    take(m, "lm_scale", 8, 0, 64 << 8, &d->lm_scale_q8);
    take(m, "free_beam", 8, 1 << 8, 1000 << 8, &d->free_beam_q8);
    take(m, "free_word_penalty", 8, -(64 << 8), 64 << 8, &d->free_word_penalty_q8);
    take(m, "prior", 8, 0, 64 << 8, &d->prior_q8);
    take(m, "filler_penalty", 8, -(64 << 8), 64 << 8, &d->filler_penalty_q8);
    take(m, "confidence_offset", 8, -(64 << 8), 64 << 8, &d->confidence_offset_q8);
    take(m, "confidence_scale", 8, 1, 64 << 8, &d->confidence_scale_q8);
    take(m, "min_confidence", 15, 0, 1 << 15, &d->min_confidence_q15);
    take_scorecard(m, "confidence", &d->scorecard);
    take_spotting(m, &d->spotting);
    take(m, "sure", 15, 0, 1 << 15, &d->sure_q15);
    take_ms(m, "final_silence_ms", 100, 10000, &d->final_silence_ms);
    take_ms(m, "end_silence_ms", 100, 10000, &d->end_silence_ms);
    take_ms(m, "open_silence_ms", 100, 10000, &d->open_silence_ms);
    take_ms(m, "lateness_ms", 0, 500, &d->lateness_ms);
}

/* --- the session --- */

/* How much rarer false alarms are to be than the one in ten hours that the passport's curve stands for, in nats. */
static int32_t rarer_q8(double per_hour) {
    double per_10000_h = per_hour > 0 ? per_hour * 10000 : 1000;
    uint32_t n = per_10000_h < 1 ? 1 : per_10000_h > 1000000 ? 1000000 : (uint32_t)per_10000_h;
    return decoder_ln_q8(1000) - decoder_ln_q8(n);
}

static void take_session(const tragus_session_options *o, struct decoder_options *d) {
    if (o->min_confidence > 0.0)
        d->min_confidence_q15 = o->min_confidence >= 1.0 ? 1 << 15 : (int32_t)(o->min_confidence * (1 << 15));
    if (o->end_silence_ms > 0)
        d->end_silence_ms = o->end_silence_ms;
    if (o->final_silence_ms > 0)
        d->final_silence_ms = o->final_silence_ms;
    if (o->open_silence_ms > 0)
        d->open_silence_ms = o->open_silence_ms;
    /* What was set for the usual case limits the others, unless they were set, too. */
    if (o->final_silence_ms == 0 && d->final_silence_ms > d->end_silence_ms)
        d->final_silence_ms = d->end_silence_ms;
    if (o->open_silence_ms == 0 && d->open_silence_ms < d->end_silence_ms)
        d->open_silence_ms = d->end_silence_ms;
    if (o->max_speech_ms > 0)
        d->max_speech_ms = o->max_speech_ms;
    d->spotting.rarer_q8 = rarer_q8(o->wake_per_hour);
    d->spotting.any = isinf(o->wake_per_hour);
}

struct decoder_options engine_decoder_options(const tragus_model *m, const tragus_session_options *o) {
    const struct nn_model *network = engine_model_network(m);
    struct decoder_options d = decoder_defaults();
    d.step_ms = nn_model_step_hops(network) * ENGINE_HOP_MS;
    take_passport(network, &d);
    if (o)
        take_session(o, &d);
    return d;
}
