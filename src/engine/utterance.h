/* SPDX-License-Identifier: Apache-2.0 */
/* engine/utterance.h: the recogniser's state, and what a row of posteriors does to a session. Shared by recogniser.c, which turns
 * hops into rows, and utterance.c, which turns rows into records. Private to them.
 */
#ifndef TRAGUS_ENGINE_UTTERANCE_H
#define TRAGUS_ENGINE_UTTERANCE_H

#include "engine/core.h"
#include "engine/private.h"

#include <stdatomic.h>

#define ENGINE_MOST_ASSUMED 16u /* rows; more than the network looks ahead */
#define ENGINE_WAKE_ROWS 32u    /* more than a spotter takes to decide */
#define ENGINE_POWER_HOPS 512u  /* longer than a wake phrase and the time to decide it */

struct engine_wake {
    struct engine_listener *spotter;
    uint32_t open_hops; /* how long the grammar is open after a phrase */
    uint32_t row_width, step_hops;
    int16_t *rows; /* ring of the last ENGINE_WAKE_ROWS */
    uint32_t n_rows;
    bool running;      /* the spotter has started */
    int64_t start_hop; /* where it has */
    int64_t end_hop;   /* after the last row it has heard; INT64_MIN: none */
    bool open;         /* the phrase was heard: the session's grammar listens ... */
    int64_t close_hop; /* ... until here, or to the end of the sentence that is being said then */
};

struct engine_recogniser {
    struct engine_core *core;
    engine_record_sink *sink;
    void *user;
    struct engine_session *sessions;

    bool in_segment;
    int64_t first_hop;   /* index in the sound of the first hop that went into the core, including padding */
    uint64_t first_us;   /* its time */
    uint64_t opened;     /* hops of the sound that had arrived when the segment began */
    uint64_t n_heard;    /* hops of the sound that have arrived */
    uint64_t next_index; /* index of the hop expected next */
    int64_t n_pushed;    /* hops of the segment so far, including padding */
    int64_t next_hop;    /* where the next row of posteriors begins, counted from first_hop */
    int16_t assumed[ENGINE_MOST_ASSUMED * NN_MAX_WIDTH];
    uint32_t powers[ENGINE_POWER_HOPS]; /* mean square of the hops pushed last, by their number from first_hop */
    bool assuming;                      /* what is decided now depends on all hops pushed */
    struct listener_result free_result; /* of a fallback */
    struct engine_record record;        /* the record being written; too large for a thread's stack */

    _Atomic uint64_t n_hops, listeners_us;
};

/* Fills in a session's record; the caller completes and sends it. */
struct engine_record *engine_utterance_record(struct engine_recogniser *r, enum engine_record_type type, struct engine_session *s);
/* Returns whether there was room for the record. */
bool engine_utterance_send(struct engine_recogniser *r);

/* Gives a session the row that begins at r->next_hop. */
void engine_utterance_step(struct engine_recogniser *r, struct engine_session *s, const int16_t *posteriors);
/* Ends the utterances that are over if nothing more is said. */
void engine_utterance_assume(struct engine_recogniser *r);
/* The segment ends: decides what the session is hearing. */
void engine_utterance_end(struct engine_recogniser *r, struct engine_session *s);

/* wake.c */
void engine_wake_reset(struct engine_wake *w); /* waits for the phrase, and has heard nothing */
void engine_wake_keep(struct engine_wake *w, const int16_t *posteriors);
const int16_t *engine_wake_row(const struct engine_wake *w, uint32_t n_before); /* 0: the last one kept */

#endif
