/* SPDX-License-Identifier: Apache-2.0 */
/* The filler: any phones in any order, with the same CTC topology as the graph and a cost per phone.
 *
 * It gives the score of the best unconstrained phone sequence. A path far below that does not explain the sound (a phone loop as
 * the alternative hypothesis: Rose and Paul, 1990).
 */
#include "decoder/state.h"

void decoder_filler_place(struct base_arena *a, struct decoder_filler *f, unsigned n_labels) {
    f->n_labels = n_labels;
    f->tokens = base_arena_place(a, n_labels * sizeof *f->tokens);
}

void decoder_filler_start(struct decoder_filler *f) {
    f->taken_off = 0;
    f->best = (struct decoder_filler_token){0};
    f->tokens[0] = f->best;
    for (unsigned i = 1; i < f->n_labels; i++)
        f->tokens[i] = (struct decoder_filler_token){.score = DECODER_NO_SCORE};
}

void decoder_filler_step(struct decoder_filler *f, const int32_t *gain, int32_t penalty_q8, uint32_t step) {
    /* Every phone is entered from the previous step's best token. That may be the same phone, which CTC forbids without a blank in
     * between, but staying is then free and at least as good. */
    struct decoder_filler_token from = f->best;
    f->tokens[0] = from;
    f->tokens[0].score += gain[0];
    f->best = f->tokens[0];
    for (unsigned i = 1; i < f->n_labels; i++) {
        struct decoder_filler_token *t = &f->tokens[i];
        if (from.score - penalty_q8 > t->score) {
            *t = from;
            t->score -= penalty_q8;
            t->n_phones++;
        }
        t->score += gain[i];
        t->last_step = step;
        if (t->score > f->best.score)
            f->best = *t;
    }

    int32_t off = f->best.score; /* keeps the scores small for any length of sound */
    for (unsigned i = 0; i < f->n_labels; i++)
        f->tokens[i].score -= off;
    f->best.score = 0;
    f->taken_off += off;
}
