/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of bus_client share. */
#ifndef TESTS_INTEGRATION_BUS_CLIENT_H
#define TESTS_INTEGRATION_BUS_CLIENT_H

#include <systemd/sd-bus.h>

#define NAME "org.tragus.Tragus1"
#define PATH "/org/tragus/Tragus1"
#define MANAGER "org.tragus.Manager1"
#define SESSION "org.tragus.Session1"
#define INVALID "org.freedesktop.DBus.Error.InvalidArgs"

extern const char *address; /* of the bus */

/* Prints what is wrong with the daemon; the exit status is 1 then. */
void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
void must(int r, const char *what); /* ends the program if a call of its own has failed */
sd_bus *connect_bus(void);
int memory_file(const char *text);
/* Checks that the call fails with an error of this name whose text contains `part`. */
void expect(int r, const sd_bus_error *error, const char *name, const char *part, const char *what);
char *create_session(sd_bus *bus, const char *input);

/* bus_client_interfaces.c */
void introspect(int argc, char **argv);
void arguments(int argc, char **argv);

#endif
