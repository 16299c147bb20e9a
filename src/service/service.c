/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service.h"

#include "base/clock.h"
#include "engine/engine.h"
#include "service/log.h"
#include "service/private.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOSS_LOG_US 60000000 /* losses within this time are logged together */

void service_observe(struct service *s, struct service_observer *o) {
    o->told = s->n_changes;
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

static struct service_observer *next_to_tell(const struct service *s, uint64_t change) {
    struct service_observer *o = s->observers;
    while (o && o->told >= change)
        o = o->next;
    return o;
}

/* An observer may remove any of them, itself included, or cause another change. */
void service_tell_change(struct service *s) {
    uint64_t change = ++s->n_changes;
    struct service_observer *o;
    while ((o = next_to_tell(s, change))) {
        o->told = change;
        o->changed(o->user);
    }
}

/* The microphone was opened, closed, lost or found. Sessions are told in the next iteration of the event loop, because the caller
 * may be within a method call. */
static void on_microphone_change(void *user) {
    struct service *s = user;
    base_wake_up(&s->wake);
    service_tell_change(s);
}

/* Sound may be lost ten times a second. */
static void log_lost_sound(struct service *s, uint64_t lost_us) {
    uint64_t now_us = base_clock_monotonic_us();

    s->lost_us += lost_us;
    if (lost_us == 0 || (s->logged_lost_us > 0 && now_us - s->logged_lost_us < LOSS_LOG_US))
        return;
    service_log(SERVICE_LOG_WARNING, "%llu ms of sound from the microphone were lost: this machine was too busy",
                (unsigned long long)(s->lost_us / 1000));
    s->lost_us = 0;
    s->logged_lost_us = now_us;
}

static void tell_losses(struct service *s) {
    if (!s->microphone)
        return;
    bool missing = microphone_is_missing(s->microphone);
    uint64_t lost_us = microphone_take_lost_us(s->microphone);

    log_lost_sound(s, lost_us);
    for (struct service_session *session = s->sessions; session; session = session->next) {
        if (session->dead || !session->lent || session->batch || session_is_dropped(session))
            continue;
        if (missing && !session->told_missing)
            session_tell(session, &(struct service_event){.type = SERVICE_INPUT_LOST,
                                                          .time_us = base_clock_monotonic_us(),
                                                          .reason = SERVICE_DEVICE_GONE,
                                                          .text = microphone_trouble(s->microphone)});
        session->told_missing = missing;
        session_tell_overrun(session, lost_us);
    }
}

/* Logs events lost because main did not empty the queue in time. */
static void tell_lost_records(struct service *s) {
    uint64_t n = 0;
    for (unsigned i = 0; i < s->n_models; i++)
        n += recogniser_lost(microphone_recogniser(s->microphone, i));
    if (n > s->n_told_lost)
        service_log(SERVICE_LOG_WARNING, "%llu events were lost: the main thread was too busy to take them",
                    (unsigned long long)(n - s->n_told_lost));
    s->n_told_lost = n;
}

static void tell_losses_of_batches(struct service *s) {
    for (struct service_session *session = s->sessions; session; session = session->next)
        if (!session->dead && session->batch)
            session_tell_overrun(session, session_take_lost_us(session));
}

static void free_batch(struct service *s, struct service_batch *b) {
    struct service_batch **link = &s->batches;
    while (*link != b)
        link = &(*link)->next;
    *link = b->next;
    energy_add_batch(&s->past, b->batch);
    batch_free(b->batch);
    free(b);
}

/* A session that is told of its end may start again, which puts another batch before these. */
static void reap_batches(struct service *s) {
    struct engine_record record;
    for (struct service_batch *b = s->batches, *next; b; b = next) {
        bool done = batch_done(b->batch); /* read before its last records are taken */
        while (recogniser_next_record(batch_recogniser(b->batch), &record))
            session_take_record(s, &record, b->batch);
        explicit_bzero(&record, sizeof(record));
        next = b->next;
        if (done)
            free_batch(s, b);
    }
}

static void take_records(struct service *s, struct recogniser *r) {
    struct engine_record record;
    unsigned n = 0;

    for (; recogniser_next_record(r, &record); n++)
        session_take_record(s, &record, NULL);
    explicit_bzero(&record, sizeof(record));
    /* The thread may have been waiting for room to return memory. */
    if (n > 0 && recogniser_has_commands(r))
        microphone_wake(s->microphone);
}

static void dispatch(struct service *s) {
    s->dispatching = true;
    if (s->microphone) {
        microphone_check(s->microphone);
        for (unsigned i = 0; i < s->n_models; i++)
            take_records(s, microphone_recogniser(s->microphone, i));
        tell_losses(s);
        tell_lost_records(s);
    }
    tell_losses_of_batches(s);
    reap_batches(s);
    session_swap_wanted(s);
    worker_collect(s->compiler);
    worker_collect(s->matcher);
    worker_collect(s->names);
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

static int open_model(struct service *s, const char *path, tragus_error *reterr) {
    if (s->n_models == SERVICE_MAX_MODELS)
        return base_error_set(reterr, -E2BIG, "at most %d models are loaded", SERVICE_MAX_MODELS);
    int r = tragus_model_open(&s->models[s->n_models], path, s->options.cpu, reterr);
    if (r < 0)
        return r;
    const char *language = engine_model_language(s->models[s->n_models]);
    for (unsigned i = 0; i < s->n_models; i++)
        if (strcmp(language, engine_model_language(s->models[i])) == 0) {
            s->models[s->n_models] = tragus_model_unref(s->models[s->n_models]);
            return base_error_set(reterr, -EEXIST, "there is a model for \"%s\" already; remove one from tragus.conf",
                                  engine_model_language(s->models[i]));
        }
    (void)engine_model_prepare_fallback(s->models[s->n_models], NULL); /* if it fails, the session that needs it hears why */
    s->n_models++;
    return 0;
}

/* If the model of a further language cannot be opened, logs that and continues without it. */
static void open_languages(struct service *s) {
    char *names = strdup(s->options.languages), *rest = NULL, text[512];
    tragus_error e;

    for (char *name = names ? strtok_r(names, " \t", &rest) : NULL; name; name = strtok_r(NULL, " \t", &rest))
        if (open_model(s, name, &e) < 0)
            service_log(SERVICE_LOG_ERROR, "Failed to load the model %s, going on without: %s", name,
                        base_error_format(&e, text, sizeof(text)));
    free(names);
}

static void load_pronunciations(struct service *s) {
    tragus_error trouble;
    char text[512];

    int r = lexicon_overrides_new(&s->overrides);
    if (r >= 0)
        r = lexicon_overrides_load(s->overrides, engine_model_lexicon(s->models[0]), s->options.pronunciations, &trouble);
    else
        base_error_set(&trouble, r, "out of memory");
    if (r >= 0)
        return;
    service_log(SERVICE_LOG_WARNING, "Failed to load pronunciations, ignoring them: %s",
                base_error_format(&trouble, text, sizeof(text)));
    lexicon_overrides_free(s->overrides);
    s->overrides = NULL;
    s->options.pronunciations = NULL;
}

static int load_models(struct service *s) {
    int r = open_model(s, s->options.model, &s->trouble);
    if (r < 0)
        return r;
    if (s->options.languages)
        open_languages(s);
    if (s->options.pronunciations)
        load_pronunciations(s);
    wake_check(s);
    if (!s->options.device)
        return 0;
    struct microphone_options options = {
        .device = s->options.device, .mix = s->options.mix, .most_pause_s = s->options.most_pause_s, .gate = s->options.gate};
    r = microphone_new(&s->microphone, s->models, s->n_models, s->event, &options, &s->wake, on_microphone_change, s);
    if (r < 0)
        return base_error_set(&s->trouble, r, "the recogniser cannot be started: %s", strerror(-r));
    return 0;
}

static void unload_models(struct service *s) {
    while (s->n_models > 0)
        tragus_model_unref(s->models[--s->n_models]);
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
        r = worker_new(&s->compiler, "compiler", 10, &s->wake);
    if (r >= 0)
        r = worker_new(&s->matcher, "matcher", 0, &s->wake);
    if (r >= 0)
        r = worker_new(&s->names, "names", 0, &s->wake);
    if (r < 0) {
        service_free(s);
        return r;
    }
    r = load_models(s);
    if (r < 0) {
        service_log(SERVICE_LOG_ERROR, "Failed to load the model, staying up without: %s",
                    base_error_format(&s->trouble, text, sizeof(text)));
        unload_models(s);
    }
    *ret = s;
    return 0;
}

void service_finish(struct service *s) {
    s->dispatching = true;
    for (struct service_session *session = s->sessions; session; session = session->next)
        session_revoke(session);
    s->dispatching = false;
    session_bury(s);
}

void service_free(struct service *s) {
    if (!s)
        return;
    worker_free(s->compiler); /* cancelled jobs answer nobody */
    worker_free(s->matcher);
    worker_free(s->names);
    s->compiler = s->matcher = s->names = NULL;
    rights_free(s);
    s->dispatching = true; /* sessions must not be freed during the loop */
    for (struct service_session *session = s->sessions; session; session = session->next)
        service_session_free(session);
    s->dispatching = false;
    for (struct service_batch *b = s->batches; b; b = b->next)
        batch_cancel(b->batch);
    /* Every session retires within a few steps of the network. Then the microphone can be closed and the threads joined. */
    while (s->n_live > 0 || s->batches) {
        base_wake_wait(&s->wake, 10);
        dispatch(s);
    }
    session_bury(s);
    microphone_free(s->microphone);
    grammars_free(s);
    senders_free(&s->senders); /* which count what was freed above */
    lexicon_overrides_free(s->overrides);
    unload_models(s);
    sd_event_source_disable_unref(s->wake_source);
    base_wake_done(&s->wake);
    sd_event_unref(s->event);
    free(s);
}

const char *service_language(const struct service *s, unsigned i) {
    return i < s->n_models ? engine_model_language(s->models[i]) : NULL;
}

int service_find_model(const struct service *s, const char *language, tragus_error *reterr) {
    char known[128] = "";

    if (s->n_models == 0)
        return base_error_set(reterr, -ENODATA, "%s", s->trouble.text);
    if (!*language)
        return 0;
    for (unsigned i = 0; i < s->n_models; i++) {
        const char *tag = engine_model_language(s->models[i]);
        if (strcmp(tag, language) == 0)
            return (int)i;
        size_t len = strlen(known);
        snprintf(known + len, sizeof(known) - len, "%s%s", i > 0 ? ", " : "", tag);
    }
    return base_error_set(reterr, -ENODATA, "there is no model for language \"%.20s\"; there is one for %s", language, known);
}

unsigned service_model_of(const struct service *s, const tragus_grammar *g) {
    unsigned i = 0;
    while (i + 1 < s->n_models && s->models[i] != engine_grammar_model(g))
        i++;
    return i;
}

enum service_ready service_ready(const struct service *s) {
    if (s->n_models == 0)
        return SERVICE_FAILED;
    return s->microphone && microphone_is_missing(s->microphone) ? SERVICE_DEGRADED : SERVICE_READY;
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
