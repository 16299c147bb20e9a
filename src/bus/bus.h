/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus.h: the D-Bus face: org.tragus.Tragus1, as data/org.tragus.*.xml describe it. */
#ifndef TRAGUS_BUS_BUS_H
#define TRAGUS_BUS_BUS_H

#include "base/error.h"
#include "service/service.h"

#include <systemd/sd-event.h>

struct bus;

struct bus_options {
    const char *address; /* "system", "session" or an address as dbus-daemon --print-address gives it */
};

/* Connects, offers the objects, takes the name, and lives on the event loop. lost: the connection has ended. */
int bus_open(struct bus **ret, sd_event *event, struct service *service, const struct bus_options *options,
             void (*lost)(void *user), void *user, struct base_error *reterr);
/* bus_release gives the name up, so that nobody calls any more; bus_close ends what is here and the connection. */
void bus_release(struct bus *b);
void bus_close(struct bus *b);

#endif
