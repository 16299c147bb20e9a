/* SPDX-License-Identifier: Apache-2.0 */
/* service/events.c: makes events of sessions from what their recognisers report. */
#include "service/private.h"

#include "base/clock.h"
#include "service/log.h"

#include <errno.h>
#include <string.h>

#define MOST_ATTEMPTS 5

void session_tell(struct service_session *session, const struct service_event *e) {
    if (!session->dead)
        session->event(session, e, session->user);
}

void session_tell_overrun(struct service_session *session, uint64_t lost_us) {
    if (lost_us > 0 && !session_is_dropped(session))
        session_tell(session, &(struct service_event){.type = SERVICE_INPUT_LOST,
                                                      .time_us = base_clock_monotonic_us(),
                                                      .reason = SERVICE_OVERRUN,
                                                      .lost_us = lost_us,
                                                      .text = ""});
}

uint64_t session_take_lost_us(struct service_session *session) {
    struct batch_counters c;
    batch_counters(session->batch, &c);
    uint64_t lost_us = c.lost_us - session->told_lost_us;
    session->told_lost_us = c.lost_us;
    return lost_us;
}

static bool is_result(const struct engine_record *r) {
    return r->event == TRAGUS_UTTERANCE || r->event == TRAGUS_REJECTED;
}

/* Time from the end of the words to now, for live sound only. */
static uint32_t latency_ms(const struct service_session *session, const struct engine_record *r) {
    bool live = !session->batch || session->input.live;
    uint64_t end_us = r->start_us + (uint64_t)r->result.end_ms * 1000, now_us = base_clock_monotonic_us();
    return live && is_result(r) && now_us > end_us ? (uint32_t)((now_us - end_us) / 1000) : 0;
}

/* If there is no memory, there may be some in the next moment; clients wait for results. */
static int make_event(struct engine_event **ret, const struct service_session *session, const struct engine_record *r) {
    int error = -ENOMEM;
    for (unsigned i = 0; i < MOST_ATTEMPTS && error == -ENOMEM; i++)
        error = engine_event_new(ret, r, session->start_hop, session->context, session->n_context);
    return error;
}

static void tell_record(struct service_session *session, const struct engine_record *r) {
    struct engine_event *event;

    session->sequence = r->sequence;
    session->speaking = r->event == TRAGUS_SPEECH_STARTED || r->event == TRAGUS_PARTIAL;
    if (r->event == TRAGUS_WAKE_DETECTED)
        session->open_until = r->open_until;
    else if (r->event == TRAGUS_UTTERANCE)
        session->open_until = 0;
    int error = make_event(&event, session, r);
    if (error < 0) {
        service_log(SERVICE_LOG_ERROR, "Failed to tell what was heard: %s", strerror(-error));
        return;
    }
    if (session->one_shot && is_result(r)) { /* later events are no longer for this session */
        session->finish = SERVICE_ONE_SHOT_DONE;
        session_drop(session);
    }
    session_tell(session, &(struct service_event){.type = SERVICE_HEARD,
                                                  .time_us = r->heard_us,
                                                  .heard = engine_event_view(event),
                                                  .grammar = session->grammar_name,
                                                  .latency_ms = latency_ms(session, r),
                                                  .text = ""});
    engine_event_free(event);
}

static void tell_finished(struct service_session *session, struct batch *batch) {
    tragus_error error = {0};
    unsigned reason = session->finish;

    if (batch && batch_error(batch, &error) < 0 && reason == 0) {
        reason = SERVICE_INPUT_FAILED;
        session_tell(session,
                     &(struct service_event){.type = SERVICE_INPUT_LOST, .reason = SERVICE_DESCRIPTOR_BROKEN, .text = error.text});
    }
    if (reason == 0)
        reason = SERVICE_END_OF_INPUT;
    session->finish = 0;
    if (reason != SERVICE_DAEMON_STOPS) /* a revoked session was told already */
        session_tell(session, &(struct service_event){.type = SERVICE_FINISHED,
                                                      .reason = reason,
                                                      .text = reason == SERVICE_INPUT_FAILED ? error.text : ""});
}

static struct service_session *find(struct service *s, uint64_t number) {
    struct service_session *session = s->sessions;
    while (session && (session->number != number || session->dead))
        session = session->next;
    return number ? session : NULL;
}

static void come_home(struct service *s, struct engine_session *lent, struct batch *batch) {
    struct service_session *session = find(s, lent->tag);

    session_free_lent(lent);
    if (!batch)
        s->n_live--;
    if (session) {
        uint64_t lost_us = batch ? session_take_lost_us(session) : 0;
        session->lent = NULL;
        session->batch = NULL;
        session->speaking = false;
        session->timeout = sd_event_source_disable_unref(session->timeout);
        service_session_push_end(session); /* nobody reads the sound any more, although its thread may take a moment to end */
        session_tell_overrun(session, lost_us);
        tell_finished(session, batch);
    }
    service_tell_change(s);
    if (s->n_live == 0 && s->microphone && !batch)
        microphone_want(s->microphone, false);
}

void session_take_record(struct service *s, const struct engine_record *r, struct batch *batch) {
    if (r->type == ENGINE_SWAPPED) {
        engine_listener_free(r->listener);
    } else if (r->type == ENGINE_RETIRED) {
        come_home(s, r->session, batch);
    } else {
        struct service_session *session = find(s, r->session->tag);
        if (session && !session_is_dropped(session))
            tell_record(session, r);
    }
}
