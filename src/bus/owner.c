/* SPDX-License-Identifier: Apache-2.0 */
/* bus/owner.c: notices when a connection ends, and frees what it owned.
 *
 * sd_bus_track would ask the bus whether the name is there and wait for the answer. Here the bus is asked without waiting: first to
 * tell when the name goes, then whether it is still there, in this order, so that no end is missed. Names of connections do not
 * come back.
 */
#include "bus/private.h"
#include "service/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUS_ITSELF "org.freedesktop.DBus"
/* Connections of a user. A bus lets us watch 512, by its default, and a user have 256. */
#define MOST_WATCHED 100

void bus_owner_free(struct bus_owner *o) {
    struct bus_owner **link = &o->bus->owners;
    while (*link != o)
        link = &(*link)->next;
    *link = o->next;
    sd_bus_slot_unref(o->watch);
    sd_bus_slot_unref(o->question);
    free(o);
}

static void gone(struct bus_owner *o) {
    for (struct bus_call *call = o->bus->calls; call; call = call->next)
        if (strcmp(call->caller.owner, o->name) == 0)
            call->gone = true;
    bus_sessions_of(o->bus, o->name);
    service_owner_gone(o->bus->service, o->name);
    bus_owner_free(o);
}

static int on_change(sd_bus_message *m, void *user, sd_bus_error *error) {
    const char *name, *old, *new;
    (void)error;

    if (sd_bus_message_read(m, "sss", &name, &old, &new) >= 0 && !*new)
        gone(user);
    return 0;
}

static int watch(struct bus_owner *o);

/* A bus drops its answers to us while others send us more than its limits allow. */
static bool is_lost(const sd_bus_error *refusal) {
    return sd_bus_error_has_name(refusal, SD_BUS_ERROR_NO_REPLY);
}

static void watch_again(struct bus_owner *o) {
    o->watch = sd_bus_slot_unref(o->watch);
    o->question = sd_bus_slot_unref(o->question);
    if (watch(o) < 0)
        gone(o);
}

/* What cannot be watched would never be freed. The bus refuses it if we watch more than its limits allow. */
static int on_watched(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct bus_owner *o = user;
    const sd_bus_error *refusal = sd_bus_message_get_error(m);
    (void)error;

    if (!refusal)
        return 0;
    if (is_lost(refusal)) {
        watch_again(o);
        return 0;
    }
    service_log(SERVICE_LOG_WARNING, "Closing the sessions of %s, because the message bus does not tell when it ends: %s", o->name,
                refusal->message ? refusal->message : refusal->name);
    gone(o);
    return 0;
}

static int on_answer(sd_bus_message *m, void *user, sd_bus_error *error) {
    const sd_bus_error *refusal = sd_bus_message_get_error(m);
    int is_there;
    (void)error;

    if (refusal && is_lost(refusal))
        watch_again(user);
    else if (!refusal && sd_bus_message_read(m, "b", &is_there) >= 0 && !is_there)
        gone(user);
    return 0;
}

static int watch(struct bus_owner *o) {
    char match[512];

    int n = snprintf(match, sizeof(match),
                     "type='signal',sender='" BUS_ITSELF "',path='/org/freedesktop/DBus',interface='" BUS_ITSELF
                     "',member='NameOwnerChanged',arg0='%s'",
                     o->name);
    if (n < 0 || (size_t)n >= sizeof(match))
        return -EINVAL;
    int r = sd_bus_add_match_async(o->bus->bus, &o->watch, match, on_change, on_watched, o);
    if (r >= 0)
        r = sd_bus_call_method_async(o->bus->bus, &o->question, BUS_ITSELF, "/org/freedesktop/DBus", BUS_ITSELF, "NameHasOwner",
                                     on_answer, o, "s", o->name);
    return r;
}

int bus_watch_owner(struct bus *b, sd_bus_message *m, sd_bus_error *error) {
    const char *name = sd_bus_message_get_sender(m);
    uid_t uid = bus_caller_uid(b, m);
    unsigned n = 0;
    if (!name)
        return -ENXIO;
    for (struct bus_owner *o = b->owners; o; o = o->next) {
        if (strcmp(o->name, name) == 0)
            return 0;
        n += o->uid == uid;
    }
    if (n >= MOST_WATCHED && uid != 0 && uid != geteuid())
        return bus_refuse(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "%u connections of this user are known already; close some", n);
    size_t size = strlen(name) + 1;
    struct bus_owner *o = calloc(1, sizeof(*o) + size);
    if (!o)
        return -ENOMEM;
    memcpy(o->name, name, size);
    o->bus = b;
    o->uid = uid;
    o->next = b->owners;
    b->owners = o;
    int r = watch(o);
    if (r < 0) {
        bus_owner_free(o);
        return r;
    }
    return 0;
}
