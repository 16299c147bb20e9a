/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers for tests of the bus: a private dbus-daemon, the service with its bus interface, and clients, all on one event loop. */
#ifndef TESTS_UNIT_BUS_WIRE_H
#define TESTS_UNIT_BUS_WIRE_H

#include "bus/bus.h"
#include "rig.h"

#include <systemd/sd-bus.h>

#define WIRE_NAME "org.tragus.Tragus1"
#define WIRE_PATH "/org/tragus/Tragus1"
#define WIRE_MANAGER "org.tragus.Manager1"
#define WIRE_SESSION "org.tragus.Session1"
#define WIRE_ENERGY "org.tragus.Energy1"
#define WIRE_INVALID "org.freedesktop.DBus.Error.InvalidArgs"
#define WIRE_ERROR(name) "org.tragus.Error." name

extern sd_event *wire_event;
extern struct service *wire_service;
extern struct bus *wire_bus;
extern const char *wire_address; /* of the dbus-daemon */
extern unsigned wire_n_lost;     /* how often the loss of the bus was reported */

/* Starts everything, with grammar "channels" as the default; o: from rig_options, possibly changed. Exits with 77 if there is no
 * dbus-daemon. */
void wire_start(const struct service_options *o);
void wire_end(void);
/* Starts only the dbus-daemon; stops it, or lets it go on; kills it as if it had crashed. */
void wire_start_daemon(void);
void wire_pause_daemon(bool pause);
void wire_kill_daemon(void);

sd_bus *wire_connect(void);
void wire_disconnect(sd_bus *client);

/* Calls a method and runs the loop until the reply arrives: a method return or an error. The caller unrefs it. */
sd_bus_message *wire_call(sd_bus *client, const char *path, const char *interface, const char *member, const char *types, ...);
/* The same for a message that the caller has filled; takes the reference. */
sd_bus_message *wire_send(sd_bus *client, sd_bus_message *m);
sd_bus_message *wire_new(sd_bus *client, const char *path, const char *interface, const char *member);
/* Checks that the reply is an error of that name whose text contains `part` (may be NULL). Unrefs it. */
void wire_expect_error(sd_bus_message *reply, const char *name, const char *part);
/* Checks that the reply is a method return. Unrefs it. */
void wire_expect_return(sd_bus_message *reply);
/* Gets a property. The reply is positioned inside the variant; the caller unrefs it. */
sd_bus_message *wire_property(sd_bus *client, const char *path, const char *interface, const char *name, const char *type);

/* Creates a session that reads from a descriptor; returns its path, which the caller frees. */
char *wire_session(sd_bus *client);
/* Creates a memfd with these bytes. */
int wire_memory(const void *bytes, size_t n);

#endif
