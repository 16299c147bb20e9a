/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus.h: the D-Bus interface org.tragus.Tragus1, as described by data/org.tragus.*.xml. */
#ifndef TRAGUS_BUS_BUS_H
#define TRAGUS_BUS_BUS_H

#include "base/error.h"
#include "service/service.h"

#include <systemd/sd-event.h>

struct bus;

struct bus_options {
    const char *address; /* "system", "session" or an address as printed by dbus-daemon --print-address */
};

/* Connects, publishes the objects and takes the bus name; the event loop drives the connection. Calls lost when the connection has
 * ended. */
int bus_open(struct bus **ret, sd_event *event, struct service *service, const struct bus_options *options,
             void (*lost)(void *user), void *user, tragus_error *reterr);
/* bus_release releases the bus name, so that no new calls arrive; bus_close frees everything and closes the connection. */
void bus_release(struct bus *b);
void bus_close(struct bus *b);

#endif
