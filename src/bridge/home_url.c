/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/home_url.c: reads the URL of Home Assistant. */
#include "bridge/home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int wrong_url(const char *url, tragus_error *reterr) {
    /* A URL with a password is not logged. */
    return base_error_set(reterr, -EINVAL, "url %.200s: write http://HOST:PORT or https://HOST:PORT, as in your browser",
                          strchr(url, '@') ? "with @" : url);
}

/* Sets *ret_is_tls, and returns what follows ://, or NULL for an unknown scheme. */
static const char *skip_scheme(const char *url, bool *ret_is_tls) {
    static const struct {
        const char *scheme;
        bool is_tls;
    } schemes[] = {{"http://", false}, {"https://", true}, {"ws://", false}, {"wss://", true}};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t n = strlen(schemes[i].scheme);
        if (strncmp(url, schemes[i].scheme, n) != 0)
            continue;
        *ret_is_tls = schemes[i].is_tls;
        return url + n;
    }
    return NULL;
}

/* Reads a port if there is one, and returns what follows, or NULL if it is wrong. */
static const char *read_port(const char *at, int *port) {
    char *end;

    if (*at != ':')
        return at;
    long number = strtol(at + 1, &end, 10);
    if (at[1] < '0' || at[1] > '9' || number < 1 || number > 65535)
        return NULL;
    *port = (int)number;
    return end;
}

int bridge_home_url_read(struct bridge_home_url *ret, const char *url, tragus_error *reterr) {
    *ret = (struct bridge_home_url){0};
    const char *at = skip_scheme(url, &ret->is_tls);
    if (!at)
        return wrong_url(url, reterr);
    bool is_bracketed = *at == '['; /* an IPv6 address */
    const char *host = at + is_bracketed;
    size_t n = strcspn(host, is_bracketed ? "]" : ":/?#");
    if (n == 0 || (is_bracketed && host[n] != ']'))
        return wrong_url(url, reterr);
    ret->port = ret->is_tls ? 443 : 80;
    const char *path = read_port(host + n + is_bracketed, &ret->port);
    if (!path || (*path && *path != '/') || strpbrk(path, "?# "))
        return wrong_url(url, reterr);
    size_t n_path = strlen(path);
    while (n_path > 0 && path[n_path - 1] == '/')
        n_path--;
    bool is_whole = n_path >= 10 && strncmp(path + n_path - 10, "/websocket", 10) == 0;
    ret->host = strndup(host, n);
    if (ret->host && asprintf(&ret->path, "%.*s%s", (int)n_path, path, is_whole ? "" : "/api/websocket") >= 0)
        return 0;
    ret->path = NULL; /* which asprintf has left undefined */
    bridge_home_url_done(ret);
    return base_error_set(reterr, -ENOMEM, "out of memory");
}

void bridge_home_url_done(struct bridge_home_url *u) {
    free(u->host);
    free(u->path);
    *u = (struct bridge_home_url){0};
}
