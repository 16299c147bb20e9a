/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder's constants: defaults and where they come from, endpoint rules, and the curve from likelihood ratio to confidence.
 * The right values for blank, filler, rejection and confidence depend on the network, so its passport may override them. Values
 * without a stated origin are guesses. */
#include "base/fixed.h"
#include "decoder/state.h"

struct decoder_options decoder_defaults(void) {
    return (struct decoder_options){
        .blank_penalty_q8 = 640, /* 2.5 nats: best of 0..5 on 619 coffee orders with networks of this kind */
        .beam_q8 = 4096,         /* 16 nats */
        .max_tokens = 4000,      /* arcs and nodes together */
        .max_history = 16384,    /* 448 KiB with the scratch memory */
        .word_penalty_q8 = 0,
        .prior_q8 = 0,
        .filler_penalty_q8 = 512,     /* 2 nats; a uniform choice among 39 phones would cost 3.7 */
        .reject_q8 = -640,            /* -2.5 nats a phone */
        .least_evidence_q8 = -384,    /* -1.5 nats a phone: orders are above -1.2 down to 12 dB, false results in noise are below */
        .min_confidence_q15 = 16384,  /* 0.5 */
        .confidence_offset_q8 = -205, /* -0.8 nats a phone */
        .confidence_scale_q8 = 512,   /* slope 2 a nat: confidence 0.88 one nat above, 0.12 one nat below */
        .end_margin_q8 = 1024,        /* 4 nats */
        .end_silence_ms = 500,
        .open_silence_ms = 1200,
        .no_speech_ms = 5000,
        .max_speech_ms = 20000,
        .step_ms = 30,
        .lateness_ms = 0,
    };
}

void decoder_rules(struct decoder_rule rules[DECODER_N_RULES], const struct decoder_options *o) {
    const struct decoder_rule table[DECODER_N_RULES] = {
        /* speech, complete, silence, length, verdict */
        {NO, ANY, 0, o->no_speech_ms, TRAGUS_REASON_NONE},
        {YES, YES, o->end_silence_ms, 0, TRAGUS_REASON_NONE},
        {YES, ANY, o->open_silence_ms, 0, TRAGUS_REASON_NONE},
        {YES, ANY, 0, o->max_speech_ms, TRAGUS_TOO_LONG},
    };
    for (unsigned i = 0; i < DECODER_N_RULES; i++)
        rules[i] = table[i];
}

/* 1 / (1 + exp(-x)) for x = -8, -7.5 .. 8, times 2^15, rounded. */
#define LOGISTIC_MAX_Q8 ((int64_t)8 * 256)
static const uint16_t logistic_q15[33] = {11,    18,    30,    49,    81,    133,   219,   360,   589,   961,   1554,
                                          2486,  3906,  5978,  8813,  12371, 16384, 20397, 23955, 26790, 28862, 30282,
                                          31214, 31807, 32179, 32408, 32549, 32635, 32687, 32719, 32738, 32750, 32757};

uint16_t decoder_confidence(const struct decoder_options *o, int32_t ratio_q8) {
    int64_t x_q8 = base_round_shift(((int64_t)ratio_q8 - o->confidence_offset_q8) * o->confidence_scale_q8, 8);
    /* 0..4095; 128 between two table entries */
    uint32_t at = (uint32_t)(base_clamp(x_q8, -LOGISTIC_MAX_Q8, LOGISTIC_MAX_Q8 - 1) + LOGISTIC_MAX_Q8);
    uint32_t low = logistic_q15[at / 128], high = logistic_q15[at / 128 + 1];
    return (uint16_t)(low + ((high - low) * (at % 128) + 64) / 128);
}
