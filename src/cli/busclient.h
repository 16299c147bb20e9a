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

/* address: "system", "session" or an address; NULL: the system bus, or the session bus if tragusd is only there. Prints errors;
 * returns CLI_OK or CLI_UNREACHABLE. */
int busclient_open(sd_bus **ret, const char *address);
/* The same without printing: returns a negative errno. */
int busclient_connect(sd_bus **ret, const char *address);

/* Prints "tragus: sentence" for a call that failed: the message of the daemon, or what to do if it does not answer. Returns
 * CLI_UNREACHABLE, CLI_DENIED, or the argument `otherwise` for an error that the daemon returned. */
int busclient_complain(const sd_bus_error *error, int r, int otherwise);
/* The same, but writes the sentence to text. */
int busclient_explain(const sd_bus_error *error, int r, int otherwise, char *text, size_t size);

/* Reads the next value of a message, of any type: a{sv} and a{st} become objects, arrays and structs become arrays, variants become
 * their content. Keys of an a{sv} like StartMs become start_ms. Returns NULL at the end of a container and on errors. */
json_object *busclient_to_json(sd_bus_message *m);

/* Reads an a{sv} whose keys are names from the grammar (slots), without changing them or the digits of numbers. */
json_object *busclient_named_to_json(sd_bus_message *m);

/* Converts a signal of Session1 to an object: "event", its fields, its details. *ret_event: the name of the event, valid as long as
 * the object. Returns NULL for other signals. */
json_object *busclient_signal_to_json(sd_bus_message *m, const char **ret_event);

/* Calls Properties.GetAll. Returns CLI_OK, or prints an error and returns another exit code. */
int busclient_properties(sd_bus *bus, const char *interface, json_object **ret);

#endif
