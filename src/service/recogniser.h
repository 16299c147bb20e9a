/* SPDX-License-Identifier: Apache-2.0 */
/* service/recogniser.h: gated hops to results, for one sound and any number of listeners; main's end and the sound thread's end.
 *
 * The sound thread (the recogniser thread of the microphone, or a batch thread of a descriptor) calls recogniser_take_hop and
 * recogniser_take_commands; it allocates, locks and logs nothing. Main gives commands and takes events through two rings and owns
 * all memory: a listener is made by main, lent with RECOGNISER_ADD, and comes home in a RECOGNISER_RETIRED event; a decoder that
 * was replaced comes home in RECOGNISER_SWAPPED.
 */
#ifndef TRAGUS_SERVICE_RECOGNISER_H
#define TRAGUS_SERVICE_RECOGNISER_H

#include "engine/engine.h"
#include "service/cutter.h"
#include "tragus.h"

#include <stdbool.h>
#include <stdint.h>

#define RECOGNISER_MAX_LISTENERS 64

struct engine_listener;
struct recogniser;

struct recogniser_listener {
    uint64_t session; /* whose; main's number */
    bool partial;     /* wants partial results */
    struct engine_listener *engine;

    /* of the sound thread */
    struct engine_listener *next; /* takes engine's place at the next utterance */
    bool running, speaking;
    bool stopping;
    int64_t stop_hop;                           /* stopping: the first hop of the segment that came after the stop */
    int64_t start_hop;                          /* of the segment, where this utterance begins */
    uint32_t n_rows;                            /* of this utterance */
    uint32_t n_words, words[DECODER_MAX_WORDS]; /* of the last partial result */
};

enum recogniser_command_type {
    RECOGNISER_ADD,  /* listener listens from now on */
    RECOGNISER_STOP, /* listener hears what was pushed before, gets its result, and retires */
    RECOGNISER_DROP, /* listener retires at once */
    RECOGNISER_SWAP, /* engine takes the place of listener's decoder at its next utterance */
    RECOGNISER_WIPE, /* nobody listens any more: forget all sound; answered by RECOGNISER_WIPED */
};

struct recogniser_command {
    enum recogniser_command_type type;
    struct recogniser_listener *listener;
    struct engine_listener *engine;
};

enum recogniser_event_type {
    RECOGNISER_SPEECH_STARTED,
    RECOGNISER_SPEECH_ENDED,
    RECOGNISER_PARTIAL,
    RECOGNISER_RESULT,
    RECOGNISER_SWAPPED,
    RECOGNISER_RETIRED,
    RECOGNISER_WIPED,
};

struct recogniser_event {
    enum recogniser_event_type type;
    struct recogniser_listener *listener; /* main frees it when RETIRED arrives, never before; NULL: SWAPPED came too late */
    struct engine_listener *engine;       /* the decoder that spoke; for SWAPPED: the old one, to be freed */
    uint64_t start_us;                    /* time of the utterance's first row: the zero of the times in result */
    uint64_t time_us;                     /* of the sound at which this was decided */
    union {
        struct decoder_result result;
        struct {
            uint32_t n_words, words[DECODER_MAX_WORDS];
        } partial;
    };
};

struct recogniser_counters {
    uint64_t hops;        /* let through by the gate */
    uint64_t frontend_us; /* stages, by the monotonic clock */
    uint64_t network_us, decoder_us;
    uint64_t lost_events;
};

/* main_fd: eventfd to write when an event is ready. NULL: out of memory. */
struct recogniser *recogniser_new(tragus_model *m, int main_fd);
/* After its thread has ended; zeroes what it held; listeners still lent are main's again (see recogniser_listener_at). */
void recogniser_free(struct recogniser *r);
struct recogniser_listener *recogniser_listener_at(struct recogniser *r, unsigned i); /* NULL: none */

/* --- main --- */
void recogniser_command(struct recogniser *r, struct recogniser_command command); /* the thread must be woken by the caller */
bool recogniser_next_event(struct recogniser *r, struct recogniser_event *ret);
void recogniser_counters(const struct recogniser *r, struct recogniser_counters *ret);
bool recogniser_has_commands(const struct recogniser *r); /* for the watchdog */

/* --- sound thread --- */
/* Some hops wait to go through the network together; taking commands does what they wait for first. So: the hops that are there,
 * then the commands, then sleep. */
void recogniser_take_hop(struct recogniser *r, const struct cutter_hop *hop);
void recogniser_take_commands(struct recogniser *r);
/* End of the input: an open segment ends, and every listener retires. */
void recogniser_end(struct recogniser *r);
/* How many events fit before one is lost; a thread that can wait does. */
uint32_t recogniser_room(const struct recogniser *r);

#endif
