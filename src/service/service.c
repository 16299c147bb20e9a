/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service.h"

#include "base/clock.h"
#include "engine/engine.h"
#include "service/log.h"
#include "service/private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

void service_observe(struct service *s, struct service_observer *o) {
    o->next = s->observers;
    s->observers = o;
}

void service_unobserve(struct service *s, struct service_observer *o) {
    struct service_observer **link = &s->observers;
    while (*link && *link != o)
        link = &(*link)->next;
    if (*link)
        *link = o->next;
}

void service_tell_change(struct service *s) {
    struct service_observer *next;
    for (struct service_observer *o = s->observers; o; o = next) {
        next = o->next; /* it may go meanwhile */
        o->changed(o->user);
    }
}

/* The microphone was opened, closed, lost or found. Sessions hear of it in the next turn: the caller may stand in a method call. */
static void on_microphone_change(void *user) {
    struct service *s = user;
    base_wake_up(&s->wake);
    service_tell_change(s);
}

static void tell_losses(struct service *s) {
    if (!s->microphone)
        return;
    bool missing = microphone_is_missing(s->microphone);
    uint64_t lost_us = microphone_take_lost_us(s->microphone);

    if (lost_us > 0)
        service_log(SERVICE_LOG_WARNING, "%llu ms of sound from the microphone were lost: this machine was too busy",
                    (unsigned long long)(lost_us / 1000));
    for (struct service_session *session = s->sessions; session; session = session->next) {
        if (session->dead || !session->lent || session->batch)
            continue;
        if (missing && !session->told_missing)
            session_tell(session, &(struct service_event){.type = SERVICE_INPUT_LOST,
                                                          .time_us = base_clock_monotonic_us(),
                                                          .reason = SERVICE_DEVICE_GONE,
                                                          .text = microphone_trouble(s->microphone)});
        session->told_missing = missing;
        if (lost_us > 0)
            session_tell(session, &(struct service_event){.type = SERVICE_INPUT_LOST,
                                                          .time_us = base_clock_monotonic_us(),
                                                          .reason = SERVICE_OVERRUN,
                                                          .lost_us = lost_us,
                                                          .text = ""});
    }
}

/* Results that found no room, because main did not empty the queue in time. */
static void tell_lost_records(struct service *s) {
    uint64_t n = recogniser_lost(microphone_recogniser(s->microphone));
    if (n > s->n_told_lost)
        service_log(SERVICE_LOG_WARNING, "%llu events were lost: the main thread was too busy to take them",
                    (unsigned long long)(n - s->n_told_lost));
    s->n_told_lost = n;
}

static void reap_batches(struct service *s) {
    struct service_batch **link = &s->batches;
    while (*link) {
        struct service_batch *b = *link;
        struct engine_record record;
        bool done = batch_done(b->batch); /* before the last look at its records */
        while (recogniser_next_record(batch_recogniser(b->batch), &record))
            session_take_record(s, &record, b->batch);
        explicit_bzero(&record, sizeof(record));
        if (done) {
            *link = b->next;
            energy_add_batch(&s->past, b->batch);
            batch_free(b->batch);
            free(b);
        } else {
            link = &b->next;
        }
    }
}

static void dispatch(struct service *s) {
    struct engine_record record;

    s->dispatching = true;
    if (s->microphone) {
        struct recogniser *r = microphone_recogniser(s->microphone);
        unsigned n = 0;
        microphone_check(s->microphone);
        for (; recogniser_next_record(r, &record); n++)
            session_take_record(s, &record, NULL);
        explicit_bzero(&record, sizeof(record));
        /* There may have been no room for what it has to give back. */
        if (n > 0 && recogniser_has_commands(r))
            microphone_wake(s->microphone);
        tell_losses(s);
        tell_lost_records(s);
    }
    reap_batches(s);
    worker_collect(s->compiler);
    worker_collect(s->matcher);
    s->dispatching = false;
    session_bury(s);
}

static int on_wake(sd_event_source *source, int fd, uint32_t events, void *user) {
    struct service *s = user;
    (void)source, (void)fd, (void)events;
    base_wake_clear(&s->wake);
    dispatch(s);
    return 0;
}

static int load_model(struct service *s) {
    tragus_error error = {0};
    struct base_error trouble;

    int r = tragus_model_open(&s->model, s->options.model, s->options.cpu, &error);
    if (r < 0)
        return service_copy_error(&s->trouble, &error);
    if (s->options.pronunciations) {
        r = lexicon_overrides_new(&s->overrides);
        if (r >= 0)
            r = lexicon_overrides_load(s->overrides, engine_model_lexicon(s->model), s->options.pronunciations, &trouble);
        else
            base_error_set(&trouble, r, "out of memory");
        if (r < 0) {
            char text[512];
            service_log(SERVICE_LOG_WARNING, "Failed to load pronunciations, ignoring them: %s",
                        base_error_format(&trouble, text, sizeof(text)));
            lexicon_overrides_free(s->overrides);
            s->overrides = NULL;
            s->options.pronunciations = NULL;
        }
    }
    struct microphone_options options = {
        .device = s->options.device, .most_pause_s = s->options.most_pause_s, .gate = s->options.gate};
    r = microphone_new(&s->microphone, s->model, s->event, &options, &s->wake, on_microphone_change, s);
    if (r < 0)
        return base_error_set(&s->trouble, r, "the recogniser cannot be started: %s", strerror(-r));
    return 0;
}

int service_new(struct service **ret, sd_event *event, const struct service_options *options) {
    char text[512];

    struct service *s = calloc(1, sizeof(*s));
    if (!s)
        return -ENOMEM;
    s->event = sd_event_ref(event);
    s->options = *options;
    s->start_energy_uj = energy_meter_uj();
    int r = base_wake_init(&s->wake);
    if (r >= 0)
        r = sd_event_add_io(event, &s->wake_source, s->wake.fd, POLLIN, on_wake, s);
    if (r >= 0)
        r = worker_new(&s->compiler, "compiler", &s->wake);
    if (r >= 0)
        r = worker_new(&s->matcher, "matcher", &s->wake);
    if (r < 0) {
        service_free(s);
        return r;
    }
    r = load_model(s);
    if (r < 0) {
        service_log(SERVICE_LOG_ERROR, "Failed to load the model, staying up without: %s",
                    base_error_format(&s->trouble, text, sizeof(text)));
        s->model = tragus_model_unref(s->model);
    }
    *ret = s;
    return 0;
}

void service_finish(struct service *s) {
    s->dispatching = true;
    for (struct service_session *session = s->sessions; session; session = session->next)
        if (session->lent && !session->dead)
            session_tell(session, &(struct service_event){.type = SERVICE_FINISHED, .reason = SERVICE_REVOKED, .text = ""});
    s->dispatching = false;
    session_bury(s);
}

void service_free(struct service *s) {
    if (!s)
        return;
    worker_free(s->compiler); /* cancelled jobs answer nobody */
    worker_free(s->matcher);
    s->compiler = s->matcher = NULL;
    s->dispatching = true; /* no session is taken from under the loop */
    for (struct service_session *session = s->sessions; session; session = session->next)
        service_session_free(session);
    s->dispatching = false;
    for (struct service_batch *b = s->batches; b; b = b->next)
        batch_cancel(b->batch);
    /* Every session retires within a few steps of the network: then the microphone is closed and the threads can be joined. */
    while (s->n_live > 0 || s->batches) {
        base_wake_wait(&s->wake, 10);
        dispatch(s);
    }
    session_bury(s);
    microphone_free(s->microphone);
    grammars_free(s);
    lexicon_overrides_free(s->overrides);
    tragus_model_unref(s->model);
    free(s->default_grammar);
    sd_event_source_disable_unref(s->wake_source);
    base_wake_done(&s->wake);
    sd_event_unref(s->event);
    free(s);
}

tragus_model *service_model(struct service *s, struct base_error *reterr) {
    if (!s->model)
        base_error_set(reterr, -ENODATA, "%s", s->trouble.text);
    return s->model;
}

enum service_ready service_ready(const struct service *s) {
    if (!s->model)
        return SERVICE_FAILED;
    return microphone_is_missing(s->microphone) ? SERVICE_DEGRADED : SERVICE_READY;
}

bool service_microphone_open(const struct service *s) {
    return s->microphone && microphone_is_open(s->microphone);
}

bool service_alive(struct service *s) {
    return !s->microphone || microphone_alive(s->microphone);
}

size_t service_n_sessions(const struct service *s) {
    return s->n_sessions;
}

void service_owner_gone(struct service *s, const char *owner) {
    bool dispatching = s->dispatching;
    s->dispatching = true;
    for (struct service_session *session = s->sessions; session; session = session->next)
        if (!session->dead && strcmp(session->owner, owner) == 0)
            service_session_free(session);
    s->dispatching = dispatching;
    if (!dispatching)
        session_bury(s);
    worker_cancel(s->compiler, owner);
    worker_cancel(s->matcher, owner);
    grammars_owner_gone(s, owner);
}

const struct service_limits *service_limits(const struct service *s) {
    return &s->options.limits;
}
