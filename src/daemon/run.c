/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/run.c: the main thread: event loop, readiness, status, watchdog, signals, and the order of shutdown. */
#include "base/descriptor.h"
#include "daemon/daemon.h"
#include "service/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* The watchdog timer may fire this much late, so that it can share a wake-up with another timer. */
#define WATCHDOG_ACCURACY_US 10000000
#define MOST_RECONNECT_S 30

struct daemon {
    const struct config *config;
    sd_event *event;
    struct service *service;
    struct bus *bus;
    sd_event_source *watchdog, *reconnect;
    uint64_t watchdog_us;
    unsigned reconnect_s; /* pause before the next attempt to reach the bus */
    struct config fresh;  /* the configuration when it was read again */
    struct service_files *files;
    int exit_code;
};

/* Tell the sessions now, because sd-bus closes the connection when the loop ends. */
static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *user) {
    struct daemon *d = user;
    (void)source, (void)info;
    (void)sd_notify(0, "STOPPING=1");
    service_finish(d->service); /* before the bus name is released, because clients subscribe to signals of the name */
    bus_release(d->bus);
    return sd_event_exit(d->event, 0);
}

static void tell_status(struct daemon *d);

/* Reads the configuration again for its grammars; other settings take effect at the next start. */
static int read_configuration(const struct service_files **ret, size_t *ret_n, void *user, tragus_error *reterr) {
    struct daemon *d = user;
    struct config fresh;

    config_init(&fresh);
    int r = config_load(&fresh, d->config->path, reterr);
    struct service_files *files = r < 0 ? NULL : calloc(fresh.n_grammars ? fresh.n_grammars : 1, sizeof(*files));
    if (!files) {
        config_done(&fresh);
        return r < 0 ? r : base_error_set(reterr, -ENOMEM, "out of memory");
    }
    free(d->files);
    config_done(&d->fresh);
    d->fresh = fresh;
    d->files = files;
    for (size_t i = 0; i < fresh.n_grammars; i++)
        files[i] =
            (struct service_files){fresh.grammars[i].name, (const char *const *)fresh.grammars[i].paths, fresh.grammars[i].n_paths};
    *ret = files;
    *ret_n = fresh.n_grammars;
    return 0;
}

static void on_reloaded(int code, void *user) {
    struct daemon *d = user;
    if (code < 0)
        return; /* the service ends */
    (void)sd_notify(0, "READY=1");
    tell_status(d);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *user) {
    struct daemon *d = user;
    struct service_caller caller;
    tragus_error e = {0};
    char text[512];
    (void)source, (void)info;

    service_caller_init(d->service, &caller, "", geteuid());
    (void)sd_notify(0, "RELOADING=1");
    if (service_reload(d->service, &caller, false, on_reloaded, d, &e) < 0) {
        service_log(SERVICE_LOG_ERROR, "Failed to reload, nothing has changed: %s", base_error_format(&e, text, sizeof(text)));
        on_reloaded(0, d);
    }
    return 0;
}

static void on_bus_lost(void *user);

/* Another daemon may have taken the name meanwhile; then this one is of no use. Any other failure may pass. */
static int on_reconnect(sd_event_source *source, uint64_t now_us, void *user) {
    struct daemon *d = user;
    tragus_error e = {0};
    (void)now_us;

    bus_close(d->bus);
    d->bus = NULL;
    int r = bus_open(&d->bus, d->event, d->service, &d->config->bus, on_bus_lost, d, &e);
    if (r >= 0) {
        service_log(SERVICE_LOG_NOTICE, "The message bus is back");
        d->reconnect_s = 0;
        return 0;
    }
    if (r == -EEXIST) {
        service_log(SERVICE_LOG_ERROR, "The message bus is back, but %s", e.text);
        return sd_event_exit(d->event, 1);
    }
    r = sd_event_source_set_time_relative(source, (uint64_t)d->reconnect_s * 1000000);
    d->reconnect_s = d->reconnect_s < MOST_RECONNECT_S / 2 ? 2 * d->reconnect_s : MOST_RECONNECT_S;
    return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Called from within the bus, so it is closed in the next iteration, with all that belongs to its clients. Grammars of the
 * configuration and public ones stay. */
static void on_bus_lost(void *user) {
    struct daemon *d = user;

    if (d->reconnect_s > 0)
        return; /* it was lost again, while it was being opened */
    service_log(SERVICE_LOG_WARNING, "The message bus has closed the connection; trying to reach it again from time to time");
    d->reconnect_s = 1;
    d->reconnect = sd_event_source_disable_unref(d->reconnect);
    int r = sd_event_add_time_relative(d->event, &d->reconnect, CLOCK_MONOTONIC, 0, 0, on_reconnect, d);
    if (r < 0) {
        service_log(SERVICE_LOG_ERROR, "No timer can be made: %s", strerror(-r));
        (void)sd_event_exit(d->event, 1);
    }
}

static int count(const char *grammar, const tragus_diagnostic *left_out, void *user) {
    (void)grammar, (void)left_out;
    ++*(size_t *)user;
    return 0;
}

static void tell_status(struct daemon *d) {
    size_t n = 0, n_left_out = 0;
    char left_out[80] = "";
    for (const struct service_grammar *g = service_grammars(d->service); g; g = g->next)
        n++;
    (void)service_left_out(d->service, count, &n_left_out);
    if (n_left_out > 0)
        snprintf(left_out, sizeof(left_out), "; %zu part%s left out, see tragus status", n_left_out,
                 n_left_out == 1 ? " is" : "s are");
    if (service_ready(d->service) == SERVICE_FAILED)
        (void)sd_notify(0, "STATUS=No model, so nothing can be recognised; see the log");
    else
        (void)sd_notifyf(0, "STATUS=%zu grammar%s, microphone %s%s", n, n == 1 ? "" : "s", d->config->service.device, left_out);
}

static int on_watchdog(sd_event_source *source, uint64_t now_us, void *user) {
    struct daemon *d = user;
    (void)now_us;
    if (service_alive(d->service)) {
        (void)sd_notify(0, "WATCHDOG=1");
        tell_status(d);
    } else {
        service_log(SERVICE_LOG_ERROR, "A thread is not responding; the watchdog is not notified");
    }
    int r = sd_event_source_set_time_relative(source, d->watchdog_us);
    return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int start_watchdog(struct daemon *d) {
    uint64_t limit_us;
    int r = sd_watchdog_enabled(0, &limit_us);
    if (r <= 0)
        return r;
    d->watchdog_us = limit_us / 2;
    uint64_t accuracy_us = limit_us / 4 < WATCHDOG_ACCURACY_US ? limit_us / 4 : WATCHDOG_ACCURACY_US;
    return sd_event_add_time_relative(d->event, &d->watchdog, CLOCK_MONOTONIC, d->watchdog_us, accuracy_us, on_watchdog, d);
}

/* A grammar with errors is reported and left out; the other grammars, and those that clients add, still work. Returns how many are
 * left out. */
static size_t load_grammars(const struct daemon *d) {
    tragus_error e;
    char text[512];
    size_t n_failed = 0;

    if (service_ready(d->service) == SERVICE_FAILED)
        return 0;
    for (size_t i = 0; i < d->config->n_grammars; i++) {
        const struct config_grammar *g = &d->config->grammars[i];
        if (service_grammar_load(d->service, g->name, (const char *const *)g->paths, g->n_paths, &e) >= 0)
            continue;
        service_log(SERVICE_LOG_ERROR, "Failed to load grammar %s, continuing without it: %s", g->name,
                    base_error_format(&e, text, sizeof(text)));
        n_failed++;
    }
    if (*d->config->default_grammar)
        service_set_default_grammar(d->service, d->config->default_grammar);
    else if (d->config->n_grammars == 1)
        service_set_default_grammar(d->service, d->config->grammars[0].name);
    return n_failed;
}

int daemon_check(const struct config *c) {
    struct daemon d = {.config = c};
    struct service_options options = c->service;
    size_t n_failed = 0;

    options.device = NULL;
    int r = sd_event_default(&d.event);
    if (r >= 0)
        r = service_new(&d.service, d.event, &options);
    if (r >= 0 && service_ready(d.service) == SERVICE_FAILED)
        fputs("tragusd: the grammars were not checked, because that needs the model\n", stderr);
    if (r >= 0)
        n_failed = load_grammars(&d);
    else
        fprintf(stderr, "tragusd: the grammars cannot be checked: %s\n", strerror(-r));
    service_free(d.service);
    sd_event_unref(d.event);
    return r < 0 || n_failed > 0 ? 2 : 0;
}

static int start(struct daemon *d) {
    tragus_error e = {0};
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
        return -errno;
    (void)signal(SIGPIPE, SIG_IGN);
    base_descriptor_raise_limit();
    int r = sd_event_default(&d->event);
    if (r >= 0)
        r = sd_event_add_signal(d->event, NULL, SIGTERM, on_signal, d);
    if (r >= 0)
        r = sd_event_add_signal(d->event, NULL, SIGINT, on_signal, d);
    if (r >= 0)
        r = sd_event_add_signal(d->event, NULL, SIGHUP, on_hangup, d);
    if (r >= 0)
        r = service_new(&d->service, d->event, &d->config->service);
    if (r < 0) {
        service_log(SERVICE_LOG_ERROR, "Failed to start: %s", strerror(-r));
        return r;
    }
    (void)load_grammars(d);
    if (d->config->path)
        service_set_configuration(d->service, read_configuration, d);
    daemon_close_elsewhere();
    r = bus_open(&d->bus, d->event, d->service, &d->config->bus, on_bus_lost, d, &e);
    if (r < 0) {
        service_log(SERVICE_LOG_ERROR, "Failed to start: %s", e.text);
        return r;
    }
    r = start_watchdog(d);
    if (r < 0)
        service_log(SERVICE_LOG_WARNING, "Failed to start the watchdog, continuing without it: %s", strerror(-r));
    return 0;
}

int daemon_run(const struct config *c) {
    struct daemon d = {.config = c, .exit_code = 1};

    if (start(&d) >= 0) {
        tell_status(&d);
        (void)sd_notify(0, "READY=1");
        d.exit_code = sd_event_loop(d.event);
        if (d.exit_code < 0) {
            service_log(SERVICE_LOG_ERROR, "The event loop failed: %s", strerror(-d.exit_code));
            d.exit_code = 1;
        }
    }
    bus_close(d.bus);
    service_free(d.service);
    sd_event_source_disable_unref(d.watchdog);
    sd_event_source_disable_unref(d.reconnect);
    sd_event_unref(d.event);
    free(d.files);
    config_done(&d.fresh);
    return d.exit_code;
}
