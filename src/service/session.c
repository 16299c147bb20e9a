/* SPDX-License-Identifier: Apache-2.0 */
/* service/session.c: making and freeing sessions, and what they show of themselves. */
#include "service/private.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void free_contents(struct service_session *session) {
    if (session->input_fd >= 0)
        close(session->input_fd);
    if (session->push_fd >= 0)
        close(session->push_fd);
    sd_event_source_disable_unref(session->timeout);
    tragus_grammar_unref(session->grammar);
    tragus_grammar_unref(session->wake);
    service_free_context(session->context, session->n_context);
    free(session->owner);
    free(session->grammar_name);
    free(session->app);
    free(session);
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

/* Returns -EDQUOT if the user has as many sessions as it may. */
static int check_number(const struct service *s, uid_t uid, tragus_error *reterr) {
    unsigned n_mine = 0;

    for (const struct service_session *i = s->sessions; i; i = i->next)
        n_mine += !i->dead && i->caller.uid == uid;
    if (n_mine < s->options.limits.sessions_per_user)
        return 0;
    return base_error_set(reterr, -EDQUOT, "this user has %u sessions already; close some (the limit is sessions_per_user)",
                          n_mine);
}

/* Finds the grammar of a session, which must be one that can be spoken, in the language that the session asks for. */
static int find_grammar(const struct service_grammar **ret, struct service *s, const char *owner,
                        const struct service_session_options *o, tragus_error *reterr) {
    int model = service_find_model(s, o->language, reterr);
    if (model < 0)
        return model;
    const struct service_grammar *g = service_grammar_find(s, owner, o->grammar, reterr);
    if (!g)
        return -ENOENT;
    if (!engine_grammar_graph(g->grammar))
        return base_error_set(
            reterr, -ENODATA,
            "grammar \"%.60s\" is in language \"%.20s\", which has no model here, so only typed text is understood; "
            "install a model and name it under languages in tragus.conf",
            g->name, g->language);
    if (*o->language && (unsigned)model != service_model_of(s, g->grammar))
        return base_error_set(reterr, -ENODATA, "grammar \"%.60s\" is of language \"%s\", not \"%.20s\"", g->name, g->language,
                              o->language);
    *ret = g;
    return 0;
}

int service_session_new(struct service_session **ret, struct service *s, const struct service_caller *caller,
                        const struct service_session_options *asked, tragus_error *reterr) {
    struct service_session_options o = *asked;
    const struct service_grammar *g = NULL;
    tragus_grammar *wake = NULL;

    int r = service_check_options(&o, reterr);
    if (r >= 0 && o.microphone)
        r = service_may_listen(s, caller, reterr);
    if (r >= 0)
        r = check_number(s, caller->uid, reterr);
    if (r >= 0)
        r = find_grammar(&g, s, caller->owner, &o, reterr);
    /* Made when the model was loaded; so a call never waits for it, or keeps its message meanwhile. */
    if (r >= 0 && o.session.fallback)
        r = engine_model_prepare_fallback(engine_grammar_model(g->grammar), reterr);
    if (r >= 0)
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

void service_session_free(struct service_session *session) {
    if (!session || session->dead)
        return;
    session->dead = true;
    session->timeout = sd_event_source_disable_unref(session->timeout);
    session->service->n_sessions--;
    if (session->lent) {
        if (!session_is_dropped(session))
            session_drop(session);
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

const struct service_session *service_next_session(const struct service *s, const struct service_session *session) {
    const struct service_session *next = session ? session->next : s->sessions;
    while (next && next->dead)
        next = next->next;
    return next;
}
