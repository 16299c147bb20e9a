/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/mqtt_client.c: the connection with the broker.
 *
 * libmosquitto looks up the broker's name and opens the connection with calls that wait, so these two steps are done by a thread of
 * their own, one for each attempt. Then the event loop takes the connection over, and nothing in it waits. libmosquitto's own
 * thread would call us from outside of the loop, and would sleep between two attempts, so that the program could not end meanwhile.
 *
 * Each attempt has a new `struct mosquitto`, so no message is left in libmosquitto when a connection is lost: mqtt_queue.c alone
 * decides what is sent again. */
#include "base/clock.h"
#include "base/thread.h"
#include "bridge/mqtt.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONGEST_PAUSE_S 60
#define LASTED_US 30000000ULL /* a connection that was up for so long begins anew with the shortest pause */
#define KEEP_ALIVE_S 30       /* the broker reports us as offline after one and a half of this */
#define MISC_US 5000000ULL
#define LAST_WORDS_US 1000000ULL /* for writing when the program ends, in all */
#define MOST_TOPICS 32           /* that are subscribed to */
#define REFUSED 0x80             /* reason codes of MQTT from here on are refusals */
/* With its topic. What is a little too large still comes, and is complained about. */
#define MOST_PACKET (MQTT_MOST_SOUND + 65536)

/* One attempt. The thread and the event loop share it; the last to leave frees it. */
struct attempt {
    struct mqtt_client *client; /* for the event loop only: it may end before the thread */
    pthread_t thread;
    struct mosquitto *mosquitto;
    const char *host;
    int port, done; /* done: an eventfd */
    bool old;       /* without MQTT 5 */
    int result, code;
    char detail[200]; /* what libmosquitto logged last: the cause of an error of TLS */
    atomic_bool left;
    char host_text[];
};

struct mqtt_client {
    struct mqtt_client_setup setup;
    sd_event *event;
    char password[BRIDGE_MOST_SECRET + 1];
    struct attempt *attempt; /* NULL: none; also the owner of the connection */
    sd_event_source *done, *io, *misc, *retry;
    bool taken_over; /* the thread has left */
    bool accepted;   /* by the broker, but `up` was not called yet */
    bool up;
    int refusal; /* of the broker: a CONNACK code, or 0 */
    bool old;    /* the broker seems to know MQTT 3.1.1 only */
    uint64_t up_us;
    unsigned pause_s;
    struct {
        int id;
        char *topic;
    } asked[MOST_TOPICS]; /* subscriptions that the broker has not answered */
    size_t n_asked;
    char told[512]; /* the last complaint in the log: the same is not repeated */
};

/* --- settings ----------------------------------------------------------------------------------------------------------------- */

static bool uses_tls(const struct bridge_mqtt_options *o) {
    return o->tls || *o->ca_file;
}

static unsigned port_of(const struct bridge_mqtt_options *o) {
    return o->port > 0 ? o->port : uses_tls(o) ? 8883 : 1883;
}

static uint64_t now_us(const struct mqtt_client *c) {
    uint64_t now = 0;
    (void)sd_event_now(c->event, CLOCK_MONOTONIC, &now);
    return now;
}

/* --- an attempt --------------------------------------------------------------------------------------------------------------- */

static void attempt_free(struct attempt *a) {
    if (a->mosquitto)
        mosquitto_destroy(a->mosquitto);
    if (a->done >= 0)
        close(a->done);
    free(a);
}

static void leave(struct attempt *a) {
    if (atomic_exchange(&a->left, true))
        attempt_free(a);
}

/* Connects, and tells a broker that speaks MQTT 5 which messages are too large for us: libmosquitto would read any of them. */
static int connect_to(const struct attempt *a) {
    mosquitto_property *properties = NULL;
    int r = a->old ? MOSQ_ERR_SUCCESS : mosquitto_property_add_int32(&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, MOST_PACKET);

    if (r == MOSQ_ERR_SUCCESS)
        r = mosquitto_connect_bind_v5(a->mosquitto, a->host, a->port, KEEP_ALIVE_S, NULL, properties);
    int code = errno;
    mosquitto_property_free_all(&properties);
    errno = code;
    return r;
}

static void *run_attempt(void *user) {
    struct attempt *a = user;
    const uint64_t one = 1;

    a->result = connect_to(a);
    a->code = errno;
    if (write(a->done, &one, sizeof(one)) != sizeof(one))
        a->result = MOSQ_ERR_UNKNOWN;
    leave(a);
    return NULL;
}

/* Ends the attempt or the connection that came of it. */
static void forget(struct mqtt_client *c) {
    c->done = sd_event_source_disable_unref(c->done);
    c->io = sd_event_source_disable_unref(c->io);
    c->misc = sd_event_source_disable_unref(c->misc);
    if (c->attempt && c->taken_over) {
        attempt_free(c->attempt);
    } else if (c->attempt) {
        (void)pthread_detach(c->attempt->thread);
        leave(c->attempt);
    }
    while (c->n_asked > 0)
        free(c->asked[--c->n_asked].topic);
    c->attempt = NULL;
    c->taken_over = c->accepted = c->up = false;
    c->refusal = 0;
}

/* What went wrong, and how to mend it. */
static void explain(const struct mqtt_client *c, int result, int code, char *out, size_t size) {
    const struct bridge_mqtt_options *o = c->setup.options;
    const char *detail = c->attempt ? c->attempt->detail : "";

    if (c->refusal == CONNACK_REFUSED_BAD_USERNAME_PASSWORD || c->refusal == CONNACK_REFUSED_NOT_AUTHORIZED ||
        c->refusal == MQTT_RC_BAD_USERNAME_OR_PASSWORD || c->refusal == MQTT_RC_NOT_AUTHORIZED)
        snprintf(out, size, "it does not accept this user and password; check user and password_file in [mqtt]");
    else if (c->refusal > 0)
        snprintf(out, size, "%s", c->old ? mosquitto_connack_string(c->refusal) : mosquitto_reason_string(c->refusal));
    else if (result == MOSQ_ERR_EAI)
        snprintf(out, size, "the host cannot be found; check host in [mqtt]");
    else if (!c->up && (result == MOSQ_ERR_TLS || (uses_tls(o) && *detail)))
        snprintf(out, size, "TLS failed (%s); check ca_file and host in [mqtt]", *detail ? detail : "no details");
    else if (result == MOSQ_ERR_ERRNO)
        snprintf(out, size, "%s", strerror(code));
    else if (result == MOSQ_ERR_CONN_LOST || result == MOSQ_ERR_NO_CONN)
        snprintf(out, size, "it has closed the connection");
    else
        snprintf(out, size, "%s", mosquitto_strerror(result));
}

/* A broker that does not know MQTT 5 refuses it, or closes the connection without a word, as others do for other reasons. */
static void choose_version(struct mqtt_client *c) {
    if (c->refusal == CONNACK_REFUSED_PROTOCOL_VERSION || c->refusal == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION)
        c->old = true;
    else if (c->io && !c->up && c->refusal == 0)
        c->old = !c->old;
}

/* The connection, or the attempt, has failed. */
static void lost(struct mqtt_client *c, int result, int code) {
    char why[320], text[512];
    bool was_up = c->up;

    explain(c, result, code, why, sizeof(why));
    snprintf(text, sizeof(text), "%.150s:%u %s: %s", c->setup.options->host, port_of(c->setup.options),
             was_up ? "was lost, connecting again" : "cannot be used, trying again", why);
    if (was_up || strcmp(text, c->told) != 0)
        bridge_log(BRIDGE_LOG_WARNING, "The MQTT broker %s", text);
    memcpy(c->told, text, sizeof(text));
    choose_version(c);
    if (was_up && now_us(c) - c->up_us > LASTED_US)
        c->pause_s = 0;
    forget(c);
    if (was_up)
        c->setup.handlers->down(c->setup.user);
    bridge_timer_back_off(c->retry, &c->pause_s, LONGEST_PAUSE_S, "the MQTT broker");
}

/* --- the connection ----------------------------------------------------------------------------------------------------------- */

static void on_connect(struct mosquitto *mosquitto, void *user, int code) {
    struct mqtt_client *c = ((struct attempt *)user)->client;
    (void)mosquitto;
    c->refusal = code;
    c->accepted = code == 0;
}

static void on_message(struct mosquitto *mosquitto, void *user, const struct mosquitto_message *m) {
    struct mqtt_client *c = ((struct attempt *)user)->client;
    (void)mosquitto;
    c->setup.handlers->message(c->setup.user, m->topic, m->payloadlen > 0 ? m->payload : "", (size_t)m->payloadlen, m->retain);
}

static void on_publish(struct mosquitto *mosquitto, void *user, int id, int reason, const mosquitto_property *properties) {
    struct mqtt_client *c = ((struct attempt *)user)->client;
    (void)mosquitto, (void)properties;
    c->setup.handlers->confirmed(c->setup.user, id, reason >= REFUSED ? mosquitto_reason_string(reason) : NULL);
}

static void on_subscribe(struct mosquitto *mosquitto, void *user, int id, int n, const int granted[]) {
    struct mqtt_client *c = ((struct attempt *)user)->client;
    (void)mosquitto;
    for (size_t i = 0; i < c->n_asked; i++) {
        if (c->asked[i].id != id)
            continue;
        if (n > 0 && granted[0] >= REFUSED)
            bridge_log(BRIDGE_LOG_WARNING, "The MQTT broker does not let us subscribe to %s; give this user the right to read it",
                       c->asked[i].topic);
        free(c->asked[i].topic);
        c->asked[i] = c->asked[--c->n_asked];
        return;
    }
}

/* Also called by the thread of the attempt. */
static void on_log(struct mosquitto *mosquitto, void *user, int level, const char *text) {
    struct attempt *a = user;
    (void)mosquitto;
    if (level == MOSQ_LOG_ERR)
        snprintf(a->detail, sizeof(a->detail), "%s", text);
}

/* Takes the result of a call that moved messages. May end the connection. */
static void after(struct mqtt_client *c, int result) {
    if (result != MOSQ_ERR_SUCCESS || c->refusal > 0) {
        lost(c, result, errno);
        return;
    }
    if (!c->accepted)
        return;
    c->accepted = false;
    c->up = true;
    c->up_us = now_us(c);
    *c->told = '\0';
    bridge_log(BRIDGE_LOG_INFO, "Connected to the MQTT broker %s:%u%s", c->setup.options->host, port_of(c->setup.options),
               uses_tls(c->setup.options) ? " with TLS" : "");
    mqtt_client_publish(c, c->setup.status_topic, "online", 6, 1, true);
    c->setup.handlers->up(c->setup.user);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *user) {
    struct mqtt_client *c = user;
    int result = MOSQ_ERR_SUCCESS;
    (void)source, (void)fd;

    errno = 0;
    if (revents & EPOLLOUT)
        result = mosquitto_loop_write(c->attempt->mosquitto, 1);
    if (result == MOSQ_ERR_SUCCESS && revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
        result = mosquitto_loop_read(c->attempt->mosquitto, 1);
    after(c, result);
    return 0;
}

/* Before the loop waits: calls from anywhere may have left something to be written. */
static int prepare_io(sd_event_source *source, void *user) {
    const struct mqtt_client *c = user;
    return sd_event_source_set_io_events(source, EPOLLIN | (mosquitto_want_write(c->attempt->mosquitto) ? (uint32_t)EPOLLOUT : 0));
}

/* Lets libmosquitto send its pings, and notice when the broker does not answer. */
static int on_misc(sd_event_source *source, uint64_t time_us, void *user) {
    struct mqtt_client *c = user;
    (void)time_us;

    (void)sd_event_source_set_time_relative(source, MISC_US);
    (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    errno = 0;
    after(c, mosquitto_loop_misc(c->attempt->mosquitto));
    return 0;
}

/* What the network has not taken after keep_s must not arrive later, as the kernel would otherwise try for a quarter of an hour. */
static void limit_delay(int fd, uint32_t keep_s) {
    const unsigned limit_ms = (keep_s < 5 ? 5 : keep_s) * 1000;
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof(limit_ms));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int on_done(sd_event_source *source, int fd, uint32_t revents, void *user) {
    struct mqtt_client *c = user;
    (void)source, (void)fd, (void)revents;

    c->done = sd_event_source_disable_unref(c->done);
    struct attempt *a = c->attempt;
    (void)pthread_join(a->thread, NULL); /* it is at its end */
    c->taken_over = true;
    int socket = a->result == MOSQ_ERR_SUCCESS ? mosquitto_socket(a->mosquitto) : -1;
    if (socket < 0) {
        lost(c, a->result == MOSQ_ERR_SUCCESS ? MOSQ_ERR_CONN_LOST : a->result, a->code);
        return 0;
    }
    limit_delay(socket, c->setup.options->keep_s);
    int r = sd_event_add_io(c->event, &c->io, socket, EPOLLIN, on_io, c);
    if (r >= 0)
        r = sd_event_source_set_prepare(c->io, prepare_io);
    if (r >= 0)
        r = sd_event_add_time_relative(c->event, &c->misc, CLOCK_MONOTONIC, MISC_US, 0, on_misc, c);
    if (r < 0)
        lost(c, MOSQ_ERR_ERRNO, -r);
    return 0;
}

static int configure(struct mqtt_client *c, struct mosquitto *m) {
    const struct bridge_mqtt_options *o = c->setup.options;

    mosquitto_connect_callback_set(m, on_connect);
    mosquitto_message_callback_set(m, on_message);
    mosquitto_publish_v5_callback_set(m, on_publish);
    mosquitto_subscribe_callback_set(m, on_subscribe);
    mosquitto_log_callback_set(m, on_log);
    int r = mosquitto_int_option(m, MOSQ_OPT_PROTOCOL_VERSION, c->old ? MQTT_PROTOCOL_V311 : MQTT_PROTOCOL_V5);
    if (r == MOSQ_ERR_SUCCESS)
        r = mosquitto_will_set(m, c->setup.status_topic, 7, "offline", 1, true);
    if (r == MOSQ_ERR_SUCCESS && *o->user)
        r = mosquitto_username_pw_set(m, o->user, *o->password_file ? c->password : NULL);
    if (r == MOSQ_ERR_SUCCESS && *o->ca_file)
        r = mosquitto_tls_set(m, o->ca_file, NULL, NULL, NULL, NULL);
    else if (r == MOSQ_ERR_SUCCESS && o->tls)
        r = mosquitto_int_option(m, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    return r;
}

/* Returns a code of libmosquitto. */
static int begin(struct mqtt_client *c) {
    const char *host = c->setup.options->host;

    struct attempt *a = calloc(1, sizeof(*a) + strlen(host) + 1);
    if (!a)
        return MOSQ_ERR_NOMEM;
    c->attempt = a;
    c->taken_over = true; /* until there is a thread */
    a->host = memcpy(a->host_text, host, strlen(host) + 1);
    a->client = c;
    a->port = (int)port_of(c->setup.options);
    a->old = c->old;
    a->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    a->mosquitto = mosquitto_new(c->setup.client_id, true, a);
    if (a->done < 0 || !a->mosquitto)
        return MOSQ_ERR_NOMEM;
    int r = configure(c, a->mosquitto);
    if (r == MOSQ_ERR_SUCCESS && sd_event_add_io(c->event, &c->done, a->done, EPOLLIN, on_done, c) < 0)
        r = MOSQ_ERR_NOMEM;
    if (r == MOSQ_ERR_SUCCESS && base_thread_start(&a->thread, "mqtt-connect", run_attempt, a) < 0)
        r = MOSQ_ERR_NOMEM;
    c->taken_over = r != MOSQ_ERR_SUCCESS;
    return r;
}

static int on_retry(sd_event_source *source, uint64_t time_us, void *user) {
    struct mqtt_client *c = user;
    (void)source, (void)time_us;

    errno = 0;
    int r = begin(c);
    if (r != MOSQ_ERR_SUCCESS)
        lost(c, r, errno);
    return 0;
}

/* --- calls -------------------------------------------------------------------------------------------------------------------- */

bool mqtt_client_is_up(const struct mqtt_client *c) {
    return c->up;
}

int mqtt_client_publish(struct mqtt_client *c, const char *topic, const char *payload, size_t n, int qos, bool retain) {
    int id = 0;

    if (!c->up)
        return -ENOTCONN;
    int r = mosquitto_publish(c->attempt->mosquitto, &id, topic, (int)n, payload, qos, retain);
    return r == MOSQ_ERR_SUCCESS ? id : -EIO;
}

/* Whether it is the message that cannot be sent, or only now. */
static int error_of(int result) {
    switch (result) {
    case MOSQ_ERR_OVERSIZE_PACKET:
    case MOSQ_ERR_PAYLOAD_SIZE:
        return -EMSGSIZE;
    case MOSQ_ERR_INVAL:
    case MOSQ_ERR_MALFORMED_UTF8:
        return -EINVAL;
    default:
        return -EIO;
    }
}

int mqtt_client_send(struct mqtt_client *c, const char *topic, const char *payload, size_t n, uint32_t expires_s) {
    mosquitto_property *properties = NULL;
    int id = 0, r = MOSQ_ERR_SUCCESS;

    if (!c->up)
        return -ENOTCONN;
    if (!c->old)
        r = mosquitto_property_add_int32(&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, expires_s);
    if (r == MOSQ_ERR_SUCCESS)
        r = mosquitto_publish_v5(c->attempt->mosquitto, &id, topic, (int)n, payload, 1, false, properties);
    mosquitto_property_free_all(&properties);
    return r == MOSQ_ERR_SUCCESS ? id : error_of(r);
}

int mqtt_client_subscribe(struct mqtt_client *c, const char *topic) {
    int id;

    if (!c->up || mosquitto_subscribe(c->attempt->mosquitto, &id, topic, 1) != MOSQ_ERR_SUCCESS)
        return -EIO;
    char *copy = c->n_asked < MOST_TOPICS ? strdup(topic) : NULL;
    if (copy) {
        c->asked[c->n_asked].id = id;
        c->asked[c->n_asked++].topic = copy;
    }
    return 0;
}

int mqtt_client_new(struct mqtt_client **ret, sd_event *event, const struct mqtt_client_setup *setup, tragus_error *reterr) {
    const struct bridge_mqtt_options *o = setup->options;
    struct mqtt_client *c = calloc(1, sizeof(*c));
    struct timespec changed;

    if (!c)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    c->setup = *setup;
    c->event = event;
    int r = 0;
    if (*o->password_file)
        r = bridge_secret_read(c->password, "password_file", o->password_file, &changed, reterr);
    if (r >= 0 && *o->ca_file && access(o->ca_file, R_OK) < 0)
        r = base_error_set(reterr, -errno, "ca_file %s cannot be read: %s", o->ca_file, strerror(errno));
    if (r >= 0 && mosquitto_lib_init() != MOSQ_ERR_SUCCESS)
        r = base_error_set(reterr, -ENOMEM, "libmosquitto cannot be started");
    if (r >= 0) {
        r = sd_event_add_time_relative(event, &c->retry, CLOCK_MONOTONIC, 0, 0, on_retry, c);
        if (r < 0)
            (void)base_error_set(reterr, r, "no timer can be made: %s", strerror(-r));
    }
    if (r < 0) {
        mqtt_client_free(c);
        return r;
    }
    *ret = c;
    return 0;
}

/* Writes what is left, for a short time in all: if the broker does not read, it publishes the last will. */
static void say_goodbye(struct mqtt_client *c) {
    struct mosquitto *m = c->attempt->mosquitto;
    struct pollfd wait = {.fd = mosquitto_socket(m), .events = POLLOUT};
    uint64_t end = base_clock_monotonic_us() + LAST_WORDS_US;

    mqtt_client_publish(c, c->setup.status_topic, "offline", 7, 1, true);
    (void)mosquitto_disconnect(m);
    while (mosquitto_want_write(m) && wait.fd >= 0) {
        uint64_t now = base_clock_monotonic_us();
        if (now >= end || poll(&wait, 1, (int)((end - now + 999) / 1000)) <= 0 || mosquitto_loop_write(m, 1) != MOSQ_ERR_SUCCESS)
            break;
    }
}

void mqtt_client_free(struct mqtt_client *c) {
    if (!c)
        return;
    if (c->up)
        say_goodbye(c);
    forget(c);
    sd_event_source_disable_unref(c->retry);
    explicit_bzero(c->password, sizeof(c->password));
    free(c);
}
