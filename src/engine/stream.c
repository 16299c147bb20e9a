/* SPDX-License-Identifier: Apache-2.0 */
/* engine/stream.c: one sound and those who listen to it: gate, front end, network, decoders, events.
 *
 * Sound of any chunking is cut into hops, which the network takes some at a time, up to all of a call; what it computes depends on
 * the hops alone, and nothing that comes after it asks back: so any cutting gives the same events. When
 * the gate opens, the 500 ms before it are recognised first. An utterance lasts from there, or from the end of the one before, to
 * the decoder's endpoint or the closing of the gate.
 *
 * Feeding allocates nothing: results are put into places made with the session, and what they mean is found when they are polled.
 */
#include "base/assert.h"
#include "base/clock.h"
#include "engine/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOP_MS 10
#define N_RECORDS 64
/* Places that partial results leave free, so that results find one. */
#define FINAL_RECORDS 16
/* At most about 10 partial results a second: every fourth step of 30 ms. */
#define PARTIAL_STEPS 4
/* Hops of silence put before a sound that begins with speech and behind one that ends with it: the network was trained on speech
 * with silence round it. */
#define PADDING_HOPS 30
/* Beyond the decoder's longest silence: the gate is never the first to end a sentence in which someone only paused. */
#define HANG_MARGIN_HOPS 20

struct record {
    tragus_event_type type; /* TRAGUS_UTTERANCE stands for rejected ones too */
    struct engine_listener *listener;
    uint64_t sequence, time_ms;
    int64_t start_ms;             /* of the utterance; may lie before the sound, in the padding */
    tragus_reason reason;         /* why it would be rejected, where the session takes everything */
    struct decoder_result result; /* of a partial result only the words */
};

struct tragus_session {
    struct tragus_session *next;
    tragus_stream *stream;
    bool wants_partial, reject;
    struct decoder_options options;

    struct engine_listener *listener;
    struct engine_listener *coming;  /* takes its place at the next utterance */
    struct engine_listener *retired; /* its words may still stand in records */
    bool speaking;
    int64_t start_ms;  /* of this utterance */
    uint64_t n_steps;  /* of this utterance */
    uint64_t sequence; /* of the utterances in which something was said */
    uint32_t n_words, words[DECODER_MAX_WORDS];

    uint32_t n_written, n_read;
    bool lost; /* an event found no place in this call of feed or flush */
    struct record records[N_RECORDS];

    tragus_event simple; /* the event last polled, where it has no words */
    struct engine_event *event;
};

struct tragus_stream {
    tragus_model *model;
    struct engine_core *core;
    struct tragus_session *sessions;
    bool gated;
    struct frontend_gate gate;

    bool open;
    int64_t open_hop;     /* of the sound: the first that went into the core since it was reset */
    uint64_t opened_hops; /* n_hops when the gate opened */
    uint64_t n_hops, n_speech_hops, decoder_us;
    uint32_t n_partial; /* samples of a hop that is not full */
    int16_t partial[FRONTEND_HOP];
    uint32_t n_history; /* hops kept while closed, the newest being hop n_hops - 1 */
    int16_t history[FRONTEND_GATE_HISTORY][FRONTEND_HOP];
};

/* --- events --- */

/* How much of the sound had come when what the decoders were last given was known, however the sound was cut. */
static uint64_t heard_ms(const tragus_stream *s) {
    int64_t hops = s->open_hop + engine_core_heard(s->core);
    if (hops < (int64_t)s->opened_hops) /* history: only the opening of the gate brought it here */
        hops = (int64_t)s->opened_hops;
    return (uint64_t)(hops < (int64_t)s->n_hops ? hops : (int64_t)s->n_hops) * HOP_MS;
}

static struct record *new_record(struct tragus_session *s, tragus_event_type type) {
    uint32_t fill = s->n_written - s->n_read;
    if (fill >= (type == TRAGUS_PARTIAL ? N_RECORDS - FINAL_RECORDS : N_RECORDS)) {
        s->lost |= type != TRAGUS_PARTIAL;
        return NULL;
    }
    struct record *r = &s->records[s->n_written++ % N_RECORDS];
    r->type = type;
    r->listener = s->listener;
    r->sequence = s->sequence;
    r->time_ms = heard_ms(s->stream);
    r->start_ms = s->start_ms;
    r->result.n_words = 0;
    r->result.start_ms = r->result.end_ms = 0;
    return r;
}

static void begin_utterance(struct tragus_session *s) {
    if (s->coming && !s->retired) { /* until the last words of the one before last were polled, it waits */
        s->retired = s->listener;
        s->listener = s->coming;
        s->coming = NULL;
    }
    int64_t hop = s->stream->open_hop + engine_core_position(s->stream->core);
    engine_listener_start(s->listener, hop > 0 ? (uint64_t)hop : 0);
    s->start_ms = hop * HOP_MS;
    s->speaking = false;
    s->n_steps = 0;
    s->n_words = 0;
}

static void begin_speaking(struct tragus_session *s) {
    s->speaking = true;
    s->sequence++;
    new_record(s, TRAGUS_SPEECH_STARTED);
}

/* Nothing said is no event: the gate opens on any noise. A listener that rejects nothing is given the best sentence even then. */
static void end_utterance(struct tragus_session *s) {
    struct decoder_result result;
    decoder_finish(engine_listener_decoder(s->listener), &result);
    if (!s->speaking && !s->reject && result.n_words > 0)
        begin_speaking(s);
    if (!s->speaking)
        return;
    tragus_reason reason = (tragus_reason)result.verdict;
    if (!s->reject && result.n_words > 0)
        result.verdict = DECODER_ACCEPTED;
    struct record *r = new_record(s, TRAGUS_SPEECH_ENDED);
    if (r) {
        r->result.start_ms = result.start_ms;
        r->result.end_ms = result.end_ms;
    }
    if (result.verdict != DECODER_NO_SPEECH && (r = new_record(s, TRAGUS_UTTERANCE))) {
        r->result = result;
        r->reason = reason;
    }
    s->speaking = false;
}

static void partial(struct tragus_session *s) {
    uint32_t words[DECODER_MAX_WORDS];
    uint32_t n = decoder_partial(engine_listener_decoder(s->listener), words, DECODER_MAX_WORDS);
    if (n == 0 || (n == s->n_words && memcmp(words, s->words, n * sizeof(words[0])) == 0))
        return;
    s->n_words = n;
    memcpy(s->words, words, n * sizeof(words[0]));
    struct record *r = new_record(s, TRAGUS_PARTIAL);
    if (!r)
        return;
    r->result.n_words = n;
    for (uint32_t i = 0; i < n; i++)
        r->result.words[i].word = words[i];
}

/* --- sound --- */

static void step(tragus_stream *stream, const int16_t *posteriors) {
    uint64_t start_us = base_clock_monotonic_us();
    for (struct tragus_session *s = stream->sessions; s; s = s->next) {
        enum decoder_state state = decoder_step(engine_listener_decoder(s->listener), posteriors);
        s->n_steps++;
        if (state == DECODER_SPEAKING && !s->speaking)
            begin_speaking(s);
        if (state == DECODER_ENDED) {
            end_utterance(s);
            begin_utterance(s);
        } else if (s->wants_partial && s->speaking && s->n_steps % PARTIAL_STEPS == 0) {
            partial(s);
        }
    }
    stream->decoder_us += base_clock_monotonic_us() - start_us;
}

/* Everything that hops wait for, in time for who looks now. */
static void take_steps(tragus_stream *s) {
    const int16_t *posteriors;
    while (engine_core_next(s->core, &posteriors) > 0)
        step(s, posteriors);
}

static void push(tragus_stream *s, const int16_t hop[FRONTEND_HOP]) {
    if (engine_core_push(s->core, hop))
        take_steps(s);
}

static void push_padding(tragus_stream *s) {
    static const int16_t silence[FRONTEND_HOP];
    for (unsigned i = 0; i < PADDING_HOPS; i++)
        push(s, silence);
}

static void open_gate(tragus_stream *stream) {
    stream->open = true;
    stream->open_hop = (int64_t)(stream->n_hops - stream->n_history);
    stream->opened_hops = stream->n_hops;
    bool begins = stream->open_hop == 0;
    if (begins)
        stream->open_hop -= PADDING_HOPS;
    for (struct tragus_session *s = stream->sessions; s; s = s->next)
        begin_utterance(s);
    if (begins)
        push_padding(stream);
    stream->n_speech_hops += stream->n_history;
    for (uint64_t hop = stream->n_hops - stream->n_history; hop < stream->n_hops; hop++)
        push(stream, stream->history[hop % FRONTEND_GATE_HISTORY]);
    stream->n_history = 0;
}

static void close_gate(tragus_stream *stream) {
    const int16_t *posteriors;
    if (!stream->open)
        return;
    while (engine_core_flush(stream->core, &posteriors) > 0)
        step(stream, posteriors);
    for (struct tragus_session *s = stream->sessions; s; s = s->next)
        end_utterance(s);
    engine_core_reset(stream->core);
    stream->open = false;
}

static void take_hop(tragus_stream *s, const int16_t hop[FRONTEND_HOP]) {
    bool open = !s->gated || frontend_gate_push(&s->gate, hop);
    uint64_t index = s->n_hops++;
    if (s->open) {
        s->n_speech_hops++;
        push(s, hop);
        if (!open)
            close_gate(s);
        return;
    }
    memcpy(s->history[index % FRONTEND_GATE_HISTORY], hop, sizeof(s->history[0]));
    if (s->n_history < FRONTEND_GATE_HISTORY)
        s->n_history++;
    if (open)
        open_gate(s);
}

/* Whether every event of this call found a place. */
static int answer(tragus_stream *stream) {
    int r = 0;
    for (struct tragus_session *s = stream->sessions; s; s = s->next) {
        if (s->lost)
            r = -ENOBUFS;
        s->lost = false;
    }
    return r;
}

ENGINE_PUBLIC int tragus_stream_feed(tragus_stream *s, const int16_t *pcm, size_t n) {
    if (!s || (!pcm && n > 0))
        return -EINVAL;
    while (n > 0) {
        if (s->n_partial == 0 && n >= FRONTEND_HOP) {
            take_hop(s, pcm);
            pcm += FRONTEND_HOP;
            n -= FRONTEND_HOP;
            continue;
        }
        size_t more = FRONTEND_HOP - s->n_partial < n ? FRONTEND_HOP - s->n_partial : n;
        memcpy(s->partial + s->n_partial, pcm, more * sizeof(*pcm));
        s->n_partial += (uint32_t)more;
        pcm += more;
        n -= more;
        if (s->n_partial == FRONTEND_HOP) {
            s->n_partial = 0;
            take_hop(s, s->partial);
        }
    }
    take_steps(s);
    return answer(s);
}

ENGINE_PUBLIC int tragus_stream_flush(tragus_stream *s) {
    if (!s)
        return -EINVAL;
    if (s->n_partial > 0) {
        memset(s->partial + s->n_partial, 0, (FRONTEND_HOP - s->n_partial) * sizeof(s->partial[0]));
        s->n_partial = 0;
        take_hop(s, s->partial);
    }
    if (s->open)
        push_padding(s);
    close_gate(s);
    return answer(s);
}

ENGINE_PUBLIC void tragus_stream_options_init(tragus_stream_options *o) {
    if (o)
        *o = (tragus_stream_options){.size_bytes = sizeof(*o), .gate = 1};
}

ENGINE_PUBLIC int tragus_stream_new(tragus_stream **ret, tragus_model *m, const tragus_stream_options *o) {
    if (!ret || !m || (o && o->size_bytes < sizeof(*o)))
        return -EINVAL;
    tragus_stream *s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    s->gated = !o || o->gate;
    frontend_gate_init(&s->gate, NULL, engine_model_cpu_flags(m));
    s->model = tragus_model_ref(m);
    s->core = engine_core_new(m);
    if (!s->core) {
        tragus_stream_free(s);
        return -ENOMEM;
    }
    *ret = s;
    return 0;
}

ENGINE_PUBLIC void tragus_stream_free(tragus_stream *s) {
    if (!s)
        return;
    for (tragus_session *first; (first = s->sessions);) {
        s->sessions = first->next;
        tragus_session_free(first);
    }
    engine_core_free(s->core);
    tragus_model_unref(s->model);
    explicit_bzero(s, sizeof(*s));
    free(s);
}

ENGINE_PUBLIC void tragus_stream_cost(const tragus_stream *s, tragus_cost *ret) {
    if (!s || !ret)
        return;
    *ret =
        (tragus_cost){.audio_ms = s->n_hops * HOP_MS, .speech_ms = s->n_speech_hops * HOP_MS, .decoder_ns = s->decoder_us * 1000};
    engine_core_times(s->core, &ret->frontend_ns, &ret->network_ns, &ret->steps);
}

/* --- sessions --- */

ENGINE_PUBLIC void tragus_session_options_init(tragus_session_options *o) {
    if (o)
        *o = (tragus_session_options){.size_bytes = sizeof(*o), .reject = 1};
}

static void let_gate_hang(tragus_stream *s, const struct decoder_options *o) {
    uint32_t silence_ms = o->open_silence_ms > o->end_silence_ms ? o->open_silence_ms : o->end_silence_ms;
    uint32_t hops = silence_ms / HOP_MS + nn_model_look_ahead_hops(engine_model_network(s->model)) + HANG_MARGIN_HOPS;
    if (s->gate.options.hang_hops < hops)
        s->gate.options.hang_hops = hops;
}

ENGINE_PUBLIC int tragus_session_new(tragus_session **ret, tragus_stream *stream, tragus_grammar *g,
                                     const tragus_session_options *o) {
    if (!ret || !stream || !g || !engine_grammar_graph(g) || (o && o->size_bytes < sizeof(*o)))
        return -EINVAL;
    tragus_session *s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    s->wants_partial = o && o->partial;
    s->reject = !o || o->reject;
    s->options = engine_decoder_options(stream->model, o);
    s->listener = engine_listener_new(stream->model, g, &s->options);
    if (!s->listener) {
        free(s);
        return -ENOMEM;
    }
    let_gate_hang(stream, &s->options);
    s->stream = stream;
    s->next = stream->sessions;
    stream->sessions = s;
    if (stream->open)
        begin_utterance(s);
    *ret = s;
    return 0;
}

ENGINE_PUBLIC void tragus_session_free(tragus_session *s) {
    if (!s)
        return;
    for (struct tragus_session **at = &s->stream->sessions; *at; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    engine_event_free(s->event);
    engine_listener_free(s->listener);
    engine_listener_free(s->coming);
    engine_listener_free(s->retired);
    explicit_bzero(s, sizeof(*s));
    free(s);
}

ENGINE_PUBLIC int tragus_session_set_grammar(tragus_session *s, tragus_grammar *g) {
    if (!s || !g || !engine_grammar_graph(g))
        return -EINVAL;
    struct engine_listener *l = engine_listener_new(s->stream->model, g, &s->options);
    if (!l)
        return -ENOMEM;
    engine_listener_free(s->coming);
    s->coming = l;
    return 0;
}

static void give_simple(tragus_session *s, const struct record *r) {
    bool ended = r->type == TRAGUS_SPEECH_ENDED;
    s->simple = (tragus_event){.type = r->type,
                               .sequence = r->sequence,
                               .text = "",
                               .intent = "",
                               .start_ms = ended ? engine_time(r->start_ms, r->result.start_ms) : (uint32_t)r->time_ms,
                               .end_ms = ended ? engine_time(r->start_ms, r->result.end_ms) : (uint32_t)r->time_ms};
}

/* A last word may seem to end in the padding behind the sound. */
static void limit_times(struct engine_event *e, uint32_t most_ms) {
    for (size_t i = 0; i < e->view.n_words; i++)
        if (e->words[i].end_ms > most_ms)
            e->words[i].end_ms = most_ms;
    for (size_t i = 0; i < e->view.n_slots; i++)
        if (e->slots[i].end_ms > most_ms)
            e->slots[i].end_ms = most_ms;
    if (e->view.end_ms > most_ms)
        e->view.end_ms = most_ms;
}

ENGINE_PUBLIC int tragus_session_poll(tragus_session *s, const tragus_event **ret) {
    if (!s || !ret)
        return -EINVAL;
    engine_event_free(s->event);
    s->event = NULL;
    if (s->n_read == s->n_written) {
        engine_listener_free(s->retired);
        s->retired = NULL;
        return 0;
    }
    const struct record *r = &s->records[s->n_read % N_RECORDS];
    tragus_grammar *g = engine_listener_grammar(r->listener);
    int error = 0;
    switch (r->type) {
    case TRAGUS_SPEECH_STARTED:
    case TRAGUS_SPEECH_ENDED:
        give_simple(s, r);
        break;
    case TRAGUS_PARTIAL: {
        uint32_t words[DECODER_MAX_WORDS];
        for (uint32_t i = 0; i < r->result.n_words; i++)
            words[i] = r->result.words[i].word;
        error = engine_event_partial(&s->event, g, words, r->result.n_words, r->sequence);
        break;
    }
    case TRAGUS_UTTERANCE:
    case TRAGUS_REJECTED:
        error = engine_understand(&s->event, g, &r->result, r->sequence, (uint64_t)r->start_ms, NULL, 0);
        base_assert(error < 0 || s->event);
        if (error == 0)
            s->event->view.reason = r->reason;
        break;
    }
    if (error < 0)
        return error;
    if (s->event)
        limit_times(s->event, (uint32_t)r->time_ms);
    tragus_event *view = s->event ? &s->event->view : &s->simple;
    view->time_ms = r->time_ms;
    s->n_read++;
    *ret = view;
    return 1;
}
