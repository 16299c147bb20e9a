/* SPDX-License-Identifier: Apache-2.0 */
/* listener/listener.h: the interface between the engine and a listener: a table of operations.
 *
 * The acoustic network turns a sound into rows of log-posteriors once, for all listeners. A listener takes these rows and finds
 * out what was said. The grammar decoder (decoder/decoder.h) is the first one; a phrase spotter or a free-text decoder would be
 * another table. The engine, its threads and the service use only these operations.
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
    uint32_t start_ms, end_ms; /* counted from the first row after start */
    uint16_t confidence_q15;
};

struct listener_result {
    tragus_reason reason; /* TRAGUS_REASON_NONE: accepted */
    uint32_t n_words;     /* the best complete sentence, even if rejected; truncated to LISTENER_MAX_WORDS */
    struct listener_word words[LISTENER_MAX_WORDS];
    uint16_t confidence_q15;
    int32_t score_q8;          /* sum of the path's log-posteriors, after the blank penalty; clamped to int32 */
    int32_t ratio_q8;          /* path against the free phone loop, per phone */
    int32_t evidence_q8;       /* path against silence, per phone */
    uint32_t start_ms, end_ms; /* of the speech */
};

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
    /* Begins an utterance. */
    void (*start)(void *listener);
    /* Takes one row of log-posteriors (Q8 nats, label 0 the blank). After LISTENER_ENDED the engine calls finish. */
    enum listener_state (*step)(void *listener, const int16_t *posteriors);
    /* Returns the words of the best path so far. */
    void (*partial)(const void *listener, struct listener_partial *ret);
    /* Decides what was said since start, or why to reject it. */
    void (*finish)(void *listener, struct listener_result *ret);
};

#endif
