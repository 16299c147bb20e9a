/* SPDX-License-Identifier: Apache-2.0 */
/* decoder/state.h: what the files of this room share. Private to the room.
 *
 * All scores are Q8 nats relative to the greedy path: from every row the row's greatest value (the blank's penalised) is taken off,
 * so that a path's score is at the same time its log-likelihood ratio against the best labels one by one, and always <= 0. The sum
 * of what was taken off is kept in 64 bits.
 */
#ifndef TRAGUS_DECODER_STATE_H
#define TRAGUS_DECODER_STATE_H

#include "decoder/decoder.h"

#include <stddef.h>

#define DECODER_NONE UINT32_MAX
#define DECODER_NO_SCORE (-(1 << 30)) /* below every real score, and far enough from INT32_MIN to add to */

struct decoder_entry { /* a word of a word history */
    uint32_t previous; /* entry, or DECODER_NONE; always a lower index */
    uint32_t word;
    uint32_t start_step, end_step; /* first and last step in which a phone of it sounds; steps count from 1 */
    int32_t score_q8;              /* of the word's own steps */
    uint32_t n_phones;
};

struct decoder_token {
    int32_t score;
    uint32_t history;    /* last word before the one below */
    uint32_t word;       /* word just completed; GRAPH_NO_WORD inside a word and before the first */
    uint32_t entry;      /* the history entry made for it, or DECODER_NONE: made once a following word begins */
    uint32_t start_step; /* of the word begun or completed last */
    uint32_t last_step;  /* in which a phone sounded; 0 = none yet */
    int32_t start_score; /* before the word's first phone */
    int32_t last_score;  /* in last_step */
    uint32_t n_phones;   /* of the word begun or completed last */
    uint32_t n_sounding; /* steps in which a phone sounded, of the whole path */
};

struct decoder_active {
    uint32_t id; /* an arc where its phone sounds, or a node in blank */
    struct decoder_token token;
};

struct decoder_filler_token {
    int32_t score;
    uint32_t n_phones;
    uint32_t last_step; /* 0 = none yet */
};

struct decoder_filler {
    unsigned n_labels;
    int64_t taken_off;                   /* by normalising; a score's whole is taken_off + score */
    struct decoder_filler_token *tokens; /* by label, 0 the blank */
    struct decoder_filler_token best;
};

struct decoder_node { /* a node reached in the step before, and by what */
    uint32_t node;
    uint32_t blank; /* token in blank here, or DECODER_NONE */
    uint32_t in1;   /* best token on an arc into it */
    uint32_t in2;   /* best one of another phone */
};

struct decoder_candidate {
    int32_t score;
    uint32_t id;     /* arc or node */
    uint32_t source; /* token; STAY set: the arc's own */
};

struct decoder_rule { /* an endpoint rule: ends the utterance where all of it holds */
    enum { ANY, NO, YES } in_speech, complete;
    uint32_t silence_ms; /* at least this since a phone sounded */
    uint32_t length_ms;  /* at least this since the start, or since speech began where there is speech */
    tragus_reason reason;
};
#define DECODER_N_RULES 4

struct decoder {
    struct decoder_options options;
    const struct graph *graph;
    unsigned n_labels;
    uint32_t max_tokens, max_history;
    struct decoder_rule rules[DECODER_N_RULES];

    uint32_t step; /* rows so far */
    enum listener_state state;
    tragus_reason ended_by; /* ACCEPTED, or TOO_LONG */
    uint32_t speech_step;   /* in which speech began; 0 = not yet */
    int64_t greedy_sum;     /* of what was taken off the rows */
    int64_t taken_off;      /* by normalising */
    int64_t silence;        /* score of the path that is blank throughout */
    int32_t *gain;          /* by label: this row, relative to its best */

    struct decoder_active *tokens, *next_tokens; /* arcs first, then nodes */
    uint32_t n_arcs, n_tokens;
    uint32_t best;                 /* token, DECODER_NONE when none is left */
    uint32_t best_complete;        /* best token where a sentence may end, or DECODER_NONE */
    bool has_complete;             /* of the token below */
    struct decoder_token complete; /* the best complete sentence of all steps, silent since: no beam can lose it */

    /* Sparse sets (Briggs and Torczon, 1993): index[x] says where x would be listed; it is where the list agrees. */
    uint32_t *arc_index, *node_index;
    struct decoder_node *nodes;
    uint32_t n_nodes;
    uint8_t *handled; /* by token */
    struct decoder_candidate *arc_candidates, *node_candidates;
    uint32_t n_arc_candidates, n_node_candidates;

    struct decoder_entry *history;
    uint32_t n_history;
    uint32_t *history_moved; /* scratch of the collection */

    struct decoder_filler filler;
    int32_t choice_q8; /* natural logarithm of the number of ways through the graph */
    uint16_t *to_end;  /* by node: phones that a sentence lacks here; UINT16_MAX = too many */
};

/* history.c */
/* The history after the word that t completed (t's own where it completed none), made where it is missing. False when the pool is
 * full. */
bool decoder_history_commit(struct decoder *d, struct decoder_token *t, uint32_t *ret);
void decoder_history_collect(struct decoder *d); /* drops the entries that no token leads to */

/* filler.c */
void decoder_filler_place(struct base_arena *a, struct decoder_filler *f, unsigned n_labels);
void decoder_filler_start(struct decoder_filler *f);
void decoder_filler_step(struct decoder_filler *f, const int32_t *gain, int32_t penalty_q8, uint32_t step);

/* options.c */
void decoder_rules(struct decoder_rule rules[DECODER_N_RULES], const struct decoder_options *o);
uint16_t decoder_confidence(const struct decoder_options *o, int32_t ratio_q8);

#endif
