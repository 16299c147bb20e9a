/* SPDX-License-Identifier: Apache-2.0 */
/* service/session.c: a session from creation to end.
 *
 * A started session has lent an engine_session to a recogniser, the microphone's or a batch thread's. It remains started until
 * that retires; then it reports FINISHED. If the session is freed before that, the engine_session becomes an orphan (tag 0) and is
 * freed when it retires.
 */
#include "service/private.h"

#include "base/clock.h"
#include "base/descriptor.h"
#include "engine/engine.h"
#include "service/log.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void free_contents(struct service_session *session) {
    if (session->input_fd >= 0)
        close(session->input_fd);
    if (session->push_fd >= 0)
        close(session->push_fd);
    sd_event_source_disable_unref(session->timeout);
    tragus_grammar_unref(session->grammar);
    tragus_grammar_unref(session->wake);
    for (size_t i = 0; i < session->n_context; i++) {
        free((char *)session->context[i].key);
        free((char *)session->context[i].value);
    }
    free(session->context);
    free(session->owner);
    free(session->grammar_name);
    free(session->app);
    free(session);
}

int service_copy_context(tragus_context **ret, size_t *ret_n, const tragus_context context[], size_t n) {
    *ret_n = 0;
    *ret = calloc(n ? n : 1, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    for (; *ret_n < n; (*ret_n)++) {
        tragus_context *to = &(*ret)[*ret_n];
        to->key = strdup(context[*ret_n].key);
        to->value = strdup(context[*ret_n].value);
        if (!to->key || !to->value) {
            (*ret_n)++;
            return -ENOMEM;
        }
    }
    return 0;
}

/* Takes the reference to the wake phrases. */
static struct service_session *session_new(struct service *s, const struct service_caller *caller,
                                           const struct service_session_options *o, const struct service_grammar *g,
                                           tragus_grammar *wake) {
    struct service_session *session = calloc(1, sizeof(*session));
    if (!session) {
        tragus_grammar_unref(wake);
        return NULL;
    }
    session->wake = wake;
    session->service = s;
    session->input_fd = session->push_fd = -1;
    session->pid = o->pid;
    session->microphone = o->microphone;
    session->one_shot = o->one_shot;
    session->limited = o->limited;
    session->timeout_ms = o->timeout_ms;
    session->options = o->session;
    session->event = o->event;
    session->user = o->user;
    session->grammar = tragus_grammar_ref(g->grammar);
    session->model = service_model_of(s, g->grammar);
    session->owner = strdup(caller->owner);
    session->grammar_name = strdup(g->name);
    session->app = strdup(o->app);
    session->caller = *caller;
    session->caller.owner = session->owner;
    if (service_copy_context(&session->context, &session->n_context, o->context, o->n_context) < 0 || !session->owner ||
        !session->grammar_name || !session->app) {
        free_contents(session);
        return NULL;
    }
    return session;
}

int service_session_new(struct service_session **ret, struct service *s, const struct service_caller *caller,
                        const struct service_session_options *asked, tragus_error *reterr) {
    struct service_session_options o = *asked;
    unsigned n_mine = 0;

    int r = service_check_options(&o, reterr);
    if (r >= 0 && o.microphone)
        r = service_may_listen(s, caller, reterr);
    if (r < 0)
        return r;
    r = service_find_model(s, o.language, reterr);
    if (r < 0)
        return r;
    for (struct service_session *i = s->sessions; i; i = i->next)
        n_mine += !i->dead && i->caller.uid == caller->uid;
    if (n_mine >= s->options.limits.sessions_per_user)
        return base_error_set(reterr, -EDQUOT, "this user has %u sessions already; close some (the limit is sessions_per_user)",
                              n_mine);
    const struct service_grammar *g = service_grammar_find(s, caller->owner, o.grammar, reterr);
    if (!g)
        return -ENOENT;
    if (!engine_grammar_graph(g->grammar))
        return base_error_set(
            reterr, -ENODATA,
            "grammar \"%.60s\" is in language \"%.20s\", which has no model here, so only typed text is understood; "
            "install a model and name it under languages in tragus.conf",
            g->name, g->language);
    if (*o.language && (unsigned)r != service_model_of(s, g->grammar))
        return base_error_set(reterr, -ENODATA, "grammar \"%.60s\" is of language \"%s\", not \"%.20s\"", g->name, g->language,
                              o.language);
    /* Made when the model was loaded; so a call never waits for it, or keeps its message meanwhile. */
    r = o.session.fallback ? engine_model_prepare_fallback(engine_grammar_model(g->grammar), reterr) : 0;
    if (r < 0)
        return r;
    tragus_grammar *wake;
    r = wake_compile(s, &wake, service_model_of(s, g->grammar), &o, reterr);
    if (r < 0)
        return r;
    struct service_session *session = session_new(s, caller, &o, g, wake);
    if (!session)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    session->number = ++s->last_session;
    session->next = s->sessions;
    s->sessions = session;
    s->n_sessions++;
    *ret = session;
    return 0;
}

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

/* Retires the session immediately, so that it hears nothing more. */
static void drop(struct service_session *session) {
    if (session->batch)
        batch_cancel(session->batch);
    else
        command(session, RECOGNISER_DROP, NULL);
}

/* It was dropped, so results still in the queue are not reported. */
static bool is_dropped(const struct service_session *session) {
    return session->finish == SERVICE_ONE_SHOT_DONE || session->finish == SERVICE_TIMED_OUT || session->finish == SERVICE_DAEMON_STOPS;
}

void session_revoke(struct service_session *session) {
    if (session->dead || !session->lent || session->finish == SERVICE_DAEMON_STOPS)
        return;
    if (!is_dropped(session))
        drop(session);
    session->finish = SERVICE_DAEMON_STOPS;
    session_tell(session, &(struct service_event){.type = SERVICE_FINISHED, .reason = SERVICE_DAEMON_STOPS, .text = ""});
}

void service_session_free(struct service_session *session) {
    if (!session || session->dead)
        return;
    session->dead = true;
    session->timeout = sd_event_source_disable_unref(session->timeout);
    session->service->n_sessions--;
    if (session->lent) {
        if (!is_dropped(session))
            drop(session);
        session->lent->tag = 0;
        session->lent = NULL;
    }
    if (!session->service->dispatching)
        session_bury(session->service);
}

/* After the last session, what many of them have used goes back to the system: glibc would keep most of it. */
void session_bury(struct service *s) {
    struct service_session **link = &s->sessions;
    bool any = s->sessions != NULL;
    while (*link) {
        struct service_session *session = *link;
        if (session->dead) {
            *link = session->next;
            free_contents(session);
        } else {
            link = &session->next;
        }
    }
    if (any && !s->sessions)
        (void)malloc_trim(0);
}

/* Makes fd the session's input and takes ownership of it. */
static void give_input(struct service_session *session, int fd, const struct service_input *input) {
    if (session->input_fd >= 0)
        close(session->input_fd);
    if (session->push_fd >= 0)
        close(session->push_fd);
    session->input_fd = fd;
    session->push_fd = -1;
    session->input = *input;
    session->microphone = false;
}

static int may_set_input(const struct service_session *session, const struct service_input *input, tragus_error *reterr) {
    if (session->lent)
        return base_error_set(reterr, -EALREADY, "the session is started; call Stop before SetInput");
    return service_check_input(input, reterr);
}

int service_session_set_input(struct service_session *session, int fd, const struct service_input *input, tragus_error *reterr) {
    int r = may_set_input(session, input, reterr);
    if (r >= 0)
        r = batch_check_descriptor(fd, reterr);
    if (r < 0)
        return r;
    int copy = base_descriptor_keep(fd);
    if (copy == -ENOBUFS)
        return base_error_set(reterr, copy, "too many descriptors of clients are open; try again later");
    if (copy < 0)
        return base_error_set(reterr, copy, "the descriptor cannot be kept: %s", strerror(-copy));
    give_input(session, copy, input);
    return 0;
}

/* Uses a socket between two threads of this process: the batch thread reads it like any other, and its buffer limits the
 * backlog. */
int service_session_set_pushed(struct service_session *session, const struct service_input *input, tragus_error *reterr) {
    int ends[2];
    int r = may_set_input(session, input, reterr);
    if (r < 0)
        return r;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return base_error_set(reterr, -errno, "no socket can be made: %s", strerror(errno));
    give_input(session, ends[0], input);
    session->push_fd = ends[1];
    return 0;
}

ssize_t service_session_push(struct service_session *session, const void *bytes, size_t n) {
    if (session->push_fd < 0)
        return -ENOTCONN;
    ssize_t sent = send(session->push_fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -ENOTCONN;
}

void service_session_push_end(struct service_session *session) {
    if (session->push_fd >= 0)
        close(session->push_fd);
    session->push_fd = -1;
}

/* --- start and stop ----------------------------------------------------------------------------------------------------------- */

static int on_timeout(sd_event_source *source, uint64_t now_us, void *user) {
    struct service_session *session = user;
    (void)source, (void)now_us;
    if (session->lent && !session->finish) {
        session->finish = SERVICE_TIMED_OUT;
        drop(session);
    }
    return 0;
}

/* Sets who sends the sound. If it is a regular file, *fd becomes the socket through which its content comes. Closes *fd on failure.
 */
static int find_reader(const struct service_session *session, int *fd, struct batch_options *o, tragus_error *reterr) {
    struct service *s = session->service;

    o->sender = sender_find(&s->senders, session->caller.uid);
    if (!o->sender) {
        close(*fd);
        return base_error_set(reterr, -ENOMEM, "out of memory");
    }
    if (base_descriptor_kind(*fd) != S_IFREG)
        return 0;
    o->max_bytes = s->options.limits.sound_bytes;
    return sender_read_file(o->sender, *fd, o->sound_file, 2 * s->options.limits.sessions_per_user, fd, &o->file, reterr);
}

static int start_batch(struct service_session *session, tragus_error *reterr) {
    struct service *s = session->service;
    struct batch_options options = {
        .sound_file = session->input.sound_file,
        .live = session->input.live,
        .format = session->input.format,
        .max_bytes = session->input.sound_file || session->input.limited ? s->options.limits.sound_bytes : SIZE_MAX,
        .gate = s->options.gate,
    };
    uint32_t hang_hops = engine_listener_hang_hops(session->lent->listener);
    if (options.gate.hang_hops < hang_hops)
        options.gate.hang_hops = hang_hops;
    struct service_batch *entry = calloc(1, sizeof(*entry));
    if (!entry)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    int fd = session->input_fd;
    session->input_fd = -1;
    int r = find_reader(session, &fd, &options, reterr);
    if (r >= 0)
        r = batch_start(&entry->batch, s->models[session->model], fd, &options, session->lent, &s->wake, reterr);
    if (r < 0) {
        free(entry);
        return r;
    }
    session->batch = entry->batch;
    entry->next = s->batches;
    s->batches = entry;
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

static void lent_free(struct engine_session *lent) {
    engine_listener_free(lent->listener);
    engine_listener_free(lent->coming);
    engine_listener_free(lent->fallback);
    engine_wake_free(lent->wake);
    explicit_bzero(lent, sizeof(*lent));
    free(lent);
}

static struct engine_session *lent_new(const struct service_session *session) {
    tragus_model *model = session->service->models[session->model];
    struct engine_session *lent = calloc(1, sizeof(*lent));
    if (!lent)
        return NULL;
    lent->listener = engine_listener_new(model, session->grammar, &session->options);
    if (session->wake)
        lent->wake = engine_wake_new(model, session->wake, &session->options);
    int r = engine_fallback_new(&lent->fallback, model, &session->options);
    if (r == 0 && lent->listener && (lent->wake || !session->wake))
        return lent;
    lent_free(lent);
    return NULL;
}

int service_session_start(struct service_session *session, tragus_error *reterr) {
    struct service *s = session->service;
    struct timespec now;

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
    struct engine_session *lent = lent_new(session);
    if (!lent)
        return base_error_set(reterr, -ENOMEM, "not enough memory for this grammar");
    lent->tag = session->number;
    lent->wants_partial = session->options.partial;
    lent->reject = session->options.reject;
    lent->sequence = session->sequence;
    session->lent = lent;
    session->finish = 0;
    session->speaking = session->told_missing = false;
    session->swap_wanted = false;
    session->start_hop = session->open_until = 0;

    if (session->microphone) {
        start_microphone(session);
    } else if ((r = start_batch(session, reterr)) < 0) {
        session->lent = NULL;
        lent_free(lent);
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

void service_session_view(const struct service_session *session, struct service_session_view *ret) {
    uint64_t hops = 0;
    int32_t level_cdb = -9000;

    /* Reports only sound that this session hears: the level must not tell other clients when somebody speaks. */
    if (session->batch) {
        struct batch_counters c;
        batch_counters(session->batch, &c);
        hops = c.hops;
        level_cdb = c.level_cdb;
    } else if (session->lent) {
        struct microphone_counters c;
        microphone_counters(session->service->microphone, &c);
        hops = c.hops - session->start_hop;
        level_cdb = c.level_cdb;
    }
    *ret = (struct service_session_view){
        .state = !session->lent                                                      ? SERVICE_IDLE
                 : session->finish                                                   ? SERVICE_DECIDING
                 : session->speaking                                                 ? SERVICE_IN_SPEECH
                 : session->wake && session->start_hop + hops >= session->open_until ? SERVICE_WAITING_FOR_WAKE
                                                                                     : SERVICE_WAITING_FOR_SPEECH,
        .owner = session->owner,
        .grammar = session->grammar_name,
        .app = session->app,
        .uid = session->caller.uid,
        .pid = session->pid,
        .running = session->lent != NULL,
        .microphone = session->microphone,
        .started_us = session->started_us,
        .position_us = hops * 10000,
        .level_db = level_cdb / 100.0,
    };
}

/* --- a grammar was replaced --------------------------------------------------------------------------------------------------- */

static void swap(struct service_session *session) {
    struct engine_listener *listener =
        engine_listener_new(session->service->models[session->model], session->grammar, &session->options);
    session->swap_wanted = false;
    if (!listener) {
        service_log(SERVICE_LOG_WARNING, "Failed to give a session its new grammar, keeping the old one: out of memory");
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
    if (!session->lent || session->finish)
        return;
    if (recogniser_has_room(recogniser_of(session)))
        swap(session);
    else
        session->swap_wanted = true;
}

void session_swap_wanted(struct service *s) {
    for (struct service_session *session = s->sessions; session; session = session->next)
        if (!session->dead && session->lent && session->swap_wanted && !session->finish &&
            recogniser_has_room(recogniser_of(session)))
            swap(session);
}

/* --- events ------------------------------------------------------------------------------------------------------------------- */

void session_tell(struct service_session *session, const struct service_event *e) {
    if (!session->dead)
        session->event(session, e, session->user);
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

static void tell_record(struct service_session *session, const struct engine_record *r) {
    struct engine_event *event;

    session->sequence = r->sequence;
    session->speaking = r->event == TRAGUS_SPEECH_STARTED || r->event == TRAGUS_PARTIAL;
    if (r->event == TRAGUS_WAKE_DETECTED)
        session->open_until = r->open_until;
    else if (r->event == TRAGUS_UTTERANCE)
        session->open_until = 0;
    int error = engine_event_new(&event, r, session->start_hop, session->context, session->n_context);
    if (error < 0) {
        service_log(SERVICE_LOG_ERROR, "Failed to tell what was heard: %s", strerror(-error));
        return;
    }
    if (session->one_shot && is_result(r)) { /* later events are no longer for this session */
        session->finish = SERVICE_ONE_SHOT_DONE;
        drop(session);
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

    lent_free(lent);
    if (!batch)
        s->n_live--;
    if (session) {
        session->lent = NULL;
        session->batch = NULL;
        session->speaking = false;
        session->timeout = sd_event_source_disable_unref(session->timeout);
        service_session_push_end(session); /* nobody reads the sound any more, although its thread may take a moment to end */
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
        if (session && !is_dropped(session))
            tell_record(session, r);
    }
}

const struct service_session *service_next_session(const struct service *s, const struct service_session *session) {
    const struct service_session *next = session ? session->next : s->sessions;
    while (next && next->dead)
        next = next->next;
    return next;
}
