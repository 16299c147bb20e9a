/* SPDX-License-Identifier: Apache-2.0 */
/* bus/events.c: sends events of the service as signals of Session1 and as replies to Listen and Recognize. */
#include "bus/private.h"
#include "service/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SIGNAL_BYTES 1024 /* of a small one */

static int append_text(sd_bus_message *m, const char *text) {
    return *text ? sd_bus_message_append(m, "a{sv}", 1, "Text", "s", text) : sd_bus_message_append(m, "a{sv}", 0);
}

static int fill_heard(sd_bus_message *m, const struct service_event *e) {
    const tragus_event *h = e->heard;
    switch (h->type) {
    case TRAGUS_SPEECH_STARTED:
    case TRAGUS_SPEECH_ENDED:
        (void)sd_bus_message_append(m, "t", e->time_us);
        break;
    case TRAGUS_WAKE_DETECTED:
        (void)sd_bus_message_append(m, "tsd", e->time_us, h->text, h->confidence);
        break;
    case TRAGUS_PARTIAL:
        (void)sd_bus_message_append(m, "tsd", h->sequence, h->text, h->stability);
        break;
    case TRAGUS_UTTERANCE:
        (void)sd_bus_message_append(m, "tss", h->sequence, h->text, h->intent);
        (void)bus_append_values(m, h->slots, h->n_slots);
        (void)sd_bus_message_append(m, "d", h->confidence);
        break;
    case TRAGUS_REJECTED:
        (void)sd_bus_message_append(m, "tusd", h->sequence, (uint32_t)h->reason, h->text, h->confidence);
        break;
    }
    return bus_append_details(m, e);
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

/* Converts "speech_started" to the signal name SpeechStarted. */
static const char *signal_name(const struct service_event *e, char out[32]) {
    const char *name = e->type == SERVICE_HEARD        ? tragus_event_name(e->heard->type)
                       : e->type == SERVICE_INPUT_LOST ? "input_lost"
                                                       : "finished";
    char *to = out;
    for (bool begins = true; *name && to < out + 31; name++) {
        if (*name != '_')
            *to++ = begins ? (char)toupper((unsigned char)*name) : *name;
        begins = *name == '_';
    }
    *to = '\0';
    return out;
}

static int send_signal(const struct bus_session *s, const struct service_event *e, const char *name) {
    sd_bus_message *m = NULL;

    int r = sd_bus_message_new_signal(s->bus->bus, &m, s->path, BUS_SESSION, name);
    if (r >= 0)
        r = sd_bus_message_set_destination(m, s->owner);
    if (r >= 0)
        r = sd_bus_message_sensitive(m);
    if (r >= 0)
        r = fill_signal(m, e);
    if (r >= 0)
        r = sd_bus_send(s->bus->bus, m, NULL);
    sd_bus_message_unref(m);
    return r;
}

/* Clients wait for results and for the end, so a signal is tried again, too, if there is no memory for it. A message that could not
 * be filled gives another error. */
void bus_on_client_event(struct service_session *session, const struct service_event *e, void *user) {
    struct bus_session *s = user;
    char name[32];
    int r = -ENOMEM;
    (void)session;

    if (!bus_share_send(s->bus, s->uid, s->owner, e->type == SERVICE_HEARD ? bus_result_bytes(e) : SIGNAL_BYTES)) {
        service_log(SERVICE_LOG_WARNING, "Closing a session of user %u, whose clients do not read what they are sent",
                    (unsigned)s->uid);
        bus_session_free(s);
        return;
    }
    signal_name(e, name);
    for (unsigned i = 0; i < BUS_MOST_ATTEMPTS && r < 0 && r != -ENOTCONN; i++)
        r = send_signal(s, e, name);
    if (r < 0 && r != -ENOTCONN) /* the loss of the bus is logged once */
        service_log(SERVICE_LOG_WARNING, "Failed to send %s to its session: %s", name, strerror(-r));
}

/* Answers the waiting call with an error and ends the session. */
static void answer_error(struct bus_session *s, const char *name, const char *text) {
    sd_bus_error error = SD_BUS_ERROR_NULL;

    (void)sd_bus_error_set(&error, name, text);
    bus_answer_error(s->call, &error);
    sd_bus_error_free(&error);
    bus_session_free(s);
}

static void answer_listen(struct bus_session *s, const struct service_event *e) {
    sd_bus_message *reply = NULL;
    char text[128];

    if (e->heard->type == TRAGUS_REJECTED && e->heard->n_free_words == 0) {
        snprintf(text, sizeof(text), "The speech was not understood: %s", tragus_reason_text(e->heard->reason));
        answer_error(s, BUS_ERROR("NotUnderstood"), text);
        return;
    }
    if (e->heard->type != TRAGUS_UTTERANCE && e->heard->type != TRAGUS_REJECTED)
        return;
    int r = bus_share_send(s->bus, s->uid, s->owner, bus_result_bytes(e)) ? 0 : -ENOBUFS;
    if (r >= 0)
        r = sd_bus_message_new_method_return(s->call, &reply);
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

void bus_on_listen_event(struct service_session *session, const struct service_event *e, void *user) {
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
        if (e->reason == SERVICE_TIMED_OUT)
            answer_error(s, BUS_ERROR("Timeout"), "Nothing was said in time");
        else
            answer_error(s, SD_BUS_ERROR_NO_REPLY, "The daemon is stopping");
        break;
    }
}

static void add_result(struct bus_session *s, const struct service_event *e) {
    s->reply_bytes += bus_result_bytes(e);
    if (s->reply_bytes <= BUS_LARGEST_REPLY && bus_append_result(s->reply, e) != -EMSGSIZE)
        return; /* the message remembers any other failure */
    answer_error(s, SD_BUS_ERROR_LIMITS_EXCEEDED, "The results are too large for one message; send the sound in parts");
}

void bus_on_recognize_event(struct service_session *session, const struct service_event *e, void *user) {
    struct bus_session *s = user;
    int r;
    (void)session;

    switch (e->type) {
    case SERVICE_HEARD:
        if (e->heard->type == TRAGUS_UTTERANCE || e->heard->type == TRAGUS_REJECTED)
            add_result(s, e);
        break;
    case SERVICE_INPUT_LOST:
        answer_error(s, BUS_ERROR("UnsupportedFormat"), e->text);
        break;
    case SERVICE_FINISHED:
        if (e->reason == SERVICE_DAEMON_STOPS) {
            answer_error(s, SD_BUS_ERROR_NO_REPLY, "The daemon is stopping");
            break;
        }
        if (!bus_share_send(s->bus, s->uid, s->owner, s->reply_bytes)) {
            answer_error(s, SD_BUS_ERROR_LIMITS_EXCEEDED, BUS_NOT_READ);
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
