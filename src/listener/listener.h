/* SPDX-License-Identifier: Apache-2.0 */
/* listener/listener.h: the interface between the engine and a listener: a table of operations.
 *
 * The acoustic network turns a sound into rows of log-posteriors once, for all listeners. A listener takes these rows and finds
 * out what was said. There are two: the decoder of a grammar and the spotter of wake phrases (decoder/decoder.h). The engine, its
 * threads and the service use only these operations.
 */
#ifndef TRAGUS_LISTENER_LISTENER_H
#define TRAGUS_LISTENER_LISTENER_H

#include "base/arena.h"
#include "tragus.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LISTENER_MAX_WORDS 64
#define LISTENER_MAX_RIVALS 6
#define LISTENER_MAX_FEATURES 19

enum listener_state { LISTENER_WAITING, LISTENER_SPEAKING, LISTENER_ENDED };

struct listener_word {
    uint32_t word;             /* index into the words of the listener's graph */
    uint32_t start_ms, end_ms; /* counted from the first row after start */
    uint16_t confidence_q15;
};

/* Where a sentence does not fit the sound. */
enum listener_fault {
    LISTENER_FAULT_NONE,
    LISTENER_FAULT_BEFORE, /* something unknown before the sentence */
    LISTENER_FAULT_AFTER,  /* or after it */
    LISTENER_FAULT_GAP,    /* before word fault_word */
    LISTENER_FAULT_WORD,   /* word fault_word is not clear */
};

struct listener_rival {
    int32_t margin_q8; /* nats below the best sentence */
    int32_t cost_q8;   /* what it takes off logit_q8, if it has another meaning */
    uint32_t n_words, words[LISTENER_MAX_WORDS];
};

struct listener_result {
    tragus_reason reason; /* TRAGUS_REASON_NONE: accepted, unless a rival has another meaning */
    uint32_t n_words;     /* the best complete sentence, even if rejected; truncated to LISTENER_MAX_WORDS */
    struct listener_word words[LISTENER_MAX_WORDS];
    uint16_t confidence_q15; /* if no rival has another meaning */
    int32_t logit_q8;        /* logarithm of the odds that confidence_q15 stands for */
    enum listener_fault fault;
    uint32_t fault_word;
    uint32_t n_rivals; /* the nearest first */
    struct listener_rival rivals[LISTENER_MAX_RIVALS];
    int32_t score_q8;          /* sum of the path's log-posteriors, after the blank penalty; clamped to int32 */
    int32_t ratio_q8;          /* path against the free phone loop, per phone */
    uint32_t start_ms, end_ms; /* of the speech */
    uint32_t n_rows_after;     /* rows after the last one in which a phone of the sentence sounds */
    uint32_t n_features;       /* numbers from which the listener computed its confidence, Q8; 0: none */
    int16_t features[LISTENER_MAX_FEATURES];
};

/* What was heard before an utterance. */
struct listener_before {
    bool follows;     /* its first row follows the last row of the utterance before, without a gap */
    uint32_t talk_ms; /* from the end of other talk, which was no sentence, to its first row; LISTENER_NO_TALK: there was none */
};
#define LISTENER_NO_TALK UINT32_MAX

/* The words so far. Later rows may change those after the first n_stable. */
struct listener_partial {
    uint32_t n_words, n_stable, words[LISTENER_MAX_WORDS];
};

/* The types of setup and of the state returned by place are the listener's own. All operations except place run in the sound
 * thread, which may not allocate, lock or do I/O. */
struct listener_ops {
    const char *name; /* for logs and tests */
    /* Allocates all memory from the arena. Called twice with the same setup, see base/arena.h; returns NULL while the arena only
     * counts. */
    void *(*place)(struct base_arena *a, const void *setup);
    void (*start)(void *listener, const struct listener_before *before); /* begins an utterance */
    /* Takes one row: log-posteriors (Q8 nats, label 0 the blank), then the sketch, if the model has one (nn/verifier.h). After
     * LISTENER_ENDED the engine calls finish. */
    enum listener_state (*step)(void *listener, const int16_t *posteriors);
    /* How many more rows without speech would end the utterance; 0: it is not known, or nothing was understood yet. NULL: never. */
    uint32_t (*rows_to_end)(const void *listener);
    /* The network looks ahead, so the latest rows are not known yet. These n are what they would be if nothing more is said.
     * Returns whether the utterance is over then; if so, the engine calls finish, else nothing has changed. */
    bool (*assume)(void *listener, const int16_t *posteriors, size_t n);
    /* Returns the words of the best path so far. */
    void (*partial)(const void *listener, struct listener_partial *ret);
    /* Decides what was said since start, or why to reject it. */
    void (*finish)(void *listener, struct listener_result *ret);
};

#endif
