/* SPDX-License-Identifier: Apache-2.0 */
#include "service/recogniser.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/ring.h"
#include "engine/engine.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N_EVENTS 128
/* Of one listener at most ADD, SWAP, STOP and DROP stand in the ring at once (main waits for SWAPPED before the next SWAP), and a
 * WIPE follows the last of them: it cannot fill. */
#define N_COMMANDS 512
/* Places that partial results leave free, so that results find one. */
#define FINAL_EVENTS 32
/* At most 10 partial results a second: every fourth row of 30 ms. */
#define PARTIAL_ROWS 4

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "counters are read without locks");

struct recogniser {
    struct engine_core *core;
    struct base_ring commands, events;
    struct recogniser_command *command_memory;
    struct recogniser_event *event_memory;
    int main_fd;

    struct recogniser_listener *listeners[RECOGNISER_MAX_LISTENERS];
    unsigned n_listeners;
    bool in_segment;
    uint64_t segment_us;           /* time of the segment's first hop */
    int64_t n_hops;                /* of the segment */
    int64_t next_hop;              /* of the segment, at which the next row of posteriors begins */
    struct recogniser_event event; /* being written */

    _Atomic uint64_t total_hops, decoder_us, lost_events;
};

struct recogniser *recogniser_new(tragus_model *m, int main_fd) {
    struct recogniser *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->main_fd = main_fd;
    r->core = engine_core_new(m);
    r->command_memory = calloc(N_COMMANDS, sizeof(*r->command_memory));
    r->event_memory = calloc(N_EVENTS, sizeof(*r->event_memory));
    if (!r->core || !r->command_memory || !r->event_memory) {
        recogniser_free(r);
        return NULL;
    }
    base_ring_init(&r->commands, r->command_memory, sizeof(*r->command_memory), N_COMMANDS, 0);
    base_ring_init(&r->events, r->event_memory, sizeof(*r->event_memory), N_EVENTS, 0);
    return r;
}

void recogniser_free(struct recogniser *r) {
    if (!r)
        return;
    struct recogniser_command c;
    while (r->command_memory && base_ring_pop(&r->commands, &c)) /* nobody took it any more */
        if (c.type == RECOGNISER_SWAP)
            engine_listener_free(c.engine);
    engine_core_free(r->core);
    if (r->event_memory)
        explicit_bzero(r->event_memory, N_EVENTS * sizeof(*r->event_memory));
    free(r->event_memory);
    free(r->command_memory);
    explicit_bzero(r, sizeof(*r));
    free(r);
}

struct recogniser_listener *recogniser_listener_at(struct recogniser *r, unsigned i) {
    return i < r->n_listeners ? r->listeners[i] : NULL;
}

void recogniser_command(struct recogniser *r, struct recogniser_command command) {
    bool pushed = base_ring_push(&r->commands, &command);
    base_assert(pushed);
}

bool recogniser_next_event(struct recogniser *r, struct recogniser_event *ret) {
    return base_ring_pop(&r->events, ret);
}

bool recogniser_has_commands(const struct recogniser *r) {
    return base_ring_fill(&r->commands) > 0;
}

uint32_t recogniser_room(const struct recogniser *r) {
    return N_EVENTS - base_ring_fill(&r->events);
}

void recogniser_counters(const struct recogniser *r, struct recogniser_counters *ret) {
    uint64_t frontend_ns, network_ns, steps;
    engine_core_times(r->core, &frontend_ns, &network_ns, &steps);
    *ret = (struct recogniser_counters){
        .hops = atomic_load_explicit(&r->total_hops, memory_order_relaxed),
        .frontend_us = frontend_ns / 1000,
        .network_us = network_ns / 1000,
        .decoder_us = atomic_load_explicit(&r->decoder_us, memory_order_relaxed),
        .lost_events = atomic_load_explicit(&r->lost_events, memory_order_relaxed),
    };
}

/* --- sound thread ---------------------------------------------------------------------------------------------------------- */

static uint64_t hop_us(const struct recogniser *r, int64_t hop) {
    return r->segment_us + (hop > 0 ? (uint64_t)hop * 10000 : 0);
}

/* The event for one listener, to be completed by the caller. */
static struct recogniser_event *prepare(struct recogniser *r, enum recogniser_event_type type, struct recogniser_listener *l) {
    r->event.type = type;
    r->event.listener = l;
    r->event.engine = l->engine;
    r->event.start_us = hop_us(r, l->start_hop);
    r->event.time_us = hop_us(r, r->next_hop);
    return &r->event;
}

static struct recogniser_event *prepare_for_none(struct recogniser *r, enum recogniser_event_type type) {
    r->event.type = type;
    r->event.listener = NULL;
    return &r->event;
}

static bool send(struct recogniser *r) {
    static const uint64_t one = 1;
    if (!base_ring_push(&r->events, &r->event))
        return false;
    (void)!write(r->main_fd, &one, sizeof(one)); /* an eventfd: it can only fail by being full, which wakes as well */
    return true;
}

static void send_or_count(struct recogniser *r) {
    if (!send(r))
        atomic_fetch_add_explicit(&r->lost_events, 1, memory_order_relaxed);
}

/* Retiring and swapping hand memory home, so they may not be lost: without room they are tried again later. */
static bool retire(struct recogniser *r, unsigned i) {
    struct recogniser_listener *l = r->listeners[i];
    prepare(r, RECOGNISER_RETIRED, l);
    r->listeners[i] = r->listeners[r->n_listeners - 1];
    r->listeners[--r->n_listeners] = NULL;
    if (send(r))
        return true;
    r->listeners[r->n_listeners++] = l;
    return false;
}

/* Where this listener's utterance would begin now; a new decoder waits for just this moment. */
static void begin_utterance(struct recogniser *r, struct recogniser_listener *l) {
    if (l->next) {
        struct engine_listener *old = l->engine;
        prepare(r, RECOGNISER_SWAPPED, l)->engine = old;
        if (send(r)) {
            l->engine = l->next;
            l->next = NULL;
        }
    }
    engine_listener_start(l->engine, r->next_hop > 0 ? (uint64_t)r->next_hop : 0);
    l->start_hop = r->next_hop;
    l->running = true;
    l->speaking = false;
    l->n_words = l->n_rows = 0;
}

/* Nothing said is no event: the gate may open on any noise. */
static void finish_utterance(struct recogniser *r, struct recogniser_listener *l) {
    if (l->speaking) {
        prepare(r, RECOGNISER_SPEECH_ENDED, l);
        send_or_count(r);
        struct recogniser_event *e = prepare(r, RECOGNISER_RESULT, l);
        decoder_finish(engine_listener_decoder(l->engine), &e->result);
        if (e->result.verdict != DECODER_NO_SPEECH)
            send_or_count(r);
    }
    l->running = l->speaking = false;
}

static void send_partial(struct recogniser *r, struct recogniser_listener *l) {
    uint32_t words[DECODER_MAX_WORDS];
    uint32_t n = decoder_partial(engine_listener_decoder(l->engine), words, DECODER_MAX_WORDS);

    if (n == l->n_words && memcmp(words, l->words, n * sizeof(words[0])) == 0)
        return;
    l->n_words = n;
    memcpy(l->words, words, n * sizeof(words[0]));
    if (n == 0 || recogniser_room(r) <= FINAL_EVENTS)
        return;
    struct recogniser_event *e = prepare(r, RECOGNISER_PARTIAL, l);
    e->partial.n_words = n;
    memcpy(e->partial.words, words, n * sizeof(words[0]));
    send_or_count(r);
}

static void step_listener(struct recogniser *r, struct recogniser_listener *l, const int16_t *posteriors) {
    if (!l->running)
        begin_utterance(r, l);
    l->n_rows++;
    enum decoder_state state = decoder_step(engine_listener_decoder(l->engine), posteriors);
    if (state == DECODER_SPEAKING && !l->speaking) {
        l->speaking = true;
        prepare(r, RECOGNISER_SPEECH_STARTED, l);
        send_or_count(r);
    }
    if (state == DECODER_ENDED)
        finish_utterance(r, l);
    else if (l->partial && l->speaking && l->n_rows % PARTIAL_ROWS == 0)
        send_partial(r, l);
}

static void take_row(struct recogniser *r, const int16_t *posteriors) {
    uint64_t before_us = base_clock_monotonic_us();

    for (unsigned i = r->n_listeners; i-- > 0;) {
        struct recogniser_listener *l = r->listeners[i];
        if (!l->stopping || r->next_hop < l->stop_hop) {
            step_listener(r, l, posteriors);
        } else {
            finish_utterance(r, l);
            retire(r, i);
        }
    }
    r->next_hop = engine_core_position(r->core);
    atomic_fetch_add_explicit(&r->decoder_us, base_clock_monotonic_us() - before_us, memory_order_relaxed);
}

static void end_segment(struct recogniser *r) {
    const int16_t *posteriors;

    if (!r->in_segment)
        return;
    while (engine_core_flush(r->core, &posteriors) > 0)
        take_row(r, posteriors);
    r->in_segment = false;
    for (unsigned i = r->n_listeners; i-- > 0;) {
        struct recogniser_listener *l = r->listeners[i];
        finish_utterance(r, l);
        if (l->stopping)
            retire(r, i);
    }
}

/* The steps for which hops wait. */
static void take_rows(struct recogniser *r) {
    const int16_t *posteriors;

    while (r->in_segment && engine_core_next(r->core, &posteriors) > 0)
        take_row(r, posteriors);
}

void recogniser_take_hop(struct recogniser *r, const struct cutter_hop *hop) {
    if (hop->flags & CUTTER_FIRST) {
        end_segment(r); /* its LAST hop was lost */
        engine_core_reset(r->core);
        r->in_segment = true;
        r->segment_us = hop->time_us;
        r->n_hops = r->next_hop = 0;
    }
    if (r->n_listeners == 0)
        r->in_segment = false;
    if (!r->in_segment) /* nobody listens, or its FIRST hop was lost: wait for the next segment */
        return;
    r->n_hops++;
    atomic_fetch_add_explicit(&r->total_hops, 1, memory_order_relaxed);
    if (engine_core_push(r->core, hop->pcm))
        take_rows(r);
    if (hop->flags & CUTTER_LAST)
        end_segment(r);
}

static void stop_listener(struct recogniser *r, struct recogniser_listener *l) {
    for (unsigned i = 0; i < r->n_listeners; i++)
        if (r->listeners[i] == l) {
            l->stopping = true;
            l->stop_hop = r->n_hops;
            if (!r->in_segment)
                retire(r, i);
            return;
        }
}

static void drop_listener(struct recogniser *r, struct recogniser_listener *l) {
    for (unsigned i = 0; i < r->n_listeners; i++)
        if (r->listeners[i] == l) {
            l->stopping = true;
            l->stop_hop = INT64_MIN;
            l->speaking = false;
            retire(r, i);
            return;
        }
}

/* A listener that has retired meanwhile is main's and may be gone: only its address is looked at. */
static void swap_listener(struct recogniser *r, struct recogniser_listener *l, struct engine_listener *engine) {
    for (unsigned i = 0; i < r->n_listeners; i++)
        if (r->listeners[i] == l) {
            l->next = engine;
            return;
        }
    prepare_for_none(r, RECOGNISER_SWAPPED)->engine = engine;
    (void)send(r); /* there is room: see recogniser_take_commands */
}

void recogniser_take_commands(struct recogniser *r) {
    struct recogniser_command c;

    take_rows(r);
    /* What could not go home for want of room. */
    for (unsigned i = r->n_listeners; i-- > 0;)
        if (r->listeners[i]->stopping && !r->in_segment && !retire(r, i))
            return;

    while (recogniser_room(r) > 1 && base_ring_pop(&r->commands, &c)) {
        switch (c.type) {
        case RECOGNISER_ADD:
            base_assert(r->n_listeners < RECOGNISER_MAX_LISTENERS);
            r->listeners[r->n_listeners++] = c.listener;
            break;
        case RECOGNISER_STOP:
            stop_listener(r, c.listener);
            break;
        case RECOGNISER_DROP:
            drop_listener(r, c.listener);
            break;
        case RECOGNISER_SWAP:
            swap_listener(r, c.listener, c.engine);
            break;
        case RECOGNISER_WIPE:
            engine_core_wipe(r->core);
            r->in_segment = false;
            explicit_bzero(&r->event, sizeof(r->event));
            prepare_for_none(r, RECOGNISER_WIPED);
            (void)send(r);
            break;
        }
    }
}

void recogniser_end(struct recogniser *r) {
    end_segment(r);
    for (unsigned i = r->n_listeners; i-- > 0;)
        retire(r, i);
}
