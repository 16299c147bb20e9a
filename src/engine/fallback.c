/* SPDX-License-Identifier: Apache-2.0 */
/* engine/fallback.c: how far any words that a fallback heard may be trusted.
 *
 * Some words fit any sound, so the evidence of a path says little about them. The share of words that are right follows from how
 * clear the words are, and how likely the language model finds them: `tests/accuracy/free_words.py --confidence` has fitted it.
 */
#include "engine/private.h"

#include "base/assert.h"
#include "base/fixed.h"

#define BIAS_Q8 (-1482)    /* -5.789 */
#define CLEAR_Q8 582       /* 2.273 times the mean logit of the words' confidences */
#define UNLIKELY_Q8 (-149) /* -0.583 times the nats that the language model takes for a word */
#define LEAST_Q15 16       /* confidences nearer to 0 or 1 have no meaning */

double engine_free_confidence(const struct graph *any, const struct engine_free_words *heard) {
    uint32_t state = lm_start(any->lm);
    int64_t clear_q8 = 0, cost_q8 = 0, n = heard->n_words;
    base_assert(n > 0);
    for (uint32_t i = 0; i < heard->n_words; i++) {
        int64_t c = base_clamp(heard->words[i].confidence_q15, LEAST_Q15, (1 << 15) - LEAST_Q15);
        clear_q8 += decoder_ln_q8((uint32_t)c) - decoder_ln_q8((uint32_t)((1 << 15) - c));
        cost_q8 += lm_next(any->lm, state, heard->words[i].word - any->n_words, &state);
    }
    cost_q8 += lm_end(any->lm, state);
    int64_t logit_q8 = BIAS_Q8 + base_round_shift(CLEAR_Q8 * (clear_q8 / n) + UNLIKELY_Q8 * (cost_q8 / (n + 1)), 8);
    return decoder_logistic((int32_t)base_clamp(logit_q8, -(1 << 15), 1 << 15)) / 32768.0;
}
