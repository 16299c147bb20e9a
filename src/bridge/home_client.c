/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/home_client.c: the connection to Home Assistant, in a thread of its own: connects, tries again with growing pauses, and
 * moves messages. All functions but those of home.h run in this thread. */
#include "base/thread.h"
#include "bridge/home_talk.h"
#include "bridge/private.h"

#include <errno.h>
#include <libwebsockets.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_MESSAGE_BYTES (16U << 20)
#define COLLECT_US 2000000LL   /* changes that come together are read together */
#define REREAD_US 3600000000LL /* what changes without an event is found by reading again */
#define PATIENCE_NS 200000000L /* for the thread at the end */
#define TOKEN_US 30000000LL    /* how often a refused token is looked at */
#define ANSWER_US 60000000LL   /* for everything to be read */
#define IDLE_BYTES 65536       /* a buffer that is kept is not larger */

struct message {
    struct message *next;
    size_t n;
    unsigned char bytes[]; /* LWS_PRE, which libwebsockets wants, and the text */
};

struct bridge_home_client {
    struct bridge_home_place place;
    struct bridge_home_url url;
    struct lws_context *context;
    struct lws *socket; /* NULL: not connected */
    pthread_t thread;
    atomic_bool stop;
    atomic_bool left;                             /* by the thread or by its owner; the last one frees */
    lws_sorted_usec_list_t connect, read, answer; /* timers */
    uint16_t n_failures;
    struct base_buffer in;
    struct message *out, **out_end;
    struct bridge_home_talk talk;
    char complaint[512];        /* the last, which is not written again */
    struct timespec token_time; /* of the token file */
    bool token_refused;         /* the one of that time */
    bool reads_soon;            /* the timer for reading is set for a change */
    int wake_fd;
    pthread_mutex_t lock; /* of newest */
    json_object *newest;
};

static void connect_now(lws_sorted_usec_list_t *timer);
static void read_now(lws_sorted_usec_list_t *timer);

/* --- failures ----------------------------------------------------------------------------------------------------------------- */

static void complain(struct bridge_home_client *c, const char *text) {
    if (atomic_load(&c->stop) || strncmp(c->complaint, text, sizeof(c->complaint) - 1) == 0)
        return;
    snprintf(c->complaint, sizeof(c->complaint), "%s", text);
    bridge_log(BRIDGE_LOG_WARNING, "No names from Home Assistant at %s: %s", c->place.url, text);
}

static void try_again(struct bridge_home_client *c) {
    static const uint32_t pauses_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000};
    static const lws_retry_bo_t pauses = {
        .retry_ms_table = pauses_ms, .retry_ms_table_count = 7, .conceal_count = LWS_RETRY_CONCEAL_ALWAYS, .jitter_percent = 20};

    lws_usec_t pause = c->token_refused ? TOKEN_US : lws_retry_get_delay_ms(c->context, &pauses, &c->n_failures, NULL) * 1000LL;
    lws_sul_schedule(c->context, 0, &c->connect, connect_now, pause);
}

static void disconnected(struct bridge_home_client *c) {
    c->socket = NULL;
    c->reads_soon = false;
    lws_sul_cancel(&c->read);
    lws_sul_cancel(&c->answer);
    bridge_home_talk_reset(&c->talk);
    base_buffer_done(&c->in);
    while (c->out) {
        struct message *next = c->out->next;
        explicit_bzero(c->out->bytes, LWS_PRE + c->out->n); /* it may contain the token */
        free(c->out);
        c->out = next;
    }
    c->out_end = &c->out;
    if (!atomic_load(&c->stop))
        try_again(c);
}

static void no_answer(lws_sorted_usec_list_t *timer) {
    struct bridge_home_client *c = lws_container_of(timer, struct bridge_home_client, answer);
    complain(c, "it does not answer");
    if (c->socket)
        lws_set_timeout(c->socket, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
}

/* --- the token ---------------------------------------------------------------------------------------------------------------- */

/* Reads the token into talk. It may have been replaced since the last connection. */
static int read_token(struct bridge_home_client *c, tragus_error *reterr) {
    struct timespec changed;
    char *token = c->talk.token;

    int r = bridge_secret_read(token, "token_file", c->place.token_file, &changed, reterr);
    if (r < 0)
        return r;
    size_t n = strlen(token);
    while (n > 0 && strchr(" \t\r\n", token[n - 1]))
        n--;
    token[n] = '\0';
    if (n == 0 || strpbrk(token, " \t\r\n"))
        return base_error_set(reterr, -EINVAL, "%s must contain the token and nothing else", c->place.token_file);
    if (changed.tv_sec != c->token_time.tv_sec || changed.tv_nsec != c->token_time.tv_nsec)
        c->token_refused = false;
    c->token_time = changed;
    return 0;
}

/* --- the connection ----------------------------------------------------------------------------------------------------------- */

/* After 30 s without a message it asks whether the other side is still there, and gives up after 45 s. */
static const lws_retry_bo_t idle_policy = {.secs_since_valid_ping = 30, .secs_since_valid_hangup = 45};

static void connect_now(lws_sorted_usec_list_t *timer) {
    struct bridge_home_client *c = lws_container_of(timer, struct bridge_home_client, connect);
    tragus_error e = {0};

    int r = read_token(c, &e);
    if (r < 0)
        complain(c, e.text);
    if (r < 0 || c->token_refused) {
        explicit_bzero(c->talk.token, sizeof(c->talk.token));
        try_again(c);
        return;
    }
    const struct lws_client_connect_info info = {
        .context = c->context,
        .address = c->url.host,
        .port = c->url.port,
        /* Who answers must not be able to have the token sent to another host. */
        .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (c->url.is_tls ? LCCSCF_USE_SSL : 0),
        .path = c->url.path,
        .host = c->url.host,
        .local_protocol_name = "home-assistant",
        .pwsi = &c->socket,
        .retry_and_idle_policy = &idle_policy,
    };
    /* A failure is told by the callback, but not always. */
    if (lws_client_connect_via_info(&info) || c->connect.list.owner)
        return;
    complain(c, "its host cannot be found");
    disconnected(c);
}

static void read_now(lws_sorted_usec_list_t *timer) {
    struct bridge_home_client *c = lws_container_of(timer, struct bridge_home_client, read);
    c->reads_soon = false;
    lws_sul_schedule(c->context, 0, &c->answer, no_answer, ANSWER_US);
    bridge_home_talk_read(&c->talk);
}

/* A change does not put off the reading that an earlier one has caused, or changes without end would prevent it. */
void bridge_home_client_read_soon(struct bridge_home_client *c) {
    if (c->reads_soon)
        return;
    c->reads_soon = true;
    lws_sul_schedule(c->context, 0, &c->read, read_now, COLLECT_US);
}

void bridge_home_client_send(struct bridge_home_client *c, json_object *message) {
    size_t n;
    const char *text = json_object_to_json_string_length(message, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
    struct message *m = text ? malloc(sizeof(*m) + LWS_PRE + n) : NULL;

    if (m) {
        m->next = NULL;
        m->n = n;
        memcpy(m->bytes + LWS_PRE, text, n);
        *c->out_end = m;
        c->out_end = &m->next;
        lws_callback_on_writable(c->socket);
    }
    json_object_put(message);
}

void bridge_home_client_give(struct bridge_home_client *c, json_object *lists) {
    const uint64_t one = 1;

    lws_sul_cancel(&c->answer);
    if (!c->reads_soon) /* else a change has come meanwhile */
        lws_sul_schedule(c->context, 0, &c->read, read_now, REREAD_US);
    c->n_failures = 0;
    c->complaint[0] = '\0';
    pthread_mutex_lock(&c->lock);
    json_object *old = c->newest;
    c->newest = lists;
    pthread_mutex_unlock(&c->lock);
    json_object_put(old);
    if (!atomic_load(&c->stop)) /* else it is no longer ours */
        (void)!write(c->wake_fd, &one, sizeof(one));
}

/* Returns -1 to close the connection. */
static int write_one(struct bridge_home_client *c) {
    struct message *m = c->out;

    if (!m)
        return 0;
    int n = lws_write(c->socket, m->bytes + LWS_PRE, m->n, LWS_WRITE_TEXT);
    c->out = m->next;
    if (!c->out)
        c->out_end = &c->out;
    explicit_bzero(m->bytes, LWS_PRE + m->n);
    bool is_written = n >= (int)m->n;
    free(m);
    if (c->out)
        lws_callback_on_writable(c->socket);
    return is_written ? 0 : -1;
}

static int receive(struct bridge_home_client *c, const void *bytes, size_t n) {
    tragus_error e = {0};

    base_buffer_add(&c->in, bytes, n);
    if (c->in.failed || c->in.len_bytes > MOST_MESSAGE_BYTES) {
        complain(c, "a message is larger than 16 MiB");
        return -1;
    }
    if (lws_remaining_packet_payload(c->socket) > 0 || !lws_is_final_fragment(c->socket) || !c->in.data)
        return 0;
    int r = bridge_home_talk_receive(&c->talk, c->in.data, c->in.len_bytes, &e);
    if (c->in.size_bytes > IDLE_BYTES)
        base_buffer_done(&c->in);
    else
        base_buffer_clear(&c->in);
    if (r >= 0)
        return 0;
    c->token_refused = r == -EACCES;
    complain(c, e.text);
    return -1;
}

/* What libwebsockets says of TLS and HTTP is for its developers. */
static void explain(char *out, size_t size, const char *why, size_t n) {
    if (n >= 11 && memcmp(why, "connect SSL", 11) == 0)
        snprintf(out, size, "its certificate is not trusted, or is for another name, or it has none: see ca_file, or use http");
    else if (n >= 3 && memcmp(why, "HS:", 3) == 0)
        snprintf(out, size,
                 "what answers is not Home Assistant, or sends us elsewhere; check the port, and use https if it wants that");
    else
        snprintf(out, size, "it cannot be reached: %.*s", (int)n, why);
}

static int on_socket(struct lws *socket, enum lws_callback_reasons reason, void *user, void *in, size_t n) {
    struct bridge_home_client *c = lws_context_user(lws_get_context(socket));
    char text[300];
    (void)user;

    switch (reason) {
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        explain(text, sizeof(text), in ? in : "refused", in ? n : 7);
        complain(c, text);
        disconnected(c);
        return 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        lws_sul_schedule(c->context, 0, &c->answer, no_answer, ANSWER_US);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return receive(c, in, n);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return write_one(c);
    case LWS_CALLBACK_CLIENT_CLOSED:
        if (!c->complaint[0])
            complain(c, "it has closed the connection; trying again");
        disconnected(c);
        return 0;
    default:
        return 0;
    }
}

static void client_done(struct bridge_home_client *c) {
    if (c->context) {
        lws_sul_cancel(&c->connect);
        lws_context_destroy(c->context);
    }
    bridge_home_talk_done(&c->talk);
    json_object_put(c->newest);
    base_buffer_done(&c->in);
    pthread_mutex_destroy(&c->lock);
    bridge_home_url_done(&c->url);
    free(c);
}

static void leave(struct bridge_home_client *c) {
    if (atomic_exchange(&c->left, true))
        client_done(c);
}

static void *run(void *user) {
    struct bridge_home_client *c = user;
    while (!atomic_load(&c->stop) && lws_service(c->context, 0) >= 0) {
    }
    leave(c);
    return NULL;
}

/* --- start and end ------------------------------------------------------------------------------------------------------------ */

static int create_context(struct bridge_home_client *c, tragus_error *reterr) {
    static const struct lws_protocols protocols[] = {{.name = "home-assistant", .callback = on_socket}, {0}};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .user = c,
        .gid = -1,
        .uid = -1,
        .fd_limit_per_thread = 16,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
    };

    if (c->place.ca_file) {
        /* libwebsockets would only log it. */
        if (access(c->place.ca_file, R_OK) < 0)
            return base_error_set(reterr, -errno, "ca_file %s cannot be read: %s", c->place.ca_file, strerror(errno));
        info.client_ssl_ca_filepath = c->place.ca_file;
        info.options |= LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
    }
    lws_set_log_level(0, NULL); /* its messages are for its developers */
    c->context = lws_create_context(&info);
    return c->context ? 0 : base_error_set(reterr, -EINVAL, "libwebsockets cannot be started");
}

int bridge_home_client_new(struct bridge_home_client **ret, const struct bridge_home_place *place, int wake_fd,
                           tragus_error *reterr) {
    struct bridge_home_client *c = calloc(1, sizeof(*c));

    if (!c)
        return base_error_set(reterr, -ENOMEM, "out of memory");
    c->place = *place;
    c->wake_fd = wake_fd;
    c->talk.client = c;
    c->out_end = &c->out;
    pthread_mutex_init(&c->lock, NULL);
    int r = bridge_home_url_read(&c->url, place->url, reterr);
    if (r >= 0)
        r = create_context(c, reterr);
    if (r >= 0) {
        lws_sul_schedule(c->context, 0, &c->connect, connect_now, 1);
        r = base_thread_start(&c->thread, "home-assistant", run, c);
        if (r < 0) {
            (void)base_error_set(reterr, r, "a thread cannot be started: %s", strerror(-r));
            lws_context_destroy(c->context);
            c->context = NULL;
        }
    }
    if (r < 0) {
        client_done(c);
        return r;
    }
    *ret = c;
    return 0;
}

void bridge_home_client_free(struct bridge_home_client *c) {
    struct timespec end;

    if (!c)
        return;
    atomic_store(&c->stop, true);
    lws_cancel_service(c->context);
    /* It ends at once, except while it looks up the host: libwebsockets waits for the name server, which may take half a minute. */
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += PATIENCE_NS;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    if (pthread_timedjoin_np(c->thread, NULL, &end) != 0)
        (void)pthread_detach(c->thread);
    leave(c);
}

json_object *bridge_home_client_take(struct bridge_home_client *c) {
    pthread_mutex_lock(&c->lock);
    json_object *lists = c->newest;
    c->newest = NULL;
    pthread_mutex_unlock(&c->lock);
    return lists;
}
