/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/announce.c: announces the port as _wyoming._tcp in the local network, so that Home Assistant finds it by itself. Avahi
 * does the work, and is asked over D-Bus: an entry group exists as long as our connection to the system bus, so that whatever ends
 * us also withdraws the announcement. Avahi may come, go and restart at any time. */
#include "bridge/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#define AVAHI "org.freedesktop.Avahi"
#define AVAHI_SERVER AVAHI ".Server"
#define AVAHI_GROUP AVAHI ".EntryGroup"
#define SERVICE_TYPE "_wyoming._tcp"
#define RETRY_US 30000000ULL
#define MOST_NAMES 10

/* Avahi's numbers. */
enum { SERVER_RUNNING = 2, SERVER_COLLISION = 3, SERVER_FAILURE = 4 };
enum { GROUP_ESTABLISHED = 2, GROUP_COLLISION = 3, GROUP_FAILURE = 4 };
enum { ANY_INTERFACE = -1, ANY_PROTOCOL = -1, ONLY_IPV4 = 0, ONLY_IPV6 = 1 };

struct bridge_announcement {
    struct bridge *bridge;
    uint16_t port;
    int32_t protocol;
    char name[64]; /* of the instance */
    int n_names;   /* that were tried, because another machine had the ones before */
    sd_bus *bus;   /* NULL: not connected, and retry is armed */
    sd_bus_slot *call;
    char *group; /* path; NULL: nothing is announced */
    sd_event_source *retry;
};

static void ask_state(struct bridge_announcement *a);

/* --- what is announced --- */

/* The same after each start, because Home Assistant knows a service by its name. It is made of the number of the machine, but does
 * not reveal it, and does not change with the name of the host. Copied systems may have the same number, so it may need a suffix.
 */
static void make_name(struct bridge_announcement *a) {
    static const sd_id128_t app = SD_ID128_MAKE(5b, a1, 0c, 33, 8e, 0d, 4f, 6a, 9d, 27, 41, f6, c2, 7e, 90, 18);
    char text[SD_ID128_STRING_MAX] = "", host[64] = "";
    sd_id128_t id;

    if (sd_id128_get_machine_app_specific(app, &id) >= 0)
        sd_id128_to_string(id, text);
    else if (gethostname(host, sizeof(host) - 1) < 0)
        host[0] = '\0';
    snprintf(a->name, sizeof(a->name), "tragus-%.40s", *text ? text + 20 : host);
    if (a->n_names > 0)
        snprintf(a->name + strlen(a->name), sizeof(a->name) - strlen(a->name), "-%d", a->n_names + 1);
}

/* Returns whether this is a TCP socket that others can reach, and its port and protocol. */
static bool is_public(int fd, uint16_t *ret_port, int32_t *ret_protocol) {
    struct sockaddr_storage s = {0};
    socklen_t size = sizeof(s);

    if (getsockname(fd, (struct sockaddr *)&s, &size) < 0 || (s.ss_family != AF_INET && s.ss_family != AF_INET6))
        return false;
    if (s.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&s;
        *ret_port = ntohs(in->sin_port);
        *ret_protocol = ONLY_IPV4;
        return ntohl(in->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&s;
    *ret_port = ntohs(in6->sin6_port);
    *ret_protocol = ONLY_IPV6;
    return !IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* Chooses the port of the first public socket. Returns whether there is one. */
static bool choose_port(struct bridge_announcement *a) {
    for (size_t i = 0; i < a->bridge->n_sockets; i++) {
        uint16_t port;
        int32_t protocol;
        if (!is_public(sd_event_source_get_io_fd(a->bridge->sockets[i]), &port, &protocol))
            continue;
        if (a->port == 0) {
            a->port = port;
            a->protocol = protocol;
        } else if (a->port == port && a->protocol != protocol) {
            a->protocol = ANY_PROTOCOL;
        }
    }
    return a->port != 0;
}

/* --- calls, each of which makes the next --- */

/* Does not start Avahi: whoever turned it off wants no announcements. */
static int call(struct bridge_announcement *a, const char *path, const char *interface, const char *method,
                sd_bus_message_handler_t done, const char *types, ...) {
    sd_bus_message *m = NULL;
    va_list arguments;

    a->call = sd_bus_slot_unref(a->call);
    int r = sd_bus_message_new_method_call(a->bus, &m, AVAHI, path, interface, method);
    if (r >= 0)
        r = sd_bus_message_set_auto_start(m, false);
    if (r >= 0 && *types) {
        va_start(arguments, types);
        r = sd_bus_message_appendv(m, types, arguments);
        va_end(arguments);
    }
    if (r >= 0)
        r = sd_bus_call_async(a->bus, &a->call, m, done, a, 0);
    sd_bus_message_unref(m);
    if (r < 0)
        bridge_log(BRIDGE_LOG_WARNING, "Avahi cannot be asked to announce the service: %s", strerror(-r));
    return r;
}

/* With the call that makes the group, if it has not been answered. */
static void forget_group(struct bridge_announcement *a) {
    a->call = sd_bus_slot_unref(a->call);
    free(a->group);
    a->group = NULL;
}

static void failed(struct bridge_announcement *a, sd_bus_message *m) {
    const sd_bus_error *e = sd_bus_message_get_error(m);
    forget_group(a);
    bridge_log(BRIDGE_LOG_WARNING, "Avahi does not announce the service: %s", e && e->message ? e->message : "no reason is given");
}

static int on_freed(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)m, (void)user, (void)error;
    return 0;
}

/* Another machine has this name. */
static void take_next_name(struct bridge_announcement *a) {
    if (a->group)
        (void)call(a, a->group, AVAHI_GROUP, "Free", on_freed, "");
    forget_group(a);
    if (++a->n_names == MOST_NAMES) {
        bridge_log(BRIDGE_LOG_WARNING, "The service is not announced, because other machines have all names up to %s", a->name);
        return;
    }
    make_name(a);
    ask_state(a);
}

static int on_committed(sd_bus_message *m, void *user, sd_bus_error *error) {
    (void)error;
    if (sd_bus_message_is_method_error(m, NULL))
        failed(user, m);
    return 0; /* the group tells its state by a signal */
}

static int on_added(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_announcement *a = user;
    (void)error;

    if (sd_bus_message_is_method_error(m, AVAHI ".CollisionError"))
        take_next_name(a);
    else if (sd_bus_message_is_method_error(m, NULL))
        failed(a, m);
    else
        (void)call(a, a->group, AVAHI_GROUP, "Commit", on_committed, "");
    return 0;
}

static int on_group(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_announcement *a = user;
    const char *path;
    (void)error;

    if (sd_bus_message_is_method_error(m, NULL)) {
        failed(a, m);
        return 0;
    }
    if (sd_bus_message_read_basic(m, 'o', &path) <= 0 || !(a->group = strdup(path)))
        return 0;
    /* Interface, protocol, flags, name, type, domain, host, port, text: empty means Avahi's own. */
    (void)call(a, a->group, AVAHI_GROUP, "AddService", on_added, "iiussssqaay", ANY_INTERFACE, a->protocol, 0, a->name,
               SERVICE_TYPE, "", "", a->port, 0);
    return 0;
}

static void take_server_state(struct bridge_announcement *a, int32_t state) {
    if (state == SERVER_RUNNING && !a->group)
        (void)call(a, "/", AVAHI_SERVER, "EntryGroupNew", on_group, "");
    else if (state == SERVER_COLLISION || state == SERVER_FAILURE)
        forget_group(a); /* it has dropped its groups */
}

static int on_server_state(sd_bus_message *m, void *user, sd_bus_error *error) {
    int32_t state;
    (void)error;
    /* That Avahi is not there is no error: on_owner tells when it comes. */
    if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read_basic(m, 'i', &state) > 0)
        take_server_state(user, state);
    return 0;
}

static void ask_state(struct bridge_announcement *a) {
    (void)call(a, "/", AVAHI_SERVER, "GetState", on_server_state, "");
}

/* --- signals --- */

static int on_owner(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_announcement *a = user;
    const char *name, *old, *new;
    (void)error;

    if (sd_bus_message_read(m, "sss", &name, &old, &new) < 0)
        return 0;
    forget_group(a);
    if (*new)
        ask_state(a);
    return 0;
}

static int on_group_state(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_announcement *a = user;
    const char *why;
    int32_t state;
    (void)error;

    if (!a->group || strcmp(sd_bus_message_get_path(m), a->group) != 0 || sd_bus_message_read(m, "is", &state, &why) < 0)
        return 0;
    if (state == GROUP_ESTABLISHED)
        bridge_log(BRIDGE_LOG_INFO, "Announced in the local network as %s, port %u", a->name, (unsigned)a->port);
    else if (state == GROUP_COLLISION)
        take_next_name(a);
    else if (state == GROUP_FAILURE)
        bridge_log(BRIDGE_LOG_WARNING, "Avahi does not announce the service: %s", why);
    return 0;
}

/* --- the connection --- */

static void disconnect(struct bridge_announcement *a) {
    forget_group(a);
    bridge_bus_close(&a->bus);
}

static void connect_again(struct bridge_announcement *a) {
    bridge_timer_set(a->retry, RETRY_US, "Avahi");
}

static int on_disconnected(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bridge_announcement *a = user;
    (void)m, (void)error;
    disconnect(a);
    connect_again(a);
    return 0;
}

static int connect_bus(struct bridge_announcement *a) {
    int r = bridge_bus_open(&a->bus, "system", AVAHI, on_owner, on_disconnected, a);
    if (r >= 0)
        r = sd_bus_match_signal_async(a->bus, NULL, AVAHI, "/", AVAHI_SERVER, "StateChanged", on_server_state, NULL, a);
    if (r >= 0)
        r = sd_bus_match_signal_async(a->bus, NULL, AVAHI, NULL, AVAHI_GROUP, "StateChanged", on_group_state, NULL, a);
    if (r >= 0)
        r = sd_bus_attach_event(a->bus, a->bridge->event, SD_EVENT_PRIORITY_IDLE);
    if (r < 0)
        disconnect(a);
    return r;
}

static int on_retry(sd_event_source *source, uint64_t now_us, void *user) {
    struct bridge_announcement *a = user;
    (void)source, (void)now_us;

    if (connect_bus(a) < 0)
        connect_again(a);
    else
        ask_state(a);
    return 0;
}

void bridge_announce(struct bridge *b) {
    struct bridge_announcement *a = b->options->announce ? calloc(1, sizeof(*a)) : NULL;

    if (!a)
        return;
    a->bridge = b;
    make_name(a);
    if (!choose_port(a) || sd_event_add_time_relative(b->event, &a->retry, CLOCK_MONOTONIC, 0, 0, on_retry, a) < 0) {
        free(a);
        return;
    }
    b->announcement = a;
}

void bridge_announce_end(struct bridge *b) {
    struct bridge_announcement *a = b->announcement;

    if (!a)
        return;
    disconnect(a);
    sd_event_source_disable_unref(a->retry);
    free(a);
    b->announcement = NULL;
}
