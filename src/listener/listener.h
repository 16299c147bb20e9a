/* SPDX-License-Identifier: Apache-2.0 */
/* listener/listener.h: the contract between the engine and whoever listens to a sound: a table of operations.
 *
 * The acoustic network turns a sound into rows of log-posteriors, once, whoever listens. A listener takes these rows and finds out
 * what was said. The first one is the grammar decoder (decoder/decoder.h); a phrase spotter or a decoder for free words is another
 * table. The engine, its threads and the service know these operations and no others.
 */
#ifndef TRAGUS_LISTENER_LISTENER_H
#define TRAGUS_LISTENER_LISTENER_H

#include "base/arena.h"
#include "tragus.h"

#include <stdint.h>

#define LISTENER_MAX_WORDS 64

enum listener_state { LISTENER_WAITING, LISTENER_SPEAKING, LISTENER_ENDED };

struct listener_word {
    uint32_t word;             /* index into the words of the listener's graph */
    uint32_t start_ms, end_ms; /* from the first row after start */
    uint16_t confidence_q15;
};

struct listener_result {
    tragus_reason reason; /* TRAGUS_REASON_NONE: accepted */
    uint32_t n_words;     /* the best complete sentence, also when rejected; of a longer one the first LISTENER_MAX_WORDS */
    struct listener_word words[LISTENER_MAX_WORDS];
    uint16_t confidence_q15;
    int32_t score_q8;          /* of the path: its log-posteriors, the blank's penalised, summed; clamped to int32 */
    int32_t ratio_q8;          /* path against the free loop of phones, a phone */
    int32_t evidence_q8;       /* path against silence, a phone */
    uint32_t start_ms, end_ms; /* of the speech */
};

/* The words so far. Later rows may change those behind the first n_stable. */
struct listener_partial {
    uint32_t n_words, n_stable, words[LISTENER_MAX_WORDS];
};

/* setup and the returned state are the listener's own types. Every operation but place is called by the sound thread, which may
 * not allocate, lock or do I/O. */
struct listener_ops {
    const char *name; /* for logs and tests */
    /* Takes all memory from the arena. Called twice with the same setup, see base/arena.h; returns NULL while the arena counts. */
    void *(*place)(struct base_arena *a, const void *setup);
    /* Begins an utterance. */
    void (*start)(void *listener);
    /* Takes one row of log-posteriors (Q8 nats, label 0 the blank). After LISTENER_ENDED the engine calls finish. */
    enum listener_state (*step)(void *listener, const int16_t *posteriors);
    /* Tells the words of the best path so far. */
    void (*partial)(const void *listener, struct listener_partial *ret);
    /* Decides what was said since start, or why it is rejected. */
    void (*finish)(void *listener, struct listener_result *ret);
};

#endif
