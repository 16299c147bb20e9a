/* SPDX-License-Identifier: Apache-2.0 */
/* bus/session1.c: org.tragus.Session1, and the two calls that are a session of one call: Listen and Recognize.
 *
 * Signals are unicast to the owner. A session's object exists for nobody else: others get AccessDenied, also for its properties
 * and its introspection data.
 */
#include "bus/private.h"
#include "service/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define LISTEN_DEFAULT_MS 8000
#define LISTEN_MOST_MS 60000
#define SILENCE_LEAST_MS 100
#define SILENCE_MOST_MS 5000
#define COMMAND_LEAST_MS 1000
#define COMMAND_MOST_MS 60000

/* --- lifetime ----------------------------------------------------------------------------------------------------------------- */

void bus_session_free(struct bus_session *s) {
    if (!s)
        return;
    struct bus_session **link = &s->bus->sessions;
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    service_session_free(s->session);
    sd_event_source_disable_unref(s->timeout);
    sd_bus_message_unref(s->call);
    sd_bus_message_unref(s->reply);
    free(s);
}

void bus_sessions_of(struct bus *b, const char *owner) {
    struct bus_session *next;
    for (struct bus_session *s = b->sessions; s; s = next) {
        next = s->next;
        if (!owner || strcmp(s->owner, owner) == 0)
            bus_session_free(s);
    }
}

static struct bus_session *session_new(struct bus *b, sd_bus_message *m, enum bus_session_kind kind) {
    const char *owner = sd_bus_message_get_sender(m);
    uint64_t number;

    /* Random numbers: others need not learn how many listen. */
    if (!owner || getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return NULL;
    size_t size = strlen(owner) + 1;
    struct bus_session *s = calloc(1, sizeof(*s) + size);
    if (!s)
        return NULL;
    s->bus = b;
    s->kind = kind;
    memcpy(s->owner, owner, size);
    snprintf(s->path, sizeof(s->path), BUS_SESSIONS "/s%016llx", (unsigned long long)number);
    s->next = b->sessions;
    b->sessions = s;
    return s;
}

int bus_find_session(sd_bus *bus, const char *path, const char *interface, void *user, void **ret, sd_bus_error *error) {
    struct bus *b = user;
    (void)interface;

    for (struct bus_session *s = b->sessions; s; s = s->next) {
        if (s->kind != BUS_CLIENT_SESSION || strcmp(s->path, path) != 0)
            continue;
        sd_bus_message *m = sd_bus_get_current_message(bus);
        const char *sender = m ? sd_bus_message_get_sender(m) : NULL;
        if (!sender || strcmp(sender, s->owner) != 0)
            return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "A session is only for the connection that made it");
        *ret = s;
        return 1;
    }
    return 0;
}

/* --- events ------------------------------------------------------------------------------------------------------------------- */

static int append_text(sd_bus_message *m, const char *text) {
    return *text ? sd_bus_message_append(m, "a{sv}", 1, "Text", "s", text) : sd_bus_message_append(m, "a{sv}", 0);
}

static int fill_heard(sd_bus_message *m, const struct service_event *e) {
    const tragus_event *h = e->heard;
    switch (h->type) {
    case TRAGUS_SPEECH_STARTED:
    case TRAGUS_SPEECH_ENDED:
        (void)sd_bus_message_append(m, "t", e->time_us);
        return bus_append_details(m, e);
    case TRAGUS_PARTIAL:
        (void)sd_bus_message_append(m, "tsd", h->sequence, h->text, h->stability);
        return bus_append_details(m, e);
    case TRAGUS_UTTERANCE:
        (void)sd_bus_message_append(m, "tss", h->sequence, h->text, h->intent);
        (void)bus_append_values(m, h->slots, h->n_slots);
        (void)sd_bus_message_append(m, "d", h->confidence);
        return bus_append_details(m, e);
    case TRAGUS_REJECTED:
        (void)sd_bus_message_append(m, "tusd", h->sequence, (uint32_t)h->reason, h->text, h->confidence);
        return bus_append_details(m, e);
    }
    return -EINVAL;
}

static int fill_signal(sd_bus_message *m, const struct service_event *e) {
    switch (e->type) {
    case SERVICE_HEARD:
        return fill_heard(m, e);
    case SERVICE_INPUT_LOST:
        (void)sd_bus_message_append(m, "ut", (uint32_t)e->reason, e->lost_us);
        return append_text(m, e->text);
    case SERVICE_FINISHED:
        (void)sd_bus_message_append(m, "u", (uint32_t)e->reason);
        return append_text(m, e->text);
    }
    return -EINVAL;
}

static const char *signal_name(const struct service_event *e) {
    static const char *const names[] = {
        [TRAGUS_SPEECH_STARTED] = "SpeechStarted", [TRAGUS_SPEECH_ENDED] = "SpeechEnded", [TRAGUS_PARTIAL] = "Partial",
        [TRAGUS_UTTERANCE] = "Utterance",          [TRAGUS_REJECTED] = "Rejected",
    };
    return e->type == SERVICE_HEARD ? names[e->heard->type] : e->type == SERVICE_INPUT_LOST ? "InputLost" : "Finished";
}

static void on_client_event(struct service_session *session, const struct service_event *e, void *user) {
    struct bus_session *s = user;
    sd_bus_message *m = NULL;
    (void)session;

    int r = sd_bus_message_new_signal(s->bus->bus, &m, s->path, BUS_SESSION, signal_name(e));
    if (r >= 0)
        r = sd_bus_message_set_destination(m, s->owner);
    if (r >= 0)
        r = sd_bus_message_sensitive(m);
    if (r >= 0)
        r = fill_signal(m, e);
    if (r >= 0)
        r = sd_bus_send(s->bus->bus, m, NULL);
    if (r < 0)
        service_log(SERVICE_LOG_WARNING, "Failed to send %s to its session: %s", signal_name(e), strerror(-r));
    sd_bus_message_unref(m);
}

/* The call that waits is answered with an error; the session ends. */
static void answer_error(struct bus_session *s, const char *name, const char *text) {
    (void)sd_bus_reply_method_errorf(s->call, name, "%s", text);
    bus_session_free(s);
}

static void answer_listen(struct bus_session *s, const struct service_event *e) {
    sd_bus_message *reply = NULL;
    char text[128];

    if (e->heard->type == TRAGUS_REJECTED) {
        snprintf(text, sizeof(text), "What was said was not understood: %s", tragus_reason_text(e->heard->reason));
        answer_error(s, BUS_ERROR("NotUnderstood"), text);
        return;
    }
    if (e->heard->type != TRAGUS_UTTERANCE)
        return;
    int r = sd_bus_message_new_method_return(s->call, &reply);
    if (r >= 0)
        r = sd_bus_message_sensitive(reply);
    if (r >= 0)
        r = bus_append_result(reply, e);
    if (r >= 0)
        r = sd_bus_send(s->bus->bus, reply, NULL);
    sd_bus_message_unref(reply);
    if (r < 0)
        answer_error(s, SD_BUS_ERROR_FAILED, "The result cannot be sent");
    else
        bus_session_free(s);
}

static void on_listen_event(struct service_session *session, const struct service_event *e, void *user) {
    struct bus_session *s = user;
    (void)session;

    switch (e->type) {
    case SERVICE_HEARD:
        answer_listen(s, e);
        break;
    case SERVICE_INPUT_LOST:
        if (e->reason == SERVICE_DEVICE_GONE)
            answer_error(s, BUS_ERROR("NoSuchDevice"), e->text);
        break;
    case SERVICE_FINISHED:
        answer_error(s, SD_BUS_ERROR_NO_REPLY, "The daemon stops");
        break;
    }
}

static void on_recognize_event(struct service_session *session, const struct service_event *e, void *user) {
    struct bus_session *s = user;
    int r;
    (void)session;

    switch (e->type) {
    case SERVICE_HEARD:
        if (e->heard->type == TRAGUS_UTTERANCE || e->heard->type == TRAGUS_REJECTED)
            (void)bus_append_result(s->reply, e); /* a failure stays with the message */
        break;
    case SERVICE_INPUT_LOST:
        answer_error(s, BUS_ERROR("UnsupportedFormat"), e->text);
        break;
    case SERVICE_FINISHED:
        if (e->reason == SERVICE_REVOKED) {
            answer_error(s, SD_BUS_ERROR_NO_REPLY, "The daemon stops");
            break;
        }
        r = sd_bus_message_close_container(s->reply);
        if (r >= 0)
            r = sd_bus_send(s->bus->bus, s->reply, NULL);
        if (r < 0)
            answer_error(s, SD_BUS_ERROR_FAILED, "The results cannot be sent");
        else
            bus_session_free(s);
        break;
    }
}

/* --- options ------------------------------------------------------------------------------------------------------------------ */

struct session_options { /* what CreateSession, Listen and Recognize take in common */
    const char *grammar, *language, *app, *input, *format;
    struct bus_context context;
    int partial, one_shot, live;
    double min_confidence;
    uint32_t end_silence_ms, max_command_ms, timeout_ms, rate, channels;
    bool has_confidence, has_end_silence, has_max_command, has_timeout, has_format;
};

static int check_range(uint32_t value, uint32_t least, uint32_t most, const char *key, sd_bus_error *error) {
    if (value >= least && value <= most)
        return 0;
    return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Option %s must be from %u to %u, not %u", key, least, most, value);
}

static int check_common(const struct session_options *o, sd_bus_error *error) {
    int r = 0;
    if (strcmp(o->language, "en") != 0)
        return sd_bus_error_setf(error, BUS_ERROR("NoSuchModel"), "There is no model for language \"%.20s\"; there is one for en",
                                 o->language);
    if (o->has_confidence && !(o->min_confidence >= 0 && o->min_confidence <= 1))
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Option MinConfidence must be from 0 to 1");
    if (o->has_end_silence)
        r = check_range(o->end_silence_ms, SILENCE_LEAST_MS, SILENCE_MOST_MS, "EndSilenceMs", error);
    if (r >= 0 && o->has_max_command)
        r = check_range(o->max_command_ms, COMMAND_LEAST_MS, COMMAND_MOST_MS, "MaxCommandMs", error);
    return r;
}

static int parse_format(const struct session_options *o, struct service_input *ret, sd_bus_error *error) {
    static const struct {
        const char *name;
        unsigned encoding;
    } formats[] = {
        {"S16LE", AUDIO_S16LE}, {"S32LE", AUDIO_S32LE}, {"F32LE", AUDIO_F32LE}, {"ULAW", AUDIO_ULAW}, {"WAV", AUDIO_WAV}};
    size_t i = 0;

    while (i < 5 && strcmp(formats[i].name, o->format) != 0)
        i++;
    if (i == 5)
        return sd_bus_error_setf(error, BUS_ERROR("UnsupportedFormat"),
                                 "Format \"%.20s\" is not known; known are S16LE, S32LE, F32LE, ULAW, WAV", o->format);
    int r = check_range(o->rate, 8000, 192000, "Rate", error);
    if (r >= 0)
        r = check_range(o->channels, 1, 32, "Channels", error);
    if (r < 0)
        return r;
    *ret = (struct service_input){
        .sound_file = formats[i].encoding == AUDIO_WAV,
        .live = o->live != 0,
        .format = {.rate = o->rate, .channels = o->channels, .encoding = AUDIO_S16LE},
    };
    if (!ret->sound_file)
        ret->format.encoding = formats[i].encoding;
    if (ret->sound_file && ret->live)
        return sd_bus_error_set(error, BUS_ERROR("UnsupportedFormat"), "A WAV file is not live; send raw frames instead");
    return 0;
}

static void options_init(struct session_options *o) {
    *o = (struct session_options){.grammar = "",
                                  .language = "en",
                                  .app = "",
                                  .input = "microphone",
                                  .format = "S16LE",
                                  .timeout_ms = LISTEN_DEFAULT_MS,
                                  .rate = 16000,
                                  .channels = 1};
}

/* Makes the service's session. On failure s is freed. */
static int make(struct bus_session *s, sd_bus_message *m, const struct session_options *o,
                void (*event)(struct service_session *, const struct service_event *, void *), sd_bus_error *error) {
    struct bus *b = s->bus;
    struct service_caller caller;
    struct base_error e = {0};
    struct service_session_options options;

    int r = bus_caller(b, m, &caller, error);
    if (r >= 0)
        r = bus_watch_owner(b, m);
    if (r < 0) {
        bus_session_free(s);
        return r;
    }
    options = (struct service_session_options){
        .owner = caller.owner,
        .uid = caller.uid,
        .grammar = o->grammar,
        .one_shot = o->one_shot,
        .context = o->context.items,
        .n_context = o->context.n,
        .event = event,
        .user = s,
    };
    service_session_defaults(b->service, &options.session);
    options.session.partial = o->partial;
    if (o->has_confidence)
        options.session.min_confidence = o->min_confidence;
    if (o->has_end_silence)
        options.session.end_silence_ms = o->end_silence_ms;
    if (o->has_max_command)
        options.session.max_speech_ms = o->max_command_ms;
    r = service_session_new(&s->session, b->service, &options, &e);
    if (r < 0) {
        bus_session_free(s);
        return bus_fail(error, r, &e);
    }
    return 0;
}

#define COMMON_OPTIONS(o)                                                                                                      \
    {"Grammar", BUS_STRING, &(o).grammar, NULL}, {"Language", BUS_STRING, &(o).language, NULL},                                \
        {"Context", BUS_CONTEXT, &(o).context, NULL}, {"MinConfidence", BUS_DOUBLE, &(o).min_confidence, &(o).has_confidence}, \
        {"EndSilenceMs", BUS_UINT32, &(o).end_silence_ms, &(o).has_end_silence},                                               \
        {"MaxCommandMs", BUS_UINT32, &(o).max_command_ms, &(o).has_max_command}, {                                             \
        "AppId", BUS_STRING, &(o).app, NULL                                                                                    \
    }

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* --- Manager1's calls that make sessions -------------------------------------------------------------------------------------- */

int bus_create_session(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    struct session_options o;
    options_init(&o);
    const struct bus_option table[] = {COMMON_OPTIONS(o),
                                       {"Input", BUS_STRING, &o.input, NULL},
                                       {"Partial", BUS_BOOLEAN, &o.partial, NULL},
                                       {"OneShot", BUS_BOOLEAN, &o.one_shot, NULL}};

    int r = bus_read_options(m, table, COUNT(table), error);
    if (r >= 0)
        r = check_common(&o, error);
    if (r < 0)
        return r;
    bool microphone = strcmp(o.input, "microphone") == 0;
    if (!microphone && strcmp(o.input, "fd") != 0)
        return sd_bus_error_setf(error, BUS_ERROR("NoSuchDevice"), "Input \"%.60s\" is not known; known are microphone, fd",
                                 o.input);
    if (microphone && (r = bus_may_listen(b, m, error)) < 0)
        return r;
    struct bus_session *s = session_new(b, m, BUS_CLIENT_SESSION);
    if (!s)
        return -ENOMEM;
    s->microphone = microphone;
    r = make(s, m, &o, on_client_event, error);
    return r < 0 ? r : sd_bus_reply_method_return(m, "o", s->path);
}

static int on_listen_timeout(sd_event_source *source, uint64_t now_us, void *user) {
    (void)source, (void)now_us;
    answer_error(user, BUS_ERROR("Timeout"), "Nothing was said in time");
    return 0;
}

int bus_listen(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    struct base_error e = {0};
    struct session_options o;
    options_init(&o);
    o.one_shot = 1;
    const struct bus_option table[] = {COMMON_OPTIONS(o), {"Timeout", BUS_UINT32, &o.timeout_ms, NULL}};

    int r = bus_read_options(m, table, COUNT(table), error);
    if (r >= 0)
        r = check_common(&o, error);
    if (r >= 0)
        r = check_range(o.timeout_ms, 1, LISTEN_MOST_MS, "Timeout", error);
    if (r >= 0)
        r = bus_may_listen(b, m, error);
    if (r < 0)
        return r;
    struct bus_session *s = session_new(b, m, BUS_LISTEN);
    if (!s)
        return -ENOMEM;
    s->call = sd_bus_message_ref(m);
    r = make(s, m, &o, on_listen_event, error);
    if (r < 0)
        return r;
    r = sd_event_add_time_relative(b->event, &s->timeout, CLOCK_MONOTONIC, (uint64_t)o.timeout_ms * 1000, 10000, on_listen_timeout,
                                   s);
    if (r >= 0 && (r = service_session_start(s->session, &e)) < 0)
        bus_fail(error, r, &e);
    if (r < 0) {
        bus_session_free(s);
        return r;
    }
    return 1; /* answered later */
}

int bus_recognize(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    struct base_error e = {0};
    struct service_input input;
    struct session_options o;
    int fd;
    options_init(&o);
    o.format = "WAV"; /* any sound file, unless the caller says what raw frames it sends */
    const struct bus_option table[] = {COMMON_OPTIONS(o),
                                       {"Format", BUS_STRING, &o.format, NULL},
                                       {"Rate", BUS_UINT32, &o.rate, NULL},
                                       {"Channels", BUS_UINT32, &o.channels, NULL}};

    int r = sd_bus_message_read(m, "h", &fd);
    if (r >= 0)
        r = bus_read_options(m, table, COUNT(table), error);
    if (r >= 0)
        r = check_common(&o, error);
    if (r >= 0)
        r = parse_format(&o, &input, error);
    if (r < 0)
        return r;
    struct bus_session *s = session_new(b, m, BUS_RECOGNIZE);
    if (!s)
        return -ENOMEM;
    s->call = sd_bus_message_ref(m);
    r = sd_bus_message_new_method_return(m, &s->reply);
    if (r >= 0)
        r = sd_bus_message_sensitive(s->reply);
    if (r >= 0)
        r = sd_bus_message_open_container(s->reply, 'a', "a{sv}");
    if (r < 0) {
        bus_session_free(s);
        return r;
    }
    r = make(s, m, &o, on_recognize_event, error);
    if (r < 0)
        return r;
    r = service_session_set_input(s->session, fd, &input, &e);
    if (r >= 0)
        r = service_session_start(s->session, &e);
    if (r < 0) {
        bus_session_free(s);
        return bus_fail(error, r, &e);
    }
    return 1;
}

/* --- Session1's methods ------------------------------------------------------------------------------------------------------- */

static int method_start(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus_session *s = user;
    struct service_session_view view;
    struct base_error e = {0};

    int r = bus_read_options(m, NULL, 0, error);
    if (r < 0)
        return r;
    service_session_view(s->session, &view);
    if (!view.from_descriptor && !s->microphone)
        return sd_bus_error_set(error, BUS_ERROR("WrongState"), "This session has Input fd: call SetInput before Start");
    if (!view.from_descriptor && (r = bus_may_listen(s->bus, m, error)) < 0)
        return r;
    r = service_session_start(s->session, &e);
    return r < 0 ? bus_fail(error, r, &e) : sd_bus_reply_method_return(m, "");
}

static int method_stop(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus_session *s = user;
    int r = bus_read_options(m, NULL, 0, error);
    if (r < 0)
        return r;
    r = service_session_stop(s->session);
    if (r < 0)
        return sd_bus_error_set(error, BUS_ERROR("WrongState"), "The session is not started");
    return sd_bus_reply_method_return(m, "");
}

static int method_set_input(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus_session *s = user;
    struct base_error e = {0};
    struct service_input input;
    struct session_options o;
    int fd;
    options_init(&o);
    const struct bus_option table[] = {{"Rate", BUS_UINT32, &o.rate, NULL},
                                       {"Channels", BUS_UINT32, &o.channels, NULL},
                                       {"Format", BUS_STRING, &o.format, NULL},
                                       {"Live", BUS_BOOLEAN, &o.live, NULL}};

    int r = sd_bus_message_read(m, "h", &fd);
    if (r >= 0)
        r = bus_read_options(m, table, COUNT(table), error);
    if (r >= 0)
        r = parse_format(&o, &input, error);
    if (r < 0)
        return r;
    r = service_session_set_input(s->session, fd, &input, &e);
    return r < 0 ? bus_fail(error, r, &e) : sd_bus_reply_method_return(m, "");
}

static int method_close(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)error;
    int r = sd_bus_reply_method_return(m, "");
    bus_session_free(user);
    return r;
}

/* --- properties --------------------------------------------------------------------------------------------------------------- */

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                        void *user, sd_bus_error *error) {
    struct bus_session *s = user;
    struct service_session_view view;
    (void)bus, (void)path, (void)interface, (void)error;

    service_session_view(s->session, &view);
    if (strcmp(property, "Owner") == 0)
        return sd_bus_message_append(reply, "s", s->owner);
    if (strcmp(property, "State") == 0)
        return sd_bus_message_append(reply, "u", (uint32_t)view.state);
    if (strcmp(property, "Grammar") == 0)
        return sd_bus_message_append(reply, "s", view.grammar);
    if (strcmp(property, "Input") == 0)
        return sd_bus_message_append(reply, "s", view.from_descriptor || !s->microphone ? "fd" : "microphone");
    if (strcmp(property, "PositionUSec") == 0)
        return sd_bus_message_append(reply, "t", view.position_us);
    return sd_bus_message_append(reply, "d", view.level_db);
}

const sd_bus_vtable bus_session_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("Start", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_start, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Stop", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_stop, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("SetInput", SD_BUS_ARGS("h", sound, "a{sv}", options), SD_BUS_NO_RESULT, method_set_input,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Close", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_close, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL_WITH_ARGS("SpeechStarted", SD_BUS_ARGS("t", time_usec, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS("SpeechEnded", SD_BUS_ARGS("t", time_usec, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS("Partial", SD_BUS_ARGS("t", sequence, "s", text, "d", stability, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS(
        "Utterance", SD_BUS_ARGS("t", sequence, "s", text, "s", intent, "a{sv}", slots, "d", confidence, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS("Rejected", SD_BUS_ARGS("t", sequence, "u", reason, "s", text, "d", confidence, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS("InputLost", SD_BUS_ARGS("u", reason, "t", lost_usec, "a{sv}", details), 0),
    SD_BUS_SIGNAL_WITH_ARGS("Finished", SD_BUS_ARGS("u", reason, "a{sv}", details), 0),
    SD_BUS_PROPERTY("Owner", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("State", "u", get_property, 0, 0),
    SD_BUS_PROPERTY("Grammar", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Input", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("PositionUSec", "t", get_property, 0, 0),
    SD_BUS_PROPERTY("LevelDb", "d", get_property, 0, 0),
    SD_BUS_VTABLE_END,
};
