/* SPDX-License-Identifier: Apache-2.0 */
/* service/session.c: a session from its making to its end.
 *
 * A started session has lent an engine_session to a recogniser: the microphone's, or that of a batch thread. It is started until
 * that retires; then it says FINISHED. If a session is freed in between, what it lent is an orphan (tag 0), freed when it retires.
 */
#include "service/private.h"

#include "base/clock.h"
#include "engine/engine.h"
#include "service/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void free_contents(struct service_session *session) {
    if (session->input_fd >= 0)
        close(session->input_fd);
    tragus_grammar_unref(session->grammar);
    for (size_t i = 0; i < session->n_context; i++) {
        free((char *)session->context[i].key);
        free((char *)session->context[i].value);
    }
    free(session->context);
    free(session->owner);
    free(session->grammar_name);
    free(session);
}

static int copy_context(struct service_session *session, const tragus_context context[], size_t n) {
    session->context = calloc(n ? n : 1, sizeof(*session->context));
    if (!session->context)
        return -ENOMEM;
    for (; session->n_context < n; session->n_context++) {
        tragus_context *to = &session->context[session->n_context];
        to->key = strdup(context[session->n_context].key);
        to->value = strdup(context[session->n_context].value);
        if (!to->key || !to->value) {
            session->n_context++;
            return -ENOMEM;
        }
    }
    return 0;
}

void service_session_defaults(const struct service *s, tragus_session_options *ret) {
    *ret = s->options.session;
}

int service_session_new(struct service_session **ret, struct service *s, const struct service_session_options *o,
                        struct base_error *reterr) {
    unsigned n_mine = 0;

    if (!service_model(s, reterr))
        return -ENODATA;
    for (struct service_session *i = s->sessions; i; i = i->next)
        n_mine += !i->dead && i->uid == o->uid;
    if (n_mine >= s->options.limits.sessions_per_user)
        return base_error_set(reterr, -EDQUOT, "this user has %u sessions already; close some (the limit is sessions_per_user)",
                              n_mine);
    const struct service_grammar *g = service_grammar_find(s, o->owner, o->grammar, reterr);
    if (!g)
        return -ENOENT;

    struct service_session *session = calloc(1, sizeof(*session));
    if (!session)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    session->service = s;
    session->input_fd = -1;
    session->uid = o->uid;
    session->one_shot = o->one_shot;
    session->options = o->session;
    session->event = o->event;
    session->user = o->user;
    session->grammar = tragus_grammar_ref(g->grammar);
    session->owner = strdup(o->owner);
    session->grammar_name = strdup(g->name);
    if (copy_context(session, o->context, o->n_context) < 0 || !session->owner || !session->grammar_name) {
        free_contents(session);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    session->number = ++s->last_session;
    session->next = s->sessions;
    s->sessions = session;
    s->n_sessions++;
    *ret = session;
    return 0;
}

/* Sends a command to the thread that has what this session lent. */
static void command(struct service_session *session, enum recogniser_command_type type, struct engine_listener *listener) {
    struct service *s = session->service;
    struct recogniser_command c = {.type = type, .session = session->lent, .listener = listener};
    if (session->batch) {
        recogniser_command(batch_recogniser(session->batch), c);
        batch_wake(session->batch);
    } else {
        recogniser_command(microphone_recogniser(s->microphone), c);
        microphone_wake(s->microphone);
    }
}

void service_session_free(struct service_session *session) {
    if (!session || session->dead)
        return;
    session->dead = true;
    session->service->n_sessions--;
    if (session->lent) {
        if (session->batch)
            batch_cancel(session->batch);
        else if (session->finish != SERVICE_ONE_SHOT_DONE) /* that one was dropped already */
            command(session, RECOGNISER_DROP, NULL);
        session->lent->tag = 0;
        session->lent = NULL;
    }
    if (!session->service->dispatching)
        session_bury(session->service);
}

void session_bury(struct service *s) {
    struct service_session **link = &s->sessions;
    while (*link) {
        struct service_session *session = *link;
        if (session->dead) {
            *link = session->next;
            free_contents(session);
        } else {
            link = &session->next;
        }
    }
}

int service_session_set_input(struct service_session *session, int fd, const struct service_input *input,
                              struct base_error *reterr) {
    if (session->lent)
        return base_error_set(reterr, -EALREADY, "the session is started; call Stop before SetInput");
    int r = batch_check_descriptor(fd, reterr);
    if (r < 0)
        return r;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return base_error_set(reterr, -errno, "the descriptor cannot be kept: %s", strerror(errno));
    if (session->input_fd >= 0)
        close(session->input_fd);
    session->input_fd = copy;
    session->input = *input;
    return 0;
}

static int start_batch(struct service_session *session, struct base_error *reterr) {
    struct service *s = session->service;
    struct batch_options options = {
        .sound_file = session->input.sound_file,
        .live = session->input.live,
        .format = session->input.format,
        .max_bytes = s->options.limits.sound_bytes,
        .gate = s->options.gate,
    };
    uint32_t hang_hops = engine_hang_hops(s->model, &session->options);
    if (options.gate.hang_hops < hang_hops)
        options.gate.hang_hops = hang_hops;
    struct service_batch *entry = calloc(1, sizeof(*entry));
    if (!entry)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    int fd = session->input_fd;
    session->input_fd = -1;
    int r = batch_start(&entry->batch, s->model, fd, &options, session->lent, &s->wake, reterr);
    if (r < 0) {
        free(entry);
        return r;
    }
    session->batch = entry->batch;
    entry->next = s->batches;
    s->batches = entry;
    return 0;
}

int service_session_start(struct service_session *session, struct base_error *reterr) {
    struct service *s = session->service;

    if (session->lent)
        return base_error_set(reterr, -EALREADY, "the session is started already");
    if (session->input_fd < 0 && session->input.format.rate != 0)
        return base_error_set(reterr, -EALREADY, "the descriptor was read to its end; call SetInput with another");
    if (session->input_fd < 0 && s->n_live >= RECOGNISER_MAX_SESSIONS)
        return base_error_set(reterr, -EDQUOT, "%u sessions listen to the microphone already; that is all it takes", s->n_live);

    struct engine_session *lent = calloc(1, sizeof(*lent));
    if (lent)
        lent->listener = engine_listener_new(s->model, session->grammar, &session->options);
    if (!lent || !lent->listener) {
        free(lent);
        return base_error_set(reterr, -ENOMEM, "not enough memory for this grammar");
    }
    lent->tag = session->number;
    lent->wants_partial = session->options.partial;
    lent->reject = session->options.reject;
    lent->sequence = session->sequence;
    session->lent = lent;
    session->finish = 0;
    session->speaking = session->told_missing = false;
    session->swapping = session->swap_wanted = false;
    session->start_hop = 0;

    if (session->input_fd >= 0) {
        int r = start_batch(session, reterr);
        if (r < 0) {
            session->lent = NULL;
            engine_listener_free(lent->listener);
            free(lent);
        }
        return r;
    }
    struct microphone_counters c;
    microphone_counters(s->microphone, &c);
    session->start_hop = c.hops;
    session->batch = NULL;
    s->n_live++;
    command(session, RECOGNISER_ADD, NULL);
    microphone_let_hang(s->microphone, engine_hang_hops(s->model, &session->options));
    microphone_want(s->microphone, true);
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

void service_session_view(const struct service_session *session, struct service_session_view *ret) {
    uint64_t hops = 0;
    int32_t level_cdb = -9000;

    if (session->batch) {
        struct batch_counters c;
        batch_counters(session->batch, &c);
        hops = c.hops;
        level_cdb = c.level_cdb;
    } else if (session->service->microphone) {
        struct microphone_counters c;
        microphone_counters(session->service->microphone, &c);
        hops = session->lent ? c.hops - session->start_hop : 0;
        level_cdb = c.level_cdb;
    }
    *ret = (struct service_session_view){
        .state = !session->lent      ? SERVICE_IDLE
                 : session->finish   ? SERVICE_DECIDING
                 : session->speaking ? SERVICE_IN_SPEECH
                                     : SERVICE_WAITING_FOR_SPEECH,
        .owner = session->owner,
        .grammar = session->grammar_name,
        .from_descriptor = session->input.format.rate != 0,
        .position_us = hops * 10000,
        .level_db = level_cdb / 100.0,
    };
}

/* --- a grammar was replaced --------------------------------------------------------------------------------------------------- */

static void swap(struct service_session *session) {
    struct engine_listener *listener = engine_listener_new(session->service->model, session->grammar, &session->options);
    session->swap_wanted = false;
    if (!listener) {
        service_log(SERVICE_LOG_WARNING, "Failed to give a session its new grammar, keeping the old one: out of memory");
        return;
    }
    session->swapping = true;
    command(session, RECOGNISER_SWAP, listener);
}

void session_use_grammar(struct service_session *session, const struct service_grammar *g) {
    tragus_grammar_unref(session->grammar);
    session->grammar = tragus_grammar_ref(g->grammar);
    if (!session->lent || session->finish)
        return;
    if (session->swapping)
        session->swap_wanted = true;
    else
        swap(session);
}

/* --- events ------------------------------------------------------------------------------------------------------------------- */

void session_tell(struct service_session *session, const struct service_event *e) {
    if (!session->dead)
        session->event(session, e, session->user);
}

/* From the end of the words to now, where somebody is waiting for it. */
static uint32_t latency_ms(const struct service_session *session, const struct engine_record *r) {
    bool live = !session->batch || session->input.live;
    uint64_t end_us = r->start_us + (uint64_t)r->result.end_ms * 1000, now_us = base_clock_monotonic_us();
    return live && r->type == ENGINE_RESULT && now_us > end_us ? (uint32_t)((now_us - end_us) / 1000) : 0;
}

/* What follows is not for this session any more. */
static void end_one_shot(struct service_session *session) {
    session->finish = SERVICE_ONE_SHOT_DONE;
    if (session->batch)
        batch_cancel(session->batch);
    else
        command(session, RECOGNISER_DROP, NULL);
}

static void tell_record(struct service_session *session, const struct engine_record *r) {
    struct engine_event *event;

    session->sequence = r->sequence;
    session->speaking = r->type == ENGINE_SPEECH_STARTED || r->type == ENGINE_PARTIAL;
    int error = engine_event_new(&event, r, session->start_hop, session->context, session->n_context);
    if (error < 0) {
        service_log(SERVICE_LOG_ERROR, "Failed to tell what was heard: %s", strerror(-error));
        return;
    }
    if (session->one_shot && r->type == ENGINE_RESULT)
        end_one_shot(session);
    session_tell(session, &(struct service_event){.type = SERVICE_HEARD,
                                                  .time_us = r->heard_us,
                                                  .heard = engine_event_view(event),
                                                  .grammar = session->grammar_name,
                                                  .latency_ms = latency_ms(session, r),
                                                  .text = ""});
    engine_event_free(event);
}

static void tell_finished(struct service_session *session, struct batch *batch) {
    struct base_error error = {0};
    unsigned reason = session->finish;

    if (batch && batch_error(batch, &error) < 0 && reason != SERVICE_STOPPED && reason != SERVICE_ONE_SHOT_DONE) {
        reason = SERVICE_FAILED_INPUT;
        session_tell(session,
                     &(struct service_event){.type = SERVICE_INPUT_LOST, .reason = SERVICE_DESCRIPTOR_BROKEN, .text = error.text});
    }
    if (reason == 0)
        reason = SERVICE_END_OF_INPUT;
    session->finish = 0;
    session_tell(session, &(struct service_event){.type = SERVICE_FINISHED, .reason = reason, .text = error.text});
}

static struct service_session *find(struct service *s, uint64_t number) {
    struct service_session *session = s->sessions;
    while (session && (session->number != number || session->dead))
        session = session->next;
    return number ? session : NULL;
}

static void come_home(struct service *s, struct engine_session *lent, struct batch *batch) {
    struct service_session *session = find(s, lent->tag);

    engine_listener_free(lent->listener);
    engine_listener_free(lent->coming);
    explicit_bzero(lent, sizeof(*lent));
    free(lent);
    if (!batch)
        s->n_live--;
    if (session) {
        session->lent = NULL;
        session->batch = NULL;
        session->speaking = false;
        tell_finished(session, batch);
    }
    if (s->n_live == 0 && s->microphone && !batch)
        microphone_want(s->microphone, false);
}

static void listener_swapped(struct service *s, const struct engine_record *r) {
    struct service_session *session = r->session ? find(s, r->session->tag) : NULL;

    engine_listener_free(r->listener);
    if (!session)
        return;
    session->swapping = false;
    if (session->swap_wanted && !session->finish)
        swap(session);
}

void session_take_record(struct service *s, const struct engine_record *r, struct batch *batch) {
    if (r->type == ENGINE_SWAPPED) {
        listener_swapped(s, r);
    } else if (r->type == ENGINE_RETIRED) {
        come_home(s, r->session, batch);
    } else {
        struct service_session *session = find(s, r->session->tag);
        if (session && session->finish != SERVICE_ONE_SHOT_DONE)
            tell_record(session, r);
    }
}
