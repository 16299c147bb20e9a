/* SPDX-License-Identifier: Apache-2.0 */
/* cli/busclient.h: what the verbs that talk to tragusd share. */
#ifndef TRAGUS_CLI_BUSCLIENT_H
#define TRAGUS_CLI_BUSCLIENT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

#define BUSCLIENT_NAME "org.tragus.Tragus1"
#define BUSCLIENT_PATH "/org/tragus/Tragus1"
#define BUSCLIENT_MANAGER "org.tragus.Manager1"
#define BUSCLIENT_SESSION "org.tragus.Session1"
#define BUSCLIENT_ENERGY "org.tragus.Energy1"

/* address: "system", "session" or an address; NULL: the system bus, or the session bus if tragusd is only there. Complains;
 * CLI_OK or CLI_UNREACHABLE. */
int busclient_open(sd_bus **ret, const char *address);

/* "tragus: sentence" for a call that failed: the daemon's own words, or what to do if it does not answer. CLI_UNREACHABLE, or
 * otherwise for an error that the daemon gave. */
int busclient_complain(const sd_bus_error *error, int r, int otherwise);

/* The next value of a message, whatever its type: a{sv} and a{st} become objects, arrays and structs arrays, variants what is in
 * them. Keys of an a{sv} like StartMs become start_ms. NULL at the end of a container or when something is wrong. */
json_object *busclient_to_json(sd_bus_message *m);

/* An a{sv} whose keys are names of somebody's choosing (slots): they stay as they are. */
json_object *busclient_named_to_json(sd_bus_message *m);

/* Properties.GetAll. CLI_OK, or after complaining another exit code. */
int busclient_properties(sd_bus *bus, const char *interface, json_object **ret);

#endif
