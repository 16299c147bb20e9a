/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/listen.c: the sockets that clients connect to. */
#include "bridge/private.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define BACKLOG 64
#define PAUSE_US 1000000ULL
#define TCP "tcp://"
#define UNIX "unix://"

static void accept_clients(struct bridge *b, bool accept) {
    for (size_t i = 0; i < b->n_sockets; i++)
        (void)sd_event_source_set_enabled(b->sockets[i], accept ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int on_pause_over(sd_event_source *source, uint64_t now_us, void *user) {
    (void)source, (void)now_us;
    accept_clients(user, true);
    return 0;
}

static int on_client(sd_event_source *source, int fd, uint32_t revents, void *user) {
    struct bridge *b = user;
    (void)source, (void)revents;

    int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client >= 0) {
        bridge_connection_new(b, client);
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        /* Descriptors or memory are missing. The client stays in the queue, so that without a pause we would try without end. */
        bridge_log(BRIDGE_LOG_ERROR, "Failed to accept a connection, trying again: %s", strerror(errno));
        accept_clients(b, false);
        bridge_timer_set(b->accept_pause, PAUSE_US, "clients");
    }
    return 0;
}

/* Takes ownership of fd. */
static int add_socket(struct bridge *b, int fd, tragus_error *reterr) {
    if (b->n_sockets == BRIDGE_MOST_SOCKETS) {
        close(fd);
        return base_error_set(reterr, -E2BIG, "there are more than %d sockets to listen at", BRIDGE_MOST_SOCKETS);
    }
    /* A client may leave between its event and accept. Sockets from systemd may still be blocking. */
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
        int code = -errno;
        close(fd);
        return base_error_set(reterr, code, "a socket cannot be made non-blocking: %s", strerror(-code));
    }
    int r = sd_event_add_io(b->event, &b->sockets[b->n_sockets], fd, EPOLLIN, on_client, b);
    if (r >= 0)
        r = sd_event_source_set_io_fd_own(b->sockets[b->n_sockets], true);
    if (r < 0) {
        close(fd);
        return base_error_set(reterr, r, "cannot wait for clients: %s", strerror(-r));
    }
    b->n_sockets++;
    return 0;
}

static int listen_at(struct bridge *b, const char *uri, int family, const struct sockaddr *to, socklen_t size,
                     tragus_error *reterr) {
    const int on = 1;

    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && family != AF_UNIX)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd >= 0 && family == AF_INET6) /* the IPv4 address has its own socket */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (fd < 0 || bind(fd, to, size) < 0 || listen(fd, BACKLOG) < 0) {
        int code = -errno;
        if (fd >= 0)
            close(fd);
        return base_error_set(reterr, code, "cannot listen at %s: %s%s", uri, strerror(-code),
                              code == -EADDRINUSE ? "; stop the other program, or choose another uri" : "");
    }
    return add_socket(b, fd, reterr);
}

static int wrong_uri(const char *uri, tragus_error *reterr) {
    return base_error_set(reterr, -EINVAL, "uri %.200s: write tcp://HOST:PORT or unix://PATH", uri);
}

/* A socket file without a listener, as a crash leaves it, would prevent bind. */
static void remove_stale(const struct sockaddr_un *to) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0 && errno == ECONNREFUSED)
        (void)unlink(to->sun_path);
    close(fd);
}

static int read_unix(struct sockaddr_un *ret, const char *uri, const char *path, tragus_error *reterr) {
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (*path != '/')
        return wrong_uri(uri, reterr);
    if (strlen(path) >= sizeof(ret->sun_path))
        return base_error_set(reterr, -ENAMETOOLONG, "uri %.200s: the path has more than %zu bytes; choose a shorter one", uri,
                              sizeof(ret->sun_path) - 1);
    memcpy(ret->sun_path, path, strlen(path) + 1);
    return 0;
}

static int listen_unix(struct bridge *b, const char *uri, const char *path, tragus_error *reterr) {
    struct sockaddr_un to;

    int r = read_unix(&to, uri, path, reterr);
    if (r < 0)
        return r;
    remove_stale(&to);
    r = listen_at(b, uri, AF_UNIX, (const struct sockaddr *)&to, sizeof(to), reterr);
    if (r >= 0)
        b->unlink_path = strdup(path);
    return r;
}

#define HOST_BYTES 256

/* Sets *ret_port to the text of the port, which is part of `where`. */
static int read_tcp(char host[HOST_BYTES], const char **ret_port, const char *uri, const char *where, tragus_error *reterr) {
    char *end;

    const char *colon = strrchr(where, ':');
    size_t n = colon ? (size_t)(colon - where) : 0;
    if (n >= 2 && where[0] == '[' && where[n - 1] == ']') { /* an IPv6 address */
        where++;
        n -= 2;
    }
    unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
    if (!colon || n == 0 || n >= HOST_BYTES || colon[1] < '0' || colon[1] > '9' || *end || port == 0 || port > 65535)
        return wrong_uri(uri, reterr);
    memcpy(host, where, n);
    host[n] = '\0';
    *ret_port = colon + 1;
    return 0;
}

/* Whether this machine does not have the address, or nothing of its kind. */
static bool is_missing(int code) {
    return code == -EADDRNOTAVAIL || code == -EAFNOSUPPORT;
}

/* A host may have several addresses. Those that this machine has not are left out, if there is another: localhost is ::1, too,
 * where the kernel or a container has no IPv6. */
static int listen_tcp(struct bridge *b, const char *uri, const char *where, tragus_error *reterr) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char host[HOST_BYTES];
    const char *port;
    tragus_error missing = {0};

    int r = read_tcp(host, &port, uri, where, reterr);
    if (r < 0)
        return r;
    r = getaddrinfo(host, port, &hints, &list);
    if (r != 0)
        return base_error_set(reterr, -EADDRNOTAVAIL, "uri %.200s: the host cannot be found: %s", uri, gai_strerror(r));
    r = 0;
    for (const struct addrinfo *a = list; a && r >= 0; a = a->ai_next) {
        tragus_error e;
        r = listen_at(b, uri, a->ai_family, a->ai_addr, a->ai_addrlen, &e);
        if (r < 0 && !is_missing(r) && reterr)
            *reterr = e;
        if (!is_missing(r))
            continue;
        missing = e;
        r = 0;
    }
    freeaddrinfo(list);
    if (r < 0 || b->n_sockets > 0)
        return r;
    if (reterr)
        *reterr = missing;
    return missing.code;
}

int bridge_listen_check(const char *uri, tragus_error *reterr) {
    struct sockaddr_un to;
    char host[HOST_BYTES];
    const char *port;

    if (strncmp(uri, TCP, strlen(TCP)) == 0)
        return read_tcp(host, &port, uri, uri + strlen(TCP), reterr);
    if (strncmp(uri, UNIX, strlen(UNIX)) == 0)
        return read_unix(&to, uri, uri + strlen(UNIX), reterr);
    return wrong_uri(uri, reterr);
}

static int make_timer(struct bridge *b, tragus_error *reterr) {
    int r = sd_event_add_time_relative(b->event, &b->accept_pause, CLOCK_MONOTONIC, 0, 0, on_pause_over, b);
    if (r >= 0)
        r = sd_event_source_set_enabled(b->accept_pause, SD_EVENT_OFF);
    return r < 0 ? base_error_set(reterr, r, "no timer can be made: %s", strerror(-r)) : 0;
}

int bridge_listen(struct bridge *b, tragus_error *reterr) {
    const char *uri = b->options->uri;

    int r = make_timer(b, reterr);
    if (r < 0)
        return r;
    int n = sd_listen_fds(1);
    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
        if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
            return base_error_set(reterr, -ENOTSOCK,
                                  "systemd passed something that is not a listening stream socket; "
                                  "use ListenStream= and Accept=no in the socket unit");
        r = add_socket(b, fd, reterr);
        if (r < 0)
            return r;
    }
    if (n > 0)
        return 0;
    return strncmp(uri, TCP, strlen(TCP)) == 0 ? listen_tcp(b, uri, uri + strlen(TCP), reterr)
                                               : listen_unix(b, uri, uri + strlen(UNIX), reterr);
}

void bridge_listen_end(struct bridge *b) {
    for (size_t i = 0; i < b->n_sockets; i++)
        sd_event_source_disable_unref(b->sockets[i]);
    b->n_sockets = 0;
    b->accept_pause = sd_event_source_disable_unref(b->accept_pause);
    if (b->unlink_path)
        (void)unlink(b->unlink_path);
    free(b->unlink_path);
    b->unlink_path = NULL;
}
