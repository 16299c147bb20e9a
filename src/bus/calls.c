/* SPDX-License-Identifier: Apache-2.0 */
/* bus/calls.c: the methods of Manager1 that make sessions: CreateSession, and Listen and Recognize, whose session lasts for one
 * call. */
#include "bus/private.h"

#include <errno.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* --- options ------------------------------------------------------------------------------------------------------------------ */

void bus_format_init(struct bus_format *f) {
    *f = (struct bus_format){.format = "S16LE", .rate = 16000, .channels = 1};
}

int bus_parse_format(const struct bus_format *f, struct service_input *ret, sd_bus_error *error) {
    static const struct {
        const char *name;
        unsigned encoding;
    } formats[] = {
        {"S16LE", AUDIO_S16LE}, {"S32LE", AUDIO_S32LE}, {"F32LE", AUDIO_F32LE}, {"ULAW", AUDIO_ULAW}, {"WAV", AUDIO_WAV}};
    size_t i = 0;

    while (i < COUNT(formats) && strcmp(formats[i].name, f->format) != 0)
        i++;
    if (i == COUNT(formats))
        return bus_refuse(error, BUS_ERROR("UnsupportedFormat"), "Unknown format \"%.20s\"; use S16LE, S32LE, F32LE, ULAW or WAV",
                          f->format);
    bool sound_file = formats[i].encoding == AUDIO_WAV;
    *ret = (struct service_input){
        .sound_file = sound_file,
        .live = f->live != 0,
        .format = {.rate = f->rate, .channels = f->channels, .encoding = sound_file ? AUDIO_S16LE : formats[i].encoding},
    };
    return 0;
}

/* Options shared by CreateSession, Listen and Recognize, in addition to the service's own. */
struct call_options {
    struct service_session_options session;
    struct bus_context context;
};

static void call_options_init(struct call_options *o, const struct bus *b) {
    *o = (struct call_options){.context = {.n = 0}};
    service_session_defaults(b->service, &o->session);
}

#define COMMON_OPTIONS(o)                                                                                                       \
    {"Grammar", BUS_STRING, &(o).session.grammar}, {"Language", BUS_STRING, &(o).session.language},                             \
        {"Context", BUS_CONTEXT, &(o).context}, {"MinConfidence", BUS_DOUBLE, &(o).session.session.min_confidence},             \
        {"EndSilenceMs", BUS_UINT32, &(o).session.session.end_silence_ms},                                                      \
        {"FinalSilenceMs", BUS_UINT32, &(o).session.session.final_silence_ms},                                                  \
        {"OpenSilenceMs", BUS_UINT32, &(o).session.session.open_silence_ms},                                                    \
        {"MaxCommandMs", BUS_UINT32, &(o).session.session.max_speech_ms}, {"Reject", BUS_BOOLEAN, &(o).session.session.reject}, \
        {"Fallback", BUS_BOOLEAN, &(o).session.session.fallback}, {                                                             \
        "AppId", BUS_STRING, &(o).session.app                                                                                   \
    }

/* Creates the service's session. Frees s on failure. */
static int make(struct bus_session *s, sd_bus_message *m, struct call_options *o, sd_bus_error *error) {
    struct bus *b = s->bus;
    struct service_caller caller;
    tragus_error e = {0};

    int r = bus_caller(b, m, &caller, error);
    if (r >= 0)
        r = bus_watch_owner(b, m, error);
    if (r < 0) {
        bus_session_free(s);
        return r;
    }
    s->uid = caller.uid;
    o->session.context = o->context.items;
    o->session.n_context = o->context.n;
    o->session.pid = bus_caller_pid(b, m);
    o->session.user = s;
    r = service_session_new(&s->session, b->service, &caller, &o->session, &e);
    if (r < 0) {
        bus_session_free(s);
        return bus_fail(error, r, &e);
    }
    return 0;
}

/* --- methods ------------------------------------------------------------------------------------------------------------------ */

int bus_create_session(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    struct call_options o;
    const char *input = "microphone";
    int one_shot = 0;
    struct bus_strings wake = {.n = 0};
    call_options_init(&o, b);
    o.session.event = bus_on_client_event;
    const struct bus_option table[] = {COMMON_OPTIONS(o),
                                       {"Input", BUS_STRING, &input},
                                       {"Partial", BUS_BOOLEAN, &o.session.session.partial},
                                       {"OneShot", BUS_BOOLEAN, &one_shot},
                                       {"Wake", BUS_STRINGS, &wake},
                                       {"WakeOpenMs", BUS_UINT32, &o.session.session.wake_open_ms},
                                       {"WakePerHour", BUS_DOUBLE, &o.session.session.wake_per_hour}};

    int r = bus_read_options(m, table, COUNT(table), error);
    if (r < 0)
        return r;
    o.session.one_shot = one_shot;
    o.session.wake = wake.given ? wake.items : NULL;
    o.session.n_wake = wake.n;
    o.session.microphone = strcmp(input, "microphone") == 0;
    if (!o.session.microphone && strcmp(input, "fd") != 0)
        return bus_refuse(error, BUS_ERROR("NoSuchDevice"), "Unknown input \"%.60s\"; use microphone or fd", input);
    struct bus_session *s = bus_session_new(b, m, BUS_CLIENT_SESSION);
    if (!s)
        return -ENOMEM;
    r = make(s, m, &o, error);
    return r < 0 ? r : sd_bus_reply_method_return(m, "o", s->path);
}

/* Starts a session that lives for one call, which is answered later. */
static int start(struct bus_session *s, sd_bus_error *error) {
    tragus_error e = {0};
    int r = service_session_start(s->session, &e);
    if (r >= 0)
        return 1;
    bus_session_free(s);
    return bus_fail(error, r, &e);
}

int bus_listen(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    struct call_options o;
    call_options_init(&o, b);
    o.session.event = bus_on_listen_event;
    o.session.microphone = o.session.limited = o.session.one_shot = true;
    const struct bus_option table[] = {COMMON_OPTIONS(o), {"Timeout", BUS_UINT32, &o.session.timeout_ms}};

    int r = bus_read_options(m, table, COUNT(table), error);
    if (r < 0)
        return r;
    struct bus_session *s = bus_session_new(b, m, BUS_LISTEN);
    if (!s)
        return -ENOMEM;
    r = bus_stand_in(&s->call, m);
    if (r < 0) {
        bus_session_free(s);
        return r;
    }
    r = make(s, m, &o, error);
    return r < 0 ? r : start(s, error);
}

static int begin_results(struct bus_session *s) {
    int r = sd_bus_message_new_method_return(s->call, &s->reply);
    if (r >= 0)
        r = sd_bus_message_sensitive(s->reply);
    if (r >= 0)
        r = sd_bus_message_open_container(s->reply, 'a', "a{sv}");
    return r;
}

int bus_recognize(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus *b = user;
    tragus_error e = {0};
    struct service_input input;
    struct call_options o;
    struct bus_format format;
    int fd;
    call_options_init(&o, b);
    o.session.event = bus_on_recognize_event;
    bus_format_init(&format);
    format.format = "WAV"; /* any sound file, unless the caller specifies a raw format */
    const struct bus_option table[] = {COMMON_OPTIONS(o),
                                       {"Format", BUS_STRING, &format.format},
                                       {"Rate", BUS_UINT32, &format.rate},
                                       {"Channels", BUS_UINT32, &format.channels}};

    int r = sd_bus_message_read(m, "h", &fd);
    if (r >= 0)
        r = bus_read_options(m, table, COUNT(table), error);
    if (r >= 0)
        r = bus_parse_format(&format, &input, error);
    if (r < 0)
        return r;
    struct bus_session *s = bus_session_new(b, m, BUS_RECOGNIZE);
    if (!s)
        return -ENOMEM;
    r = bus_stand_in(&s->call, m);
    if (r >= 0)
        r = begin_results(s);
    if (r < 0) {
        bus_session_free(s);
        return r;
    }
    input.limited = true;
    r = make(s, m, &o, error);
    if (r < 0)
        return r;
    r = service_session_set_input(s->session, fd, &input, &e);
    if (r < 0) {
        bus_session_free(s);
        return bus_fail(error, r, &e);
    }
    return start(s, error);
}
