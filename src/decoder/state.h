/* SPDX-License-Identifier: Apache-2.0 */
/* decoder/state.h: what the files of this room share. Private to the room.
 *
 * All scores are Q8 nats relative to the greedy path: each row is reduced by its greatest value (after the blank penalty). A
 * path's score is therefore also its log-likelihood ratio against the best label of each row, and always <= 0. The sum of what was
 * subtracted is kept in 64 bits.
 */
#ifndef TRAGUS_DECODER_STATE_H
#define TRAGUS_DECODER_STATE_H

#include "decoder/decoder.h"
#include "decoder/evidence.h"
#include "nn/verifier.h"

#define DECODER_NONE UINT32_MAX
#define DECODER_RIVAL_LIMIT (12 * 256) /* nats; a sentence this far behind the best one is no rival */
#define DECODER_EDGE_STEPS 13u         /* before and after a sentence, for its evidence: 390 ms */
#define DECODER_NO_SCORE (-(1 << 30))  /* below every real score, but far enough from INT32_MIN for additions */
#define DECODER_STAY 0x80000000u       /* in a candidate's source: that token stays on its arc */
#define DECODER_N_BINS 256u

struct decoder_entry { /* one phone of a path */
    uint32_t previous; /* entry, or DECODER_NONE; always a lower index */
    uint32_t arc;
    uint32_t start_step, end_step; /* first and last step in which it sounds; steps count from 1 */
    int32_t score_q8;              /* of these steps */
    int32_t gap_q8;                /* of the blank steps before it, since the phone before or the start */
};

struct decoder_token {
    int32_t score;
    uint32_t history;    /* the phone before `arc` */
    uint32_t arc;        /* of the phone that sounds or sounded last; DECODER_NONE: none yet */
    uint32_t entry;      /* its history entry, or DECODER_NONE: made only when a following phone begins */
    uint32_t start_step; /* in which it began */
    uint32_t last_step;  /* last step in which it sounded; 0 = none yet */
    int32_t start_score; /* before start_step */
    int32_t last_score;  /* in last_step; 0 = none yet */
    int32_t gap_q8;      /* score of the blank steps before it */
    uint32_t loop;       /* in free words: the graph's loop, plus 1; else 0 */
    uint32_t state;      /* and that of the language model */
    int32_t lm_q8;       /* what the language model has taken off the score */
};

struct decoder_free; /* see free.c */

struct decoder_path { /* a path's phones in order; see decoder_history_path */
    uint32_t n_phones;
    const uint32_t *entries; /* of all but the last */
    int32_t lm_q8;           /* what the language model took for its free words */
    struct decoder_entry last;
};

struct decoder_active {
    uint32_t id; /* an arc whose phone sounds, or a node in blank */
    struct decoder_token token;
};

struct decoder_filler_token {
    int32_t score;
    uint32_t n_phones;
    uint32_t last_step; /* 0 = none yet */
};

struct decoder_filler {
    unsigned n_labels;
    int64_t taken_off;                   /* subtracted by normalising; the full score is taken_off + score */
    struct decoder_filler_token *tokens; /* by label, 0 the blank */
    struct decoder_filler_token best;
};

struct decoder_node { /* a node reached in the previous step, and the tokens that reached it */
    uint32_t node;
    uint32_t blank; /* token in blank here, or DECODER_NONE */
    uint32_t in1;   /* best token on an incoming arc */
    uint32_t in2;   /* best one with another phone */
};

struct decoder_candidate {
    int32_t score;
    uint32_t id;     /* arc or node */
    uint32_t source; /* source token; with DECODER_STAY set, the arc's own token */
};

struct decoder_histogram { /* how many candidates have a score, for pruning */
    int32_t best, least, width;
    uint32_t bins[DECODER_N_BINS];
};

struct decoder_moment {                 /* what the endpoint rules look at */
    bool speech, complete, last, final; /* last: nothing can follow; final: and its last phone has ended */
    const struct decoder_rule *rules;   /* of the best sentence */
    uint32_t silence_ms, length_ms;
};

struct decoder_rule {                                       /* an endpoint rule: ends the utterance when all its conditions hold */
    enum { ANY, NO, YES } in_speech, complete, final, sure; /* final: nothing can follow; sure: see sure_q15 */
    uint32_t silence_ms;                                    /* at least this long since a phone sounded */
    uint32_t length_ms; /* at least this long since the start, or since speech began if it has begun */
    tragus_reason reason;
};
#define DECODER_N_RULES 6

struct decoder {
    struct decoder_options options;
    const struct graph *graph;
    unsigned n_labels;
    uint32_t max_tokens, max_history;
    struct decoder_rule *rules; /* DECODER_N_RULES for the session's pauses, then for each of the graph's */

    uint32_t step;         /* rows so far */
    uint32_t doubted_step; /* in which a sentence ended that was not sure when silence after it was assumed; 0: none */
    uint32_t n_assumed;    /* of them assumed, see decoder_assume */
    enum listener_state state;
    tragus_reason ended_by; /* TRAGUS_REASON_NONE or TRAGUS_TOO_LONG */
    uint32_t speech_step;   /* in which speech began; 0 = not yet */
    int64_t greedy_sum;     /* sum of what was subtracted from the rows */
    int64_t taken_off;      /* subtracted by normalising */
    int32_t *gain;          /* by label: this row, relative to its greatest value */
    int16_t *rows;          /* the last max_rows of them: step s at (base_row + s) % max_rows */
    uint32_t max_rows, base_row;
    const struct nn_verifier *verifier; /* NULL: none */
    unsigned row_width, n_sketch;       /* n_sketch: channels of the sketch */
    int8_t *sketches;                   /* of the rows kept; NULL: no verifier */
    uint32_t talk_ms;                   /* since other talk, at the start; see decoder_follow_talk */
    uint32_t n_before;                  /* rows kept from before the utterance, at most DECODER_EDGE_STEPS */
    int32_t *path_scores;               /* of the best path, by row */
    bool spots;                         /* only the path is judged, because what surrounds it is other speech */
    uint32_t forbidden;                 /* word that may not be a path's first; GRAPH_NO_WORD: none */

    struct decoder_active *tokens, *next_tokens; /* arcs first, then nodes */
    uint32_t n_arcs, n_tokens;
    uint32_t best;                 /* best token, or DECODER_NONE if none is left */
    uint32_t best_complete;        /* best token where a sentence may end, or DECODER_NONE */
    bool has_complete;             /* whether `complete` is set */
    struct decoder_token complete; /* the best complete sentence of all steps, followed by silence: pruning cannot lose it */

    /* Sparse sets (Briggs and Torczon, 1993): index[x] is where x would be in the list; x is in it only if the list agrees. */
    uint32_t *arc_index, *node_index;
    struct decoder_node *nodes;
    uint32_t n_nodes;
    uint8_t *handled; /* by token */
    struct decoder_candidate *arc_candidates, *node_candidates;
    uint32_t n_arc_candidates, n_node_candidates;

    struct decoder_entry *history;
    uint32_t n_history;
    uint32_t *history_moved; /* scratch memory for garbage collection and for decoder_history_path */

    struct decoder_filler filler;
    struct decoder_active *kept_tokens; /* scratch memory for decoder_assume */
    struct decoder_filler_token *kept_filler;
    struct decoder_free *free; /* NULL: the graph has no free words */
    int32_t choice_q8;         /* natural logarithm of the number of ways through the graph */
    uint16_t *to_end;          /* by node: phones missing to a final node; UINT16_MAX = too many */
    uint8_t *ending;           /* by node: is_final of the nearest final node; 0: none */
};

/* rivals.c */
/* Finds the rivals of the sentence on this path. Only after the last step; the tokens are lost. */
void decoder_rivals(struct decoder *d, const struct decoder_path *path, struct listener_result *ret);

/* decoder.c */
/* By label; one of the last max_rows. Steps 0 and less were before the utterance. */
int16_t *decoder_row(const struct decoder *d, int64_t step);
uint32_t decoder_node_of(const struct decoder *d, uint32_t token); /* where its blank lies, or its arc leads */
void decoder_start_at(struct decoder *d, uint32_t node, int32_t score);
/* Lets a new path begin, with score 0: adds a token at the graph's start, or replaces the one there. The others pay cost_q8. */
void decoder_start_again(struct decoder *d, int32_t cost_q8);
void decoder_hear(struct decoder *d, const int16_t *posteriors); /* the next row, into d->gain and the rows kept */
void decoder_pass(struct decoder *d);                            /* passes the tokens through the row in d->gain */

/* Makes *t, a copy of a token that enters an arc. Returns false if it needs a history entry and the pool is full, or if the word is
 * forbidden. */
bool decoder_enter(struct decoder *d, struct decoder_token *t, struct decoder_token *source, uint32_t arc);
/* Compares next_tokens[token], which is in a node or leads there, with the best so far. */
void decoder_note_best(struct decoder *d, uint32_t token, uint32_t node);

/* Pruning: begin, count all candidates, then get the lowest score to keep, so that at most max_tokens of them are kept, unless all
 * are in the first bin. */
struct decoder_histogram decoder_histogram_begin(int32_t best, int32_t beam_q8);
static inline void decoder_histogram_count(struct decoder_histogram *h, int32_t score) {
    if (score >= h->least)
        h->bins[(h->best - score) / h->width]++;
}
int32_t decoder_histogram_edge(const struct decoder_histogram *h, uint32_t max_tokens);

/* endpoint.c */
void decoder_end_by_rules(struct decoder *d); /* sets the state, and ends the utterance if a rule holds */

/* free.c */
struct decoder_free *decoder_free_place(struct base_arena *a);
void decoder_free_pass(struct decoder *d); /* passes the tokens through the row in d->gain, if the graph has free words */

/* history.c */
/* Makes, if missing, the history entry of t's last phone (DECODER_NONE if it has none). Returns false when the pool is full. */
bool decoder_history_commit(struct decoder *d, struct decoder_token *t, uint32_t *ret);
/* The phones of t's path. Valid until the next step. */
void decoder_history_path(struct decoder *d, const struct decoder_token *t, struct decoder_path *ret);
const struct decoder_entry *decoder_history_phone(const struct decoder *d, const struct decoder_path *p, uint32_t i);
uint32_t decoder_history_word(const struct decoder *d, uint32_t arc); /* that the phone completes; GRAPH_NO_WORD: none */
void decoder_history_collect(struct decoder *d);                      /* frees the entries that no token references */

/* evidence.c */
struct decoder_worst {   /* phones of a path; its number of phones stands for its end */
    uint32_t gap, doubt; /* the phone after its worst gap, and after the pair that is doubted most */
};

/* Computes the features from GAP to PEAK of a path with phones, and its doubts. Returns false if its rows are no longer kept. */
bool decoder_evidence(const struct decoder *d, const struct decoder_path *path, int32_t f[DECODER_N_FEATURES],
                      struct decoder_worst *ret);

/* Sets the ratios, when the other features are set. */
void decoder_set_ratios(int32_t f[DECODER_N_FEATURES]);

int32_t decoder_silence_lost(const struct decoder *d, int64_t from, int64_t to); /* by blank in these steps */
int32_t decoder_blank_loss(const struct decoder *d, const int16_t *posteriors);  /* by blank in a row that was not heard yet */

/* doubt.c */
void decoder_hear_sketch(struct decoder *d, const int16_t *row); /* keeps the sketch of the row of d->step */
/* Sets DOUBT and WORST_DOUBT of a path with phones, looking at the steps from..to, which are kept. *ret_worst: the phone after the
 * worst pair, if there is one; the number of phones if it is the end. */
void decoder_doubts(const struct decoder *d, const struct decoder_path *path, int64_t from, int64_t to,
                    int32_t f[DECODER_N_FEATURES], uint32_t *ret_worst);

/* filler.c */
void decoder_filler_place(struct base_arena *a, struct decoder_filler *f, unsigned n_labels);
void decoder_filler_start(struct decoder_filler *f);
void decoder_filler_step(struct decoder_filler *f, const int32_t *gain, int32_t penalty_q8, uint32_t step);

/* result.c */
/* Words, times and features of a token's path alone, whatever is said before or after it; the loss is that against the greedy path.
 * Returns false if it has no words, or its rows are no longer kept. */
bool decoder_describe(struct decoder *d, const struct decoder_token *t, struct listener_result *ret, int32_t f[DECODER_N_FEATURES]);
void decoder_set_features(struct listener_result *ret, const int32_t f[DECODER_N_FEATURES]);
/* The logarithm of the odds that these features stand for. */
int32_t decoder_logit(const struct decoder_scorecard *card, const int32_t f[DECODER_N_FEATURES]);
bool decoder_is_sure(struct decoder *d); /* whether the confidence of d->complete is at least options.sure_q15 */

/* options.c */
/* The rules for sentences with these pauses; NULL: the options' own. */
void decoder_rules(struct decoder_rule rules[DECODER_N_RULES], const struct decoder_options *o, const struct grammar_pauses *p);
uint16_t decoder_confidence(const struct decoder_options *o, int32_t ratio_q8);

#endif
