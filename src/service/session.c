/* SPDX-License-Identifier: Apache-2.0 */
/* service/session.c: a session from its making to its end.
 *
 * A started session has lent a listener to a recogniser (the microphone's, or that of a batch thread). It is started until the
 * listener comes home; then it says FINISHED. A session that is freed in between leaves its listener an orphan (number 0), which
 * is freed when it comes home.
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

/* Sends a command to whoever has the listener. */
static void command(struct service_session *session, enum recogniser_command_type type, struct engine_listener *engine) {
    struct service *s = session->service;
    struct recogniser_command c = {.type = type, .listener = session->listener, .engine = engine};
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
    if (session->listener) {
        if (session->batch)
            batch_cancel(session->batch);
        else if (session->finish != SERVICE_ONE_SHOT_DONE) /* that one was dropped already */
            command(session, RECOGNISER_DROP, NULL);
        session->listener->session = 0;
        session->listener = NULL;
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
    if (session->listener)
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

static struct engine_listener *make_engine(struct service_session *session, tragus_grammar *g) {
    struct decoder_options options = engine_decoder_options(session->service->model, &session->options);
    return engine_listener_new(session->service->model, g, &options);
}

/* Beyond the decoder's longest silence and what the network looks ahead, so that the gate never ends a sentence in which someone
 * only pauses: the rule of engine/stream.c. */
static uint32_t gate_hang(const struct service_session *session) {
    struct decoder_options o = engine_decoder_options(session->service->model, &session->options);
    uint32_t silence_ms = o.open_silence_ms > o.end_silence_ms ? o.open_silence_ms : o.end_silence_ms;
    return silence_ms / 10 + nn_model_look_ahead_hops(engine_model_network(session->service->model)) + 20;
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
    if (options.gate.hang_hops < gate_hang(session))
        options.gate.hang_hops = gate_hang(session);
    struct service_batch *entry = calloc(1, sizeof(*entry));
    if (!entry)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    int fd = session->input_fd;
    session->input_fd = -1;
    int r = batch_start(&entry->batch, s->model, fd, &options, session->listener, s->main_fd, reterr);
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

    if (session->listener)
        return base_error_set(reterr, -EALREADY, "the session is started already");
    if (session->input_fd < 0 && session->input.format.rate != 0)
        return base_error_set(reterr, -EALREADY, "the descriptor was read to its end; call SetInput with another");
    if (session->input_fd < 0 && s->n_live >= RECOGNISER_MAX_LISTENERS)
        return base_error_set(reterr, -EDQUOT, "%u sessions listen to the microphone already; that is all it takes", s->n_live);

    struct recogniser_listener *l = calloc(1, sizeof(*l));
    if (l)
        l->engine = make_engine(session, session->grammar);
    if (!l || !l->engine) {
        free(l);
        return base_error_set(reterr, -ENOMEM, "not enough memory for this grammar");
    }
    l->session = session->number;
    l->partial = session->options.partial;
    session->listener = l;
    session->finish = 0;
    session->speaking = session->told_missing = false;
    session->swapping = session->swap_wanted = false;
    session->start_us = session->start_hops = 0;

    if (session->input_fd >= 0) {
        if (session->input.live)
            session->start_us = base_clock_monotonic_us();
        int r = start_batch(session, reterr);
        if (r < 0) {
            session->listener = NULL;
            engine_listener_free(l->engine);
            free(l);
        }
        return r;
    }
    struct microphone_counters c;
    microphone_counters(s->microphone, &c);
    session->start_us = base_clock_monotonic_us();
    session->start_hops = c.hops;
    session->batch = NULL;
    s->n_live++;
    command(session, RECOGNISER_ADD, NULL);
    microphone_let_hang(s->microphone, gate_hang(session));
    microphone_want(s->microphone, true);
    return 0;
}

int service_session_stop(struct service_session *session) {
    if (!session->listener)
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
        hops = session->listener ? c.hops - session->start_hops : 0;
        level_cdb = c.level_cdb;
    }
    *ret = (struct service_session_view){
        .state = !session->listener  ? SERVICE_IDLE
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
    struct engine_listener *engine = make_engine(session, session->grammar);
    session->swap_wanted = false;
    if (!engine) {
        service_log(SERVICE_LOG_WARNING, "Failed to give a session its new grammar, keeping the old one: out of memory");
        return;
    }
    session->swapping = true;
    command(session, RECOGNISER_SWAP, engine);
}

void session_use_grammar(struct service_session *session, const struct service_grammar *g) {
    tragus_grammar_unref(session->grammar);
    session->grammar = tragus_grammar_ref(g->grammar);
    if (!session->listener || session->finish)
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

static uint32_t since_start_ms(const struct service_session *session, uint64_t time_us) {
    return time_us > session->start_us ? (uint32_t)((time_us - session->start_us) / 1000) : 0;
}

static void tell_partial(struct service_session *session, const struct recogniser_event *e) {
    const struct graph *graph = engine_grammar_graph(engine_listener_grammar(e->engine));
    char text[1024] = "";
    size_t len = 0;

    for (uint32_t i = 0; i < e->partial.n_words; i++) {
        const char *word = graph->words[e->partial.words[i]];
        size_t n = strlen(word);
        if (len + n + 2 > sizeof(text))
            break;
        if (len > 0)
            text[len++] = ' ';
        memcpy(text + len, word, n + 1);
        len += n;
    }
    tragus_event result = {.type = TRAGUS_PARTIAL, .sequence = session->sequence + 1, .text = text, .intent = ""};
    session_tell(
        session,
        &(struct service_event){
            .type = SERVICE_PARTIAL, .time_us = e->time_us, .result = &result, .grammar = session->grammar_name, .text = ""});
    explicit_bzero(text, sizeof(text));
}

static void tell_result(struct service_session *session, const struct recogniser_event *e) {
    struct engine_event *meaning;
    bool live = !session->batch || session->input.live;
    uint64_t end_us = e->start_us + (uint64_t)e->result.end_ms * 1000;
    uint64_t now_us = base_clock_monotonic_us();

    session->sequence++;
    int r = engine_understand(&meaning, engine_listener_grammar(e->engine), &e->result, session->sequence,
                              since_start_ms(session, e->start_us), session->context, session->n_context);
    if (r < 0) {
        service_log(SERVICE_LOG_ERROR, "Failed to tell what a sentence means: %s", strerror(-r));
        return;
    }
    const tragus_event *result = engine_event_view(meaning);
    if (session->one_shot) { /* what follows is not for this session any more */
        session->finish = SERVICE_ONE_SHOT_DONE;
        if (session->batch)
            batch_cancel(session->batch);
        else
            command(session, RECOGNISER_DROP, NULL);
    }
    session_tell(session, &(struct service_event){
                              .type = result->type == TRAGUS_UTTERANCE ? SERVICE_UTTERANCE : SERVICE_REJECTED,
                              .time_us = e->time_us,
                              .result = result,
                              .grammar = session->grammar_name,
                              .latency_ms = live && now_us > end_us ? (uint32_t)((now_us - end_us) / 1000) : 0,
                              .text = "",
                          });
    engine_event_free(meaning);
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

static void come_home(struct service *s, struct recogniser_listener *l, struct batch *batch) {
    struct service_session *session = find(s, l->session);

    engine_listener_free(l->engine);
    engine_listener_free(l->next);
    explicit_bzero(l, sizeof(*l));
    free(l);
    if (!batch)
        s->n_live--;
    if (session) {
        session->listener = NULL;
        session->batch = NULL;
        session->speaking = false;
        tell_finished(session, batch);
    }
    if (s->n_live == 0 && s->microphone && !batch)
        microphone_want(s->microphone, false);
}

void session_take_event(struct service *s, struct recogniser_event *e, struct batch *batch) {
    struct service_session *session = NULL;

    if (e->type == RECOGNISER_SWAPPED) {
        session = e->listener ? find(s, e->listener->session) : NULL;
        engine_listener_free(e->engine);
        if (session) {
            session->swapping = false;
            if (session->swap_wanted && !session->finish)
                swap(session);
        }
        return;
    }
    if (e->type == RECOGNISER_RETIRED) {
        come_home(s, e->listener, batch);
        return;
    }
    if (e->type == RECOGNISER_WIPED) {
        microphone_wiped(s->microphone);
        return;
    }
    session = find(s, e->listener->session);
    if (!session || session->finish == SERVICE_ONE_SHOT_DONE)
        return;
    switch (e->type) {
    case RECOGNISER_SPEECH_STARTED:
        session->speaking = true;
        session_tell(session, &(struct service_event){.type = SERVICE_SPEECH_STARTED, .time_us = e->time_us, .text = ""});
        break;
    case RECOGNISER_SPEECH_ENDED:
        session->speaking = false;
        session_tell(session, &(struct service_event){.type = SERVICE_SPEECH_ENDED, .time_us = e->time_us, .text = ""});
        break;
    case RECOGNISER_PARTIAL:
        tell_partial(session, e);
        break;
    case RECOGNISER_RESULT:
        tell_result(session, e);
        break;
    case RECOGNISER_SWAPPED:
    case RECOGNISER_RETIRED:
    case RECOGNISER_WIPED:
        break;
    }
}
