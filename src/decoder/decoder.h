/* SPDX-License-Identifier: Apache-2.0 */
/* decoder/decoder.h: finds the best sentence of a graph for rows of log-posteriors: token passing with CTC topology, in integers.
 *
 * A token is on an arc (its phone sounds) or on a node (blank). In each step a token may stay, go to blank, or enter a following
 * arc; repeating a phone needs a blank in between (Graves et al., 2006). A constant is subtracted from the blank's log-posterior
 * (blank deweighting: Zhang, Sun and Ma, 2021, arXiv 2101.06856). A filler, a free phone loop beside the graph, is the reference
 * for confidence and rejection. The endpoint is decided by a table of rules on trailing blank, length, and whether the best token
 * may end here.
 */
#ifndef TRAGUS_DECODER_DECODER_H
#define TRAGUS_DECODER_DECODER_H

#include "base/arena.h"
#include "decoder/evidence.h"
#include "graph/graph.h"
#include "listener/listener.h"
#include "nn/verifier.h"

#include <stdbool.h>
#include <stdint.h>

struct decoder_options {
    int32_t blank_penalty_q8;     /* subtracted from the blank's log-posterior, Q8 nats */
    int32_t beam_q8;              /* prunes tokens this far below the best, Q8 nats */
    int32_t free_beam_q8;         /* the same for a graph with free words, where many more tokens are near the best */
    uint32_t max_tokens;          /* tokens kept per step */
    uint32_t max_history;         /* phones of all histories; garbage-collected when full */
    int32_t lm_scale_q8;          /* weight of the language model's costs in free words, Q8 */
    int32_t free_word_penalty_q8; /* cost per free word, Q8 nats */
    int32_t word_penalty_q8;      /* cost per word, Q8 nats; not part of any reported score */
    int32_t filler_penalty_q8;    /* cost per phone of the filler, Q8 nats */
    int32_t prior_q8;             /* weight of the logarithm of the number of sentences, which lowers the confidence */
    int32_t min_confidence_q15;   /* least confidence of a sentence; 0: no sentence is rejected */
    int32_t after_talk_q8;        /* taken off the logarithm of the odds of a sentence just after other talk, Q8 nats */
    uint32_t after_talk_ms;       /* how long after */
    int32_t sure_q15;             /* confidence from which a sentence that nothing can follow ends early */
    struct decoder_scorecard scorecard;
    struct decoder_spotting spotting;
    int32_t confidence_offset_q8; /* of a word: the ratio per phone, Q8 nats, at which its confidence is 0.5 */
    int32_t confidence_scale_q8;  /* slope of the logistic curve there, Q8 per nat */
    int32_t end_margin_q8;        /* a sentence may end if it is at most this far below the best token, Q8 nats */
    uint32_t final_silence_ms;    /* trailing silence that ends a complete sentence that nothing can follow */
    uint32_t end_silence_ms;      /* trailing silence that ends a complete sentence */
    uint32_t open_silence_ms;     /* trailing silence that ends an incomplete one */
    uint32_t no_speech_ms;        /* silence from decoder_start that ends the utterance */
    uint32_t max_speech_ms;       /* longest speech, from the first phone heard */
    uint32_t step_ms;             /* duration of one row of posteriors */
    uint32_t lateness_ms;         /* delay from a sound to the network's spike: subtracted from the times of words */
};

struct decoder;

struct decoder_options decoder_defaults(void); /* options.c explains the values */

/* What a decoder, or another listener of this room, is made of. The graph must outlive it. */
struct decoder_setup {
    const struct graph *graph;
    unsigned n_labels;
    unsigned row_width;                 /* values in a row: the posteriors, then the sketch for the verifier */
    const struct nn_verifier *verifier; /* outlives the listener; NULL: nothing is verified */
    struct decoder_options options;
};

/* Called twice, see base/arena.h; returns NULL while counting. */
struct decoder *decoder_place(struct base_arena *a, const struct decoder_setup *setup);

/* Begins an utterance: one token at the graph's start. */
void decoder_start(struct decoder *d);

/* The same for an utterance that follows the last one without a gap: the rows before it count as what was heard before it. */
void decoder_continue(struct decoder *d);

/* Other talk, which was no sentence, ended so long before the utterance just begun; LISTENER_NO_TALK, as after a start: never. */
void decoder_follow_talk(struct decoder *d, uint32_t talk_ms);

/* Takes one row of row_width values: log-posteriors (Q8 nats, label 0 blank), then the sketch. Never allocates. Returns the state;
 * after ENDED, call decoder_finish. */
enum listener_state decoder_step(struct decoder *d, const int16_t *posteriors);

/* How many more silent rows would end the utterance, if the sentence heard so far is complete and silence has begun; else 0. */
uint32_t decoder_rows_to_end(const struct decoder *d);
/* Takes n rows like decoder_step, until the utterance ends. If it does not, forgets them again and returns false. */
bool decoder_assume(struct decoder *d, const int16_t *posteriors, size_t n);

/* The words of the best token so far, complete or not. Words shared by all tokens within the beam are stable. */
void decoder_partial(const struct decoder *d, struct listener_partial *ret);

/* Decides the result: the best sentence that may end here, with times and confidence, or why it is rejected. Only a new start may
 * follow. */
void decoder_finish(struct decoder *d, struct listener_result *ret);

/* Two listeners; place takes a struct decoder_setup. decoder_listener is the decoder.
 * decoder_spotter waits for a sentence of the graph anywhere in other speech; it ends when it has heard one, and its result is
 * empty if it is asked before. */
extern const struct listener_ops decoder_listener, decoder_spotter;

#endif
