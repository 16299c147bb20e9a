/* SPDX-License-Identifier: Apache-2.0 */
#include "decoder/background.h"
#include "base/fixed.h"
#include "decoder/state.h"
#include "lm/lm.h"

#include <string.h>

/* No word of the grammar costs more than this: its author has said that it is likely here. Names are in no language model. */
#define MOST_WORD_Q8 1792 /* 7 nats */
#define BEAM_Q8 1792      /* 7 nats: less than for words that are reported; with 10 the same sentences are told apart */

struct decoder_background {
    struct decoder *decoder;
};

struct decoder_background *decoder_background_place(struct base_arena *a, const struct graph *words, unsigned n_labels,
                                                    const struct decoder_options *o) {
    struct decoder_options own = *o;
    own.free_beam_q8 = own.free_beam_q8 < BEAM_Q8 ? own.free_beam_q8 : BEAM_Q8;
    own.blank_penalty_q8 = 0; /* the rows that a decoder keeps have paid it */
    struct decoder_background *b = base_arena_place(a, sizeof *b);
    struct decoder *d = decoder_place(a, words, n_labels, &own);
    if (b)
        b->decoder = d;
    return b;
}

/* What the language model takes for the words of a result. */
static int64_t cost_of(const struct decoder_background *b, const struct decoder *d, const struct listener_result *r) {
    const struct lm *lm = b->decoder->graph->lm;
    uint32_t state = lm_start(lm);
    int64_t cost_q8 = 0;
    for (uint32_t i = 0; i < r->n_words; i++) {
        uint32_t word = lm_find(lm, graph_word(d->graph, r->words[i].word));
        int32_t word_q8 = MOST_WORD_Q8;
        if (word == LM_NO_WORD)
            state = 0;
        else
            word_q8 = lm_next(lm, state, word, &state);
        cost_q8 += word_q8 < MOST_WORD_Q8 ? word_q8 : MOST_WORD_Q8;
    }
    cost_q8 += lm_end(lm, state);
    return base_round_shift(cost_q8 * d->options.lm_scale_q8, 8);
}

bool decoder_background_compare(struct decoder_background *b, const struct decoder *d, const struct decoder_path *path,
                                const struct listener_result *r, int32_t *ret_gain_q8, int32_t *ret_lead_q8) {
    struct decoder *words = b->decoder;
    int64_t from, to;
    decoder_evidence_span(d, path, &from, &to);
    decoder_start(words);
    for (int64_t step = from; step <= to; step++) { /* too few rows to need normalising; nobody asks when they end */
        decoder_hear(words, decoder_row(d, step));
        decoder_pass(words);
    }
    if (!words->has_complete || words->complete.arc == DECODER_NONE)
        return false;
    int64_t free_q8 = words->complete.score, gain_q8 = free_q8 + words->complete.lm_q8;
    int64_t sentence_q8 = -decoder_path_lost(d, path, from, to);
    *ret_gain_q8 = (int32_t)base_clamp(gain_q8 - sentence_q8, INT32_MIN, INT32_MAX);
    *ret_lead_q8 = (int32_t)base_clamp(free_q8 - (sentence_q8 - cost_of(b, d, r)), INT32_MIN, INT32_MAX);
    return true;
}

void decoder_background_wipe(struct decoder_background *b) {
    if (b)
        explicit_bzero(b->decoder->rows, (size_t)b->decoder->max_rows * b->decoder->n_labels * sizeof *b->decoder->rows);
}
