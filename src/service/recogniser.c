/* SPDX-License-Identifier: Apache-2.0 */
#include "service/recogniser.h"
#include "base/assert.h"
#include "base/ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define N_RECORDS 128
/* At most one ADD, one STOP and one DROP per session are in the ring at once, and one WIPE after the last of them. SWAP is sent
 * only while at least half of the ring is free. So the ring cannot fill up. */
#define N_COMMANDS 512

struct recogniser {
    struct engine_recogniser *engine;
    struct base_ring commands, records;
    struct recogniser_command *command_memory;
    struct engine_record *record_memory;
    const struct base_wake *main_wake;
    _Atomic bool wiped;
    _Atomic uint64_t n_lost;
};

static bool take_record(const struct engine_record *record, void *user) {
    struct recogniser *r = user;
    bool partial = record->type == ENGINE_HEARD && record->event == TRAGUS_PARTIAL;
    bool taken = (!partial || recogniser_room(r) > RECOGNISER_FINAL_RECORDS) && base_ring_push(&r->records, record);

    if (taken)
        base_wake_up(r->main_wake);
    else if (record->type == ENGINE_HEARD && !partial)
        atomic_fetch_add_explicit(&r->n_lost, 1, memory_order_relaxed);
    return taken;
}

struct recogniser *recogniser_new(tragus_model *m, const struct base_wake *main_wake) {
    struct recogniser *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->main_wake = main_wake;
    r->engine = engine_recogniser_new(m, take_record, r);
    r->command_memory = calloc(N_COMMANDS, sizeof(*r->command_memory));
    r->record_memory = calloc(N_RECORDS, sizeof(*r->record_memory));
    if (!r->engine || !r->command_memory || !r->record_memory) {
        recogniser_free(r);
        return NULL;
    }
    base_ring_init(&r->commands, r->command_memory, sizeof(*r->command_memory), N_COMMANDS, 0);
    base_ring_init(&r->records, r->record_memory, sizeof(*r->record_memory), N_RECORDS, 0);
    return r;
}

void recogniser_free(struct recogniser *r) {
    if (!r)
        return;
    struct recogniser_command c;
    struct engine_record record;
    while (r->command_memory && base_ring_pop(&r->commands, &c)) /* commands that the thread never took */
        if (c.type == RECOGNISER_SWAP)
            engine_listener_free(c.listener);
    while (r->record_memory && base_ring_pop(&r->records, &record)) /* and records that main never took */
        if (record.type == ENGINE_SWAPPED)
            engine_listener_free(record.listener);
    engine_recogniser_free(r->engine);
    if (r->record_memory)
        explicit_bzero(r->record_memory, N_RECORDS * sizeof(*r->record_memory));
    free(r->record_memory);
    free(r->command_memory);
    free(r);
}

/* --- main --- */

void recogniser_command(struct recogniser *r, struct recogniser_command command) {
    bool pushed = base_ring_push(&r->commands, &command);
    base_assert(pushed);
}

bool recogniser_next_record(struct recogniser *r, struct engine_record *ret) {
    return base_ring_pop(&r->records, ret);
}

bool recogniser_has_commands(const struct recogniser *r) {
    return base_ring_fill(&r->commands) > 0;
}

bool recogniser_has_room(const struct recogniser *r) {
    return base_ring_fill(&r->commands) < N_COMMANDS / 2;
}

bool recogniser_wiped(struct recogniser *r) {
    return atomic_exchange_explicit(&r->wiped, false, memory_order_acquire);
}

void recogniser_cost(const struct recogniser *r, struct engine_cost *ret) {
    engine_recogniser_cost(r->engine, ret);
}

uint64_t recogniser_lost(const struct recogniser *r) {
    return atomic_load_explicit(&r->n_lost, memory_order_relaxed);
}

/* --- the sound's thread --- */

uint32_t recogniser_room(const struct recogniser *r) {
    return N_RECORDS - base_ring_fill(&r->records);
}

/* Gives memory back to main. There is room, see recogniser_take_commands. */
static void send_home(struct recogniser *r, enum engine_record_type type, struct engine_session *s, struct engine_listener *l) {
    bool taken = take_record(&(struct engine_record){.type = type, .session = s, .listener = l}, r);
    base_assert(taken);
}

static void carry_out(struct recogniser *r, const struct recogniser_command *c) {
    switch (c->type) {
    case RECOGNISER_ADD:
        engine_recogniser_add(r->engine, c->session);
        break;
    case RECOGNISER_STOP:
        engine_recogniser_stop(r->engine, c->session);
        break;
    case RECOGNISER_DROP:
        if (engine_recogniser_remove(r->engine, c->session))
            send_home(r, ENGINE_RETIRED, c->session, c->session->listener);
        break;
    case RECOGNISER_SWAP: {
        struct engine_listener *back = engine_recogniser_swap(r->engine, c->session, c->listener);
        if (back) /* either a pending listener that was replaced, or ours because the session has retired: its address was only
                     compared, not read */
            send_home(r, ENGINE_SWAPPED, NULL, back);
        break;
    }
    case RECOGNISER_OPEN:
        engine_recogniser_open(r->engine, c->session, c->n_heard, c->open_hops);
        break;
    case RECOGNISER_WIPE:
        engine_recogniser_wipe(r->engine);
        atomic_store_explicit(&r->wiped, true, memory_order_release);
        break;
    }
}

/* Executes the commands that were given before n_heard hops had arrived. */
static void take_commands(struct recogniser *r, uint64_t n_heard) {
    struct recogniser_command c;
    bool taken = false;

    /* A command returns at most one record, and STOP one more. */
    while (recogniser_room(r) > 1 && base_ring_peek(&r->commands, &c) && c.n_heard < n_heard) {
        engine_recogniser_catch_up(r->engine); /* sound that came before the command */
        base_ring_pop(&r->commands, &c);
        carry_out(r, &c);
        taken = true;
    }
    if (taken) /* main may be waiting for room, see recogniser_has_room */
        base_wake_up(r->main_wake);
}

void recogniser_take_hop(struct recogniser *r, const struct engine_hop *hop) {
    take_commands(r, hop->n_heard);
    engine_recogniser_take(r->engine, hop);
}

void recogniser_take_commands(struct recogniser *r) {
    engine_recogniser_catch_up(r->engine);
    take_commands(r, UINT64_MAX);
}

void recogniser_end(struct recogniser *r) {
    engine_recogniser_end(r->engine);
}
