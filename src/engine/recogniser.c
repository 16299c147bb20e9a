/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/recogniser.h"
#include "base/clock.h"
#include "engine/utterance.h"

#include <stdlib.h>
#include <string.h>

/* Hops of silence added before a sound that begins with speech and after one that ends with it, because the network was trained on
 * speech surrounded by silence. */
#define PADDING_HOPS 30

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "counters are read without locks");

struct engine_recogniser *engine_recogniser_new(tragus_model *m, engine_record_sink *sink, void *user) {
    struct engine_recogniser *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->sink = sink;
    r->user = user;
    r->core = engine_core_new(m);
    if (!r->core) {
        free(r);
        return NULL;
    }
    return r;
}

void engine_recogniser_free(struct engine_recogniser *r) {
    if (!r)
        return;
    engine_core_free(r->core);
    explicit_bzero(r, sizeof(*r));
    free(r);
}

void engine_recogniser_cost(const struct engine_recogniser *r, struct engine_cost *ret) {
    engine_core_cost(r->core, ret);
    ret->hops = atomic_load_explicit(&r->n_hops, memory_order_relaxed);
    ret->listeners_us = atomic_load_explicit(&r->listeners_us, memory_order_relaxed);
}

/* --- sessions ----------------------------------------------------------------------------------------------------------------- */

static struct engine_session **find(struct engine_recogniser *r, const struct engine_session *s) {
    struct engine_session **link = &r->sessions;
    while (*link && *link != s)
        link = &(*link)->next;
    return link;
}

void engine_recogniser_add(struct engine_recogniser *r, struct engine_session *s) {
    s->coming = NULL;
    s->running = s->speaking = s->stopping = false;
    s->start_hop = 0;
    s->end_hop = s->talk_hop = INT64_MIN;
    if (s->wake)
        engine_wake_reset(s->wake);
    s->next = r->sessions;
    r->sessions = s;
}

bool engine_recogniser_remove(struct engine_recogniser *r, struct engine_session *s) {
    struct engine_session **link = find(r, s);
    if (!*link)
        return false;
    *link = s->next;
    return true;
}

/* Gives the session at *link back to its owner. If there is no room for that record, the session stays and is offered again later.
 * Returns the next link. */
static struct engine_session **retire(struct engine_recogniser *r, struct engine_session **link) {
    struct engine_session *s = *link;
    struct engine_session *next = s->next;
    s->stopping = true;
    engine_utterance_record(r, ENGINE_RETIRED, s);
    if (!engine_utterance_send(r)) /* once sent, the owner may have freed it */
        return &s->next;
    *link = next;
    return link;
}

void engine_recogniser_stop(struct engine_recogniser *r, struct engine_session *s) {
    struct engine_session **link = find(r, s);
    if (!*link)
        return;
    s->stopping = true;
    s->stop_hop = r->n_pushed;
    if (!r->in_segment)
        retire(r, link);
}

struct engine_listener *engine_recogniser_swap(struct engine_recogniser *r, struct engine_session *s, struct engine_listener *l) {
    if (!*find(r, s))
        return l;
    struct engine_listener *before = s->coming;
    s->coming = l;
    return before;
}

void engine_recogniser_open(struct engine_recogniser *r, struct engine_session *s, uint64_t hop, uint32_t open_hops) {
    int64_t close_hop = (int64_t)hop + open_hops;
    if (!*find(r, s) || !s->wake)
        return;
    if (!s->wake->open || s->wake->close_hop < close_hop)
        s->wake->close_hop = close_hop;
    if (!s->wake->open)
        s->end_hop = INT64_MIN; /* the listener has not heard the row before */
    s->wake->open = true;
}

/* --- sound -------------------------------------------------------------------------------------------------------------------- */

static void take_row(struct engine_recogniser *r, const int16_t *posteriors) {
    uint64_t start_us = base_clock_monotonic_us();
    for (struct engine_session **link = &r->sessions; *link;) {
        struct engine_session *s = *link;
        if (s->stopping && r->next_hop >= s->stop_hop) {
            engine_utterance_end(r, s);
            link = retire(r, link);
        } else {
            engine_utterance_step(r, s, posteriors);
            link = &s->next;
        }
    }
    r->next_hop = engine_core_position(r->core);
    engine_core_count(&r->listeners_us, base_clock_monotonic_us() - start_us);
}

/* Processes all rows whose hops are waiting. */
static void take_rows(struct engine_recogniser *r) {
    const int16_t *posteriors;
    while (r->in_segment && engine_core_next(r->core, &posteriors) > 0)
        take_row(r, posteriors);
}

static uint32_t mean_square(const int16_t pcm[FRONTEND_HOP]) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < FRONTEND_HOP; i++)
        sum += (uint64_t)((int32_t)pcm[i] * pcm[i]);
    return (uint32_t)(sum / FRONTEND_HOP);
}

static void push(struct engine_recogniser *r, const int16_t pcm[FRONTEND_HOP]) {
    r->powers[r->n_pushed++ % ENGINE_POWER_HOPS] = mean_square(pcm);
    if (!engine_core_push(r->core, pcm))
        return;
    take_rows(r);
    if (engine_core_is_even(r->core))
        engine_utterance_assume(r);
}

static void push_padding(struct engine_recogniser *r) {
    static const int16_t silence[FRONTEND_HOP];
    for (unsigned i = 0; i < PADDING_HOPS; i++)
        push(r, silence);
}

static void begin_segment(struct engine_recogniser *r, const struct engine_hop *hop) {
    unsigned n_padding = hop->flags & ENGINE_BEGINS ? PADDING_HOPS : 0;
    engine_core_reset(r->core);
    r->in_segment = true;
    r->first_hop = (int64_t)hop->index - (int64_t)n_padding;
    r->first_us = hop->time_us - n_padding * ENGINE_HOP_US; /* may wrap: only differences matter */
    r->opened = r->n_heard = hop->n_heard;
    r->n_pushed = r->next_hop = 0;
    if (n_padding > 0)
        push_padding(r);
}

static void end_segment(struct engine_recogniser *r) {
    const int16_t *posteriors;
    if (!r->in_segment)
        return;
    while (engine_core_flush(r->core, &posteriors) > 0)
        take_row(r, posteriors);
    r->in_segment = false;
    for (struct engine_session **link = &r->sessions; *link;) {
        struct engine_session *s = *link;
        engine_utterance_end(r, s);
        link = s->stopping ? retire(r, link) : &s->next;
    }
}

void engine_recogniser_take(struct engine_recogniser *r, const struct engine_hop *hop) {
    /* After a gap, what follows does not belong to what came before. */
    if (hop->flags & ENGINE_FIRST || hop->index != r->next_index)
        end_segment(r);
    r->next_index = hop->index + 1;
    /* A session added in the middle of speech hears the rest of it. */
    if (!r->in_segment && r->sessions && !(hop->flags & ENGINE_LAST))
        begin_segment(r, hop);
    if (!r->in_segment)
        return;
    r->n_heard = hop->n_heard;
    if (hop->flags & ENGINE_ENDS) {
        push_padding(r);
    } else {
        engine_core_count(&r->n_hops, 1);
        push(r, hop->pcm);
    }
    if (hop->flags & ENGINE_LAST)
        end_segment(r);
    else if (!r->sessions)
        r->in_segment = false;
}

void engine_recogniser_catch_up(struct engine_recogniser *r) {
    take_rows(r);
    if (r->in_segment)
        return;
    for (struct engine_session **link = &r->sessions; *link;)
        link = (*link)->stopping ? retire(r, link) : &(*link)->next;
}

void engine_recogniser_end(struct engine_recogniser *r) {
    end_segment(r);
    for (struct engine_session **link = &r->sessions; *link;)
        link = retire(r, link);
}

void engine_recogniser_wipe(struct engine_recogniser *r) {
    engine_core_wipe(r->core);
    r->in_segment = false;
    explicit_bzero(&r->record, sizeof(r->record));
    explicit_bzero(&r->free_result, sizeof(r->free_result));
    explicit_bzero(r->assumed, sizeof(r->assumed));
    explicit_bzero(r->powers, sizeof(r->powers));
}
