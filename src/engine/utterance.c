/* SPDX-License-Identifier: Apache-2.0 */
/* engine/utterance.c: what a session's rows become: utterances, and the records that tell of them. */
#include "engine/utterance.h"

#include <string.h>

/* Limits partial results to about 8 a second: one per four steps of 30 ms. */
#define PARTIAL_STEPS 4

/* 31 days. A listener counts milliseconds in 32 bits, which end after 49.7 days. */
#define SPOTTER_MOST_HOPS ((int64_t)1 << 28)

/* --- records ------------------------------------------------------------------------------------------------------------------ */

/* The hops of the sound that had arrived when the listeners' latest row became known, independent of chunking. History arrived
 * before the gate opened but is handed out only then, and padding after the end of the segment is not sound, so both are
 * clamped. */
static uint64_t heard(const struct engine_recogniser *r) {
    int64_t hops = r->first_hop + (r->assuming ? r->n_pushed : engine_core_heard(r->core));
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
    record->free_words.n_words = 0;
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

/* --- fallback ----------------------------------------------------------------------------------------------------------------- */

static void start_fallback(struct engine_session *s, const struct listener_before *before) {
    if (s->fallback)
        s->fallback->ops->start(s->fallback->state, before);
    s->fallback_ended = !s->fallback;
}

/* Lets the fallback hear n rows. */
static void let_fallback_hear(struct engine_session *s, const int16_t *posteriors, size_t n) {
    for (size_t i = 0; i < n && !s->fallback_ended; i++)
        s->fallback_ended = s->fallback->ops->step(s->fallback->state, posteriors + i * s->fallback->row_width) == LISTENER_ENDED;
}

/* Gets its words, at the end of an utterance. */
static void finish_fallback(struct engine_recogniser *r, const struct engine_session *s, struct engine_free_words *ret) {
    if (!s->fallback)
        return;
    struct listener_result *result = &r->free_result;
    s->fallback->ops->finish(s->fallback->state, result);
    ret->n_words = result->n_words;
    memcpy(ret->words, result->words, result->n_words * sizeof(result->words[0]));
}

/* --- utterances --------------------------------------------------------------------------------------------------------------- */

static void take_new_listener(struct engine_recogniser *r, struct engine_session *s) {
    engine_utterance_record(r, ENGINE_SWAPPED, s);
    if (!engine_utterance_send(r))
        return;
    s->listener = s->coming;
    s->coming = NULL;
    s->end_hop = INT64_MIN;
}

/* After a wake phrase what was said before does not matter. */
static uint32_t since_talk_ms(const struct engine_session *s, int64_t hop) {
    if (s->wake || s->talk_hop == INT64_MIN || hop - s->talk_hop >= LISTENER_NO_TALK / ENGINE_HOP_MS)
        return LISTENER_NO_TALK;
    return hop > s->talk_hop ? (uint32_t)(hop - s->talk_hop) * ENGINE_HOP_MS : 0;
}

/* Notes whether the utterance that has just ended was other talk. A noise was not, which has few phones or none that are clear; nor
 * was what may have been a sentence that was not clear: it may be said again. */
static void note_talk(struct engine_session *s, const struct listener_result *result) {
    bool is_speech = result->reason == TRAGUS_NOT_IN_GRAMMAR || result->reason == TRAGUS_TOO_LONG;
    if (result->reason == TRAGUS_REASON_NONE)
        s->talk_hop = INT64_MIN;
    else if (s->speaking && is_speech && result->logit_q8 <= 0)
        s->talk_hop = s->end_hop;
}

/* hop: of the sound, where the utterance's first row begins. */
static void begin_utterance(struct engine_recogniser *r, struct engine_session *s, int64_t hop) {
    if (s->coming)
        take_new_listener(r, s);
    s->start_hop = hop;
    const struct listener_before before = {.follows = hop == s->end_hop, .talk_ms = since_talk_ms(s, hop)};
    s->listener->ops->start(s->listener->state, &before);
    start_fallback(s, &before);
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
static void end_utterance(struct engine_recogniser *r, struct engine_session *s) {
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
    note_talk(s, result);
    s->speaking = false;
    prepare_event(r, TRAGUS_SPEECH_ENDED, s);
    engine_utterance_send(r);
    bool accepted = result->reason == TRAGUS_REASON_NONE || (!s->reject && result->n_words > 0);
    if (!accepted && result->reason == TRAGUS_NO_SPEECH)
        return;
    struct engine_record *record = prepare_event(r, accepted ? TRAGUS_UTTERANCE : TRAGUS_REJECTED, s);
    record->reason = result->reason;
    finish_fallback(r, s, &record->free_words);
    engine_utterance_send(r);
    if (accepted && s->wake)
        s->wake->open = false;
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

/* hop: of the sound, where the row begins. */
static void hear(struct engine_recogniser *r, struct engine_session *s, const int16_t *posteriors, int64_t hop) {
    if (!s->running)
        begin_utterance(r, s, hop);
    s->n_steps++;
    let_fallback_hear(s, posteriors, 1);
    enum listener_state state = s->listener->ops->step(s->listener->state, posteriors);
    if (state == LISTENER_SPEAKING && !s->speaking)
        begin_speaking(r, s);
    if (state == LISTENER_ENDED)
        end_utterance(r, s);
    else if (s->wants_partial && s->speaking && s->n_steps % PARTIAL_STEPS == 0)
        tell_partial(r, s);
}

/* --- wake phrases ------------------------------------------------------------------------------------------------------------- */

/* Loudness from one hop of the sound to another, which must still be in r->powers. */
static int32_t level_cdb(const struct engine_recogniser *r, int64_t from_hop, int64_t to_hop) {
    uint64_t sum = 0, n = 0;
    for (int64_t hop = from_hop - r->first_hop; hop < to_hop - r->first_hop && hop < r->n_pushed; hop++) {
        if (hop < 0 || hop + ENGINE_POWER_HOPS <= r->n_pushed)
            continue;
        sum += r->powers[hop % ENGINE_POWER_HOPS];
        n++;
    }
    return frontend_level_cdb(n > 0 ? sum / n : 0);
}

/* What the session was hearing is not a command: the phrase begins anew. */
static void abandon(struct engine_recogniser *r, struct engine_session *s) {
    if (s->speaking) {
        r->record.result = (struct listener_result){.n_words = 0};
        prepare_event(r, TRAGUS_SPEECH_ENDED, s);
        engine_utterance_send(r);
    }
    s->running = s->speaking = false;
}

/* The phrase was heard: opens the session from its end on, and gives the listener the rows since then. n_to_come: how many of them
 * the caller will give it. */
static void wake_up(struct engine_recogniser *r, struct engine_session *s, uint32_t n_to_come) {
    struct engine_wake *w = s->wake;
    struct listener_result *result = &r->record.result;
    abandon(r, s); /* overwrites the record */
    w->running = false;
    w->spotter->ops->finish(w->spotter->state, result);
    uint32_t n_after = result->n_rows_after;
    int64_t hop = w->end_hop - (int64_t)n_after * w->step_hops;
    s->sequence++;
    struct engine_record *record = prepare_event(r, TRAGUS_WAKE_DETECTED, s);
    record->listener = w->spotter;
    record->start_hop = w->start_hop;
    record->start_us = time_of(r, w->start_hop);
    record->open_until = (uint64_t)(hop + w->open_hops);
    record->level_cdb =
        level_cdb(r, w->start_hop + result->start_ms / ENGINE_HOP_MS, w->start_hop + result->end_ms / ENGINE_HOP_MS);
    engine_utterance_send(r);
    w->open = true;
    w->close_hop = hop + w->open_hops;
    s->end_hop = INT64_MIN;
    for (; n_after > n_to_come; n_after--, hop += w->step_hops)
        hear(r, s, engine_wake_row(w, n_after - 1), hop);
}

/* Returns whether the session's grammar is open for this row. */
static bool is_open(struct engine_recogniser *r, struct engine_session *s, const int16_t *posteriors, int64_t hop) {
    struct engine_wake *w = s->wake;
    engine_wake_keep(w, posteriors);
    if (w->running && hop - w->start_hop >= SPOTTER_MOST_HOPS)
        w->running = false; /* begins anew: after a month without a pause it misses the phrase that is being said just then */
    if (!w->running) {
        const struct listener_before before = {.follows = hop == w->end_hop, .talk_ms = LISTENER_NO_TALK};
        w->spotter->ops->start(w->spotter->state, &before);
        w->start_hop = hop;
        w->running = true;
    }
    w->end_hop = hop + w->step_hops;
    if (w->spotter->ops->step(w->spotter->state, posteriors) == LISTENER_ENDED)
        wake_up(r, s, 1);
    if (w->open && !s->speaking && hop >= w->close_hop)
        w->open = s->running = false;
    if (!w->open && s->coming)
        take_new_listener(r, s);
    return w->open;
}

void engine_utterance_step(struct engine_recogniser *r, struct engine_session *s, const int16_t *posteriors) {
    int64_t hop = r->first_hop + r->next_hop;
    if (!s->wake || is_open(r, s, posteriors, hop))
        hear(r, s, posteriors, hop);
}

void engine_utterance_end(struct engine_recogniser *r, struct engine_session *s) {
    if (s->wake)
        s->wake->running = false;
    end_utterance(r, s);
}

/* --- assumed silence ---------------------------------------------------------------------------------------------------------- */

/* How many assumed rows a listener needs to be done; 0: none, or more than can be assumed. */
static uint32_t rows_to_end(const struct engine_recogniser *r, const struct engine_listener *l) {
    uint32_t n = l->ops->rows_to_end ? l->ops->rows_to_end(l->state) : 0;
    return n <= engine_core_behind(r->core) && n <= ENGINE_MOST_ASSUMED ? n : 0;
}

static uint32_t rows_to_sentence(const struct engine_recogniser *r, const struct engine_session *s) {
    return s->running && s->speaking && !s->stopping ? rows_to_end(r, s->listener) : 0;
}

static uint32_t rows_to_phrase(const struct engine_recogniser *r, const struct engine_session *s) {
    return s->wake && s->wake->running && !s->stopping ? rows_to_end(r, s->wake->spotter) : 0;
}

void engine_utterance_assume(struct engine_recogniser *r) {
    uint32_t most = 0;
    for (struct engine_session *s = r->sessions; s; s = s->next) {
        uint32_t n = rows_to_sentence(r, s), n_phrase = rows_to_phrase(r, s);
        most = n > most ? n : most;
        most = n_phrase > most ? n_phrase : most;
    }
    if (most == 0)
        return;
    size_t n = engine_core_assume(r->core, r->assumed, most);
    r->assuming = true;
    for (struct engine_session *s = r->sessions; s; s = s->next) {
        if (rows_to_phrase(r, s) > 0 && s->wake->spotter->ops->assume(s->wake->spotter->state, r->assumed, n)) {
            wake_up(r, s, 0);
            continue;
        }
        /* No more than it needs itself: what it hears must not depend on the other listeners. */
        size_t needed = rows_to_sentence(r, s), n_own = needed < n ? needed : n;
        if (n_own > 0 && s->listener->ops->assume(s->listener->state, r->assumed, n_own)) {
            let_fallback_hear(s, r->assumed, n_own);
            end_utterance(r, s);
        }
    }
    r->assuming = false;
}
