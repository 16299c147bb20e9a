/* SPDX-License-Identifier: Apache-2.0 */
/* service/started.c: a session while it is started, and the commands that it gives its recogniser.
 *
 * A started session has lent an engine_session to a recogniser, the microphone's or a batch thread's. It remains started until
 * that retires; then it reports FINISHED (events.c). If the session is freed before that, the engine_session becomes an orphan
 * (tag 0) and is freed when it retires.
 */
#include "service/private.h"

#include "base/clock.h"
#include "service/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_AGAIN_US 100000
#define TURN_US 5000 /* of giving sessions their new grammars at once */

/* The recogniser that this session's engine_session is lent to. */
static struct recogniser *recogniser_of(const struct service_session *session) {
    return session->batch ? batch_recogniser(session->batch) : microphone_recogniser(session->service->microphone, session->model);
}

/* How many hops of its sound have arrived. */
static uint64_t hops_of(const struct service_session *session) {
    struct microphone_counters live;
    struct batch_counters batch;
    if (session->batch) {
        batch_counters(session->batch, &batch);
        return batch.hops;
    }
    microphone_counters(session->service->microphone, &live);
    return live.hops;
}

static void give(struct service_session *session, struct recogniser_command c) {
    recogniser_command(recogniser_of(session), c);
    if (session->batch)
        batch_wake(session->batch);
    else
        microphone_wake(session->service->microphone);
}

/* Sends the recogniser a command. Returns how many hops of the sound precede it. */
static uint64_t command(struct service_session *session, enum recogniser_command_type type, struct engine_listener *listener) {
    struct recogniser_command c = {.type = type, .session = session->lent, .listener = listener, .n_heard = hops_of(session)};
    give(session, c);
    return c.n_heard;
}

void session_drop(struct service_session *session) {
    if (session->batch)
        batch_cancel(session->batch);
    else
        command(session, RECOGNISER_DROP, NULL);
}

bool session_is_dropped(const struct service_session *session) {
    return session->finish == SERVICE_ONE_SHOT_DONE || session->finish == SERVICE_TIMED_OUT ||
           session->finish == SERVICE_DAEMON_STOPS;
}

void session_revoke(struct service_session *session) {
    if (session->dead || !session->lent || session->finish == SERVICE_DAEMON_STOPS)
        return;
    if (!session_is_dropped(session))
        session_drop(session);
    session->finish = SERVICE_DAEMON_STOPS;
    session_tell(session, &(struct service_event){.type = SERVICE_FINISHED, .reason = SERVICE_DAEMON_STOPS, .text = ""});
}

/* --- start and stop ----------------------------------------------------------------------------------------------------------- */

/* A sentence that began in time may end. Looks again soon, because not every beginning has a result. */
static int on_timeout(sd_event_source *source, uint64_t now_us, void *user) {
    struct service_session *session = user;
    (void)now_us;

    if (!session->lent || session->finish)
        return 0;
    if (session->speaking && (session->late_sequence == 0 || session->late_sequence == session->sequence)) {
        session->late_sequence = session->sequence;
        int r = sd_event_source_set_time_relative(source, LOOK_AGAIN_US);
        if (r >= 0 && sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) >= 0)
            return 0;
    }
    session->finish = SERVICE_TIMED_OUT;
    session_drop(session);
    return 0;
}

static int may_start(const struct service_session *session, tragus_error *reterr) {
    const struct service *s = session->service;

    if (session->lent)
        return base_error_set(reterr, -EALREADY, "the session is started already");
    if (!session->microphone && session->input.format.rate == 0)
        return base_error_set(reterr, -EALREADY, "this session has Input fd: call SetInput before Start");
    if (!session->microphone && session->input_fd < 0)
        return base_error_set(reterr, -EALREADY, "the descriptor was read to its end; call SetInput with another");
    if (session->microphone && s->n_live >= RECOGNISER_MAX_SESSIONS)
        return base_error_set(reterr, -EDQUOT, "%u sessions listen to the microphone already; that is all it takes", s->n_live);
    return session->microphone ? service_may_listen(s, &session->caller, reterr) : 0;
}

static void start_microphone(struct service_session *session) {
    struct service *s = session->service;

    session->batch = NULL;
    s->n_live++;
    microphone_let_hang(s->microphone, engine_listener_hang_hops(session->lent->listener));
    session->start_hop = command(session, RECOGNISER_ADD, NULL);
    microphone_want(s->microphone, true);
}

void session_free_lent(struct engine_session *lent) {
    engine_listener_free(lent->listener);
    engine_listener_free(lent->coming);
    engine_listener_free(lent->fallback);
    engine_wake_free(lent->wake);
    explicit_bzero(lent, sizeof(*lent));
    free(lent);
}

/* Returns NULL and a message on failure. */
static struct engine_session *lent_new(const struct service_session *session, tragus_error *reterr) {
    struct service *s = session->service;
    tragus_model *model = s->models[session->model];
    struct engine_session *lent = calloc(1, sizeof(*lent));
    (void)base_error_set(reterr, -ENOMEM, "not enough memory for this grammar");
    if (!lent)
        return NULL;
    lent->listener = engine_listener_new(model, session->grammar, &session->options);
    if (session->wake)
        lent->wake = engine_wake_new(model, session->wake, &session->options);
    int r = engine_fallback_new(&lent->fallback, model, &session->options);
    if (r == 0 && lent->listener && (lent->wake || !session->wake) &&
        memory_count_listener(s, session->caller.uid, lent->listener, reterr) == 0 &&
        memory_count_listener(s, session->caller.uid, lent->fallback, reterr) == 0 &&
        memory_count_listener(s, session->caller.uid, lent->wake ? engine_wake_spotter(lent->wake) : NULL, reterr) == 0)
        return lent;
    session_free_lent(lent);
    return NULL;
}

int service_session_start(struct service_session *session, tragus_error *reterr) {
    struct service *s = session->service;
    struct timespec now;
    tragus_error e = {0};

    int r = may_start(session, reterr);
    if (r < 0)
        return r;
    if (session->limited) {
        session->timeout = sd_event_source_disable_unref(session->timeout);
        r = sd_event_add_time_relative(s->event, &session->timeout, CLOCK_MONOTONIC, (uint64_t)session->timeout_ms * 1000, 10000,
                                       on_timeout, session);
        if (r < 0)
            return base_error_set(reterr, r, "cannot create a timer: %s", strerror(-r));
    }
    struct engine_session *lent = lent_new(session, &e);
    if (!lent) {
        if (reterr)
            *reterr = e;
        return e.code;
    }
    lent->tag = session->number;
    lent->wants_partial = session->options.partial;
    lent->reject = session->options.reject;
    lent->sequence = session->sequence;
    session->lent = lent;
    session->finish = 0;
    session->speaking = session->told_missing = false;
    session->swap_wanted = false;
    session->start_hop = session->open_until = session->late_sequence = session->told_lost_us = 0;

    if (session->microphone) {
        start_microphone(session);
    } else if ((r = input_start(session, reterr)) < 0) {
        session->lent = NULL;
        session_free_lent(lent);
        return r;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    session->started_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    service_tell_change(s);
    return 0;
}

int service_session_stop(struct service_session *session) {
    if (!session->lent)
        return -EALREADY;
    if (session->finish)
        return 0;
    session->finish = SERVICE_STOPPED;
    if (session->batch)
        batch_cancel(session->batch);
    else
        command(session, RECOGNISER_STOP, NULL);
    return 0;
}

int service_session_trigger(struct service_session *session, uint32_t open_ms, tragus_error *reterr) {
    if (!session->lent || session->finish)
        return base_error_set(reterr, -EALREADY, "the session is not started; call Start first");
    if (!session->wake)
        return base_error_set(reterr, -EALREADY, "the session has no wake phrase, so it hears everything already");
    int r = open_ms > 0 ? service_check_open_ms(open_ms, "OpenMs", reterr) : 0;
    if (r < 0)
        return r;
    if (!recogniser_has_room(recogniser_of(session)))
        return base_error_set(reterr, -EAGAIN, "too many calls are waiting; try again");
    struct recogniser_command c = {.type = RECOGNISER_OPEN, .session = session->lent, .n_heard = hops_of(session)};
    c.open_hops = open_ms > 0 ? open_ms / ENGINE_HOP_MS : engine_wake_open_hops(session->lent->wake);
    uint64_t until = c.n_heard + c.open_hops;
    session->open_until = until > session->open_until ? until : session->open_until;
    give(session, c);
    return 0;
}

/* --- a grammar was replaced --------------------------------------------------------------------------------------------------- */

static void swap(struct service_session *session) {
    struct engine_listener *listener =
        engine_listener_new(session->service->models[session->model], session->grammar, &session->options);
    tragus_error e = {.text = "out of memory"};
    session->swap_wanted = false;
    if (!listener || memory_count_swapped(session->service, session->caller.uid, listener, &e) < 0) {
        service_log(SERVICE_LOG_WARNING, "Failed to give a session its new grammar, keeping the old one: %s", e.text);
        engine_listener_free(listener);
        return;
    }
    if (session->microphone)
        microphone_let_hang(session->service->microphone, engine_listener_hang_hops(listener));
    command(session, RECOGNISER_SWAP, listener);
}

void session_use_grammar(struct service_session *session, const struct service_grammar *g) {
    if (!engine_grammar_graph(g->grammar) || service_model_of(session->service, g->grammar) != session->model) {
        service_log(SERVICE_LOG_WARNING, "Grammar %s is of another language now; sessions that use it keep the old one", g->name);
        return;
    }
    tragus_grammar_unref(session->grammar);
    session->grammar = tragus_grammar_ref(g->grammar);
    session->swap_wanted = session->lent && !session->finish;
}

/* The listener of a large grammar takes tens of milliseconds, and there may be many sessions, so others have their turn between
 * them. */
void session_swap_wanted(struct service *s) {
    uint64_t until_us = base_clock_monotonic_us() + TURN_US;

    for (struct service_session *session = s->sessions; session; session = session->next) {
        if (session->dead || !session->lent || !session->swap_wanted || session->finish ||
            !recogniser_has_room(recogniser_of(session)))
            continue;
        if (base_clock_monotonic_us() >= until_us) {
            base_wake_up(&s->wake);
            return;
        }
        swap(session);
    }
}
