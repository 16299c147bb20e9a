/* SPDX-License-Identifier: Apache-2.0 */
/* engine/utterance.c: what a session's rows become: utterances, and the records that tell of them. */
#include "engine/utterance.h"

#include <string.h>

/* Limits partial results to about 8 a second: one per four steps of 30 ms. */
#define PARTIAL_STEPS 4

/* --- records ------------------------------------------------------------------------------------------------------------------ */

/* The hops of the sound that had arrived when the listeners' latest row became known, independent of chunking. History arrived
 * before the gate opened but is handed out only then, and padding after the end of the segment is not sound, so both are
 * clamped. */
static uint64_t heard(const struct engine_recogniser *r) {
    int64_t hops = r->first_hop + engine_core_heard(r->core);
    if (hops < (int64_t)r->opened)
        hops = (int64_t)r->opened;
    return (uint64_t)hops < r->n_heard ? (uint64_t)hops : r->n_heard;
}

static uint64_t time_of(const struct engine_recogniser *r, int64_t hop) {
    int64_t us = (int64_t)r->first_us + (hop - r->first_hop) * (int64_t)ENGINE_HOP_US;
    return us > 0 ? (uint64_t)us : 0;
}

struct engine_record *engine_utterance_record(struct engine_recogniser *r, enum engine_record_type type, struct engine_session *s) {
    struct engine_record *record = &r->record;
    record->type = type;
    record->event = (tragus_event_type)0;
    record->session = s;
    record->listener = s->listener;
    record->sequence = s->sequence;
    record->start_hop = s->start_hop;
    record->n_heard = heard(r);
    record->start_us = time_of(r, s->start_hop);
    record->heard_us = time_of(r, (int64_t)record->n_heard);
    record->reason = TRAGUS_REASON_NONE;
    record->reject = s->reject;
    return record;
}

static struct engine_record *prepare_event(struct engine_recogniser *r, tragus_event_type event, struct engine_session *s) {
    struct engine_record *record = engine_utterance_record(r, ENGINE_HEARD, s);
    record->event = event;
    return record;
}

bool engine_utterance_send(struct engine_recogniser *r) {
    return r->sink(&r->record, r->user);
}

/* --- utterances --------------------------------------------------------------------------------------------------------------- */

static void begin_utterance(struct engine_recogniser *r, struct engine_session *s) {
    if (s->coming) {
        engine_utterance_record(r, ENGINE_SWAPPED, s);
        if (engine_utterance_send(r)) {
            s->listener = s->coming;
            s->coming = NULL;
            s->end_hop = INT64_MIN;
        }
    }
    s->start_hop = r->first_hop + r->next_hop;
    s->listener->ops->start(s->listener->state, s->start_hop == s->end_hop);
    s->running = true;
    s->speaking = false;
    s->n_steps = s->n_words = 0;
}

static void begin_speaking(struct engine_recogniser *r, struct engine_session *s) {
    s->speaking = true;
    s->sequence++;
    prepare_event(r, TRAGUS_SPEECH_STARTED, s);
    engine_utterance_send(r);
}

/* If nothing was said there is no record, because the gate opens on any noise. A session that does not reject gets the best
 * sentence even then. */
void engine_utterance_end(struct engine_recogniser *r, struct engine_session *s) {
    if (!s->running)
        return;
    s->running = false;
    s->end_hop = r->first_hop + engine_core_position(r->core);
    s->listener->ops->finish(s->listener->state, &r->record.result);
    struct listener_result *result = &r->record.result;
    if (!s->speaking && !s->reject && result->n_words > 0)
        begin_speaking(r, s); /* does not touch the result */
    if (!s->speaking)
        return;
    s->speaking = false;
    prepare_event(r, TRAGUS_SPEECH_ENDED, s);
    engine_utterance_send(r);
    bool accepted = result->reason == TRAGUS_REASON_NONE || (!s->reject && result->n_words > 0);
    if (!accepted && result->reason == TRAGUS_NO_SPEECH)
        return;
    prepare_event(r, accepted ? TRAGUS_UTTERANCE : TRAGUS_REJECTED, s)->reason = result->reason;
    engine_utterance_send(r);
}

static void tell_partial(struct engine_recogniser *r, struct engine_session *s) {
    struct listener_partial *p = &prepare_event(r, TRAGUS_PARTIAL, s)->partial;
    s->listener->ops->partial(s->listener->state, p);
    if (p->n_words == 0 || (p->n_words == s->n_words && memcmp(p->words, s->words, p->n_words * sizeof(p->words[0])) == 0))
        return;
    s->n_words = p->n_words;
    memcpy(s->words, p->words, p->n_words * sizeof(p->words[0]));
    engine_utterance_send(r);
}

void engine_utterance_step(struct engine_recogniser *r, struct engine_session *s, const int16_t *posteriors) {
    if (!s->running)
        begin_utterance(r, s);
    s->n_steps++;
    enum listener_state state = s->listener->ops->step(s->listener->state, posteriors);
    if (state == LISTENER_SPEAKING && !s->speaking)
        begin_speaking(r, s);
    if (state == LISTENER_ENDED)
        engine_utterance_end(r, s);
    else if (s->wants_partial && s->speaking && s->n_steps % PARTIAL_STEPS == 0)
        tell_partial(r, s);
}
