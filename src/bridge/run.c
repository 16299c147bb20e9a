/* SPDX-License-Identifier: Apache-2.0 */
/* bridge/run.c: the event loop: start, readiness, signals, end. */
#include "bridge/listener.h"
#include "bridge/private.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *user) {
    struct bridge *b = user;
    (void)source, (void)info;
    (void)sd_notify(0, "STOPPING=1");
    return sd_event_exit(b->event, 0);
}

static int start(struct bridge *b) {
    tragus_error e = {0};
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
        return -errno;
    (void)signal(SIGPIPE, SIG_IGN);
    int r = sd_event_default(&b->event);
    if (r >= 0)
        r = sd_event_add_signal(b->event, NULL, SIGTERM, on_signal, b);
    if (r >= 0)
        r = sd_event_add_signal(b->event, NULL, SIGINT, on_signal, b);
    if (r >= 0)
        r = bridge_listen(b, &e);
    if (r >= 0)
        r = bridge_home_open(b, &e);
    if (r >= 0)
        r = bridge_mqtt_open(b, &e);
    if (r < 0)
        bridge_log(BRIDGE_LOG_ERROR, "Failed to start: %s", *e.text ? e.text : strerror(-r));
    return r;
}

int bridge_run(const struct bridge_options *o) {
    struct bridge b = {.options = o};
    int code = 1;

    if (start(&b) >= 0) {
        bridge_link_open(&b);
        bridge_announce(&b);
        (void)sd_notify(0, "READY=1");
        code = sd_event_loop(b.event);
        if (code < 0) {
            bridge_log(BRIDGE_LOG_ERROR, "The event loop failed: %s", strerror(-code));
            code = 1;
        }
    }
    bridge_announce_end(&b);
    bridge_listen_end(&b);
    bridge_connections_free(&b);
    bridge_mqtt_close(&b);
    bridge_listeners_free(&b);
    bridge_home_close(&b);
    bridge_link_close(&b);
    sd_event_unref(b.event);
    return code;
}
