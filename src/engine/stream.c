/* SPDX-License-Identifier: Apache-2.0 */
/* engine/stream.c: the public stream and session: a segmenter and a recogniser in one thread, with a queue of records per session.
 *
 * Feeding does not allocate: records go into slots allocated with the session, and are interpreted when polled.
 */
#include "engine/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N_RECORDS 64
/* Slots that partial results leave free for final results. */
#define FINAL_RECORDS 16

struct tragus_session {
    struct engine_session session;
    tragus_stream *stream;
    struct tragus_session *next;
    tragus_session_options options;

    uint32_t n_written, n_read;
    bool lost; /* a record found no slot during this call of feed or flush */
    struct engine_record records[N_RECORDS];

    struct engine_event *event; /* the last one polled */
};

struct tragus_stream {
    tragus_model *model;
    struct engine_segmenter segmenter;
    struct engine_recogniser *recogniser;
    struct tragus_session *sessions;
};

/* --- records ------------------------------------------------------------------------------------------------------------------ */

static bool take_record(const struct engine_record *r, void *user) {
    struct tragus_session *s = (struct tragus_session *)r->session; /* session is its first member */
    uint32_t fill = s->n_written - s->n_read;
    (void)user;
    bool partial = r->type == ENGINE_HEARD && r->event == TRAGUS_PARTIAL;
    if (fill >= (partial ? N_RECORDS - FINAL_RECORDS : N_RECORDS)) {
        s->lost |= r->type == ENGINE_HEARD && !partial;
        return false;
    }
    s->records[s->n_written++ % N_RECORDS] = *r;
    return true;
}

/* Frees what belongs to a record that will not be polled. */
static void drop_record(const struct engine_record *r) {
    if (r->type == ENGINE_SWAPPED)
        engine_listener_free(r->listener);
}

/* 0 if every record of this call found a slot, else an error. */
static int answer(tragus_stream *stream) {
    int r = 0;
    for (struct tragus_session *s = stream->sessions; s; s = s->next) {
        if (s->lost)
            r = -ENOBUFS;
        s->lost = false;
    }
    return r;
}

/* --- the stream --------------------------------------------------------------------------------------------------------------- */

static void take_hop(const struct engine_hop *hop, void *user) {
    tragus_stream *s = user;
    engine_recogniser_take(s->recogniser, hop);
}

ENGINE_PUBLIC int tragus_stream_feed(tragus_stream *s, const int16_t *pcm, size_t n) {
    if (!s || (!pcm && n > 0))
        return -EINVAL;
    uint64_t at = s->segmenter.n_hops * FRONTEND_HOP + s->segmenter.n_carry;
    engine_segmenter_push(&s->segmenter, pcm, n, at * 1000000 / FRONTEND_RATE, take_hop, s);
    engine_recogniser_catch_up(s->recogniser);
    return answer(s);
}

ENGINE_PUBLIC int tragus_stream_flush(tragus_stream *s) {
    if (!s)
        return -EINVAL;
    engine_segmenter_end(&s->segmenter, take_hop, s);
    return answer(s);
}

ENGINE_PUBLIC void tragus_stream_options_init(tragus_stream_options *o) {
    if (o)
        *o = (tragus_stream_options){.size_bytes = sizeof(*o), .gate = 1};
}

ENGINE_PUBLIC int tragus_stream_new(tragus_stream **ret, tragus_model *m, const tragus_stream_options *o) {
    tragus_stream_options own;
    tragus_stream_options_init(&own);
    if (!ret || !m || (o && engine_take_options(&own, sizeof(own), o) < 0))
        return -EINVAL;
    tragus_stream *s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    engine_segmenter_init(&s->segmenter, NULL, engine_model_cpu_flags(m), 0);
    s->segmenter.gated = own.gate != 0;
    s->model = tragus_model_ref(m);
    s->recogniser = engine_recogniser_new(m, take_record, NULL);
    if (!s->recogniser) {
        tragus_stream_free(s);
        return -ENOMEM;
    }
    *ret = s;
    return 0;
}

/* Frees a session that the caller takes off its stream's list. */
static void free_session(tragus_session *s) {
    engine_recogniser_remove(s->stream->recogniser, &s->session);
    engine_event_free(s->event);
    for (; s->n_read != s->n_written; s->n_read++)
        drop_record(&s->records[s->n_read % N_RECORDS]);
    engine_listener_free(s->session.listener);
    engine_listener_free(s->session.coming);
    engine_listener_free(s->session.fallback);
    engine_wake_free(s->session.wake);
    explicit_bzero(s, sizeof(*s));
    free(s);
}

ENGINE_PUBLIC void tragus_stream_free(tragus_stream *s) {
    if (!s)
        return;
    for (tragus_session *session = s->sessions, *next; session; session = next) {
        next = session->next;
        free_session(session);
    }
    engine_recogniser_free(s->recogniser);
    tragus_model_unref(s->model);
    explicit_bzero(s, sizeof(*s));
    free(s);
}

ENGINE_PUBLIC void tragus_stream_cost(const tragus_stream *s, tragus_cost *ret) {
    struct engine_cost c;
    if (!s || !ret)
        return;
    engine_recogniser_cost(s->recogniser, &c);
    *ret = (tragus_cost){.audio_ms = s->segmenter.n_hops * ENGINE_HOP_MS,
                         .speech_ms = s->segmenter.n_segment_hops * ENGINE_HOP_MS,
                         .frontend_ns = c.frontend_us * 1000,
                         .network_ns = c.network_us * 1000,
                         .decoder_ns = c.listeners_us * 1000,
                         .steps = c.steps};
}

/* --- sessions ----------------------------------------------------------------------------------------------------------------- */

ENGINE_PUBLIC void tragus_session_options_init(tragus_session_options *o) {
    if (o)
        *o = (tragus_session_options){.size_bytes = sizeof(*o), .reject = 1};
}

static void let_hang(tragus_stream *stream, const struct engine_listener *l) {
    struct frontend_gate_options *gate = &stream->segmenter.gate.options;
    uint32_t hang_hops = engine_listener_hang_hops(l);
    gate->hang_hops = hang_hops > gate->hang_hops ? hang_hops : gate->hang_hops;
}

ENGINE_PUBLIC int tragus_session_new(tragus_session **ret, tragus_stream *stream, tragus_grammar *g,
                                     const tragus_session_options *o) {
    tragus_session_options own;
    tragus_session_options_init(&own);
    if (!ret || !stream || !g || !engine_grammar_graph(g) || (o && engine_take_options(&own, sizeof(own), o) < 0))
        return -EINVAL;
    if (own.wake && !engine_grammar_graph(own.wake))
        return -EINVAL;
    tragus_session *s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    s->options = own;
    s->session.wants_partial = s->options.partial;
    s->session.reject = s->options.reject;
    s->session.listener = engine_listener_new(stream->model, g, &s->options);
    if (s->options.wake)
        s->session.wake = engine_wake_new(stream->model, s->options.wake, &s->options);
    int r = engine_fallback_new(&s->session.fallback, stream->model, &s->options);
    if (r < 0 || !s->session.listener || (s->options.wake && !s->session.wake)) {
        engine_listener_free(s->session.listener);
        engine_listener_free(s->session.fallback);
        engine_wake_free(s->session.wake);
        free(s);
        return r < 0 ? r : -ENOMEM;
    }
    s->options.wake = NULL; /* a borrowed pointer */
    let_hang(stream, s->session.listener);
    s->stream = stream;
    s->next = stream->sessions;
    stream->sessions = s;
    engine_recogniser_add(stream->recogniser, &s->session);
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
    free_session(s);
}

ENGINE_PUBLIC int tragus_session_set_grammar(tragus_session *s, tragus_grammar *g) {
    if (!s || !g || !engine_grammar_graph(g))
        return -EINVAL;
    struct engine_listener *l = engine_listener_new(s->stream->model, g, &s->options);
    if (!l)
        return -ENOMEM;
    let_hang(s->stream, l);
    engine_listener_free(engine_recogniser_swap(s->stream->recogniser, &s->session, l));
    return 0;
}

ENGINE_PUBLIC int tragus_session_trigger(tragus_session *s, uint32_t open_ms) {
    if (!s || !s->session.wake)
        return -EINVAL;
    uint32_t hops = open_ms > 0 ? open_ms / ENGINE_HOP_MS : engine_wake_open_hops(s->session.wake);
    engine_recogniser_open(s->stream->recogniser, &s->session, s->stream->segmenter.n_hops, hops);
    return 0;
}

ENGINE_PUBLIC int tragus_session_poll(tragus_session *s, const tragus_event **ret) {
    if (!s || !ret)
        return -EINVAL;
    engine_event_free(s->event);
    s->event = NULL;
    for (; s->n_read != s->n_written; s->n_read++) {
        const struct engine_record *r = &s->records[s->n_read % N_RECORDS];
        if (r->type == ENGINE_SWAPPED) {
            drop_record(r);
            continue;
        }
        int error = engine_event_new(&s->event, r, 0, NULL, 0);
        if (error < 0)
            return error;
        s->n_read++;
        *ret = engine_event_view(s->event);
        return 1;
    }
    return 0;
}
