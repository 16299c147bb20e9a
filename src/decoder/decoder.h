/* SPDX-License-Identifier: Apache-2.0 */
/* decoder/decoder.h: rows of log-posteriors to the best sentence of a graph: token passing with CTC topology, in integers.
 *
 * A token stands on an arc (its phone sounds) or on a node (blank). Each step every token may stay, go to the blank, or enter a
 * following arc; the same phone twice needs a blank between (Graves et al., 2006). A constant is taken off the blank's
 * log-posterior (blank deweighting: Zhang, Sun and Ma, 2021, arXiv 2101.06856). Beside the graph a filler, a free loop of phones,
 * sets the scale for confidence and rejection. Endpoint: a table of rules over trailing blank, length, and whether the best token
 * may end here.
 */
#ifndef TRAGUS_DECODER_DECODER_H
#define TRAGUS_DECODER_DECODER_H

#include "base/arena.h"
#include "graph/graph.h"
#include "listener/listener.h"

#include <stdbool.h>
#include <stdint.h>

struct decoder_options {
    int32_t blank_penalty_q8;     /* taken off the blank's log-posterior, Q8 nats */
    int32_t beam_q8;              /* tokens this much below the best are dropped, Q8 nats */
    uint32_t max_tokens;          /* tokens kept a step */
    uint32_t max_history;         /* word-history entries; collected when full */
    int32_t word_penalty_q8;      /* cost of each word, Q8 nats; in no score that is told */
    int32_t filler_penalty_q8;    /* cost of each phone of the filler, Q8 nats */
    int32_t prior_q8;             /* weight of the logarithm of the number of sentences, which confidence falls with */
    int32_t reject_q8;            /* least ratio_q8 of a result; INT32_MIN: none is too low */
    int32_t least_evidence_q8;    /* least evidence_q8 of a result */
    int32_t min_confidence_q15;   /* least utterance confidence; with 0 and INT32_MIN above nothing complete is rejected */
    int32_t confidence_offset_q8; /* the ratio a phone, Q8 nats, at which confidence is one half */
    int32_t confidence_scale_q8;  /* steepness of the logistic curve there, Q8 a nat */
    int32_t end_margin_q8;        /* a sentence may end while it is at most this much below the best token, Q8 nats */
    uint32_t end_silence_ms;      /* trailing silence that ends a complete sentence */
    uint32_t open_silence_ms;     /* that ends one that could not end here */
    uint32_t no_speech_ms;        /* nothing said, from decoder_start */
    uint32_t max_speech_ms;       /* from the first phone heard */
    uint32_t step_ms;             /* time of one row of posteriors */
    uint32_t lateness_ms;         /* how long after a sound its phone is heard: taken off the times of words */
};

struct decoder;

struct decoder_options decoder_defaults(void); /* the numbers and where they come from: options.c */

/* Places a decoder for graph (which must outlive it; n_labels is the width of a row). Twice, see base/arena.h; NULL while counting.
 */
struct decoder *decoder_place(struct base_arena *a, const struct graph *g, unsigned n_labels, const struct decoder_options *o);

/* Begins an utterance: one token at the graph's start. */
void decoder_start(struct decoder *d);

/* One row of log-posteriors (Q8 nats, label 0 blank). Never allocates. Returns the state; after ENDED, call decoder_finish. */
enum listener_state decoder_step(struct decoder *d, const int16_t *posteriors);

/* The words of the best token so far, complete or not. Those that every token within the beam shares are stable. */
void decoder_partial(const struct decoder *d, struct listener_partial *ret);

/* Decides: the best sentence that may end here, its times and confidence, or why it is rejected. */
void decoder_finish(struct decoder *d, struct listener_result *ret);

/* Sets thresholds between utterances (rejection, silences); sizes must not change. */
void decoder_set_options(struct decoder *d, const struct decoder_options *o);

/* The decoder as a listener: place takes a struct decoder_setup, whose graph must outlive the decoder. */
struct decoder_setup {
    const struct graph *graph;
    unsigned n_labels; /* width of a row */
    struct decoder_options options;
};
extern const struct listener_ops decoder_listener;

#endif
