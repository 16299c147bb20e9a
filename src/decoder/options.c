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
        .free_beam_q8 = 2560, /* 10 nats: with 20 no other words were found in 120 training sentences */
        .lm_scale_q8 = 307,   /* 1.2: best of 0.3 to 1.8 on 120 training sentences */
        .free_word_penalty_q8 = 0,
        .prior_q8 = 0,
        .filler_penalty_q8 = 512,    /* 2 nats; a uniform choice among 39 phones would cost 3.7 */
        .min_confidence_q15 = 26214, /* 0.8 */
        .after_talk_q8 = 256,        /* see decoder_follow_talk in result.c */
        .after_talk_ms = 2500,       /* pauses between the sentences of a talk are rarely longer */
        .sure_q15 = 32440,           /* 0.99: with less, some sentences with pauses are cut */
        .scorecard =                 /* rounded from the shipped English network's */
        {
            .bias_q8 = 1137,
            .curves =
                {
                    [DECODER_LOSS] = {4, {-256, 0, 256, 512}, {-180, -350, -850, -1000}},
                    [DECODER_GAP] = {2, {1024, 2048}, {-110, -340}},
                    [DECODER_WORD_GAP] = {3, {2048, 3072, 5120}, {0, -290, -430}},
                    [DECODER_BEFORE] = {2, {0, 3072}, {0, -270}},
                    [DECODER_AFTER] = {2, {0, 3072}, {0, -380}},
                    [DECODER_WINDOW] = {3, {0, 2560, 6400}, {0, -210, -920}},
                    [DECODER_ENTROPY] = {2, {384, 640}, {0, -590}},
                    [DECODER_PEAK] = {2, {512, 1024}, {0, -550}},
                    [DECODER_MARGIN] = {3, {0, 512, 1024}, {0, 85, 440}},
                    [DECODER_EXACT] = {7, {384, 512, 640, 768, 896, 1024, 1536}, {0, -514, -583, -742, -742, -1126, -2312}},
                    /* A bound, not fitted: no sentence that was said has more than 30 nats in docs/ACCURACY.md, several words that
                     * were not said have 26 to 60. */
                    [DECODER_WIDE] = {2, {7680, 10752}, {0, -1536}},
                },
        },
        .spotting = {.slope_q8 = 256},
        .confidence_offset_q8 = -205, /* -0.8 nats a phone */
        .confidence_scale_q8 = 512,   /* slope 2 a nat: confidence 0.88 one nat above, 0.12 one nat below */
        .end_margin_q8 = 1024,        /* 4 nats */
        .final_silence_ms = 200,
        .end_silence_ms = 700,
        .open_silence_ms = 1200,
        .no_speech_ms = 5000,
        .max_speech_ms = 20000,
        .step_ms = 30,
        .lateness_ms = 0,
    };
}

static uint32_t either(uint32_t a, uint32_t b) {
    return a > 0 ? a : b;
}

void decoder_rules(struct decoder_rule rules[DECODER_N_RULES], const struct decoder_options *o, const struct grammar_pauses *p) {
    static const struct grammar_pauses none;
    p = p ? p : &none;
    uint32_t end_ms = either(p->end_silence_ms, o->end_silence_ms);
    uint32_t final_ms = either(p->final_silence_ms, o->final_silence_ms);
    /* An incomplete sentence gets no less time than a complete one has here. */
    uint32_t open_ms = either(p->open_silence_ms, o->open_silence_ms > p->end_silence_ms ? o->open_silence_ms : p->end_silence_ms);
    uint32_t unsure_ms = (final_ms + end_ms) / 2;
    const struct decoder_rule table[DECODER_N_RULES] = {
        /* speech, complete, final, sure, silence, length, verdict */
        {NO, ANY, ANY, ANY, 0, o->no_speech_ms, TRAGUS_REASON_NONE}, {YES, YES, YES, YES, final_ms, 0, TRAGUS_REASON_NONE},
        {YES, YES, YES, ANY, unsure_ms, 0, TRAGUS_REASON_NONE},      {YES, YES, ANY, ANY, end_ms, 0, TRAGUS_REASON_NONE},
        {YES, ANY, ANY, ANY, open_ms, 0, TRAGUS_REASON_NONE},        {YES, ANY, ANY, ANY, 0, o->max_speech_ms, TRAGUS_TOO_LONG},
    };
    for (unsigned i = 0; i < DECODER_N_RULES; i++)
        rules[i] = table[i];
}

uint16_t decoder_confidence(const struct decoder_options *o, int32_t ratio_q8) {
    int64_t x_q8 = base_round_shift(((int64_t)ratio_q8 - o->confidence_offset_q8) * o->confidence_scale_q8, 8);
    return decoder_logistic((int32_t)base_clamp(x_q8, INT16_MIN, INT16_MAX));
}
