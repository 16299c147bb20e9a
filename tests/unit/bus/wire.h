/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the bus need: a private dbus-daemon, the service and its face on one event loop, and clients on the same loop. */
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
extern unsigned wire_n_lost;     /* how often the bus was said to be lost */

/* Starts all of it, with grammar "channels" as the default one; o: as rig_options gives it, or changed. Exits with 77 where there
 * is no dbus-daemon. */
void wire_start(const struct service_options *o);
void wire_end(void);
/* The dbus-daemon alone; and its end, as if it had crashed. */
void wire_start_daemon(void);
void wire_kill_daemon(void);

sd_bus *wire_connect(void);
void wire_disconnect(sd_bus *client);

/* Calls a method and runs the loop until the answer is there: a method return, or an error. The caller unrefs it. */
sd_bus_message *wire_call(sd_bus *client, const char *path, const char *interface, const char *member, const char *types, ...);
/* Likewise, for a message that the caller has filled; takes it. */
sd_bus_message *wire_send(sd_bus *client, sd_bus_message *m);
sd_bus_message *wire_new(sd_bus *client, const char *path, const char *interface, const char *member);
/* The answer is an error of that name, and its text holds `part` (may be NULL). Unrefs it. */
void wire_expect_error(sd_bus_message *reply, const char *name, const char *part);
/* The answer is a method return. Unrefs it. */
void wire_expect_return(sd_bus_message *reply);
/* A property; the caller unrefs the reply, which stands inside the variant. */
sd_bus_message *wire_property(sd_bus *client, const char *path, const char *interface, const char *name, const char *type);

/* A session that reads from a descriptor; its path, which the caller frees. */
char *wire_session(sd_bus *client);
/* A memfd with these bytes. */
int wire_memory(const void *bytes, size_t n);

#endif
